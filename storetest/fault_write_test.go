package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/docevent/webhook"
)

var recordFaults = []fault{
	{"begin with a record", func(b *broken) {
		b.records = func(ctx context.Context, seen webhook.Revision) (
			[]webhook.WebhookRecord, webhook.Revision, error) {
			recs, rev, err := b.MemoryStore.Webhooks(ctx, seen)
			if rev.N == 0 {
				recs = append(recs, record("~schema", 1, "1"))
			}
			return recs, rev, err
		}
	}, "webhooks/empty"},
	{"cut data off at NUL", putting(func(_ *broken, recs []webhook.WebhookRecord) []webhook.WebhookRecord {
		for i := range recs {
			recs[i].Data, _, _ = bytes.Cut(recs[i].Data, []byte{0})
		}
		return recs
	}), "webhooks/create"},
	{"leave a record that is there as it is",
		putting(func(b *broken, recs []webhook.WebhookRecord) []webhook.WebhookRecord {
			stored, _, _ := b.MemoryStore.Webhooks(context.Background(), webhook.Revision{})
			for i := range recs {
				for _, s := range stored {
					if s.Name == recs[i].Name {
						recs[i].Data = s.Data
					}
				}
			}
			return recs
		}), "webhooks/replace"},
	{"return records although nothing changed", func(b *broken) {
		b.records = func(ctx context.Context, _ webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
			return b.MemoryStore.Webhooks(ctx, webhook.Revision{})
		}
	}, "webhooks/unchanged"},
	{"return only what changed", func(b *broken) {
		b.records = func(ctx context.Context, seen webhook.Revision) (
			[]webhook.WebhookRecord, webhook.Revision, error) {
			recs, rev, err := b.MemoryStore.Webhooks(ctx, seen)
			if seen.N != 0 && len(recs) > 0 {
				recs = recs[:1]
			}
			return recs, rev, err
		}
	}, "webhooks/changed"},
	{"ignore a record's revision", putting(func(b *broken, recs []webhook.WebhookRecord) []webhook.WebhookRecord {
		stored, _, _ := b.MemoryStore.Webhooks(context.Background(), webhook.Revision{})
		for i := range recs {
			recs[i].Revision = 0
			for _, s := range stored {
				if s.Name == recs[i].Name {
					recs[i].Revision = s.Revision
				}
			}
		}
		return recs
	}), "webhooks/conflict"},
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
	{"count revisions by the records there are", func(b *broken) {
		b.records = func(ctx context.Context, _ webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
			recs, _, err := b.MemoryStore.Webhooks(ctx, webhook.Revision{})
			var rev webhook.Revision
			for _, r := range recs {
				rev.N += r.Revision
			}
			return recs, rev, err
		}
	}, "webhooks/rises"},
	{"raise the revision for nothing", func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			if len(recs) == 0 {
				return errors.Join(b.MemoryStore.PutWebhooks(ctx, record("x", 0, "")),
					b.MemoryStore.DeleteWebhook(ctx, "x"))
			}
			return b.MemoryStore.PutWebhooks(ctx, recs...)
		}
	}, "webhooks/nothing"},
	{"tell the time with records only", func(b *broken) {
		b.records = func(ctx context.Context, seen webhook.Revision) (
			[]webhook.WebhookRecord, webhook.Revision, error) {
			recs, rev, err := b.MemoryStore.Webhooks(ctx, seen)
			if len(recs) > 0 {
				rev.Now = start
			}
			return recs, rev, err
		}
	}, "webhooks/clock"},
	{"compare names of records without case",
		putting(func(_ *broken, recs []webhook.WebhookRecord) []webhook.WebhookRecord {
			for i := range recs {
				recs[i].Name = strings.ToLower(recs[i].Name)
			}
			return recs
		}), "webhooks/names"},
	{"cut data off at 64 KiB", putting(func(_ *broken, recs []webhook.WebhookRecord) []webhook.WebhookRecord {
		for i := range recs {
			recs[i].Data = recs[i].Data[:min(len(recs[i].Data), 1<<16)]
		}
		return recs
	}), "webhooks/large"},
	{"delete what is not there", func(b *broken) {
		b.remove = func(ctx context.Context, name string) error {
			if err := b.MemoryStore.DeleteWebhook(ctx, name); !errors.Is(err, webhook.ErrNotFound) {
				return err
			}
			return nil
		}
	}, "webhooks/delete"},
	{"cancel the deliveries of a webhook with its record", func(b *broken) {
		b.remove = func(ctx context.Context, name string) error {
			for _, d := range b.pending() {
				_, _ = b.MemoryStore.Update(ctx, []webhook.Change{changeOf(d, to(webhook.Canceled))})
			}
			return b.MemoryStore.DeleteWebhook(ctx, name)
		}
	}, "webhooks/delete leaves deliveries"},
	{"share the data of records", func(b *broken) {
		kept := map[string][]byte{}
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			for _, r := range recs {
				kept[r.Name] = r.Data
			}
			return b.MemoryStore.PutWebhooks(ctx, recs...)
		}
		b.records = func(ctx context.Context, seen webhook.Revision) (
			[]webhook.WebhookRecord, webhook.Revision, error) {
			recs, rev, err := b.MemoryStore.Webhooks(ctx, seen)
			for i := range recs {
				recs[i].Data = kept[recs[i].Name]
			}
			return recs, rev, err
		}
	}, "webhooks/ownership"},
	{"compare a record's revision before it is locked", func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			revision := func() (at int64) {
				stored, _, _ := b.MemoryStore.Webhooks(ctx, webhook.Revision{})
				for _, s := range stored {
					at = s.Revision
				}
				return at
			}
			if revision() != recs[0].Revision {
				return webhook.ErrConflict
			}
			others()
			recs[0].Revision = revision()
			_ = b.MemoryStore.PutWebhooks(ctx, recs...) // writes whatever is there
			return nil
		}
	}, "webhooks/concurrent"},
}

var errPacket = errors.New("packet too large")

var enqueueFaults = []fault{
	{"forget the tenant", enqueueing(func(d *webhook.Delivery) { d.Tenant = "" }), "enqueue/fields"},
	{"take an empty body for none", enqueueing(func(d *webhook.Delivery) {
		if len(d.Body) == 0 {
			d.Body = nil
		}
	}), "enqueue/body"},
	{"keep bodies as text", enqueueing(func(d *webhook.Delivery) {
		if d.Body != nil {
			d.Body = []byte(strings.ToValidUTF8(string(d.Body), "?"))
		}
	}), "enqueue/body"},
	{"refuse to enqueue nothing", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			if len(ds) == 0 {
				return nil, errors.New("syntax error near VALUES")
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "enqueue/nothing"},
	{"call every delivery new", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			fresh, err := b.MemoryStore.Enqueue(ctx, ds)
			for i := range fresh {
				fresh[i] = true
			}
			return fresh, err
		}
	}, "enqueue/duplicate"},
	{"look for duplicates among stored ones only", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			fresh := make([]bool, len(ds))
			for i := range ds {
				fresh[i] = b.stored(ds[i].ID).ID == ""
			}
			_, err := b.MemoryStore.Enqueue(ctx, ds)
			return fresh, err
		}
	}, "enqueue/duplicate within a call"},
	{"enqueue no more than fit into a statement", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			const most = 2950
			fresh, err := b.MemoryStore.Enqueue(ctx, ds[:min(most, len(ds))])
			for len(fresh) < len(ds) {
				fresh = append(fresh, true)
			}
			return fresh, err
		}
	}, "enqueue/many"},
	{"compare ids without case", enqueueing(func(d *webhook.Delivery) { d.ID = strings.ToLower(d.ID) }), "enqueue/ids"},
	{"compare ids without spaces at the end", enqueueing(func(d *webhook.Delivery) {
		d.ID = strings.TrimRight(d.ID, " ")
	}), "enqueue/ids"},
	{"cut names off at 250 bytes", enqueueing(func(d *webhook.Delivery) {
		d.Webhook = d.Webhook[:min(len(d.Webhook), 250)]
	}), "enqueue/long names"},
	{"enqueue no more than fit into a packet", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			size := 0
			for i := range ds {
				size += len(ds[i].Body)
			}
			if size > 16<<20 {
				return nil, errPacket
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "enqueue/large"},
	{"share bodies", func(b *broken) {
		kept := map[string][]byte{}
		enqueueing(func(d *webhook.Delivery) { kept[d.ID] = d.Body })(b)
		reading(func(d *webhook.Delivery) { d.Body = kept[d.ID] })(b)
	}, "enqueue/ownership"},
	{"enqueue everything unleased", enqueueing(func(d *webhook.Delivery) {
		d.Owner, d.LeaseUntil = "", start
	}), "enqueue/leased"},
	{"begin to count fences anew", enqueueing(func(d *webhook.Delivery) { d.Fence = 0 }), "enqueue/leased and sent"},
	{"see whether an id is there before it is locked", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			fresh := make([]bool, len(ds))
			for i := range ds {
				fresh[i] = b.stored(ds[i].ID).ID == ""
			}
			others()
			_, err := b.MemoryStore.Enqueue(ctx, ds)
			return fresh, err
		}
	}, "enqueue/concurrent"},
	{"lock ids in the order they come", func(b *broken) {
		var locks rowLocks
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			unlock, err := locks.lock(ids(ds))
			if err != nil {
				return nil, err
			}
			defer unlock()
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "enqueue/crossing"},
	{"return nothing for an unknown id", func(b *broken) {
		b.delivery = func(ctx context.Context, id string) (*webhook.Delivery, error) {
			if d, err := b.MemoryStore.Delivery(ctx, id); !errors.Is(err, webhook.ErrNotFound) {
				return d, err
			}
			return nil, nil
		}
	}, "delivery/unknown"},
}

var updateFaults = []fault{
	{"forget to write Tries", changing(func(c *webhook.Change, d webhook.Delivery) {
		c.Tries = d.Tries
	}), "update/columns"},
	{"forget to clear PausedAt", changing(func(c *webhook.Change, d webhook.Delivery) {
		if c.PausedAt.IsZero() {
			c.PausedAt = d.PausedAt
		}
	}), "update/columns"},
	{"ignore the fence", changing(func(c *webhook.Change, d webhook.Delivery) { c.Fence = d.Fence }), "update/fence"},
	{"take a higher fence for a newer one", changing(func(c *webhook.Change, d webhook.Delivery) {
		if c.Fence > d.Fence {
			c.Fence = d.Fence
		}
	}), "update/fence"},
	{"keep the attempt of a lost lease", func(b *broken) {
		kept := map[string][]webhook.Attempt{}
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			for _, c := range cs {
				if c.Attempt != nil {
					kept[c.ID] = append(kept[c.ID], *c.Attempt)
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
		b.attempts = func(_ context.Context, id string) ([]webhook.Attempt, error) {
			return slices.Clone(kept[id]), nil
		}
	}, "update/fence"},
	{"take any fence while it is pending", changing(func(c *webhook.Change, d webhook.Delivery) {
		if d.State == webhook.Pending {
			c.Fence = d.Fence
		}
	}), "update/stale claim"},
	{"let nobody change what is leased but its owner",
		changed(func(c webhook.Change, before webhook.Delivery, err error) error {
			if before.Owner != "" && c.State == webhook.Canceled {
				return webhook.ErrLeaseLost
			}
			return err
		}), "update/cancel"},
	{"let a finished delivery be reported to a canceled one",
		changed(func(c webhook.Change, before webhook.Delivery, err error) error {
			if before.State == webhook.Canceled {
				return nil
			}
			return err
		}), "update/cancel"},
	{"take an unknown delivery for changed", changed(func(_ webhook.Change, before webhook.Delivery, err error) error {
		if before.ID == "" {
			return nil
		}
		return err
	}), "update/unknown"},
	{"compare ids of changes without spaces at the end", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			cs = slices.Clone(cs)
			for i := range cs {
				cs[i].ID = strings.TrimRight(cs[i].ID, " ")
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "update/ids"},
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
	{"compare all fences before the first change", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			cs = slices.Clone(cs)
			for i := range cs {
				if d := b.stored(cs[i].ID); d.Fence == cs[i].Fence && i > 0 {
					cs[i].Fence += int64(i)
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "update/twice in a call"},
	{"make no more changes than fit into a statement", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			errs, err := b.MemoryStore.Update(ctx, cs[:min(len(cs), 1000)])
			return append(errs, make([]error, len(cs)-len(errs))...), err
		}
	}, "update/many"},
	{"refuse to change nothing", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			if len(cs) == 0 {
				return nil, errors.New("syntax error near WHERE")
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "update/nothing"},
	{"keep the lease of what is given back", changing(func(c *webhook.Change, d webhook.Delivery) {
		if c.LeaseUntil.IsZero() {
			c.LeaseUntil = d.LeaseUntil
		}
	}), "update/release"},
	{"forget a later Due", changing(func(c *webhook.Change, d webhook.Delivery) { c.Due = d.Due }), "update/retry"},
	{"lock deliveries in the order of the changes", func(b *broken) {
		var locks rowLocks
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			names := make([]string, len(cs))
			for i := range cs {
				names[i] = cs[i].ID
			}
			unlock, err := locks.lock(names)
			if err != nil {
				return nil, err
			}
			defer unlock()
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "update/crossing"},
	{"compare the fence before the row is locked", func(b *broken) {
		var mu sync.Mutex
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			if b.stored(cs[0].ID).Fence != cs[0].Fence {
				return []error{webhook.ErrLeaseLost}, nil
			}
			others()
			mu.Lock()
			defer mu.Unlock()
			c := cs[0]
			c.Fence = b.stored(c.ID).Fence
			return b.MemoryStore.Update(ctx, []webhook.Change{c})
		}
	}, "update/concurrent"},
}
