package storetest

// An internal test: the checks are run without a *testing.T, which would fail
// with them.

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// broken returns a store with a fault, as a wrapper around one without. Its
// methods pass on to the MemoryStore unless they are set.
type broken struct {
	*webhook.MemoryStore
	put        func(ctx context.Context, recs ...webhook.WebhookRecord) error
	records    func(ctx context.Context, seen webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error)
	enqueue    func(ctx context.Context, ds []webhook.Delivery) ([]bool, error)
	claim      func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error)
	update     func(ctx context.Context, cs []webhook.Change) ([]error, error)
	deliveries func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error)
	attempts   func(ctx context.Context, id string) ([]webhook.Attempt, error)
	prune      func(ctx context.Context, p webhook.Prune) (int, error)
	count      func(ctx context.Context, name string) (webhook.Counts, error)
}

func newBroken() *broken {
	m := webhook.NewMemoryStore()
	return &broken{
		MemoryStore: m, put: m.PutWebhooks, records: m.Webhooks, enqueue: m.Enqueue,
		claim: m.Claim, update: m.Update, deliveries: m.Deliveries, attempts: m.Attempts,
		prune: m.Prune, count: m.Count,
	}
}

func (b *broken) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	return b.put(ctx, recs...)
}

func (b *broken) Webhooks(ctx context.Context, seen webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
	return b.records(ctx, seen)
}

func (b *broken) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	return b.enqueue(ctx, ds)
}

func (b *broken) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	return b.claim(ctx, c)
}

func (b *broken) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	return b.update(ctx, cs)
}

func (b *broken) Deliveries(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
	return b.deliveries(ctx, q)
}

func (b *broken) Attempts(ctx context.Context, id string) ([]webhook.Attempt, error) {
	return b.attempts(ctx, id)
}

func (b *broken) Prune(ctx context.Context, p webhook.Prune) (int, error) { return b.prune(ctx, p) }

func (b *broken) Count(ctx context.Context, name string) (webhook.Counts, error) {
	return b.count(ctx, name)
}

// Notify makes it a Notifier too.
func (b *broken) Notify(ctx context.Context, wake func()) error {
	for ctx.Err() == nil {
		time.Sleep(time.Millisecond)
		wake()
	}
	return ctx.Err()
}

// faults are stores that break one rule each, and the check that must find it.
var faults = []struct {
	name  string
	fault func(b *broken)
	want  string
}{
	{"put record by record", func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			for _, r := range recs {
				if err := b.MemoryStore.PutWebhooks(ctx, r); err != nil {
					return err
				}
			}
			return nil
		}
	}, "webhooks/all or none"},
	{"ignore a record's revision", func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			stored, _, _ := b.MemoryStore.Webhooks(ctx, webhook.Revision{})
			for i := range recs {
				recs[i].Revision = 0
				for _, s := range stored {
					if s.Name == recs[i].Name {
						recs[i].Revision = s.Revision
					}
				}
			}
			return b.MemoryStore.PutWebhooks(ctx, recs...)
		}
	}, "webhooks/conflict"},
	{"return records although nothing changed", func(b *broken) {
		b.records = func(ctx context.Context, _ webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
			return b.MemoryStore.Webhooks(ctx, webhook.Revision{})
		}
	}, "webhooks/unchanged"},
	{"share the data of records", func(b *broken) {
		var mu sync.Mutex
		var kept []webhook.WebhookRecord
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			mu.Lock()
			defer mu.Unlock()
			kept = recs
			return b.MemoryStore.PutWebhooks(ctx, recs...)
		}
		b.records = func(ctx context.Context, seen webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
			mu.Lock()
			defer mu.Unlock()
			recs, rev, err := b.MemoryStore.Webhooks(ctx, seen)
			if len(recs) == len(kept) && len(kept) == 1 {
				recs[0].Data = kept[0].Data
			}
			return recs, rev, err
		}
	}, "webhooks/ownership"},
	{"call every delivery new", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			fresh, err := b.MemoryStore.Enqueue(ctx, ds)
			for i := range fresh {
				fresh[i] = true
			}
			return fresh, err
		}
	}, "enqueue/duplicate"},
	{"take an empty body for none", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			ds = slices.Clone(ds)
			for i := range ds {
				if len(ds[i].Body) == 0 {
					ds[i].Body = nil
				}
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "enqueue/body"},
	{"enqueue in halves", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			first, err := b.MemoryStore.Enqueue(context.WithoutCancel(ctx), ds[:len(ds)/2])
			if err != nil {
				return nil, err
			}
			second, err := b.MemoryStore.Enqueue(ctx, ds[len(ds)/2:])
			return append(first, second...), err
		}
	}, "enqueue/all or none"},
	{"offer what is not due", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			c.Now = c.Now.Add(time.Second)
			return b.MemoryStore.Claim(ctx, c)
		}
	}, "claim/due"},
	{"ignore Skip", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			c.Skip = nil
			return b.MemoryStore.Claim(ctx, c)
		}
	}, "claim/skip"},
	{"apply Skip after Limit", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			skip := c.Skip
			c.Skip = nil
			ds, err := b.MemoryStore.Claim(ctx, c)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool { return slices.Contains(skip, d.Webhook) }), err
		}
	}, "claim/skip"},
	{"ignore Limit", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			c.Limit++
			return b.MemoryStore.Claim(ctx, c)
		}
	}, "claim/limit"},
	{"claim in no order", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			slices.Reverse(ds)
			return ds, err
		}
	}, "claim/order"},
	{"return what is claimed as it was before", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			for i := range ds {
				ds[i].Fence--
			}
			return ds, err
		}
	}, "claim/lease"},
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
	{"compare with a clock of its own", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			if c.Now.Before(time.Now()) {
				return b.MemoryStore.Claim(ctx, c)
			}
			return nil, nil
		}
	}, "claim/clock"},
	{"offer rows of a newer version", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			ds = slices.Clone(ds)
			for i := range ds {
				ds[i].Version = min(ds[i].Version, webhook.DeliveryVersion)
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "claim/version"},
	{"know no lines", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			ds = slices.Clone(ds)
			for i := range ds {
				ds[i].Line = ""
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "line/head"},
	{"let a failed delivery pass its line on", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			cs = slices.Clone(cs)
			for i := range cs {
				if cs[i].State == webhook.Failed {
					cs[i].State = webhook.Canceled
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "line/stopped"},
	{"ignore the fence", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			cs = slices.Clone(cs)
			for i := range cs {
				if d, err := b.MemoryStore.Delivery(ctx, cs[i].ID); err == nil {
					cs[i].Fence = d.Fence
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "update/fence"},
	{"keep the attempt of a lost lease", func(b *broken) {
		var mu sync.Mutex
		kept := map[string][]webhook.Attempt{}
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			mu.Lock()
			defer mu.Unlock()
			for _, c := range cs {
				if c.Attempt != nil {
					kept[c.ID] = append(kept[c.ID], *c.Attempt)
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
		b.attempts = func(_ context.Context, id string) ([]webhook.Attempt, error) {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(kept[id]), nil
		}
	}, "update/fence"},
	{"stop at the first change that fails", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			errs := make([]error, len(cs))
			for i := range cs {
				es, err := b.MemoryStore.Update(ctx, cs[i:i+1])
				if err != nil {
					return nil, err
				}
				if errs[i] = es[0]; errs[i] != nil {
					break
				}
			}
			return errs, nil
		}
	}, "update/each on its own"},
	{"forget to write Tries", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			cs = slices.Clone(cs)
			for i := range cs {
				if d, err := b.MemoryStore.Delivery(ctx, cs[i].ID); err == nil {
					cs[i].Tries = d.Tries
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "update/columns"},
	{"return attempts newest first", func(b *broken) {
		b.attempts = func(ctx context.Context, id string) ([]webhook.Attempt, error) {
			as, err := b.MemoryStore.Attempts(ctx, id)
			slices.Reverse(as)
			return as, err
		}
	}, "attempts/order"},
	{"list oldest first", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Deliveries(ctx, q)
			slices.Reverse(ds)
			return ds, err
		}
	}, "deliveries/order"},
	{"take Until as included", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			if !q.Until.IsZero() {
				q.Until = q.Until.Add(time.Millisecond)
			}
			return b.MemoryStore.Deliveries(ctx, q)
		}
	}, "deliveries/filters"},
	{"list without a bound", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			if q.Limit == 0 {
				q.Limit = 1000
			}
			return b.MemoryStore.Deliveries(ctx, q)
		}
	}, "deliveries/limit"},
	{"begin every page anew", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			q.After = ""
			return b.MemoryStore.Deliveries(ctx, q)
		}
	}, "deliveries/after"},
	{"prune all states by one time", func(b *broken) {
		b.prune = func(ctx context.Context, q webhook.Prune) (int, error) {
			q.Other = q.Delivered
			return b.MemoryStore.Prune(ctx, q)
		}
	}, "prune/age"},
	{"prune without a limit", func(b *broken) {
		b.prune = func(ctx context.Context, q webhook.Prune) (int, error) {
			q.Limit = 1000
			return b.MemoryStore.Prune(ctx, q)
		}
	}, "prune/limit"},
	{"count all webhooks as one", func(b *broken) {
		b.count = func(ctx context.Context, _ string) (webhook.Counts, error) {
			return b.MemoryStore.Count(ctx, "")
		}
	}, "count/states"},
}

func TestFaultsAreFound(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			found := map[string]error{}
			for _, c := range checks() {
				b := newBroken()
				f.fault(b)
				if err := c.verify(t.Context(), b); err != nil {
					found[c.name] = err
				}
			}
			require.Contains(t, found, f.want, "not found")
		})
	}
}

func TestSoundStorePasses(t *testing.T) {
	Run(t, func(*testing.T) webhook.Store { return newBroken() })
}

// A store that panics breaks the rule that was being checked.
func TestPanicIsViolation(t *testing.T) {
	c := check{run: func(p *probe) { p.claim(0, 1) }}
	b := newBroken()
	b.claim = func(context.Context, webhook.Claim) ([]webhook.Delivery, error) { panic("no table") }
	require.ErrorContains(t, c.verify(t.Context(), b), "panic: no table")
}

func TestEachCheckHasItsNameAndRule(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks() {
		require.False(t, seen[c.name], "%s comes twice", c.name)
		seen[c.name] = true
		require.Regexp(t, `^[A-Z].*\.$`, c.rule, c.name)
	}
}
