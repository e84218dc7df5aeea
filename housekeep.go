package webhook

import (
	"context"
	"errors"
	"time"
)

// housekeepInterval is how often a Run or Drain looks after what is not urgent,
// and for how long at most.
const housekeepInterval = time.Minute

// housekeep prunes, and recounts what is paused.
func (d *Dispatcher) housekeep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, housekeepInterval)
	defer cancel()
	now := time.Now()
	d.housekept.Store(&now)
	if err := d.recount(ctx); err != nil {
		return err
	}
	return d.prune(ctx)
}

// housekeepIfDue does housekeep unless that was done within its interval. An
// error is logged, not returned: the next time makes up for it.
func (d *Dispatcher) housekeepIfDue(ctx context.Context) {
	last := d.housekept.Load()
	if ctx.Err() != nil || last != nil && time.Since(*last) < housekeepInterval {
		return
	}
	if err := d.housekeep(ctx); err != nil {
		d.log.WarnContext(ctx, "webhook: housekeeping", "error", err)
	}
}

// pruneChunk is how many deliveries are pruned at once, so that a store is not
// held up for long.
const pruneChunk = 500

// prune forgets old finished deliveries, if the store can.
func (d *Dispatcher) prune(ctx context.Context) error {
	now, keep := d.now(), d.opts.Retention
	q := Prune{Limit: pruneChunk}
	if keep.Delivered > 0 {
		q.Delivered = now.Add(-keep.Delivered)
	}
	if keep.Other > 0 {
		q.Other = now.Add(-keep.Other)
	}
	if next := d.recounts.Load(); next == nil || !time.Now().Before(*next) {
		q.Keep = max(0, keep.PerWebhook)
	}
	for {
		asked := time.Now()
		n, err := d.store.Prune(ctx, q)
		if q.Keep > 0 && (err != nil || n < pruneChunk) {
			next := time.Now().Add(countShare * time.Since(asked))
			d.recounts.Store(&next)
		}
		if errors.Is(err, errors.ErrUnsupported) || ctx.Err() != nil {
			return nil // after a minute the rest is for the next time
		}
		if err != nil || n < pruneChunk {
			return err
		}
	}
}

// countShare bounds the time spent on counting what the store keeps of each
// webhook, which takes long in a large log: for so many times as long as a
// count took, there is no other.
const countShare = 500
