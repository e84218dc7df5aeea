package webhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// storeHealth stores what was counted of the webhooks, those not stored within
// age.
func (d *Dispatcher) storeHealth(ctx context.Context, age time.Duration) error {
	var errs []error
	for name, h := range d.valves.takeHealth(d.now(), age) {
		errs = append(errs, d.addHealth(ctx, name, h))
	}
	return errors.Join(errs...)
}

// storeHealthOf stores what was counted of one webhook now.
func (d *Dispatcher) storeHealthOf(ctx context.Context, name string) error {
	h := d.valves.takeOne(name, d.now())
	if h == (health{}) {
		return nil
	}
	return d.addHealth(ctx, name, h)
}

// addHealth adds counts to a webhook's status; they are kept if that fails.
func (d *Dispatcher) addHealth(ctx context.Context, name string, h health) error {
	err := d.changeStatus(ctx, name, func(_ *entry, s *statusRecord) (bool, error) {
		s.health.add(h)
		s.Written = d.now()
		return true, nil
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		d.valves.returnHealth(name, h)
		return fmt.Errorf("store health of %q: %w", name, err)
	}
	return nil
}

// pruneChunk is how many deliveries are pruned at once, so that a store is not
// held up for long.
const pruneChunk = 500

// prune forgets old finished deliveries, if the store can.
func (d *Dispatcher) prune(ctx context.Context) error {
	p, ok := d.store.(Pruner)
	if !ok {
		return nil
	}
	now, keep := d.now(), d.opts.Retention
	q := Prune{Limit: pruneChunk, Keep: max(0, keep.PerWebhook)}
	if keep.Delivered > 0 {
		q.Delivered = now.Add(-keep.Delivered)
	}
	if keep.Other > 0 {
		q.Other = now.Add(-keep.Other)
	}
	for {
		n, err := p.Prune(ctx, q)
		if err != nil || n < pruneChunk {
			return err
		}
	}
}

// recount learns how many deliveries are paused of the webhooks that the library
// disabled, so that all processes together keep to Options.MaxPaused.
func (d *Dispatcher) recount(ctx context.Context) error {
	idx, err := d.current(ctx)
	c, ok := d.store.(Counter)
	if err != nil || !ok {
		return err
	}
	var errs []error
	for name, e := range idx.byName {
		if e.status.State == Disabled && e.status.By == ByLibrary {
			counts, err := c.Count(ctx, name)
			if err == nil {
				d.valves.setPaused(name, counts.ByState[Paused])
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// thawed are the webhooks that were seen to become active, whose paused
// deliveries are still to be looked for. Enable looks by itself; this catches
// changes of the configuration, and an Enable that a crash cut short. The zero
// value is ready.
type thawed struct {
	mu    sync.Mutex // guards names
	names map[string]bool
}

// note marks what became active between two indexes; without an old one, all
// that is.
func (t *thawed) note(old, x *index) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, e := range x.byName {
		frozen := true
		if old != nil {
			was := old.byName[name]
			frozen = was != nil && was.status.State != Active
		}
		if frozen && e.status.State == Active {
			if t.names == nil {
				t.names = map[string]bool{}
			}
			t.names[name] = true
		}
	}
}

func (t *thawed) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := slices.Sorted(maps.Keys(t.names))
	t.names = nil
	return names
}

func (t *thawed) put(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = map[string]bool{}
	}
	t.names[name] = true
}

// resumeThawed makes the paused deliveries of webhooks that became active due.
func (d *Dispatcher) resumeThawed(ctx context.Context) error {
	names := d.thawed.take()
	if len(names) == 0 || d.nonePaused(ctx) {
		return nil
	}
	var errs []error
	for _, name := range names {
		if err := d.resumeAll(ctx, name); err != nil {
			d.thawed.put(name)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// nonePaused reports whether the store can tell at once that nothing is paused.
func (d *Dispatcher) nonePaused(ctx context.Context) bool {
	c, ok := d.store.(Counter)
	if !ok {
		return false
	}
	counts, err := c.Count(ctx, "")
	return err == nil && counts.ByState[Paused] == 0
}
