package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
)

// While some webhooks are skipped, the longest due may be theirs by the
// thousand: a claim looks at the front of the queue first. If it does not find
// enough there, it goes from webhook to webhook.

// A due is the number of a row, and from when it is due.
type due struct{ num, at int64 }

// unskipped does what candidates does when webhooks are to be left out.
func (k *claiming) unskipped(ctx context.Context, limit int) ([]*row, error) {
	skip := make(map[string]bool, len(k.Skip))
	for _, name := range k.Skip {
		skip[name] = true
	}
	most := limit
	if k.store.writer == nil {
		most += limit // others may hold some
	}
	dues, all, err := k.front(ctx, skip, most)
	if err == nil && len(dues) < most && !all {
		dues, err = k.byWebhook(ctx, skip, most)
	}
	if err != nil {
		return nil, err
	}
	var rows []*row
	text := "SELECT num, line FROM {states} {by num} WHERE " + claimable +
		" AND num IN (%s) ORDER BY queue_at, num LIMIT ?" + k.store.dialect.skipLocked
	nums := make([]any, len(dues))
	for i, d := range dues {
		nums[i] = d.num
	}
	err = k.store.inPieces(nums, func(list []any) error {
		args := append(append(k.claimable(), list...), limit-len(rows))
		more, err := k.places(ctx, k.store.in(text, list), args...)
		rows = append(rows, more...)
		return err
	})
	return rows, err
}

// front looks at the longest due, and returns at most so many of webhooks that
// are not skipped, and whether these are all there are.
func (k *claiming) front(ctx context.Context, skip map[string]bool, most int) (
	dues []due, all bool, err error) {
	window := most + 64
	text := k.store.text("SELECT num, queue_at, webhook FROM {states} {by queue} " +
		"WHERE " + claimable + " ORDER BY queue_at, num LIMIT ?")
	seen := 0
	err = each(ctx, k.q, text, append(k.claimable(), window), func(r *sql.Rows) error {
		var d due
		var name string
		err := r.Scan(&d.num, &d.at, &name)
		if seen++; !skip[name] && len(dues) < most {
			dues = append(dues, d)
		}
		return err
	})
	return dues, seen < window, err
}

// byWebhook merges the longest due of each webhook that is not skipped.
func (k *claiming) byWebhook(ctx context.Context, skip map[string]bool, most int) ([]due, error) {
	heads, err := k.heads(ctx, skip)
	if err != nil {
		return nil, err
	}
	var dues []due
	text := k.store.text("SELECT num, queue_at FROM {states} {by ready} WHERE " + claimable +
		" AND webhook = ? ORDER BY queue_at, num LIMIT ?")
	for _, h := range heads {
		if len(dues) >= most && dues[most-1].at < h.at {
			break // no other webhook has one that is due as long
		}
		more, err := k.dues(ctx, text, append(k.claimable(), h.webhook, most)...)
		if err != nil {
			return nil, err
		}
		dues = append(dues, more...)
		slices.SortFunc(dues, func(a, b due) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.num, b.num))
		})
		dues = dues[:min(most, len(dues))]
	}
	return dues, nil
}

func (k *claiming) dues(ctx context.Context, text string, args ...any) ([]due, error) {
	var dues []due
	err := each(ctx, k.q, text, args, func(r *sql.Rows) error {
		var d due
		err := r.Scan(&d.num, &d.at)
		dues = append(dues, d)
		return err
	})
	return dues, err
}

// A head is a webhook, and from when its longest due delivery is due.
type head struct {
	webhook string
	at      int64
}

// heads returns the webhooks that have something due and are not skipped, the
// longest due first.
func (k *claiming) heads(ctx context.Context, skip map[string]bool) ([]head, error) {
	var heads []head
	err := each(ctx, k.q, k.store.text(k.store.dialect.dueHeads), nil, func(r *sql.Rows) error {
		var h head
		err := r.Scan(&h.webhook, &h.at)
		if !skip[h.webhook] && h.at <= k.now {
			heads = append(heads, h)
		}
		return err
	})
	slices.SortFunc(heads, func(a, b head) int { return cmp.Compare(a.at, b.at) })
	return heads, err
}
