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
	sure  atomic.Bool  // ahead is from an answer that was not slow
}

// slowAnswer is how long an answer takes that says too little of the time.
const slowAnswer = time.Second

// learn takes in what the store's clock showed when it answered a question that
// was asked at a time by ours; zero if the store has no clock. It reports whether
// the clock is as right as it will be.
//
// The store read its clock at some time between question and answer. To take that
// for the time of the answer makes our idea of the clock too slow, never too fast:
// slow costs a little time, fast would take leases that others still hold. The
// slower the answer, the greater the error: a slow one does not replace what is
// known.
func (c *clock) learn(store, asked time.Time) bool {
	if store.IsZero() {
		return true
	}
	answered := time.Now()
	slow := answered.Sub(asked) >= slowAnswer
	if !slow || !c.sure.Load() {
		c.ahead.Store(int64(store.Sub(answered)))
		c.sure.Store(!slow)
	}
	return c.sure.Load()
}

// at returns what the store's clock shows when ours shows t.
func (c *clock) at(t time.Time) time.Time {
	return t.Round(0).UTC().Add(time.Duration(c.ahead.Load()))
}
