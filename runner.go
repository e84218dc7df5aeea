package webhook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"
)

// A runner is one Run or Drain: a loop that claims deliveries, starts attempts
// where there is room, and takes in what came of them. All its fields belong to
// the loop's goroutine, except where another owner is named. What it deals with
// has files of its own, here in the order in which a delivery meets it:
//
//	handoff.go   what Dispatch stores is given to Run without a claim
//	agenda.go    when to claim: retries, gates that open, polls
//	pace.go      how many deliveries to take in ahead
//	queue.go     a webhook's deliveries that wait for a place
//	lane.go      an endpoint, and how far it is trusted with places
//	valve.go     a webhook's gate (Retry-After) and breaker
//	flight.go    a delivery from its start to its landing
//	deliver.go   one attempt of it, and what follows, in a worker's goroutine
//	landings.go  the ends of attempts, on their way back to the loop
//	group.go     calls of the store, joined; turns.go: in turn with others
//	clock.go     the store's time, by which all this is compared
type runner struct {
	d    *Dispatcher
	once time.Time // Drain: attempt what is due then, and return

	round time.Time // when the present round of the loop began, by our clock

	claims   context.Context // ends when no more is to be claimed
	attempts *deadlines      // end when attempts are to be cut off
	cut      context.CancelFunc
	writes   context.Context // ends when the store gets no more time
	settles  *deadlines      // the same, for what came of an attempt
	giveUp   context.CancelFunc
	group    *errgroup.Group // owns every goroutine of the runner
	claimed  chan claimed    // of the one claim under way
	work     chan *flight    // attempts to be made by a worker that waits for one
	idle     atomic.Int32    // such workers
	landings landings        // attempts that ended
	hand     *handoff        // what Dispatch gives; Drain: nobody gives it anything
	bell     *bell           // rung for both
	wake     <-chan struct{} // Drain: nil, they are Run's
	hurry    <-chan struct{}
	applied  chan struct{} // changes that were stored, or were not
	gone     chan struct{} // closed when nobody takes them in any more

	lanes    map[string]*lane
	queues   map[string]*queue // by webhook
	ready    map[string]*queue // those with items
	held     map[string]int64  // the fence of each delivery in queue or in flight, by id
	young    []*flight         // in flight and not late, by start, and some that ended; see park
	inFlight int
	parked   int // of those in flight, the ones that do not count against Concurrency
	settling int // attempts that ended and are not stored yet
	pace     pace
	queued   int             // in queues, and not started
	applying int             // changes being stored
	claiming bool            // a claim is under way
	refused  map[string]bool // webhooks of which Dispatch hands over no more, since it began
	spare    bool            // the last claim found nothing else to do: lanes may spread
	due      bool            // something may be due
	agenda   agenda
	resume   time.Time       // no claim before, because the store failed; by ours
	pause    backoff.BackOff // between claims while the store fails
	failed   error           // Drain: the store's error
}

// claimed is what a claim returned.
type claimed struct {
	ds     []Delivery
	limit  int
	skip   []string // webhooks that were left out
	strict bool     // some of them only because their lanes may not spread yet
	at     time.Time
	err    error
}

func (d *Dispatcher) newRunner(ctx context.Context) *runner {
	r := &runner{
		d: d, claims: ctx, group: &errgroup.Group{},
		claimed: make(chan claimed, 1), work: make(chan *flight),
		applied: make(chan struct{}), gone: make(chan struct{}),
		lanes: map[string]*lane{}, queues: map[string]*queue{},
		ready: map[string]*queue{}, held: map[string]int64{}, refused: map[string]bool{},
		hand: &handoff{}, bell: newBell(), due: true, pause: storeBackoff(),
	}
	r.landings.bell = r.bell
	r.attempts = &deadlines{slack: 10 * time.Millisecond}
	r.attempts.parent, r.cut = context.WithCancel(context.WithoutCancel(ctx))
	r.writes, r.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	r.settles = &deadlines{parent: r.writes, slack: time.Second}
	return r
}

// storeBackoff is how long to wait while the store fails.
func storeBackoff() backoff.BackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMaxInterval(20*time.Second), // and half of it by chance
		backoff.WithMaxElapsedTime(0),
	)
}

// loop claims and starts until the claims context ends, or a Drain is done.
func (r *runner) loop() {
	timer, armed := time.NewTimer(0), time.Time{}
	defer timer.Stop()
	for r.round = time.Now(); r.claims.Err() == nil; r.round = time.Now() {
		// Not only when the timer goes off: a busy loop might never see that.
		if r.agenda.reached(r.d.clock.at(r.round), r.d.opts.PollInterval) {
			r.hungry()
		}
		r.park()
		r.startQueued()
		r.claim()
		r.hand.setRoom(r.room())
		if r.drained() {
			return
		}
		if next := r.round.Add(r.patience()); !armed.After(r.round) || next.Before(armed) {
			timer.Reset(time.Until(next))
			armed = next // it may go off too early, and does no harm
		}
		select {
		case <-r.claims.Done():
		case c := <-r.claimed:
			r.take(c)
		case <-r.bell.rung:
			r.landAll()
			r.takeHanded()
		case <-r.applied:
			r.applying--
			if !r.once.IsZero() { // what was given back can be claimed now
				r.due = r.failed == nil
			}
		case <-r.hurry:
			r.agenda.hurry(r.d.now())
		case <-r.wake:
			r.hungry()
		case <-timer.C:
			r.rest()
		}
	}
}

// hungry makes the next round claim, other webhooks' deliveries first.
func (r *runner) hungry() {
	if r.once.IsZero() {
		r.due, r.spare = true, false
	}
}

// drained reports whether a Drain has nothing more to do.
func (r *runner) drained() bool {
	return !r.once.IsZero() && !r.due && !r.claiming &&
		r.inFlight == 0 && r.settling == 0 && r.queued == 0 && r.applying == 0
}

// patience returns for how long the loop can wait: until the next poll, or
// until an attempt is late.
func (r *runner) patience() time.Duration {
	wait := min(r.agenda.next().Sub(r.d.clock.at(r.round)), r.d.opts.PollInterval)
	if len(r.young) > 0 { // park has left none in front that ended
		wait = min(wait, r.young[0].began.Add(parkAfter).Sub(r.round))
	}
	return max(wait, time.Millisecond)
}

// claim starts a claim if there is room for what it may bring. It runs beside
// the loop, so that a slow store holds up nothing that is in flight.
func (r *runner) claim() {
	o := &r.d.opts
	free, ahead := r.places(), r.ahead()
	if !r.due || r.claiming || free == 0 && r.queued > ahead/2 || r.round.Before(r.resume) {
		return
	}
	limit := min(free+ahead-min(r.queued, ahead/2), maxClaim)
	skip, strict := r.skip()
	c := Claim{Now: r.d.now(), Lease: o.Lease, Owner: r.d.owner, Limit: limit, Skip: skip}
	if !r.once.IsZero() {
		// A Drain claims by the time it began at, so that it does not take what
		// became due since; but the lease counts from now.
		c.Lease += c.Now.Sub(r.once)
		c.Now = r.once
	}
	r.claiming, r.due = true, false
	clear(r.refused)
	closed := !r.agenda.opens.IsZero()
	r.group.Go(func() error {
		if closed { // else who mended an endpoint elsewhere would not be heard of
			_, _ = r.d.current(r.claims)
		}
		at := time.Now()
		ds, err := r.d.claim(r.claims, c)
		r.claimed <- claimed{ds: ds, limit: limit, skip: skip, strict: strict, at: at, err: err}
		return nil
	})
}

// places returns how many attempts can start.
func (r *runner) places() int {
	o := &r.d.opts
	return max(0, o.Concurrency-(r.inFlight-min(r.parked, o.MaxHanging)))
}

// ahead returns how many deliveries more than can start are taken in, to be at
// hand when places become free.
func (r *runner) ahead() int {
	return max(r.d.opts.Concurrency/2+1, min(r.pace.recent(r.round), maxClaim))
}

// room returns how many deliveries Dispatch may hand over.
func (r *runner) room() int { return max(0, r.places()+r.stock()-r.queued) }

// stock returns how many deliveries more than can start Dispatch hands over:
// those of the near future, by the pace, since each that it does not has to be
// claimed.
func (r *runner) stock() int {
	return max(r.d.opts.Concurrency/2+1, stockWindows*r.pace.able(r.round))
}

// maxClaim bounds one claim.
const maxClaim = 256

// claim calls the store and tells Trace.
func (d *Dispatcher) claim(ctx context.Context, c Claim) ([]Delivery, error) {
	ds, err := d.store.Claim(ctx, c)
	if f := d.opts.Trace.Claim; f != nil && (len(ds) > 0 || err != nil) {
		safely(func() { f(ctx, len(ds), err) })
	}
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	return ds, nil
}

// take places what a claim brought.
func (r *runner) take(c claimed) {
	r.claiming = false
	if c.err != nil {
		r.hand.behind()
		r.storeFailed(c.err)
		return
	}
	var changes []Change
	var twice error
	for i := range c.ds {
		del := &c.ds[i]
		if fence, held := r.held[del.ID]; held && fence == del.Fence {
			twice = fmt.Errorf("claim deliveries: the store returned %s again, which is leased",
				del.ID)
			continue
		}
		changes = r.place(&flight{del: *del, claimed: c.at}, changes)
	}
	r.apply(changes)
	if twice != nil {
		r.storeFailed(twice)
		return
	}
	r.pause.Reset()
	switch {
	case len(c.ds) >= c.limit, len(changes) > 0:
		r.due = true
		r.hand.behind()
	case c.strict && !r.spare:
		r.due, r.spare = true, true // nothing else is due: lanes may spread
	default:
		r.hand.caughtUp(slices.AppendSeq(c.skip, maps.Keys(r.refused)))
	}
}

// takeHanded places what Dispatch stored leased to this process.
func (r *runner) takeHanded() {
	var changes []Change
	items := r.hand.take()
	for _, f := range items {
		n := len(changes)
		changes = r.place(f, changes)
		if q := r.queue(f.del.Webhook); len(changes) > n || len(q.items) > r.stockOf(q) {
			r.hand.refuse(f.del.Webhook)
			r.refused[f.del.Webhook] = true
		}
	}
	r.hand.taken(items)
	if len(changes) > 0 {
		r.due = true
	}
	r.apply(changes)
}

// storeFailed waits before the next claim. A Drain ends.
func (r *runner) storeFailed(err error) {
	if !r.once.IsZero() {
		r.failed, r.due = err, false
		return
	}
	if r.claims.Err() != nil {
		return
	}
	wait := r.pause.NextBackOff()
	r.d.log.Warn("webhook: the store fails", "error", err, "retry_in", wait)
	r.resume = time.Now().Add(wait)
	r.agenda.poll = r.d.now().Add(wait)
}

// place finds a delivery its queue. What cannot be sent now is changed instead.
func (r *runner) place(f *flight, changes []Change) []Change {
	del := &f.del
	if q := r.queues[del.Webhook]; q != nil && r.round.Before(q.unread) {
		return r.release(del, changes)
	}
	e, err := r.d.entryOf(r.claims, del)
	now := r.d.now()
	var c Change
	switch {
	case err != nil:
		r.queue(del.Webhook).unread = time.Now().Add(unreadWait)
		r.storeFailed(err)
		return r.release(del, changes)
	case e == nil:
		c, err = del.cancel(ReasonWebhookDeleted, now)
	case e.hook.err != nil:
		r.queue(del.Webhook).broken = true
		return r.release(del, changes)
	case e.status.State != Active:
		c, err = del.pause(now)
	case r.d.policy(e.hook).outlived(del, now):
		c, err = del.expire(now)
	default:
		f.entry, f.lane = e, r.laneOf(e.hook, del)
		if r.enqueue(f) {
			return changes
		}
		return r.release(del, changes)
	}
	if err != nil {
		r.d.log.Error("webhook: place a claimed delivery", "delivery", del.ID, "error", err)
		return changes
	}
	return append(changes, c)
}

// unreadWait is for how long the deliveries of a webhook are left to others after
// the store did not say what it is: asking holds up the loop.
const unreadWait = 10 * time.Second

// entryOf returns the webhook of a delivery; nil if it is deleted. One that this
// process does not know may have been saved by another just now.
func (d *Dispatcher) entryOf(ctx context.Context, del *Delivery) (*entry, error) {
	idx, err := d.current(ctx)
	if err != nil {
		return nil, err
	}
	if e := idx.byName[del.Webhook]; e != nil {
		return e, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookInterval)
	defer cancel()
	if idx, err = d.refresh(ctx); err != nil {
		return nil, err
	}
	return idx.byName[del.Webhook], nil
}

// apply stores changes beside the loop.
func (r *runner) apply(changes []Change) {
	if len(changes) == 0 {
		return
	}
	r.applying++
	r.group.Go(func() error {
		defer func() {
			select {
			case r.applied <- struct{}{}:
			case <-r.gone:
			}
		}()
		ctx, cancel := context.WithTimeout(r.writes, r.d.opts.Lease)
		defer cancel()
		if _, err := r.d.updates.do(ctx, changes); err != nil {
			// Their leases run out; then they are claimed again.
			r.d.log.Warn("webhook: store changes", "error", err)
		}
		return nil
	})
}

// stopGrace is how long attempts that were cut off, and the store, get.
const stopGrace = 5 * time.Second

// stop gives back what was not started, waits for what is in flight, and cuts it
// off when patience ends.
func (r *runner) stop(patience time.Duration) error {
	dismiss := sync.OnceFunc(func() { close(r.gone) })
	defer dismiss()
	defer r.cut()
	defer r.giveUp()
	patience = max(0, patience)
	defer time.AfterFunc(patience, r.cut).Stop()
	defer time.AfterFunc(patience+stopGrace, r.giveUp).Stop()
	var changes []Change
	for _, f := range r.hand.stop() {
		changes = r.release(&f.del, changes)
	}
	if r.claiming {
		c := <-r.claimed
		for i := range c.ds {
			changes = r.release(&c.ds[i], changes)
		}
	}
	for _, q := range r.queues {
		changes = r.giveBack(q, changes)
	}
	r.apply(changes)
	grace := time.NewTimer(patience + stopGrace + time.Second)
	defer grace.Stop()
	for r.inFlight+r.settling > 0 {
		select {
		case <-r.bell.rung:
			r.landAll()
		case <-grace.C:
			return fmt.Errorf("webhook: %d attempts did not stop: "+
				"the transport or the store ignores its context", r.inFlight+r.settling)
		}
	}
	dismiss()
	return r.group.Wait()
}
