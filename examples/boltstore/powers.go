package boltstore

import (
	"context"

	"github.com/docevent/webhook"
)

// Prune implements webhook.Pruner. A delivery in its line stays, since it stops
// the line or will; it counts among the newest that are kept.
func (s *Store) Prune(ctx context.Context, p webhook.Prune) (n int, err error) {
	err = s.in(ctx, s.db.Update, func(t *tx) error {
		var old []*row // a cursor does not like what it stands on to go
		kept := map[string]int{}
		for r, err := range t.newestFirst("") {
			if err != nil {
				return err
			}
			before := p.Other
			if r.State == webhook.Delivered {
				before = p.Delivered
			}
			if r.State == webhook.Pending || r.State == webhook.Paused {
				continue
			}
			kept[r.Webhook]++
			stays := r.inLine() || r.Version > webhook.DeliveryVersion
			if !stays && len(old) < p.Limit &&
				(r.Finished.Before(before) || p.Keep > 0 && kept[r.Webhook] > p.Keep) {
				old = append(old, r)
			}
		}
		for _, r := range old {
			t.set(false, deliveries, []byte(r.ID), nil)
			t.set(false, newest, key(r.Created, r.Seq), nil)
		}
		n = len(old)
		return nil
	})
	return n, err
}

// Count implements webhook.Counter. It reads every row, which is good enough
// for thousands of them.
func (s *Store) Count(ctx context.Context, name string) (webhook.Counts, error) {
	c := webhook.Counts{ByState: map[webhook.State]int{}}
	err := s.in(ctx, s.db.View, func(t *tx) error {
		for r, err := range t.newestFirst("") {
			if err != nil {
				return err
			}
			if name != "" && name != r.Webhook {
				continue
			}
			c.ByState[r.State]++
			switch {
			case r.State == webhook.Pending && (c.OldestDue.IsZero() || r.Due.Before(c.OldestDue)):
				c.OldestDue = r.Due
			case (r.State == webhook.Failed || r.State == webhook.Exhausted) &&
				t.first(r.Line) == r.ID:
				c.Blocked++
			}
		}
		return nil
	})
	return c, err
}
