package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

var powerFaults = []fault{
	{"prune all states by one time", pruning(func(_ *broken, p *webhook.Prune) { p.Other = p.Delivered }), "prune/age"},
	{"prune what is paused", pruning(func(b *broken, _ *webhook.Prune) {
		ds, _ := b.MemoryStore.Deliveries(context.Background(),
			webhook.DeliveryQuery{States: []webhook.State{webhook.Paused}})
		for _, d := range ds {
			_, _ = b.MemoryStore.Update(context.Background(), []webhook.Change{changeOf(d, to(webhook.Canceled))})
		}
	}), "prune/unfinished"},
	{"prune rows of a newer version", enqueueing(func(d *webhook.Delivery) {
		d.Version = min(d.Version, webhook.DeliveryVersion)
	}), "prune/version"},
	{"keep those that finished last", enqueueing(func(d *webhook.Delivery) {
		if !d.Finished.IsZero() {
			d.Created = d.Finished
		}
	}), "prune/keep"},
	{"keep others in place of what stays", pruning(func(b *broken, p *webhook.Prune) {
		ds, _ := b.MemoryStore.Deliveries(context.Background(), webhook.DeliveryQuery{})
		for _, d := range ds {
			if p.Keep > 0 && (d.Line != "" || d.Version > webhook.DeliveryVersion) {
				p.Keep++
			}
		}
	}), "prune/keep what stays"},
	{"prune without a limit", pruning(func(_ *broken, p *webhook.Prune) { p.Limit = 1000 }), "prune/limit"},
	{"prune no more than fit into a statement", pruning(func(_ *broken, p *webhook.Prune) {
		p.Limit = min(p.Limit, 1000)
	}), "prune/many"},
	{"keep those of the same Created that finished last", pruning(func(b *broken, p *webhook.Prune) {
		ds, _ := b.MemoryStore.Deliveries(context.Background(), webhook.DeliveryQuery{})
		slices.SortFunc(ds, func(x, y webhook.Delivery) int { return y.Finished.Compare(x.Finished) })
		p.Delivered, p.Keep = ds[p.Keep-1].Finished, 0
	}), "prune/keep of the same time"},
	{"prune up to the limit for each reason", func(b *broken) {
		b.prune = func(ctx context.Context, p webhook.Prune) (int, error) {
			old, err := b.MemoryStore.Prune(ctx, webhook.Prune{Delivered: p.Delivered, Other: p.Other, Limit: p.Limit})
			if err != nil {
				return old, err
			}
			excess, err := b.MemoryStore.Prune(ctx, webhook.Prune{Keep: p.Keep, Limit: p.Limit})
			return old + excess, err
		}
	}, "prune/limit of both"},
	{"prune what stops its line", enqueueing(func(d *webhook.Delivery) {
		if d.State == webhook.Failed {
			d.Line = ""
		}
	}), "prune/line"},
	{"keep the attempts of what is pruned", func(b *broken) {
		kept := map[string][]webhook.Attempt{}
		changing(func(c *webhook.Change, _ webhook.Delivery) {
			if c.Attempt != nil {
				kept[c.ID] = append(kept[c.ID], *c.Attempt)
			}
		})(b)
		b.attempts = func(_ context.Context, id string) ([]webhook.Attempt, error) { return kept[id], nil }
	}, "prune/gone"},
	{"count all webhooks as one", counting(func(b *broken, c *webhook.Counts) {
		*c, _ = b.MemoryStore.Count(context.Background(), "")
	}), "count/states"},
	{"count without spaces at the end", func(b *broken) {
		b.count = func(ctx context.Context, name string) (webhook.Counts, error) {
			return b.MemoryStore.Count(ctx, strings.TrimRight(name, " "))
		}
	}, "count/names"},
	{"leave out what is leased", counting(func(b *broken, c *webhook.Counts) {
		c.OldestDue = time.Time{}
		ds, _ := b.MemoryStore.Deliveries(context.Background(),
			webhook.DeliveryQuery{States: []webhook.State{webhook.Pending}})
		for _, d := range ds {
			if d.LeaseUntil.IsZero() && (c.OldestDue.IsZero() || d.Due.Before(c.OldestDue)) {
				c.OldestDue = d.Due
			}
		}
	}), "count/oldest due"},
	{"count deliveries for lines", counting(func(_ *broken, c *webhook.Counts) {
		c.Blocked = c.ByState[webhook.Failed] + c.ByState[webhook.Exhausted]
	}), "count/blocked"},
	{"end the notice at once", func(b *broken) {
		b.notify = func(context.Context, func()) error { return errors.New("connection lost") }
	}, "notify/wake"},
}

// pruning returns the fault to prune otherwise.
func pruning(f func(b *broken, p *webhook.Prune)) func(*broken) {
	return func(b *broken) {
		b.prune = func(ctx context.Context, p webhook.Prune) (int, error) {
			f(b, &p)
			return b.MemoryStore.Prune(ctx, p)
		}
	}
}

// counting returns the fault to count otherwise.
func counting(f func(b *broken, c *webhook.Counts)) func(*broken) {
	return func(b *broken) {
		b.count = func(ctx context.Context, name string) (webhook.Counts, error) {
			c, err := b.MemoryStore.Count(ctx, name)
			f(b, &c)
			return c, err
		}
	}
}

var transactionFaults = []fault{
	{"see transactions everywhere", func(b *broken) {
		b.inside = func(context.Context) bool { return true }
	}, "transaction/carried"},
	{"enqueue beside the transaction", func(b *broken) { b.enqueue = b.MemoryStore.Enqueue }, "transaction/commit"},
	{"lose what a transaction enqueued", func(b *broken) {
		b.commit = func(*heldTx) error { return nil }
	}, "transaction/commit"},
	{"commit what is rolled back", func(b *broken) { b.rollback = b.commit }, "transaction/rollback"},
	{"fail for a duplicate in a transaction", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			fresh, err := b.hold(ctx, ds)
			if slices.Contains(fresh, false) {
				err = errors.New("current transaction is aborted")
			}
			return fresh, err
		}
	}, "transaction/duplicate"},
	{"see no records in a transaction", func(b *broken) {
		b.records = func(ctx context.Context, seen webhook.Revision) (
			[]webhook.WebhookRecord, webhook.Revision, error) {
			if heldBy(ctx) != nil {
				return nil, webhook.Revision{}, nil
			}
			return b.MemoryStore.Webhooks(ctx, seen)
		}
	}, "transaction/webhooks"},
	{"number what a transaction enqueued backwards", func(b *broken) {
		commit := b.commit
		b.commit = func(tx *heldTx) error { slices.Reverse(tx.ds); return commit(tx) }
	}, "transaction/lines"},
	{"number what a transaction enqueues before its commit", func(b *broken) {
		var mu sync.Mutex
		numbers := map[string]int64{}
		hold := b.hold
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			mu.Lock()
			for i := range ds {
				numbers[ds[i].ID] = int64(len(numbers) + 1)
			}
			mu.Unlock()
			return hold(ctx, ds)
		}
		claimed(func(ds []webhook.Delivery) []webhook.Delivery {
			mu.Lock()
			defer mu.Unlock()
			for i := range ds {
				ds[i].Seq = numbers[ds[i].ID]
			}
			return ds
		})(b)
	}, "transaction/line open"},
	{"remember ids that were rolled back", func(b *broken) {
		var mu sync.Mutex
		known := map[string]bool{}
		hold := b.hold
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			mu.Lock()
			defer mu.Unlock()
			if known[ds[0].ID] {
				return make([]bool, len(ds)), nil
			}
			known[ds[0].ID] = true
			return hold(ctx, ds)
		}
	}, "transaction/same id"},
}
