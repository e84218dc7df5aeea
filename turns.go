package webhook

import (
	"sync"
	"time"
)

// turns lets groups call one store in turn. While one writes, the requests of
// the others become more; and where the database has one writer they would wait
// anyway. A call that hangs loses its turn.
type turns struct {
	mu    sync.Mutex    // guards the fields below
	taken chan struct{} // holds a token while someone has the turn
	since time.Time     // when it was taken
}

func newTurns() *turns { return &turns{taken: make(chan struct{}, 1)} }

// try takes the turn if nobody has it, and returns what gives it back; else nil.
func (t *turns) try() (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.taken) > 0 && time.Since(t.since) >= hungAfter {
		t.taken = make(chan struct{}, 1) // who hangs gives back the old one
	}
	taken := t.taken
	select {
	case taken <- struct{}{}:
		t.since = time.Now()
		return func() { <-taken }
	default:
		return nil
	}
}

// wait takes the turn when it is free, or its holder hangs.
func (t *turns) wait() (end func()) {
	for {
		if end = t.try(); end != nil {
			return end
		}
		t.mu.Lock()
		taken, patience := t.taken, time.NewTimer(time.Until(t.since.Add(hungAfter)))
		t.mu.Unlock()
		select {
		case taken <- struct{}{}:
			patience.Stop()
			t.mu.Lock()
			defer t.mu.Unlock()
			t.since = time.Now()
			return func() { <-taken }
		case <-patience.C:
		}
	}
}
