package webhook

import "time"

// A flight is a delivery leased to this process, claimed or handed over, on its
// way: it waits for a place, and then is attempted.
type flight struct {
	del     Delivery
	entry   *entry
	lane    *lane
	claimed time.Time // on this process's clock, before the store was asked to lease it
	fence   int64     // with which it was leased; that of del rises when the lease is renewed

	began  time.Time // of the attempt
	parked bool      // it does not count against Concurrency
	ended  bool
}

// answered is what is known of an attempt that delivered before its result is
// stored.
var answered = aftermath{sent: true, answered: true}

// These bound how many attempts may have ended whose results are not stored
// yet: settlingPerPlace for each of Options.Concurrency, or one
// settlingWindow-th of those that end in a paceWindow, whichever is more. A
// crash repeats these too.
const (
	settlingPerPlace = 4
	settlingWindow   = 5
)

// An aftermath is what the loop learns from an attempt that ended.
type aftermath struct {
	answered bool      // the endpoint sent a response
	sent     bool      // an attempt was made at all
	due      time.Time // of the retry
	moved    bool      // the line's next delivery may be due now
	err      error     // the store's, which did not take what came of it
}

// launch starts an attempt.
func (r *runner) launch(f *flight) {
	f.began = r.round
	if r.probes(f.lane) {
		r.parkFlight(f)
	}
	r.inFlight++
	f.lane.inFlight++
	r.queue(f.del.Webhook).inFlight++
	if r.d.opts.MaxHanging > 0 {
		r.young = append(r.young, f)
	}
	select {
	case r.work <- f:
	default:
		r.group.Go(func() error { r.attend(f); return nil })
	}
}

// rest lets the workers go when nothing is in flight.
func (r *runner) rest() {
	for r.inFlight == 0 {
		select {
		case r.work <- nil:
		default:
			return
		}
	}
}

// attend makes attempts, one after the other, until there are workers enough that
// wait for one, or nothing to do. They are kept because a new goroutine has to
// grow its stack.
func (r *runner) attend(f *flight) {
	for f != nil {
		r.fly(f)
		f = nil
		if r.idle.Add(1) <= int32(r.d.opts.Concurrency) {
			select {
			case f = <-r.work:
			case <-r.gone:
			}
		}
		r.idle.Add(-1)
	}
}

// fly makes one attempt.
func (r *runner) fly(f *flight) {
	var after aftermath
	// Deferred: a Transport may end the goroutine, as a test's FailNow does.
	defer func() { r.landings.add(landing{f, after, true}) }()
	after = r.d.deliver(r.attempts, r.settles, f, func() {
		r.landings.add(landing{f, answered, false})
	})
}

// landAll takes in the attempts that ended.
func (r *runner) landAll() {
	landed := r.landings.take()
	for _, l := range landed {
		r.land(l)
	}
	clear(landed)
}

// land takes in an attempt that ended.
func (r *runner) land(l landing) {
	f := l.flight
	if !f.ended {
		r.vacate(f, l.after)
	}
	if !l.stored {
		return
	}
	r.settling--
	r.letGo(f)
	if l.after.moved || !r.once.IsZero() || r.unblocked(r.queue(f.del.Webhook)) {
		r.due = r.due || r.failed == nil
	}
	if r.once.IsZero() {
		r.agenda.expect(l.after.due)
	} else if l.after.err != nil {
		r.failed, r.due = l.after.err, false
	}
}

// vacate gives the place of an attempt that ended to the next.
func (r *runner) vacate(f *flight, after aftermath) {
	f.ended = true
	r.settling++
	r.inFlight--
	f.lane.inFlight--
	q := r.queue(f.del.Webhook)
	q.inFlight--
	if f.parked {
		r.parked--
	}
	f.lane.learn(after)
	r.pace.count(r.round)
	q.pace.count(r.round)
	if r.unblocked(q) {
		r.due = r.due || r.failed == nil
	}
}
