package webhook

import (
	"container/heap"
	"time"
)

// An agenda knows when a runner has to look for deliveries: when the retries it
// knows of are due, when the first gate opens, and else at every poll. Its times
// are by the store's clock. The zero value is ready.
type agenda struct {
	retries timeHeap
	opens   time.Time     // of the first gate or breaker; zero: none is closed
	poll    time.Time     // the next one at the latest
	fast    time.Duration // until the one after that, while a transaction may commit; 0: none may
}

// maxAgenda bounds the retries that are known; later ones are found by polling.
const maxAgenda = 10_000

// expect adds the time of a retry. The zero time adds nothing.
func (a *agenda) expect(t time.Time) {
	if !t.IsZero() && len(a.retries) < maxAgenda {
		heap.Push(&a.retries, t)
	}
}

// next returns when the runner has to look next.
func (a *agenda) next() time.Time {
	t := a.poll
	if len(a.retries) > 0 && a.retries[0].Before(t) {
		t = a.retries[0]
	}
	if !a.opens.IsZero() && a.opens.Before(t) {
		t = a.opens
	}
	return t
}

// longestPause is longer than any time between two polls, also while the store
// fails. Only a longer Options.PollInterval exceeds it.
const longestPause = time.Minute

// reached reports whether it is time to look, and drops the retries that this
// look will find. A poll that is too far off counts as reached: it was set
// before the clock was set back.
func (a *agenda) reached(now time.Time, interval time.Duration) bool {
	tooFar := a.poll.After(now.Add(max(interval, longestPause)))
	if a.next().After(now) && !tooFar {
		return false
	}
	for len(a.retries) > 0 && !a.retries[0].After(now) {
		heap.Pop(&a.retries)
	}
	a.opens, a.poll = time.Time{}, now.Add(interval)
	if a.fast > 0 {
		a.poll = now.Add(a.fast)
		if a.fast *= 2; a.fast >= interval {
			a.fast = 0
		}
	}
	return true
}

// fastPoll is the first interval of polling for what a transaction of the
// host's brings when it commits, since nobody tells when that is.
const fastPoll = 5 * time.Millisecond

// hurry lets polls follow each other fast, and then ever more slowly. It never
// puts a poll off: else calls in quick succession would put it off for ever.
func (a *agenda) hurry(now time.Time) {
	if t := now.Add(fastPoll); t.Before(a.poll) {
		a.poll = t
	}
	a.fast = 2 * fastPoll
}

// A timeHeap is a heap of times, the first in front.
type timeHeap []time.Time

func (h timeHeap) Len() int           { return len(h) }
func (h timeHeap) Less(i, j int) bool { return h[i].Before(h[j]) }
func (h timeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface]; use expect.
func (h *timeHeap) Push(x any) { *h = append(*h, x.(time.Time)) }

// Pop implements [heap.Interface]; use reached.
func (h *timeHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h = (*h)[:last]
	return t
}
