package webhook

import (
	"slices"
	"time"
)

// A queue holds a webhook's deliveries, claimed or handed over, that wait for a
// place. It belongs to the runner's loop.
type queue struct {
	items    []*flight
	inFlight int
	pace     pace
	lane     *lane     // of the last delivery
	skipped  bool      // the last claim left the webhook out for want of a place
	broken   bool      // this process cannot send for it
	unread   time.Time // it is not known, and could not be read: not again before then
}

func (r *runner) queue(webhook string) *queue {
	q := r.queues[webhook]
	if q == nil {
		q = &queue{}
		r.queues[webhook] = q
	}
	return q
}

// enqueue takes an item in, unless it would wait for long. Where the endpoint
// answers it takes in whatever a claim brought: what is given back would only be
// claimed again, many times over for a webhook with a backlog.
func (r *runner) enqueue(f *flight) bool {
	q := r.queue(f.del.Webhook)
	q.lane = f.lane
	full := len(q.items) >= r.d.opts.PerEndpoint && f.lane.trust != trusted
	hangs := f.lane.trust == suspect && f.lane.inFlight > 0
	if full || hangs || r.closed(f.del.Webhook) {
		return false
	}
	q.items = append(q.items, f)
	f.fence = f.del.Fence
	r.held[f.del.ID] = f.fence
	r.queued++
	r.ready[f.del.Webhook] = q
	return true
}

// letGo forgets that a delivery is held, unless it is held by a later lease by
// now: that of the flight may have run out.
func (r *runner) letGo(f *flight) {
	if r.held[f.del.ID] == f.fence {
		delete(r.held, f.del.ID)
	}
}

// closed reports whether a webhook's deliveries wait behind gate or breaker.
func (r *runner) closed(webhook string) bool {
	return !r.d.valves.closedUntil(webhook).IsZero()
}

// startQueued starts what has a place, and gives back what would wait for long.
func (r *runner) startQueued() {
	if r.queued == 0 {
		return
	}
	var changes []Change
	for name, q := range r.ready {
		e := r.inService(name)
		if e == nil {
			changes = r.giveBack(q, changes)
			delete(r.ready, name)
			continue
		}
		for len(q.items) > 0 && r.hasPlace(name, q) && !r.closed(name) {
			f := q.items[0]
			f.entry = e
			q.items[0] = nil
			q.items = q.items[1:]
			r.queued--
			r.launch(f)
		}
		// Only behind an attempt that hangs would they wait for long; what merely
		// has no place would be claimed again at once.
		hangs := q.lane.trust == suspect && q.lane.inFlight > 0
		if len(q.items) > 0 && (hangs || r.closed(name)) {
			changes = r.giveBack(q, changes)
		}
		if len(q.items) == 0 {
			delete(r.ready, name)
		}
	}
	r.apply(changes)
}

// inService returns a webhook as it is now, nil if nothing is to be sent for it:
// it may have changed since its deliveries were claimed.
func (r *runner) inService(webhook string) *entry {
	idx, err := r.d.current(r.claims)
	if err != nil {
		return nil
	}
	return idx.inService(webhook)
}

// hasPlace reports whether the first item of a queue can start.
func (r *runner) hasPlace(name string, q *queue) bool {
	f, o := q.items[0], &r.d.opts
	limit := f.entry.hook.w.Concurrency
	if limit == 0 {
		limit = o.PerEndpoint
	}
	if r.d.valves.probing(name) {
		limit = 1
	}
	switch {
	case r.settling >= max(settlingPerPlace*o.Concurrency, r.pace.recent(r.round)/settlingWindow):
		return false // the store does not keep up
	case q.inFlight >= limit, f.lane.inFlight >= f.lane.limit(o.PerEndpoint, r.spare):
		return false
	}
	return r.free(f.lane) > 0 || r.probes(f.lane)
}

// giveBack empties a queue and adds the changes that release its deliveries.
func (r *runner) giveBack(q *queue, changes []Change) []Change {
	for i := range q.items {
		r.letGo(q.items[i])
		changes = r.release(&q.items[i].del, changes)
	}
	r.queued -= len(q.items)
	q.items = nil
	return changes
}

// release adds the change that gives a delivery back.
func (r *runner) release(del *Delivery, changes []Change) []Change {
	c, err := del.release()
	if err != nil {
		r.d.log.Error("webhook: release a delivery", "delivery", del.ID, "error", err)
		return changes
	}
	return append(changes, c)
}

// skip returns the webhooks that the next claim leaves out, and whether some of
// them are left out only until it is known that nothing else is due.
func (r *runner) skip() (names []string, strict bool) {
	names, opens := r.d.valves.closed(time.Now())
	if !opens.IsZero() {
		r.agenda.opens = r.d.now().Add(time.Until(opens))
	}
	for name, q := range r.queues {
		if len(q.items) == 0 && q.inFlight == 0 && !q.broken &&
			!r.round.Before(q.unread) && q.pace.able(r.round) == 0 {
			delete(r.queues, name)
			continue
		}
		q.skipped = false
		q.broken = q.broken && !r.usable(name)
		if full, spreads := r.full(q); full {
			names, q.skipped = append(names, name), true
			strict = strict || spreads
		}
	}
	slices.Sort(names)
	return slices.Compact(names), strict
}

// stockOf returns how many deliveries of a webhook are at hand at most: those
// of the near future, by its own pace. More would be kept from other processes,
// and those of a slow endpoint even outlive their leases here.
func (r *runner) stockOf(q *queue) int {
	if q.lane == nil || q.lane.trust != trusted {
		return r.d.opts.PerEndpoint
	}
	return max(r.d.opts.PerEndpoint, stockWindows*q.pace.able(r.round))
}

// unblocked reports whether the last claim left a queue's webhook out, and the
// next one would not.
func (r *runner) unblocked(q *queue) bool {
	if !q.skipped {
		return false
	}
	full, _ := r.full(q)
	return !full
}

// usable reports whether this process can send for a webhook, or would cancel its
// deliveries.
func (r *runner) usable(webhook string) bool {
	idx := r.d.index.Load()
	e := idx.byName[webhook]
	return e == nil || e.hook.err == nil
}

// full reports whether a webhook's next delivery would wait for long, and
// whether it would not if its lane could spread.
func (r *runner) full(q *queue) (full, spreads bool) {
	l, most := q.lane, r.stockOf(q)
	switch {
	case q.broken, r.round.Before(q.unread), len(q.items) >= most:
		return true, false
	case l == nil || l.trust == trusted:
		return false, false
	}
	return l.inFlight >= l.limit(most, r.spare), l.trust == unknown && !r.spare
}
