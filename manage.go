package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Delivery returns a delivery. The error is ErrNotFound if it is not, or no
// longer, stored.
func (d *Dispatcher) Delivery(ctx context.Context, id string) (*Delivery, error) {
	del, err := d.storedDelivery(ctx, id)
	if err != nil {
		return nil, wrap(err, "webhook: delivery %q", id)
	}
	return del, nil
}

// storedDelivery asks the store. If that returns neither a delivery nor an
// error, there is none.
func (d *Dispatcher) storedDelivery(ctx context.Context, id string) (*Delivery, error) {
	del, err := d.store.Delivery(ctx, id)
	if err == nil && del == nil {
		err = ErrNotFound
	}
	return del, err
}

// Deliveries returns the deliveries that match q, the newest first, at most
// q.Limit. For the next page, set q.After to the ID of the last one; the error
// is ErrNotFound if that is not, or no longer, stored.
func (d *Dispatcher) Deliveries(ctx context.Context, q DeliveryQuery) ([]Delivery, error) {
	ds, err := d.store.Deliveries(ctx, q.WithDefaults())
	if err != nil {
		return nil, wrap(err, "webhook: deliveries")
	}
	return ds, nil
}

// Attempts returns the attempts of a delivery that are stored, the oldest first:
// none for a delivery that is not, or no longer, stored.
func (d *Dispatcher) Attempts(ctx context.Context, deliveryID string) ([]Attempt, error) {
	as, err := d.store.Attempts(ctx, deliveryID)
	if err != nil {
		return nil, wrap(err, "webhook: attempts of %q", deliveryID)
	}
	return as, nil
}

// Resend makes a delivery due now, with the same id and bytes and a fresh
// budget of attempts and age: one that ended, in whatever way, or one that
// waits for its retry. The error is [ErrInFlight] while an attempt is made,
// [ErrPruned] if the delivery is no longer stored ([ErrNotFound] if the id is
// none of the library's), and [ErrState] if it is paused: Enable its webhook
// then.
func (d *Dispatcher) Resend(ctx context.Context, deliveryID string) error {
	err := d.changeDelivery(ctx, deliveryID, func(del *Delivery) (Change, error) {
		return del.resend(d.now())
	})
	if errors.Is(err, ErrNotFound) && strings.HasPrefix(deliveryID, "msg_") {
		err = ErrPruned
	}
	if err != nil {
		return wrap(err, "webhook: resend %q", deliveryID)
	}
	d.Wake()
	return nil
}

// ResendAll resends all finished deliveries that match q, whatever its Limit
// and After, and returns how many. If q.States is empty, it resends those that
// are Failed or Exhausted. Deliveries that another process changes meanwhile
// are left alone.
func (d *Dispatcher) ResendAll(ctx context.Context, q DeliveryQuery) (int, error) {
	if len(q.States) == 0 {
		q.States = []State{Failed, Exhausted}
	}
	n, err := d.changeAll(ctx, q, func(del *Delivery) (Change, error) {
		if !del.State.finished() {
			return Change{}, ErrState
		}
		return del.resend(d.now())
	})
	if n > 0 {
		d.Wake()
	}
	if err != nil {
		return n, wrap(err, "webhook: resend deliveries")
	}
	return n, nil
}

// Cancel ends a delivery that is not delivered: no attempt starts after it
// returned. An attempt that is under way may still reach the endpoint, and what
// comes of it is not recorded; the next delivery of its line does not wait for
// it. While an attempt may be about to start, Cancel takes up to a second.
// Canceling a canceled delivery does nothing. The error is [ErrState] if the
// delivery was delivered, and [ErrNotFound] if it is not stored.
func (d *Dispatcher) Cancel(ctx context.Context, deliveryID string) error {
	leased := false
	err := d.changeDelivery(ctx, deliveryID, func(del *Delivery) (Change, error) {
		now := d.now()
		if del.State == Canceled { // perhaps by a call that still waits
			leased = now.Sub(del.Finished) < startWindow
			return Change{}, nil
		}
		leased = del.leased(now)
		return del.cancel(ReasonCanceled, now)
	})
	if err != nil {
		return wrap(err, "webhook: cancel %q", deliveryID)
	}
	d.Wake() // the next in its line may be due
	if leased {
		sleep(context.WithoutCancel(ctx), startWindow)
	}
	return nil
}

// changeDelivery makes a change of a delivery as it stands in the store, and
// does so anew when the delivery changes meanwhile. An empty change changes
// nothing.
func (d *Dispatcher) changeDelivery(ctx context.Context, id string,
	change func(*Delivery) (Change, error)) error {
	if _, err := d.current(ctx); err != nil { // for the store's time
		return err
	}
	for range saveTries {
		del, err := d.storedDelivery(ctx, id)
		if err != nil {
			return err
		}
		c, err := change(del)
		if err != nil || c.ID == "" {
			return err
		}
		errs, err := d.updates.do(ctx, []Change{c})
		if err != nil {
			return err
		}
		if !errors.Is(errs[0], ErrLeaseLost) {
			return errs[0]
		}
	}
	return ErrConflict
}

// changeAll changes the deliveries that match q, page by page, and returns how
// many. Those that cannot be changed, or that change meanwhile, are left alone.
func (d *Dispatcher) changeAll(ctx context.Context, q DeliveryQuery,
	change func(*Delivery) (Change, error)) (int, error) {
	if _, err := d.current(ctx); err != nil { // for the store's time
		return 0, err
	}
	q.Limit, q.After = 500, ""
	changed, begun := 0, 1
	for {
		ds, err := d.store.Deliveries(ctx, q)
		if errors.Is(err, ErrNotFound) && q.After != "" && begun < saveTries {
			q.After = "" // the page before ended with one that was pruned since
			begun++
			continue
		}
		if err != nil || len(ds) == 0 {
			return changed, err
		}
		q.After = ds[len(ds)-1].ID
		n, err := d.changePage(ctx, ds, change)
		if changed += n; err != nil {
			return changed, err
		}
	}
}

// changePage is changeAll for deliveries that were read.
func (d *Dispatcher) changePage(ctx context.Context, ds []Delivery,
	change func(*Delivery) (Change, error)) (changed int, err error) {
	var cs []Change
	for i := range ds {
		if c, err := change(&ds[i]); err == nil {
			cs = append(cs, c)
		}
	}
	errs, err := d.updates.do(ctx, cs)
	if err != nil {
		return 0, err
	}
	for _, err := range errs {
		if err == nil {
			changed++
		}
	}
	return changed, nil
}

// cancelAll ends the unfinished deliveries of a deleted webhook.
func (d *Dispatcher) cancelAll(ctx context.Context, webhook string) error {
	q := DeliveryQuery{Webhook: webhook, States: []State{Pending, Paused}}
	_, err := d.changeAll(ctx, q, func(del *Delivery) (Change, error) {
		return del.cancel(ReasonWebhookDeleted, d.now())
	})
	if err != nil {
		return wrap(err, "webhook: cancel deliveries of %q", webhook)
	}
	return nil
}

// Stats are the state of a store's deliveries, and of this process.
type Stats struct {
	// ByState counts the deliveries stored; a state without any may be missing.
	ByState map[State]int `json:"by_state"`

	// OldestDue is how long the Pending delivery due first has been due, whatever
	// it waits for; 0 if none is.
	OldestDue time.Duration `json:"oldest_due"`

	BlockedLines int `json:"blocked_lines"` // lines stopped by a Failed or Exhausted delivery
	OpenBreakers int `json:"open_breakers"` // in this process
}

// statsJSON is the JSON form of Stats: the duration is a string.
type statsJSON struct {
	plainStats
	OldestDue duration `json:"oldest_due"`
}

type plainStats Stats

// MarshalJSON writes the counts with OldestDue as a string such as "1m30s".
func (s Stats) MarshalJSON() ([]byte, error) {
	return json.Marshal(statsJSON{plainStats(s), duration(s.OldestDue)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Stats) UnmarshalJSON(data []byte) error {
	var j statsJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*s = Stats(j.plainStats)
	s.OldestDue = time.Duration(j.OldestDue)
	return nil
}

// Stats counts the deliveries of the store, and this process's open breakers.
// The error is errors.ErrUnsupported if the store is no [Counter].
func (d *Dispatcher) Stats(ctx context.Context) (*Stats, error) {
	counts, err := d.store.Count(ctx, "")
	if err != nil {
		return nil, wrap(err, "webhook: stats")
	}
	now := d.now()
	s := &Stats{
		ByState: counts.ByState, BlockedLines: counts.Blocked,
		OpenBreakers: d.valves.breakers(time.Now()),
	}
	if !counts.OldestDue.IsZero() {
		s.OldestDue = max(0, now.Sub(counts.OldestDue))
	}
	return s, nil
}
