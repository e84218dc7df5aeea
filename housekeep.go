package webhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
				d.valves.setPaused(name, e.status.Since, counts.ByState[Paused])
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// maxPausedPages bounds how many pages of paused deliveries one look reads.
const maxPausedPages = 20

// settlePaused looks after paused deliveries whose webhook no longer wants them
// paused: those of an active one become due, those of a deleted one are
// canceled. Enable and DeleteWebhook do that themselves; this catches what a
// crash cut short, what another process stored by an older index, and a Disabled
// that was taken out of the configuration.
func (d *Dispatcher) settlePaused(ctx context.Context) error {
	if d.nonePaused(ctx) {
		return nil
	}
	names, err := d.pausedWebhooks(ctx)
	if err != nil {
		return err
	}
	idx, err := d.refresh(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		switch e := idx.byName[name]; {
		case e == nil:
			errs = append(errs, d.cancelAll(ctx, name))
		case e.status.State == Active:
			errs = append(errs, d.resumeAll(ctx, name))
		}
	}
	return errors.Join(errs...)
}

// pausedWebhooks returns the webhooks that have paused deliveries.
func (d *Dispatcher) pausedWebhooks(ctx context.Context) ([]string, error) {
	names := map[string]bool{}
	q := DeliveryQuery{States: []State{Paused}, Limit: 1000}
	for range maxPausedPages {
		ds, err := d.store.Deliveries(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("look for paused deliveries: %w", err)
		}
		for i := range ds {
			names[ds[i].Webhook] = true
			q.After = ds[i].ID
		}
		if len(ds) < q.Limit {
			break
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
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
