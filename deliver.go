package webhook

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// startWindow is how long after a claim an attempt may start without asking the
// store again whether the delivery is still its own. Cancel waits that long when
// it takes a delivery out of another's lease: so no attempt starts after it
// returned.
const startWindow = time.Second

// deliver makes one attempt for a claimed delivery and stores what came of it.
// stop ends when the attempt is to be cut off, writes when the store gets no
// more time. It calls vacate when a message was delivered, before that is stored,
// unless the store answers at once.
func (d *Dispatcher) deliver(stop, writes *deadlines, f *flight, vacate func()) aftermath {
	h, del := f.entry.hook, &f.del
	for asked := f.claimed; time.Since(asked) > startWindow; {
		asked = time.Now() // the store's answer can be late too
		if !d.confirm(stop.parent, del) {
			return aftermath{}
		}
		e := d.index.Load().inService(del.Webhook) // it may have changed meanwhile
		if e == nil {
			d.giveBack(writes, h, del)
			return aftermath{}
		}
		f.entry, h = e, e.hook
	}
	ctx, end := d.opts.Trace.start(stop.parent, del)
	defer end()
	limited, cancel := stop.limit(ctx, h.timeout(&d.opts))
	r := d.attempt(stop.parent, limited, h, del, false)
	cancel()
	if r.stopped {
		d.giveBack(writes, h, del)
		return aftermath{}
	}
	opened := d.valves.record(h.w.Name, r.verdict, d.now(), r.hint)
	if r.verdict == VerdictDelivered && !d.updates.apart {
		vacate()
	}
	c, err := d.resolution(h, del, &r)
	if err == nil {
		err = d.settle(writes, h, del, c)
	}
	d.tell(ctx, h, del, &r, err)
	d.breakerOpened(stop.parent, h, opened)
	d.judgeHealth(writes.parent, f.entry, r.verdict)
	after := aftermath{sent: true, answered: r.attempt.StatusCode > 0, due: r.attempt.Next}
	after.moved = del.Line != "" && r.attempt.State == Delivered
	if !errors.Is(err, ErrLeaseLost) && !errors.Is(err, ErrNotFound) {
		after.err = err
	}
	return after
}

// confirm renews the lease of a delivery that has waited for its turn, and
// reports whether it is still ours.
func (d *Dispatcher) confirm(ctx context.Context, del *Delivery) bool {
	c, err := del.extend(d.now().Add(d.opts.Lease))
	if err != nil {
		return false
	}
	errs, err := d.updates.do(ctx, []Change{c})
	if err != nil || errs[0] != nil {
		return false
	}
	c.Apply(del)
	return true
}

// giveBack ends the lease of a delivery that was not attempted.
func (d *Dispatcher) giveBack(writes *deadlines, h *hook, del *Delivery) {
	if c, err := del.release(); err == nil {
		_ = d.settle(writes, h, del, c) // if that fails, the lease runs out
	}
}

// settle tries to store a change until the store has taken it, or until the lease
// runs out and the change is void. If the store fails again and again, the log
// entry is given up: what came of the delivery matters more.
func (d *Dispatcher) settle(writes *deadlines, h *hook, del *Delivery, c Change) error {
	ctx, cancel := writes.within(del.LeaseUntil.Sub(d.now()))
	defer cancel()
	store := d.updates.do
	if c.State == Delivered && del.Line == "" {
		store = d.updates.later // nobody waits for it, but hosts for the store
	}
	var wait backoff.BackOff
	for try := 1; ; try++ {
		errs, err := store(ctx, []Change{c})
		if err == nil {
			return errs[0]
		}
		d.log.Warn("webhook: store what came of an attempt", "webhook", h.w.Name,
			"delivery", del.ID, "try", try, "error", err)
		if wait == nil {
			wait = storeBackoff()
		}
		if sleep(ctx, wait.NextBackOff()); ctx.Err() != nil {
			return err
		}
		if try >= 3 {
			c.Attempt = nil
		}
	}
}

// tell tells log and Trace how an attempt went.
func (d *Dispatcher) tell(ctx context.Context, h *hook, del *Delivery, r *result, stored error) {
	a := r.attempt
	if f := d.opts.Trace.Attempt; f != nil {
		defer safely(func() { f(ctx, *del, *a, stored) })
	}
	if stored == nil && a.State == Delivered && !d.log.Enabled(ctx, slog.LevelDebug) {
		return // nearly always, so that it costs nothing
	}
	args := []any{"webhook", h.w.Name, "delivery", del.ID, "attempt", a.Number,
		"state", a.State, "status", a.StatusCode, "class", a.Class, "duration", a.Duration}
	switch {
	case errors.Is(stored, ErrLeaseLost):
		d.log.WarnContext(ctx, "webhook: the delivery changed during its attempt", args...)
	case stored != nil:
		d.log.ErrorContext(ctx, "webhook: what came of an attempt is not stored",
			append(args, "error", stored)...)
	case a.State == Delivered:
		d.log.DebugContext(ctx, "webhook: delivered", args...)
	case a.State == Pending:
		d.log.InfoContext(ctx, "webhook: attempt failed",
			append(args, "error", a.Error, "next", a.Next)...)
	default:
		d.log.WarnContext(ctx, "webhook: delivery failed",
			append(args, "error", a.Error, "reason", r.reason)...)
	}
}

func (d *Dispatcher) breakerOpened(ctx context.Context, h *hook, opened time.Duration) {
	if opened == 0 {
		return
	}
	d.log.WarnContext(ctx, "webhook: breaker opened", "webhook", h.w.Name, "for", opened)
	if f := d.opts.Trace.Breaker; f != nil {
		safely(func() { f(ctx, h.w.Name, opened) })
	}
}

// judgeHealth disables a webhook that is gone, or has failed for too long.
func (d *Dispatcher) judgeHealth(writes context.Context, e *entry, v Verdict) {
	h := e.hook
	var reason string
	switch {
	case v == VerdictDelivered:
		return
	case v == VerdictGone && h.url == nil:
		reason = "the endpoint answered 410 Gone"
	default:
		known := e.rec.health
		known.add(d.valves.unstored(h.w.Name))
		if reason = d.opts.AutoDisable.verdict(&known, d.now()); reason == "" {
			return
		}
	}
	ctx, cancel := context.WithTimeout(writes, d.opts.Timeout)
	defer cancel()
	if err := d.storeHealthOf(ctx, h.w.Name); err != nil {
		d.log.Warn("webhook: store health", "webhook", h.w.Name, "error", err)
	}
	err := d.disable(ctx, h.w.Name, ByLibrary, reason)
	if err != nil && !errors.Is(err, ErrNotFound) {
		d.log.Error("webhook: disable", "webhook", h.w.Name, "error", err)
	}
}

// safely calls code of the host's and ignores a panic in it.
func safely(f func()) {
	defer func() { _ = recover() }()
	f()
}
