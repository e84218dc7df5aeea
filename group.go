package webhook

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A group joins what many goroutines ask of the store at the same time into few
// calls of it: a store that waits for a disk takes a hundred rows in the time
// of one. A request that finds nothing under way goes through at once, alone
// and under its own context. Those that come meanwhile wait, and are written
// together, under the context of none of them. A request that is in no hurry
// waits for a while even if nothing is under way.
type group[T, R any] struct {
	write  func(context.Context, []T) ([]R, error) // one result for each item
	turns  *turns                                  // shared with other groups of the store
	apart  bool                                    // join nothing: write is faster than a wake-up
	enough int                                     // items for which nobody waits any longer

	mu      sync.Mutex  // guards the fields below
	busy    bool        // a call of write is under way, or waits for its turn
	since   time.Time   // when it began
	turn    int         // counts those that began: who ends one sees whether it is the last
	hangs   *time.Timer // goes off when the call under way counts as hung; nil before the first
	waiting []*grouped[T, R]
	lingers bool // those that wait will be written by lingered
}

// linger is how long a request that is in no hurry waits for others.
const linger = 3 * time.Millisecond

// hungAfter is when a call of write counts as hung. It holds up nobody for
// longer: what it waits for may be its own connection, or a lock that only its
// rows need.
const hungAfter = time.Second

// maxGroup bounds how many items are joined into one call.
const maxGroup = 512

// grouped is a request that waits for the call of write it is part of.
type grouped[T, R any] struct {
	ctx     context.Context
	items   []T
	patient bool // it is in no hurry
	call    *groupCall
	results []R
	err     error
	done    chan struct{} // closed when results and err are there
}

// A groupCall is a call of write for several. It ends early when none of them
// waits for it any more.
type groupCall struct {
	left   atomic.Int32 // of those that wait
	cancel context.CancelFunc
}

func (c *groupCall) leave() {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
}

// do writes items and returns their results. The items must not change
// afterwards: when ctx ends first, they may still be on their way to the store.
func (g *group[T, R]) do(ctx context.Context, items []T) ([]R, error) {
	return g.join(ctx, items, false)
}

// later is do for a caller that is in no hurry.
func (g *group[T, R]) later(ctx context.Context, items []T) ([]R, error) {
	return g.join(ctx, items, true)
}

func (g *group[T, R]) join(ctx context.Context, items []T, patient bool) ([]R, error) {
	if len(items) == 0 {
		return nil, nil
	}
	if g.apart {
		return g.call(ctx, items)
	}
	r, end := g.queue(ctx, items, patient)
	if r == nil {
		defer end()
		return g.call(ctx, items)
	}
	select {
	case <-r.done:
		return r.results, r.err
	case <-ctx.Done():
		g.leave(r)
		return nil, ctx.Err()
	}
}

// queue returns a request that waits; or nil, and what to call afterwards, if the
// caller is to write at once.
func (g *group[T, R]) queue(ctx context.Context, items []T, patient bool) (*grouped[T, R], func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.busy && time.Since(g.since) >= hungAfter:
		turn := g.begin()
		return nil, func() { g.next(turn) }
	case !g.busy && !patient && len(g.waiting) == 0:
		if end := g.turns.try(); end != nil {
			turn := g.begin()
			return nil, func() { end(); g.next(turn) }
		}
	}
	r := &grouped[T, R]{ctx: ctx, items: items, patient: patient, done: make(chan struct{})}
	g.waiting = append(g.waiting, r)
	if !g.busy {
		g.proceed()
	}
	return r, nil
}

// proceed sees to it that the waiting requests are written: now, or when they
// have waited long enough for others. mu is held, and nothing is under way.
func (g *group[T, R]) proceed() {
	switch {
	case g.ripe():
		go g.flush(g.begin()) // it is waited for by those it writes for
	case len(g.waiting) > 0 && !g.lingers:
		g.lingers = true
		time.AfterFunc(linger, g.lingered)
	}
}

// ripe reports whether those that wait are to be written now: one of them is in a
// hurry, or they are enough. mu is held.
func (g *group[T, R]) ripe() bool {
	n := 0
	for _, r := range g.waiting {
		if n += len(r.items); !r.patient || n >= g.enough {
			return true
		}
	}
	return false
}

// lingered starts to write the requests that have waited long enough for
// others.
func (g *group[T, R]) lingered() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lingers = false
	if !g.busy && len(g.waiting) > 0 {
		go g.flush(g.begin())
	}
}

// begin notes that a call of write begins. mu is held.
func (g *group[T, R]) begin() int {
	g.busy, g.since = true, time.Now()
	g.turn++
	if g.hangs == nil {
		g.hangs = time.AfterFunc(hungAfter, g.pass)
	} else {
		g.hangs.Reset(hungAfter)
	}
	return g.turn
}

// pass lets the first that waits behind a hung call be written at once, alone,
// and then the others.
func (g *group[T, R]) pass() {
	g.mu.Lock()
	if !g.busy || len(g.waiting) == 0 || time.Since(g.since) < hungAfter {
		g.mu.Unlock()
		return
	}
	r := g.waiting[0]
	g.waiting = g.waiting[1:]
	turn := g.begin()
	g.mu.Unlock()
	defer g.next(turn)
	g.writeAlone(r)
}

// leave gives up a request whose context has ended.
func (g *group[T, R]) leave(r *grouped[T, R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.call != nil {
		r.call.leave()
		return
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(w *grouped[T, R]) bool { return w == r })
}

// next ends a lone call or a flush, and lets those that came meanwhile be
// written.
func (g *group[T, R]) next(turn int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if turn != g.turn {
		return // it hung, and another began meanwhile
	}
	g.busy = false
	g.hangs.Stop()
	g.proceed()
}

// flush writes until no request is waiting that is in a hurry.
func (g *group[T, R]) flush(turn int) {
	defer func() { g.next(turn) }() // also if the store ends the goroutine
	for g.flushOnce(&turn) {
	}
}

// flushOnce writes those that wait when it is the group's turn, and reports
// whether it has to go on.
func (g *group[T, R]) flushOnce(turn *int) bool {
	defer g.turns.wait()()
	runtime.Gosched() // whoever is about to ask shall be among them
	ctx, together := g.take(turn)
	if together == nil {
		return false
	}
	g.writeAll(ctx, together)
	g.mu.Lock()
	defer g.mu.Unlock()
	return *turn == g.turn && g.ripe()
}

// take returns the requests to be written next, and the context for that; none
// if nobody waits, or if another goroutine writes those that do.
func (g *group[T, R]) take(turn *int) (context.Context, []*grouped[T, R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if *turn != g.turn {
		return nil, nil
	}
	*turn = g.begin()
	n, items := 0, 0
	for n < len(g.waiting) && (n == 0 || items+len(g.waiting[n].items) <= maxGroup) {
		items += len(g.waiting[n].items)
		n++
	}
	if n == 0 {
		return nil, nil
	}
	together := g.waiting[:n:n]
	if g.waiting = g.waiting[n:]; len(g.waiting) == 0 {
		g.waiting = nil // else the array keeps what was written
	}
	call := &groupCall{}
	ctx, cancel := context.WithCancel(context.Background())
	call.cancel = cancel
	call.left.Store(int32(n))
	for _, r := range together {
		r.call = call
	}
	return ctx, together
}

// writeAll writes requests together. If that fails each is written alone, so
// that none fails because of another's items.
func (g *group[T, R]) writeAll(ctx context.Context, together []*grouped[T, R]) {
	defer together[0].call.cancel()
	ended := 0
	defer func() {
		for _, r := range together[ended:] { // the store ended the goroutine
			r.err = errStoreQuit
			close(r.done)
		}
	}()
	n := 0
	for _, r := range together {
		n += len(r.items)
	}
	items := make([]T, 0, n)
	for _, r := range together {
		items = append(items, r.items...)
	}
	results, err := g.call(ctx, items)
	if err != nil && len(together) > 1 && ctx.Err() == nil {
		ended = len(together)
		g.writeEach(together)
		return
	}
	for _, r := range together {
		if r.err = err; err == nil {
			r.results, results = results[:len(r.items):len(r.items)], results[len(r.items):]
		}
		close(r.done)
		ended++
	}
}

// maxApart bounds how many requests are written alone at once, so that none waits
// for one that takes its time to fail.
const maxApart = 16

// writeEach writes each request alone.
func (g *group[T, R]) writeEach(rs []*grouped[T, R]) {
	var all errgroup.Group
	all.SetLimit(maxApart)
	for _, r := range rs {
		all.Go(func() error { g.writeAlone(r); return nil })
	}
	_ = all.Wait()
}

// writeAlone writes a request under its own context.
func (g *group[T, R]) writeAlone(r *grouped[T, R]) {
	defer close(r.done)
	r.err = errStoreQuit // unless call returns
	r.results, r.err = g.call(r.ctx, r.items)
}

// errStoreQuit is the error of a store that called [runtime.Goexit], as a test's
// FailNow does.
var errStoreQuit = errors.New("the store ended its goroutine")

// call calls write.
func (g *group[T, R]) call(ctx context.Context, items []T) ([]R, error) {
	results, err := g.write(ctx, items)
	if err == nil && len(results) != len(items) {
		err = fmt.Errorf("store: %d results for %d items", len(results), len(items))
	}
	if err != nil {
		return nil, err // what came beside an error says nothing
	}
	return results, nil
}
