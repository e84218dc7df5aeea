package webhook

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// errRunning is returned by a Run beside another of the same Dispatcher.
var errRunning = errors.New("webhook: Run: this dispatcher is running already")

// Run delivers until ctx ends: it claims what is due, sends it, and stores what
// came of it. Then it claims nothing more, lets the attempts in flight finish
// within Options.StopTimeout, cancels those that have not, gives back what it
// still holds, and returns. A canceled attempt does not count. It returns nil
// after a clean stop; an error if it was running already, or if a Transport or
// the store did not heed its context, whose goroutines then remain.
//
// It may be called again after it returned. Any number of processes may Run on
// one store. While the store fails, Run waits, longer each time up to half a
// minute, and loses nothing.
func (d *Dispatcher) Run(ctx context.Context) error {
	if !d.run.TryLock() {
		return errRunning
	}
	return supervise(ctx, max(0, d.opts.StopTimeout)+storeGrace, func() error {
		defer d.run.Unlock()
		r := d.newRunner(ctx)
		r.group.Go(func() error { r.housekeep(); return nil })
		r.group.Go(func() error { r.listen(); return nil })
		r.hand, r.wake, r.hurry = &d.hand, d.wake, d.hurry
		r.begin()
		d.hand.start(r.bell)
		r.loop()
		err := r.stop(d.opts.StopTimeout)
		r.storeHealth(0) // also of the attempts that ended last
		if d.own != nil {
			d.own.CloseIdleConnections() // else their goroutines outlive Run
		}
		return err
	})
}

// storeGrace is how long after StopTimeout the last calls of a store may take:
// those of attempts that were cut off, and the health of the webhooks.
const storeGrace = 3 * stopGrace

// begin waits until the webhooks are read. Until then the store's clock is not
// known, and a claim by a wrong time may take deliveries that another process
// holds.
func (r *runner) begin() {
	for r.claims.Err() == nil {
		_, err := r.d.current(r.claims)
		if err == nil {
			return
		}
		if r.claims.Err() == nil {
			wait := r.pause.NextBackOff()
			r.d.log.Warn("webhook: the store fails", "error", err, "retry_in", wait)
			sleep(r.claims, wait)
		}
	}
}

// Drain is the synchronous twin of Run: it attempts, each once, the deliveries
// that are due when it is called, and returns when that is done. It does not
// wait for retries, gates or breakers. It is for tests, cron jobs and hosts
// that cannot keep a goroutine; several at once, also beside a Run, share what is
// due. Afterwards it prunes what Options.Retention no longer keeps, for a minute
// at most, unless that was done within the last minute. The error is the store's,
// or ctx's when that ended first.
func (d *Dispatcher) Drain(ctx context.Context) error {
	return supervise(ctx, storeGrace, func() error { return d.drain(ctx) })
}

func (d *Dispatcher) drain(ctx context.Context) error {
	if _, err := d.current(ctx); err != nil {
		return err
	}
	if err := d.settlePaused(ctx); err != nil {
		return err
	}
	r := d.newRunner(ctx)
	r.once = d.now()
	r.loop()
	err := r.stop(0)
	r.storeHealth(housekeepInterval)
	d.housekeepIfDue(ctx)
	if err = cmp.Or(err, r.failed, ctx.Err()); err != nil {
		return wrap(err, "webhook: drain")
	}
	return nil
}

// listen wakes the loop when the store tells of new deliveries.
func (r *runner) listen() {
	for r.claims.Err() == nil {
		err := r.d.store.Notify(r.claims, r.d.Wake)
		if errors.Is(err, errors.ErrUnsupported) {
			return
		}
		if err != nil && r.claims.Err() == nil {
			r.d.log.Warn("webhook: listen for deliveries", "error", err)
		}
		sleep(r.claims, time.Minute)
	}
}

// sleep waits for a while, or until ctx ends.
func sleep(ctx context.Context, t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// housekeep looks after what is not urgent until the runner stops.
func (r *runner) housekeep() {
	for r.claims.Err() == nil {
		ctx, cancel := context.WithTimeout(r.writes, housekeepInterval)
		err := r.d.settlePaused(ctx)
		cancel()
		if err == nil {
			err = r.d.housekeep(r.claims)
		}
		if err != nil && r.claims.Err() == nil {
			r.d.log.Warn("webhook: housekeeping", "error", err)
		}
		sleep(r.claims, housekeepInterval)
		if r.claims.Err() == nil {
			r.storeHealth(housekeepInterval)
		}
	}
}

// storeHealth stores what was counted of each webhook, unless its counts were
// stored less than age ago.
func (r *runner) storeHealth(age time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.claims), stopGrace)
	defer cancel()
	if err := r.d.storeHealth(ctx, age); err != nil {
		r.d.log.Warn("webhook: store health", "error", err)
	}
}
