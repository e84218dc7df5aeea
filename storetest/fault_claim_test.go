package storetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

var claimFaults = []fault{
	{"offer what is paused", enqueueing(func(d *webhook.Delivery) {
		if d.State == webhook.Paused {
			d.State = webhook.Pending
		}
	}), "claim/pending"},
	{"offer what is not due", claiming(func(c *webhook.Claim) { c.Now = c.Now.Add(time.Second) }), "claim/due"},
	{"offer only what is due before now", claiming(func(c *webhook.Claim) { c.Now = c.Now.Add(-1) }), "claim/due"},
	{"claim in no order", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		slices.Reverse(ds)
		return ds
	}), "claim/order"},
	{"claim webhook by webhook", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		slices.SortStableFunc(ds, func(a, b webhook.Delivery) int { return cmp.Compare(a.Webhook, b.Webhook) })
		return ds
	}), "claim/order"},
	{"offer what was leased behind all others", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		slices.SortStableFunc(ds, func(a, b webhook.Delivery) int { return cmp.Compare(a.Fence, b.Fence) })
		return ds
	}), "claim/order after a lease"},
	{"ignore Limit", claiming(func(c *webhook.Claim) { c.Limit++ }), "claim/limit"},
	{"ignore Skip", claiming(func(c *webhook.Claim) { c.Skip = nil }), "claim/skip"},
	{"apply Skip after Limit", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			skip := c.Skip
			c.Skip = nil
			ds, err := b.MemoryStore.Claim(ctx, c)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool { return slices.Contains(skip, d.Webhook) }), err
		}
	}, "claim/skip"},
	{"skip no more than fit into a statement", claiming(func(c *webhook.Claim) {
		c.Skip = c.Skip[:min(len(c.Skip), 2000)]
	}), "claim/skip many"},
	{"return what is claimed as it was before", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		for i := range ds {
			ds[i].Fence--
		}
		return ds
	}), "claim/lease"},
	{"return all that is claimed with the fence of the first", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		for i := range ds {
			ds[i].Fence = ds[0].Fence
		}
		return ds
	}), "claim/each as it is"},
	{"skip webhooks without case", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool {
				return slices.ContainsFunc(c.Skip, func(name string) bool { return strings.EqualFold(name, d.Webhook) })
			}), err
		}
	}, "claim/names"},
	{"look for leases that ran out once a second", func(b *broken) {
		looked := map[string]time.Time{}
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool {
				last, again := looked[d.ID]
				looked[d.ID] = c.Now
				return again && c.Now.Sub(last) < time.Second
			}), err
		}
	}, "claim/in a backlog"},
	{"never offer what was leased once", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		return slices.DeleteFunc(ds, func(d webhook.Delivery) bool { return d.Fence > 1 })
	}), "claim/leased"},
	{"offer rows of a newer version", enqueueing(func(d *webhook.Delivery) {
		d.Version = min(d.Version, webhook.DeliveryVersion)
	}), "claim/version"},
	{"compare with a clock of its own", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			if c.Now.Before(time.Now()) {
				return b.MemoryStore.Claim(ctx, c)
			}
			return nil, nil
		}
	}, "claim/clock"},
	{"take the latest Now it was told", func(b *broken) {
		var latest time.Time
		claiming(func(c *webhook.Claim) {
			if c.Now.After(latest) {
				latest = c.Now
			}
			c.Now = latest
		})(b)
	}, "claim/clock set back"},
	{"look for what is not skipped among a few", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			newer := 0
			for _, d := range b.pending() {
				if d.Version > webhook.DeliveryVersion {
					newer++
				}
			}
			if len(c.Skip) > 0 && newer > 64 {
				return nil, nil
			}
			return b.MemoryStore.Claim(ctx, c)
		}
	}, "claim/behind others"},
	{"claim no more than fit into a statement", claiming(func(c *webhook.Claim) {
		c.Limit = min(c.Limit, 1000)
	}), "claim/many"},
	{"hand a delivery out twice at once", func(b *broken) {
		var mu sync.Mutex
		var last []webhook.Delivery
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			mu.Lock()
			defer mu.Unlock()
			ds, err := b.MemoryStore.Claim(ctx, c)
			if len(last) == c.Limit && len(ds) == c.Limit && c.Limit == 7 {
				ds[0] = last[0]
			}
			last = ds
			return ds, err
		}
	}, "claim/concurrent"},
}

var lineFaults = []fault{
	{"number deliveries by their Due", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			ds = slices.Clone(ds)
			slices.SortStableFunc(ds, func(a, b webhook.Delivery) int { return a.Due.Compare(b.Due) })
			return b.MemoryStore.Enqueue(ctx, ds)
		}
		reading(func(d *webhook.Delivery) { d.Seq = d.Due.Unix() })(b)
	}, "line/seq"},
	{"know no lines", enqueueing(func(d *webhook.Delivery) { d.Line = "" }), "line/head"},
	{"leave what is not due out of its line", enqueueing(func(d *webhook.Delivery) {
		if d.Due.After(at(40)) {
			d.Line = ""
		}
	}), "line/not due"},
	{"let a canceled delivery stop its line", changing(func(c *webhook.Change, _ webhook.Delivery) {
		if c.State == webhook.Canceled {
			c.State = webhook.Failed
		}
	}), "line/next"},
	{"let a failed delivery pass its line on", changing(func(c *webhook.Change, _ webhook.Delivery) {
		if c.State == webhook.Failed {
			c.State = webhook.Canceled
		}
	}), "line/stopped"},
	{"leave what is enqueued paused out of its line", enqueueing(func(d *webhook.Delivery) {
		if d.State == webhook.Paused {
			d.Line = ""
		}
	}), "line/enqueued finished"},
	{"let what is resent wait behind the others", func(b *broken) {
		delivered := map[string]bool{}
		changing(func(c *webhook.Change, d webhook.Delivery) {
			delivered[c.ID] = delivered[c.ID] || c.State == webhook.Delivered
		})(b)
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool { return delivered[d.ID] }), err
		}
	}, "line/resent"},
	{"leave what comes leased out of its line", enqueueing(func(d *webhook.Delivery) {
		if d.Owner != "" {
			d.Line = ""
		}
	}), "line/leased"},
	{"look for the first of a line among a few", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			lined := 0
			for _, d := range b.pending() {
				if d.Line != "" && !d.Due.After(c.Now) {
					lined++
				}
			}
			if lined >= 16*c.Limit {
				return nil, nil
			}
			return b.MemoryStore.Claim(ctx, c)
		}
	}, "line/many waiting"},
	{"enqueue what fits into a statement, the last first", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			most := min(len(ds), 1000)
			last, err := b.MemoryStore.Enqueue(ctx, ds[most:])
			if err != nil {
				return nil, err
			}
			first, err := b.MemoryStore.Enqueue(ctx, ds[:most])
			return append(first, last...), err
		}
	}, "line/long"},
	{"compare lines without case", enqueueing(func(d *webhook.Delivery) {
		d.Line = strings.ToLower(d.Line)
	}), "line/names"},
	{"give two deliveries the same number", reading(func(d *webhook.Delivery) {
		d.Seq = (d.Seq + 1) / 2
	}), "line/numbers"},
	{"leave rows of a newer version out of their line", enqueueing(func(d *webhook.Delivery) {
		if d.Version > webhook.DeliveryVersion {
			d.Line = ""
		}
	}), "line/version"},
	{"offer the next of a line when the first was claimed", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			for i := range ds {
				_, _ = b.MemoryStore.Update(ctx, []webhook.Change{changeOf(ds[i], to(webhook.Delivered))})
			}
			return ds, err
		}
	}, "line/concurrent"},
}
