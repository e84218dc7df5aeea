package webhook

import (
	"sync/atomic"
	"time"
)

// A clock tells the store's time. Times that a store compares are all by it, so
// that machines whose clocks differ neither duplicate nor delay. Until the store
// has told its time, or if it never does, the clock is that of this machine. The
// zero value is ready.
type clock struct {
	ahead atomic.Int64 // of ours, in nanoseconds
	told  atomic.Bool  // ahead is from an answer
	sure  atomic.Bool  // and that was not slow
}

// slowAnswer is how long an answer may take before the time in it is too
// inexact to be trusted.
const slowAnswer = time.Second

// learn takes in what the store's clock showed, zero if it has none, in its
// answer to a question that was asked at a time by our own clock. It reports
// whether asking again would not make the clock more exact.
//
// The store read its clock at some time between question and answer. To take
// that for the time of the answer makes our idea of the clock too slow, never
// too fast: slow costs a little time, fast would take leases that others still
// hold. The slower the answer, the greater the error: a slow one does not
// replace what is known, and of two slow ones the one that leads to the later
// time is nearer.
func (c *clock) learn(store, asked time.Time) bool {
	if store.IsZero() {
		return true
	}
	answered := time.Now()
	ahead := int64(store.Sub(answered))
	switch slow := answered.Sub(asked) >= slowAnswer; {
	case !slow:
		c.sure.Store(true)
	case c.sure.Load():
		return true
	case c.told.Load():
		ahead = max(ahead, c.ahead.Load())
	}
	c.ahead.Store(ahead)
	c.told.Store(true)
	return c.sure.Load()
}

// at returns what the store's clock shows when ours shows t.
func (c *clock) at(t time.Time) time.Time {
	return t.Round(0).UTC().Add(time.Duration(c.ahead.Load()))
}
