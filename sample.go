package webhook

import "time"

// A sample counts the attempts of the last hour, for AutoDisable.Rate: in
// buckets of five minutes, of which the oldest is given up when a new one
// begins. It takes in counts of other processes in any order.
type sample struct {
	Newest   int64              `json:"newest"` // number of the newest bucket, since 1970
	Attempts [sampleBuckets]int `json:"attempts"`
	Failures [sampleBuckets]int `json:"failures"`
}

const (
	sampleBuckets = 12
	sampleWidth   = int64(5 * time.Minute / time.Second)
)

// count adds an attempt.
func (s *sample) count(at time.Time, ok bool) {
	if i := s.bucket(at.Unix() / sampleWidth); i >= 0 {
		s.Attempts[i]++
		if !ok {
			s.Failures[i]++
		}
	}
}

// add adds the counts of another.
func (s *sample) add(o *sample) {
	for n := o.Newest - sampleBuckets + 1; n <= o.Newest; n++ {
		from := place(n)
		if o.Attempts[from] == 0 {
			continue
		}
		if i := s.bucket(n); i >= 0 {
			s.Attempts[i] += o.Attempts[from]
			s.Failures[i] += o.Failures[from]
		}
	}
}

// bucket returns where the counts of a bucket are, those between it and the
// newest before it cleared; -1 if it is too old to count.
func (s *sample) bucket(n int64) int {
	if n <= s.Newest-sampleBuckets {
		return -1
	}
	for next := max(s.Newest, n-sampleBuckets) + 1; next <= n; next++ {
		s.Attempts[place(next)], s.Failures[place(next)] = 0, 0
	}
	s.Newest = max(s.Newest, n)
	return place(n)
}

func place(n int64) int { return int((n%sampleBuckets + sampleBuckets) % sampleBuckets) }

// total returns what is counted of the hour before now.
func (s sample) total(now time.Time) (attempts, failures int) {
	s.bucket(now.Unix() / sampleWidth)
	for i := range s.Attempts {
		attempts += s.Attempts[i]
		failures += s.Failures[i]
	}
	return attempts, failures
}
