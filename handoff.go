package webhook

import (
	"context"
	"sync"
	"time"
)

// A handoff takes deliveries from Dispatch to the Run of the same process: they
// are stored already leased to it, so that no claim is needed. What it does not
// take is stored unleased, and claimed.
//
// A delivery is leased before it is stored, and given to Run afterwards. If the
// process dies between, or the store's answer is lost, its lease runs out, and
// it is claimed like any other.
type handoff struct {
	mu       sync.Mutex // guards the fields below
	running  bool
	bell     *bell           // of the Run, rung when something was given
	open     bool            // Run knows of nothing in the store that was there before
	full     map[string]bool // webhooks whose deliveries would wait
	room     int             // deliveries that Run has room for
	reserved int             // of these, the ones that are being stored, or were given
	onTheWay map[string]int  // the same, by webhook
	items    []*flight
}

// maxOnTheWay bounds what is handed over of one webhook before Run hears of it,
// and can say that it would wait for long.
const maxOnTheWay = 256

// reserve reports whether Run has room for a delivery of a webhook, and keeps it.
func (h *handoff) reserve(webhook string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running || !h.open || h.reserved >= h.room || h.full[webhook] ||
		h.onTheWay[webhook] >= maxOnTheWay {
		return false
	}
	h.reserved++
	h.onTheWay[webhook]++
	return true
}

// refund gives back the room of a delivery that was not stored.
func (h *handoff) refund(webhook string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arrived(webhook)
}

// arrived takes a delivery off those that are on their way to Run. mu is held.
func (h *handoff) arrived(webhook string) {
	h.reserved--
	if h.onTheWay[webhook]--; h.onTheWay[webhook] <= 0 {
		delete(h.onTheWay, webhook)
	}
}

// give hands over what is stored. It reports whether a Run is there to take it.
func (h *handoff) give(items []*flight) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		for _, f := range items {
			h.arrived(f.del.Webhook)
		}
		return false
	}
	h.items = append(h.items, items...)
	h.bell.ring()
	return true
}

// take returns what was given since the last call. Call taken when Run knows of
// which webhooks it wants no more: until then these are on their way.
func (h *handoff) take() []*flight {
	h.mu.Lock()
	defer h.mu.Unlock()
	items := h.items
	h.items = nil
	return items
}

// taken makes way for more after a take.
func (h *handoff) taken(items []*flight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range items {
		h.arrived(f.del.Webhook)
	}
	h.room -= len(items) // until setRoom says how it is
}

// start lets a Run take deliveries, once it has said that there is no backlog.
func (h *handoff) start(b *bell) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running, h.open, h.bell = true, false, b
	if h.onTheWay == nil {
		h.onTheWay = map[string]int{}
	}
}

// stop ends what start began, and returns what was given and not taken.
func (h *handoff) stop() []*flight {
	h.mu.Lock()
	h.running = false
	h.mu.Unlock()
	items := h.take()
	h.taken(items)
	return items
}

// caughtUp says that nothing is due in the store but deliveries of some webhooks.
func (h *handoff) caughtUp(except []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = true
	clear(h.full)
	for _, name := range except {
		h.shut(name)
	}
}

// behind says that something may be due in the store.
func (h *handoff) behind() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = false
}

// refuse takes no more of a webhook, until Run has caught up.
func (h *handoff) refuse(webhook string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shut(webhook)
}

// shut marks a webhook of which no more is taken. mu is held.
func (h *handoff) shut(webhook string) {
	if h.full == nil {
		h.full = map[string]bool{}
	}
	h.full[webhook] = true
}

// setRoom says for how many deliveries Run has room now.
func (h *handoff) setRoom(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.room = n
}

// lease marks the deliveries that Run has room for as leased to it, and returns
// how many there are. An ordered one is left to claims: whether it is the first
// of its line only the store knows.
func (d *Dispatcher) lease(ds []Delivery) (n int) {
	for i := range ds {
		del := &ds[i]
		if del.State != Pending || del.Line != "" ||
			!d.valves.closedUntil(del.Webhook).IsZero() || !d.hand.reserve(del.Webhook) {
			continue
		}
		del.Owner, del.LeaseUntil, del.Fence = d.owner, d.now().Add(d.opts.Lease), 1
		n++
	}
	return n
}

// handOver gives what was leased, and is new, to Run. fresh is nil when the store
// failed; asked is before anything was leased.
func (d *Dispatcher) handOver(ctx context.Context, ds []Delivery, fresh []bool, leased int,
	asked time.Time) {
	items := make([]*flight, 0, leased)
	for i := range ds {
		switch {
		case ds[i].Owner == "":
		case i < len(fresh) && fresh[i]:
			items = append(items, &flight{del: ds[i], claimed: asked})
		default:
			d.hand.refund(ds[i].Webhook)
		}
	}
	if d.hand.give(items) {
		return
	}
	var changes []Change
	for i := range items {
		if c, err := items[i].del.release(); err == nil {
			changes = append(changes, c)
		}
	}
	if _, err := d.updates.do(ctx, changes); err != nil {
		// Their leases run out; then they are claimed.
		d.log.WarnContext(ctx, "webhook: give back what no Run took", "error", err)
	}
}
