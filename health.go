package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// health counts how a webhook's attempts went: in a statusRecord all of them,
// in a process those not yet written there.
type health struct {
	Failures     int       `json:"failures,omitempty"` // since the last success
	FailingSince time.Time `json:"failing_since,omitzero"`
	LastSuccess  time.Time `json:"last_success,omitzero"`

	Hour sample `json:"hour,omitzero"`
}

// count adds an attempt.
func (h *health) count(ok bool, at time.Time) {
	h.Hour.count(at, ok)
	if ok {
		h.LastSuccess, h.FailingSince, h.Failures = at, time.Time{}, 0
		return
	}
	h.Failures++
	if h.FailingSince.IsZero() {
		h.FailingSince = at
	}
}

// add takes in what another process, or this one, has counted since. What
// failed before the other's last success no longer counts.
func (h *health) add(o health) {
	if o.LastSuccess.After(h.LastSuccess) {
		h.LastSuccess = o.LastSuccess
		if !h.FailingSince.After(o.LastSuccess) {
			h.FailingSince, h.Failures = time.Time{}, 0
		}
	}
	if o.Failures > 0 && !h.LastSuccess.After(o.FailingSince) {
		h.Failures += o.Failures
		if h.FailingSince.IsZero() || o.FailingSince.Before(h.FailingSince) {
			h.FailingSince = o.FailingSince
		}
	}
	h.Hour.add(&o.Hour)
}

// verdict returns why a webhook is to be disabled, "" if it is not.
func (a AutoDisable) verdict(h *health, now time.Time) string {
	switch {
	case a.After >= 0 && h.Failures >= a.Attempts && now.Sub(h.FailingSince) >= a.After:
		return "failing for too long"
	case a.Rate > 0:
		attempts, failures := h.Hour.total(now)
		above := float64(failures) > a.Rate*float64(attempts) || failures == attempts
		if attempts >= a.Attempts && above {
			return "too many failures in an hour"
		}
	}
	return ""
}

// healthChunk is how many statuses are stored in one call of the store.
const healthChunk = 500

// storeHealth stores what was counted of each webhook, unless its counts were
// stored less than age ago.
func (d *Dispatcher) storeHealth(ctx context.Context, age time.Duration) error {
	counted := d.valves.takeHealth(d.now(), age)
	var failed error
	for names := range slices.Chunk(slices.Sorted(maps.Keys(counted)), healthChunk) {
		chunk := map[string]health{}
		for _, name := range names {
			chunk[name] = counted[name]
		}
		failed = cmp.Or(failed, d.addHealth(ctx, chunk))
	}
	return failed
}

// storeHealthOf stores what was counted of one webhook now.
func (d *Dispatcher) storeHealthOf(ctx context.Context, name string) error {
	return d.addHealth(ctx, map[string]health{name: d.valves.takeOne(name, d.now())})
}

// addHealth adds counts to the statuses of webhooks. They are kept for the next
// time if that fails, or if a status is not ours to change.
func (d *Dispatcher) addHealth(ctx context.Context, counted map[string]health) error {
	var left map[string]health
	err := d.retryConflict(ctx, func(idx *index) ([]WebhookRecord, error) {
		var recs []WebhookRecord
		left = map[string]health{}
		for name, h := range counted {
			e := idx.byName[name]
			if e == nil || h == (health{}) {
				continue
			}
			s := e.rec
			s.health.add(h)
			rec, err := d.encodeStatus(e, s)
			switch {
			case errors.Is(err, errNewerRecord):
				left[name] = h
			case err != nil:
				return nil, err
			default:
				recs = append(recs, rec)
			}
		}
		return recs, nil
	})
	if err != nil {
		left, err = counted, fmt.Errorf("store health: %w", err)
	}
	for name, h := range left {
		d.valves.returnHealth(name, h)
	}
	return err
}
