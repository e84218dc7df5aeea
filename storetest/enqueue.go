package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/docevent/webhook"
)

var enqueueChecks = []check{
	{
		name: "enqueue/fields",
		rule: "Enqueue stores all fields of a delivery as they are, Seq apart.",
		run: func(p *probe) {
			for _, d := range []webhook.Delivery{full("full"), bare("bare"), delivery("usual")} {
				p.add(d)
				got := p.get(d.ID)
				got.Seq = d.Seq
				p.same(got, d)
			}
		},
	},
	{
		name: "enqueue/body",
		rule: "A body comes back byte for byte; none stays nil, and an empty one stays " +
			"empty and not nil.",
		run: func(p *probe) {
			every := make([]byte, 256)
			for i := range every {
				every[i] = byte(i)
			}
			for i, body := range [][]byte{nil, {}, {0}, every, bytes.Repeat(every, 4096)} {
				id := fmt.Sprint("body", i)
				p.add(delivery(id, func(d *webhook.Delivery) { d.Body = body }))
				got := p.get(id).Body
				p.expect(bytes.Equal(got, body),
					"a body of %d bytes came back different, with %d bytes", len(body), len(got))
				p.expect((got == nil) == (body == nil),
					"a body that is nil: %v came back as one that is nil: %v",
					body == nil, got == nil)
			}
		},
	},
	{
		name: "enqueue/nothing",
		rule: "Enqueue of no deliveries is no error and stores nothing.",
		run: func(p *probe) {
			p.enqueue()
			p.offers(0, 10)
		},
	},
	{
		name: "enqueue/duplicate",
		rule: "Enqueue reports false for an ID that is stored already, whatever its state, " +
			"and leaves the stored one as it is. That is no error.",
		run: func(p *probe) {
			for _, s := range []webhook.State{
				webhook.Pending, webhook.Delivered, webhook.Paused, webhook.Canceled,
			} {
				first := delivery("first "+string(s), in(s))
				p.add(first)
				stored := p.get(first.ID)
				again := delivery(first.ID, of("other"), due(9))
				fresh := p.enqueue(delivery("before "+string(s)), again,
					delivery("behind "+string(s)))
				p.expect(fmt.Sprint(fresh) == "[true false true]",
					"fresh is %v, not [true false true]", fresh)
				p.same(p.get(first.ID), stored)
				p.get("before " + string(s))
				p.get("behind " + string(s))
			}
		},
	},
	{
		name: "enqueue/duplicate within a call",
		rule: "Of the same ID twice in one Enqueue the first is stored and the second is " +
			"reported as not new.",
		run: func(p *probe) {
			fresh := p.enqueue(delivery("a", of("first")), delivery("b"),
				delivery("a", of("second")), delivery("b"))
			p.expect(fmt.Sprint(fresh) == "[true true false false]",
				"fresh is %v, not [true true false false]", fresh)
			p.expect(p.get("a").Webhook == "first", "the second one is stored")
			p.expect(len(p.claim(0, 10)) == 2, "not 2 deliveries are stored")
		},
	},
	{
		name: "enqueue/many",
		rule: "Enqueue takes thousands of deliveries in a call, " +
			"with a result for each in its place.",
		run: func(p *probe) {
			p.add(delivery("d100"), delivery("d2900"))
			ds := make([]webhook.Delivery, 3000)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i), due(i))
			}
			for i, fresh := range p.enqueue(ds...) {
				p.expect(fresh == (i != 100 && i != 2900),
					"of d%d it is said that it is new: %v", i, fresh)
			}
			p.get("d0")
			p.get("d1501")
			p.expect(p.get("d2999").Due.Equal(at(2999)), "the last one is another")
		},
	},
	{
		name: "enqueue/ids",
		rule: "IDs are compared byte for byte: case, accents and spaces at the end " +
			"tell them apart.",
		run: func(p *probe) {
			p.add(delivery("id"), delivery("ID"), delivery("\u00ecd"),
				delivery("id "), delivery("i"))
			p.expect(p.get("ID").ID == "ID", "another delivery comes back for ID")
		},
	},
	{
		name: "enqueue/long names",
		rule: "Names and ids of 255 bytes are kept whole, in characters of any length, " +
			"and tell deliveries apart by their last byte.",
		run: func(p *probe) {
			long := strings.Repeat("\u65e5", 63) + strings.Repeat("\U0001f600", 16) // 253 bytes
			var ds []webhook.Delivery
			for _, end := range []string{"aa", "ab"} {
				name := long + end
				d := delivery(name, of(name), line(name))
				d.EventID, d.Type = name, webhook.EventType(name)
				d.DocType, d.DocName, d.Tenant = name, name, name
				ds = append(ds, d)
			}
			p.add(ds...)
			for i, d := range ds {
				got := p.get(d.ID)
				got.Seq = d.Seq
				p.same(got, d)
				p.lists(webhook.DeliveryQuery{Webhook: d.Webhook, DocType: d.DocType,
					DocName: d.DocName, Tenant: d.Tenant}, d.ID)
				left := p.claim(100*i, 10, d.Webhook)
				p.expect(len(left) == 1 && left[0].ID != d.ID,
					"with one of two webhooks left out, Claim got %q", ids(left))
				p.change(left[0].ID, nil)
				ds[1-i].Fence += 2
			}
		},
	},
	{
		name: "enqueue/large",
		rule: "Enqueue takes large bodies, many in a call: 20 of a MiB.",
		run: func(p *probe) {
			ds := make([]webhook.Delivery, 20)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i), func(d *webhook.Delivery) {
					d.Body = bytes.Repeat([]byte{'\'', '\\', 0, byte(i)}, 1<<18)
				})
			}
			p.add(ds...)
			for i, d := range p.claim(0, 100) {
				p.expect(bytes.Equal(d.Body, ds[i].Body),
					"the body of %s came back different", d.ID)
			}
		},
	},
	{
		name: "enqueue/ownership",
		rule: "A store copies the bodies it keeps and hands out copies, from Delivery, " +
			"Deliveries and Claim.",
		run: func(p *probe) {
			d := delivery("a")
			want := string(d.Body)
			p.add(d)
			spoil := func(by string, body []byte) {
				for i := range body {
					body[i] = 'X'
				}
				got := string(p.get("a").Body)
				p.expect(got == want,
					"a change of the slice %s changed what is stored to %q", by, got)
			}
			spoil("given to Enqueue", d.Body)
			spoil("returned by Delivery", p.get("a").Body)
			ds, err := p.store.Deliveries(p.ctx, webhook.DeliveryQuery{})
			p.ok("Deliveries", err)
			for i := range ds {
				spoil("returned by Deliveries", ds[i].Body)
			}
			for _, c := range p.offers(0, 1, "a") {
				spoil("returned by Claim", c.Body)
			}
		},
	},
	{
		name: "enqueue/leased",
		rule: "A delivery that comes with Owner, LeaseUntil and Fence is stored leased, " +
			"as it is given: offered to none until its lease has run out.",
		run: func(p *probe) {
			leased := func(d *webhook.Delivery) {
				d.Owner, d.LeaseUntil, d.Fence = "sender", at(60), 7
			}
			p.add(delivery("a", leased), delivery("b", due(9)))
			p.same(p.get("a"), delivery("a", leased))
			p.offers(59, 10, "b")
			ds := p.offers(60, 10, "a")
			p.expect(ds[0].Fence == 8, "the fence is %d, not 8", ds[0].Fence)
		},
	},
	{
		name: "enqueue/leased and sent",
		rule: "Who enqueued a delivery already leased holds that lease: " +
			"a change with the Fence it gave is applied.",
		run: func(p *probe) {
			d := delivery("a", func(d *webhook.Delivery) {
				d.Owner, d.LeaseUntil, d.Fence = "sender", at(60), 1
			})
			p.add(d)
			p.ok("Update", p.update(changeOf(d, to(webhook.Delivered)))[0])
			p.offers(100, 10)
		},
	},
	{
		name: "enqueue/concurrent",
		rule: "Of one ID enqueued by many at once, one is told that it is new.",
		run: func(p *probe) {
			for round := range 5 {
				var fresh atomic.Int32
				p.together(8, func(i int) {
					mine := delivery(fmt.Sprint("own ", round, " ", i))
					for j, f := range p.enqueue(delivery(fmt.Sprint("shared ", round)), mine) {
						p.expect(j == 0 || f, "a delivery of its own is reported as a duplicate")
						if j == 0 && f {
							fresh.Add(1)
						}
					}
				})
				p.expect(fresh.Load() == 1, "%d of 8 were told that it is new", fresh.Load())
			}
			p.expect(len(p.claim(0, 200)) == 45, "not every delivery is stored once")
		},
	},
	{
		name: "enqueue/crossing",
		rule: "Calls at once with the same IDs in opposite orders all succeed: " +
			"each ID is new for one of them.",
		run: func(p *probe) {
			for round := range 5 {
				var fresh atomic.Int32
				p.together(4, func(i int) {
					ds := make([]webhook.Delivery, 30)
					for j := range ds {
						ds[j] = delivery(fmt.Sprint(round, " ", j), line(fmt.Sprint("line ", j)))
					}
					if i%2 == 1 {
						slices.Reverse(ds)
					}
					for _, f := range p.enqueue(ds...) {
						if f {
							fresh.Add(1)
						}
					}
				})
				p.expect(fresh.Load() == 30,
					"of 30 deliveries it was said %d times that one is new", fresh.Load())
			}
		},
	},
	{
		name: "delivery/unknown",
		rule: "Delivery of an unknown ID is ErrNotFound.",
		run: func(p *probe) {
			p.add(delivery("a"))
			_, err := p.store.Delivery(p.ctx, "b")
			p.is("Delivery", err, webhook.ErrNotFound)
		},
	},
}

// full returns a delivery with every field set.
func full(id string) webhook.Delivery {
	return webhook.Delivery{
		ID: id, EventID: strings.Repeat("e", 255), Type: "Site Plan Change",
		Webhook: "B\u00fccher & \u65e5\u672c'\";--", DocType: "Sales Order",
		DocName: "SO/1 100%\u00e4",
		Tenant:  "acme", Method: "PUT", URL: "https://example.com/a?b=c#d",
		Body: []byte("\x00\xff"), ContentType: "text/plain; charset=utf-8",
		Chain: strings.TrimSuffix(strings.Repeat("0123456789abcdef,", 11), ","),
		Trace: strings.Repeat("t", 1024),
		Line:  "aline", Created: at(1), Version: webhook.DeliveryVersion,
		State: webhook.Failed, Reason: "max_age", Attempts: 7, Tries: 3, Due: at(2), Since: at(3),
		PausedAt: at(4), Finished: at(5), Owner: "run_1", LeaseUntil: at(6), Fence: 1 << 40,
	}
}

// bare returns a delivery with as little as a store must keep: zero times stay
// zero, also beside a line.
func bare(id string) webhook.Delivery {
	return webhook.Delivery{
		ID: id, Type: webhook.OnTrash, Webhook: "w", Method: "DELETE", Created: start,
		Line: "another", State: webhook.Pending,
		Due: time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC),
	}
}
