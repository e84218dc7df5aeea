package storetest

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/docevent/webhook"
)

var recordChecks = []check{
	{
		name: "webhooks/empty",
		rule: "A store in which nothing was stored returns no records to one who has seen nothing.",
		run: func(p *probe) {
			recs, _ := p.records(webhook.Revision{})
			p.expect(len(recs) == 0, "Webhooks: %d records", len(recs))
		},
	},
	{
		name: "webhooks/create",
		rule: "PutWebhooks creates a record whose Revision is 0; " +
			"it is stored with Revision 1 and its data as they are, " +
			"and so is a name that begins with ~.",
		run: func(p *probe) {
			data := []byte("\x00\xff{}'\\\n\u00e4")
			p.put(record("orders", 0, string(data)), record("~status/orders", 0, ""))
			recs, rev := p.records(webhook.Revision{})
			p.expect(len(recs) == 2, "Webhooks: %d records, not 2", len(recs))
			r := recs["orders"]
			p.expect(bytes.Equal(r.Data, data), "Data is %q, not %q", r.Data, data)
			p.expect(r.Revision == 1, "the record's Revision is %d, not 1", r.Revision)
			p.expect(recs["~status/orders"].Revision == 1,
				"the record beginning with ~ is not there as it was put")
			p.expect(rev.N != 0, "the store's Revision is 0 although something is stored")
		},
	},
	{
		name: "webhooks/replace",
		rule: "PutWebhooks replaces a record that has the stored Revision; " +
			"the stored one becomes one higher.",
		run: func(p *probe) {
			p.put(record("orders", 0, "old"))
			p.put(record("orders", 1, "new"))
			recs, _ := p.records(webhook.Revision{})
			r := recs["orders"]
			p.expect(len(recs) == 1 && string(r.Data) == "new" && r.Revision == 2,
				"stored is %v", recs)
		},
	},
	{
		name: "webhooks/unchanged",
		rule: "Webhooks returns no records, and the same revision, when nothing changed since " +
			"the one seen; deliveries do not change it.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"))
			_, seen := p.records(webhook.Revision{})
			p.add(delivery("a"))
			recs, rev := p.records(seen)
			p.expect(len(recs) == 0 && rev.N == seen.N,
				"Webhooks: %d records at revision %d, seen was %d", len(recs), rev.N, seen.N)
		},
	},
	{
		name: "webhooks/changed",
		rule: "Webhooks returns all records when anything in them changed since the revision seen.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"), record("stock", 0, "b"))
			_, seen := p.records(webhook.Revision{})
			p.put(record("orders", 1, "c"))
			recs, after := p.records(seen)
			p.expect(len(recs) == 2, "after a put: %d records, not 2", len(recs))
			p.expect(after.N != seen.N, "the revision did not change with a put")
			p.ok("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "orders"))
			recs, last := p.records(after)
			p.expect(len(recs) == 1, "after a delete: %d records, not 1", len(recs))
			p.expect(last.N != after.N, "the revision did not change with a delete")
		},
	},
	{
		name: "webhooks/conflict",
		rule: "PutWebhooks with a record whose Revision is not the stored one's is " +
			"ErrConflict: a new one that exists, an old one, one that is gone.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"))
			for _, r := range []webhook.WebhookRecord{
				record("orders", 0, "b"), record("orders", 2, "b"), record("gone", 1, "b"),
			} {
				p.is("PutWebhooks", p.store.PutWebhooks(p.ctx, r), webhook.ErrConflict)
			}
			recs, _ := p.records(webhook.Revision{})
			p.expect(len(recs) == 1 && string(recs["orders"].Data) == "a",
				"a conflict changed what is stored: %v", recs)
		},
	},
	{
		name: "webhooks/all or none",
		rule: "PutWebhooks writes nothing when one of its records conflicts, " +
			"and the revision stays.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"))
			_, seen := p.records(webhook.Revision{})
			err := p.store.PutWebhooks(p.ctx,
				record("before", 0, "b"), record("orders", 7, "b"), record("behind", 0, "b"))
			p.is("PutWebhooks", err, webhook.ErrConflict)
			recs, _ := p.records(webhook.Revision{})
			p.expect(len(recs) == 1, "%d records, not 1", len(recs))
			recs, _ = p.records(seen)
			p.expect(len(recs) == 0, "the revision changed")
		},
	},
	{
		name: "webhooks/rises",
		rule: "The store's Revision rises with every change of the records, " +
			"a delete among them, and is never 0 once something was stored.",
		run: func(p *probe) {
			var last int64
			rises := func(after string) {
				_, rev := p.records(webhook.Revision{})
				p.expect(rev.N > last,
					"after %s the revision is %d, and it was %d", after, rev.N, last)
				last = rev.N
			}
			p.put(record("orders", 0, "a"))
			rises("the first put")
			p.put(record("orders", 1, "b"), record("stock", 0, "c"))
			rises("a put")
			p.ok("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "stock"))
			rises("a delete")
			p.ok("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "orders"))
			rises("a delete of the last record")
			p.put(record("orders", 0, "a"))
			rises("a put anew")
		},
	},
	{
		name: "webhooks/nothing",
		rule: "PutWebhooks without records is no error and no change.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"))
			_, seen := p.records(webhook.Revision{})
			p.put()
			recs, rev := p.records(seen)
			p.expect(len(recs) == 0 && rev.N == seen.N,
				"the revision is %d, and was %d", rev.N, seen.N)
		},
	},
	{
		name: "webhooks/clock",
		rule: "A store with a clock of its own gives it with every answer, " +
			"also with one without records; a store without one never does.",
		run: func(p *probe) {
			_, empty := p.records(webhook.Revision{})
			p.put(record("orders", 0, "a"))
			_, all := p.records(webhook.Revision{})
			_, unchanged := p.records(all)
			p.expect(empty.Now.IsZero() == all.Now.IsZero() &&
				all.Now.IsZero() == unchanged.Now.IsZero(),
				"Now is %v of an empty store, %v with records, %v without",
				empty.Now, all.Now, unchanged.Now)
		},
	},
	{
		name: "webhooks/names",
		rule: "Names of records are compared byte for byte, and up to 300 bytes long.",
		run: func(p *probe) {
			long := strings.Repeat("x", 299)
			names := []string{
				"orders", "Orders", "\u00f6rders", "orders ", "order", long + "a", long + "b",
				"o%", "o'\";--",
			}
			for _, name := range names {
				p.put(record(name, 0, name))
			}
			p.ok("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "Orders"))
			recs, _ := p.records(webhook.Revision{})
			p.expect(len(recs) == len(names)-1, "%d records, not %d", len(recs), len(names)-1)
			for name, r := range recs {
				p.expect(string(r.Data) == name, "the record %q has the data of %q", name, r.Data)
			}
		},
	},
	{
		name: "webhooks/large",
		rule: "The data of a record may be large: 1 MiB comes back byte for byte.",
		run: func(p *probe) {
			data := string(bytes.Repeat([]byte("\x00\xfe\xff'"), 1<<18))
			p.put(record("orders", 0, data))
			recs, _ := p.records(webhook.Revision{})
			got := string(recs["orders"].Data)
			p.expect(got == data, "%d bytes came back of %d, or others", len(got), len(data))
		},
	},
	{
		name: "webhooks/delete",
		rule: "DeleteWebhook removes the record, and is ErrNotFound if there is none; " +
			"the name can be created anew.",
		run: func(p *probe) {
			p.is("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "orders"), webhook.ErrNotFound)
			p.put(record("orders", 0, "a"), record("stock", 0, "b"))
			p.ok("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "orders"))
			p.is("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "orders"), webhook.ErrNotFound)
			recs, _ := p.records(webhook.Revision{})
			_, there := recs["orders"]
			p.expect(!there && len(recs) == 1, "the record is still there, or others are gone")
			p.put(record("orders", 0, "c"))
		},
	},
	{
		name: "webhooks/delete leaves deliveries",
		rule: "The deliveries of a webhook whose record was removed stay, with their attempts.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"))
			p.add(delivery("a"))
			p.change("a", func(c *webhook.Change) { a := response("a", 1); c.Attempt = &a })
			p.ok("DeleteWebhook", p.store.DeleteWebhook(p.ctx, "orders"))
			p.expect(len(p.attempts("a")) == 1, "its attempts are gone")
			p.offers(0, 10, "a")
		},
	},
	{
		name: "webhooks/ownership",
		rule: "A store copies what it keeps of a record and hands out copies.",
		run: func(p *probe) {
			r := record("orders", 0, "data")
			p.put(r)
			copy(r.Data, "XXXX")
			recs, _ := p.records(webhook.Revision{})
			p.expect(string(recs["orders"].Data) == "data", "the caller's later change is stored")
			copy(recs["orders"].Data, "XXXX")
			recs, _ = p.records(webhook.Revision{})
			p.expect(string(recs["orders"].Data) == "data", "a reader's change is stored")
		},
	},
	{
		name: "webhooks/concurrent",
		rule: "Of puts at once with the same Revision one succeeds, " +
			"and the others get ErrConflict.",
		run: func(p *probe) {
			for rev := range int64(10) {
				var won atomic.Int32
				p.together(8, func(int) {
					switch err := p.store.PutWebhooks(p.ctx, record("orders", rev, "x")); {
					case err == nil:
						won.Add(1)
					default:
						p.expect(errors.Is(err, webhook.ErrConflict), "PutWebhooks: %v", err)
					}
				})
				p.expect(won.Load() == 1, "%d of 8 puts at once succeeded", won.Load())
			}
		},
	},
}

func record(name string, revision int64, data string) webhook.WebhookRecord {
	return webhook.WebhookRecord{Name: name, Revision: revision, Data: []byte(data)}
}

func (p *probe) put(recs ...webhook.WebhookRecord) {
	p.ok("PutWebhooks", p.store.PutWebhooks(p.ctx, recs...))
}

func (p *probe) records(seen webhook.Revision) (map[string]webhook.WebhookRecord, webhook.Revision) {
	recs, rev, err := p.store.Webhooks(p.ctx, seen)
	p.ok("Webhooks", err)
	byName := map[string]webhook.WebhookRecord{}
	for _, r := range recs {
		_, twice := byName[r.Name]
		p.expect(!twice, "Webhooks: the record %q comes twice", r.Name)
		byName[r.Name] = r
	}
	return byName, rev
}
