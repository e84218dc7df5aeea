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

// housekeepIfDue is housekeep if nobody did that lately. It is no affair of the
// caller's if that fails: what it left is there the next time.
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

// countShare is the part of its time that a process at most has a store count
// what it keeps of each webhook, which in a large log takes a while: one in so
// many.
const countShare = 500
