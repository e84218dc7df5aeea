package webhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// ErrMaxPaused is the Err of an outcome that is Disabled and would have been
// Paused: the library disabled the webhook, and Options.MaxPaused deliveries
// wait already for it to be enabled.
var ErrMaxPaused = errors.New("webhook: Options.MaxPaused deliveries are paused already")

// boundPaused takes the deliveries that find no room among the paused ones out
// of what is about to be stored.
func (d *Dispatcher) boundPaused(b *batch) {
	kept := 0
	for i, at := range b.from {
		o := &b.outcomes[at]
		if b.deliveries[i].State == Paused && !d.roomToPause(o.Webhook) {
			o.Decision, o.DeliveryID, o.Err = Disabled, "", ErrMaxPaused
			continue
		}
		b.deliveries[kept], b.from[kept] = b.deliveries[i], at
		kept++
	}
	b.deliveries, b.from = b.deliveries[:kept], b.from[:kept]
}

// roomToPause counts one more paused delivery of a webhook, if there is room.
func (d *Dispatcher) roomToPause(webhook string) bool {
	e := d.index.Load().byName[webhook]
	return e == nil || d.valves.roomToPause(webhook, e.status.Since, d.opts.MaxPaused)
}

// recount learns how many deliveries are paused of the webhooks that the library
// disabled, so that all processes together keep to Options.MaxPaused.
func (d *Dispatcher) recount(ctx context.Context) error {
	idx, err := d.current(ctx)
	if err != nil {
		return err
	}
	for name, e := range idx.byName {
		if e.status.State == Disabled && e.status.By == ByLibrary {
			counts, err := d.store.Count(ctx, name)
			if errors.Is(err, errors.ErrUnsupported) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("count the paused deliveries of %q: %w", name, err)
			}
			d.valves.setPaused(name, e.status.Since, counts.ByState[Paused])
		}
	}
	return nil
}

// maxPausedPages bounds how many pages of paused deliveries one look reads.
const maxPausedPages = 20

// settlePaused looks after paused deliveries whose webhook no longer wants them
// paused: those of an active one become due, those of a deleted one are
// canceled. Enable and DeleteWebhook do that themselves; this catches what a
// crash cut short, what another process stored by an older index, and a Disabled
// that was taken out of the configuration.
func (d *Dispatcher) settlePaused(ctx context.Context) error {
	names, err := d.pausedWebhooks(ctx)
	if err != nil || len(names) == 0 {
		return err
	}
	idx, err := d.refresh(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch e := idx.byName[name]; {
		case e == nil:
			err = d.cancelAll(ctx, name)
		case e.status.State == Active:
			err = d.resumeAll(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pausedWebhooks returns the webhooks that have paused deliveries.
func (d *Dispatcher) pausedWebhooks(ctx context.Context) ([]string, error) {
	names := map[string]bool{}
	q := DeliveryQuery{States: []State{Paused}, Limit: 1000}
	for range maxPausedPages {
		ds, err := d.store.Deliveries(ctx, q)
		if err != nil {
			return nil, wrap(err, "webhook: look for paused deliveries")
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

// resumeSpread is over how long the deliveries of a webhook that is enabled
// again become due.
const resumeSpread = time.Minute

// resumeAll makes a webhook's paused deliveries due.
func (d *Dispatcher) resumeAll(ctx context.Context, webhook string) error {
	n, err := d.changeAll(ctx, DeliveryQuery{Webhook: webhook, States: []State{Paused}},
		func(del *Delivery) (Change, error) {
			now := d.now()
			return del.resume(now.Add(rand.N(resumeSpread)), now)
		})
	if err != nil {
		return wrap(err, "webhook: resume deliveries of %q", webhook)
	}
	if n > 0 {
		d.Wake()
	}
	return nil
}
