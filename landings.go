package webhook

import "sync"

// A landing says that an attempt has ended, or that its result is stored. An
// attempt that delivered gives up its place before its result is stored: else a
// store that waits for a disk would keep the places idle.
type landing struct {
	flight *flight
	after  aftermath
	stored bool
}

// landings brings the attempts that ended to the runner's loop. None of them
// waits for the loop, which takes in all that ended meanwhile at once.
type landings struct {
	bell *bell

	mu    sync.Mutex // guards the fields below
	items []landing
	spare []landing // what was taken in last, to be used again
}

func (l *landings) add(x landing) {
	l.mu.Lock()
	l.items = append(l.items, x)
	l.mu.Unlock()
	l.bell.ring()
}

// take returns what was added since the last call. The slice is good until the
// next call, and the caller has to clear it before: else it keeps deliveries in
// memory while nothing lands.
func (l *landings) take() []landing {
	l.mu.Lock()
	defer l.mu.Unlock()
	items := l.items
	l.items, l.spare = l.spare[:0], items
	return items
}

// A bell calls the runner's loop. Rung again before it was heard, it is heard
// once.
type bell struct{ rung chan struct{} }

func newBell() *bell { return &bell{rung: make(chan struct{}, 1)} }

func (b *bell) ring() { signal(b.rung) }
