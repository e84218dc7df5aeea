package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// callersMeasured are the numbers of concurrent callers for which a hook's time
// is measured.
var callersMeasured = []int{1, 8, 64}

// latencyMost is how long to wait for messages that are sent at a rate.
const latencyMost = 5 * time.Second

// A timing is what is measured in one run of a path.
type timing struct {
	Sync time.Duration           // median of a write of 4 KB with fdatasync, beside the path's files
	Hook map[int][]time.Duration // what take took, by callers
	Idle []time.Duration         // from take to the receiver, one message every 20 ms
	Half []time.Duration         // the same at half the rate that the path can do
}

// latency measures how long a hook keeps its host, and how long a message takes
// to the receiver.
func latency(ctx context.Context, args []string) error {
	paths, err := pathsNamed("memory,sqlite,postgres,goroutine-pooled,asynq,river")
	if err != nil {
		return err
	}
	s, err := parse("latency", args, settings{paths: paths, rounds: 3, job: job{
		Connections: 16, Messages: 2000, Most: latencyMost,
	}}, nil)
	if err != nil {
		return err
	}
	to, stop, err := startReceiver(ctx)
	if err != nil {
		return err
	}
	defer stop()
	s.job.To = to
	r := newReport(s.skipped)
	if r.Latency, err = s.time(ctx, []scene{alone, fairScenes[2]}); err != nil {
		return err
	}
	return r.finish(s.json)
}

// time times every path in every scene once a round, each round beginning with
// another path.
func (s settings) time(ctx context.Context, scenes []scene) ([]latencyRow, error) {
	var rows []latencyRow
	for _, p := range s.paths {
		for _, sc := range scenes {
			rows = append(rows, latencyRow{
				Path: p.name, Title: p.title, Scene: sc.Name, Hook: map[int]*percentiles{},
			})
		}
	}
	for round := range s.rounds {
		for i := range rows {
			i = (i + round*len(scenes)) % len(rows)
			j := s.job
			j.Path, j.Scene = rows[i].Path, scenes[i%len(scenes)]
			var t timing
			if err := j.start(ctx, "_latency", &t); err != nil {
				return nil, err
			}
			rows[i].add(t)
			note("round %d, %s, %s", round+1, j.Scene.Name, j.Path)
		}
	}
	for i := range rows {
		rows[i].settle()
	}
	return rows, nil
}

// timeOnce does the job on its standard input and prints the timing.
func timeOnce(ctx context.Context, _ []string) error {
	j, s, err := readJob(ctx)
	if err != nil {
		return err
	}
	t := timing{Hook: map[int][]time.Duration{}}
	if t.Sync, err = syncTime(j.Dir); err != nil {
		return err
	}
	first, err := j.warmUp(ctx, s)
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	capacity := 0.0
	for _, callers := range callersMeasured {
		n := max(300, 30*callers)
		k := j
		k.Callers, k.Scene = callers, alone
		watch := &stopwatch{sender: s}
		r, err := k.messages(ctx, watch, first, n)
		if err != nil {
			return fmt.Errorf("%d callers: %w", callers, err)
		}
		t.Hook[callers] = watch.took
		first, capacity = first+n, max(capacity, r.rate())
	}
	if err := j.obstruct(ctx, s); err != nil {
		return err
	}
	if t.Idle, err = j.paced(ctx, s, first, 100, 50); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	if t.Half, err = j.paced(ctx, s, first+100, int(min(capacity, 2000)), capacity/2); err != nil {
		return fmt.Errorf("half load: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

// A stopwatch is a sender that notes how long each call of take lasts.
type stopwatch struct {
	sender
	mu   sync.Mutex // guards took
	took []time.Duration
}

func (w *stopwatch) take(ctx context.Context, i int, to endpoint) error {
	start := time.Now()
	err := w.sender.take(ctx, i, to)
	d := time.Since(start)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, d)
	return err
}

// paced hands over n messages at a rate, and returns how long each took to the
// receiver.
func (j job) paced(ctx context.Context, s sender, first, n int, rate float64) (
	[]time.Duration, error) {
	if err := j.To.expect(ctx, n); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, j.Most)
	defer cancel()
	begin, began := time.Now(), make([]time.Time, n)
	err := each(min(j.Callers, n), 0, n, func(i int) error {
		time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		began[i] = time.Now()
		return s.take(bounded, first+i, healthy)
	})
	if err != nil && bounded.Err() == nil {
		return nil, err
	}
	if _, err := j.To.wait(ctx, time.Until(begin.Add(j.Most))); err != nil {
		return nil, err
	}
	at, err := j.To.arrivals(ctx)
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range n {
		if t, ok := at[first+i]; ok {
			took = append(took, t.Sub(began[i]))
		} else {
			took = append(took, j.Most) // it did not come within that
		}
	}
	return took, nil
}

// syncTime returns the median duration of some writes with fdatasync in dir.
func syncTime(dir string) (d time.Duration, err error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var took []time.Duration
	for range 50 {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	return median(took), nil
}

// percentiles are the medians over the rounds, in microseconds.
type percentiles struct {
	P50  float64 `json:"p50_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`

	rounds [3][]float64
}

func (p *percentiles) add(ds []time.Duration) {
	slices.Sort(ds)
	for i, share := range []float64{0.5, 0.99, 0.999} {
		d := ds[min(len(ds)-1, int(share*float64(len(ds))))]
		p.rounds[i] = append(p.rounds[i], float64(d)/1000)
	}
}

func (p *percentiles) settle() {
	p.P50, p.P99, p.P999 = median(p.rounds[0]), median(p.rounds[1]), median(p.rounds[2])
}

func (p *percentiles) String() string {
	return microseconds(p.P50) + " / " + microseconds(p.P99) + " / " + microseconds(p.P999)
}

// microseconds formats a percentile; a message that did not come in time is
// "over" latencyMost.
func microseconds(us float64) string {
	if us >= float64(latencyMost/time.Microsecond) {
		return fmt.Sprint("over ", latencyMost)
	}
	return fmt.Sprintf("%.0f", us)
}

// A latencyRow is what the rounds of a path in a scene came to.
type latencyRow struct {
	Path  string               `json:"path"`
	Title string               `json:"title"`
	Scene string               `json:"scene"`
	Sync  float64              `json:"fdatasync_us"` // a median
	Hook  map[int]*percentiles `json:"hook"`         // by callers; before anything hangs
	Idle  percentiles          `json:"idle"`
	Half  percentiles          `json:"half"`

	syncs []float64
}

func (r *latencyRow) add(t timing) {
	r.syncs = append(r.syncs, float64(t.Sync)/1000)
	for callers, ds := range t.Hook {
		if r.Hook[callers] == nil {
			r.Hook[callers] = &percentiles{}
		}
		r.Hook[callers].add(ds)
	}
	r.Idle.add(t.Idle)
	r.Half.add(t.Half)
}

func (r *latencyRow) settle() {
	r.Sync = median(r.syncs)
	for _, p := range r.Hook {
		p.settle()
	}
	r.Idle.settle()
	r.Half.settle()
}

func printLatency(w io.Writer, rows []latencyRow) {
	fmt.Fprint(w, "\nMicroseconds, p50 / p99 / p999.\n\n"+
		"| Path | Scene | fdatasync | Hook, 1 caller | Hook, 8 | Hook, 64 "+
		"| To the receiver, idle | At half load |\n"+
		"|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %.0f | %v | %v | %v | %v | %v |\n", r.Title, r.Scene, r.Sync,
			r.Hook[1], r.Hook[8], r.Hook[64], &r.Idle, &r.Half)
	}
}
