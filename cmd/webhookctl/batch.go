package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/docevent/webhook"
)

// A batch changes deliveries one by one: exactly those that were counted and
// confirmed, not those that match some time later.
type batch struct {
	verb, done string
	change     func(ctx context.Context, id string) error
	ids        []string
	yes        bool

	mu      sync.Mutex // guards the fields below
	changed int
	skipped int
	reason  error // why the first was skipped
}

// batchWorkers is how many changes are under way at once: the library joins them
// into few writes.
const batchWorkers = 256

func (b *batch) run(ctx context.Context, c *console, d *webhook.Dispatcher, s *selection,
	q webhook.DeliveryQuery) error {
	named := len(b.ids) > 0
	if named && !s.everything() {
		return usagef("give ids or filters, not both")
	}
	if !named {
		var err error
		if b.ids, err = idsOf(ctx, d, q); err != nil {
			return err
		}
		if len(b.ids) > 0 && !b.yes {
			question := fmt.Sprintf("%s %s?", b.verb, count(len(b.ids), "delivery"))
			if err := c.confirm(ctx, question); err != nil {
				return err
			}
		}
	}
	err := b.changeAll(ctx, c)
	if err == nil && named && b.skipped == 1 && len(b.ids) == 1 {
		return b.reason
	}
	return b.answer(c, err)
}

// changeAll changes the deliveries. The error is the store's, or ctx's.
func (b *batch) changeAll(ctx context.Context, c *console) error {
	bar := c.progress(len(b.ids), b.verb)
	defer bar.Clear()
	group, changing := errgroup.WithContext(ctx)
	group.SetLimit(batchWorkers)
	for _, id := range b.ids {
		if changing.Err() != nil {
			break
		}
		group.Go(func() error {
			defer bar.Add(1)
			return b.changeOne(changing, id)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// changeOne changes a delivery, or skips it if it cannot be changed.
func (b *batch) changeOne(ctx context.Context, id string) error {
	err := b.change(ctx, id)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.changed++
	case errors.Is(err, webhook.ErrInFlight), errors.Is(err, webhook.ErrState),
		errors.Is(err, webhook.ErrNotFound), errors.Is(err, webhook.ErrConflict):
		b.skipped++
		if b.reason == nil {
			b.reason = err
		}
	default:
		return err
	}
	return nil
}

// answer says how many were changed, also when an error ended it early.
func (b *batch) answer(c *console, err error) error {
	if c.json {
		if jerr := c.document(map[string]int{
			"matched": len(b.ids), "changed": b.changed, "skipped": b.skipped,
		}); jerr != nil {
			return jerr
		}
	} else {
		c.line("%s %s", count(b.changed, "delivery"), b.done)
		if b.skipped > 0 {
			c.note("%d left alone, the first because of: %s", b.skipped, clean(b.reason.Error()))
		}
	}
	if err == nil && b.skipped > 0 {
		return errNo
	}
	return err
}
