package webhook

import (
	"bytes"
	"net/http"
	"slices"
)

// A memoryAttempt is a logged attempt. Its header is flat: names with their
// values, each name before each of its values. As a map it would take more memory
// than all the rest.
type memoryAttempt struct {
	Attempt // without Header
	header  []string
	before  *memoryAttempt
}

// log keeps an attempt.
func (x *memoryDetail) log(a *Attempt) {
	kept := &memoryAttempt{Attempt: *a, before: x.attempts}
	kept.Header, kept.Body = nil, bytes.Clone(a.Body)
	kept.Time, kept.Next = a.Time.UTC(), a.Next.UTC()
	kept.header = make([]string, 0, 2*len(a.Header))
	for name, values := range a.Header {
		for _, v := range values {
			kept.header = append(kept.header, name, v)
		}
	}
	x.attempts = kept
}

// attempts returns copies of those that were logged, the oldest first.
func (r *memoryRow) attempts() []Attempt {
	var as []Attempt
	if r.detail == nil {
		return nil
	}
	for a := r.detail.attempts; a != nil; a = a.before {
		as = append(as, a.copy())
	}
	slices.Reverse(as)
	return as
}

func (a *memoryAttempt) copy() Attempt {
	c := a.Attempt
	c.Body = bytes.Clone(a.Body)
	for i := 0; i < len(a.header); i += 2 {
		if c.Header == nil {
			c.Header = http.Header{}
		}
		c.Header[a.header[i]] = append(c.Header[a.header[i]], a.header[i+1])
	}
	return c
}
