package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/docevent/webhook"
)

var updateChecks = []check{
	{
		name: "update/columns",
		rule: "A change sets the columns that Change.Apply sets, raises the Fence by one, " +
			"and leaves the others.",
		run: func(p *probe) {
			p.add(full("a"), delivery("b"))
			for _, id := range []string{"a", "b"} {
				d := p.get(id)
				c := webhook.Change{
					ID: id, Fence: d.Fence, State: webhook.Paused, Reason: "webhook_disabled",
					Attempts: 11, Tries: 9, Due: at(21), Since: at(22), PausedAt: at(23),
					Finished: at(24), Owner: "o", LeaseUntil: at(25),
				}
				for range 2 {
					p.ok("Update", p.update(c)[0])
					c.Apply(&d)
					p.same(p.get(id), d)
					// Then all else is zero again.
					c = webhook.Change{ID: id, Fence: d.Fence, State: webhook.Pending}
				}
			}
		},
	},
	{
		name: "update/fence",
		rule: "A change whose Fence is not the stored one gets ErrLeaseLost and touches " +
			"nothing, lower or higher.",
		run: func(p *probe) {
			p.add(delivery("a"))
			d := p.offers(0, 10, "a")[0]
			for _, fence := range []int64{d.Fence - 1, d.Fence + 1, 0} {
				c := changeOf(d, to(webhook.Delivered))
				c.Fence = fence
				c.Attempt = &webhook.Attempt{
					DeliveryID: "a", Number: 1, Time: at(1), State: webhook.Delivered,
				}
				p.is("Update", p.update(c)[0], webhook.ErrLeaseLost)
				p.same(p.get("a"), d)
				p.expect(len(p.attempts("a")) == 0, "the attempt of a lost lease is kept")
			}
		},
	},
	{
		name: "update/stale claim",
		rule: "Once a delivery was claimed again, the claim before can no longer change it.",
		run: func(p *probe) {
			p.add(delivery("a"))
			old := p.offers(0, 10, "a")[0]
			now := p.offers(60, 10, "a")[0]
			p.is("Update", p.update(changeOf(old, to(webhook.Failed)))[0], webhook.ErrLeaseLost)
			p.ok("Update", p.update(changeOf(now, to(webhook.Delivered)))[0])
			p.is("Update", p.update(changeOf(now, to(webhook.Failed)))[0], webhook.ErrLeaseLost)
			p.expect(p.get("a").State == webhook.Delivered, "its state is %s", p.get("a").State)
		},
	},
	{
		name: "update/cancel",
		rule: "A change needs no lease, and takes the one there is: its holder gets ErrLeaseLost.",
		run: func(p *probe) {
			p.add(delivery("a"))
			held := p.offers(0, 10, "a")[0]
			p.change("a", to(webhook.Canceled))
			p.is("Update", p.update(changeOf(held, to(webhook.Delivered)))[0], webhook.ErrLeaseLost)
			p.offers(100, 10)
		},
	},
	{
		name: "update/unknown",
		rule: "A change of a delivery that is not there gets ErrNotFound, " +
			"and its attempt is not kept.",
		run: func(p *probe) {
			c := webhook.Change{
				ID: "a", State: webhook.Delivered,
				Attempt: &webhook.Attempt{DeliveryID: "a", Number: 1, Time: at(1)},
			}
			p.is("Update", p.update(c)[0], webhook.ErrNotFound)
			p.expect(len(p.attempts("a")) == 0, "the attempt is kept")
		},
	},
	{
		name: "update/ids",
		rule: "A change is of the delivery that has its ID byte for byte.",
		run: func(p *probe) {
			p.add(delivery("ab"))
			for _, id := range []string{"AB", "ab ", "a", "a_", "a%", "\u00e4b", ""} {
				p.is(fmt.Sprintf("a change of %q", id),
					p.update(webhook.Change{ID: id, State: webhook.Delivered})[0],
					webhook.ErrNotFound)
			}
			p.same(p.get("ab"), delivery("ab"))
		},
	},
	{
		name: "update/each on its own",
		rule: "Changes are applied each on its own, with one result for each, in order.",
		run: func(p *probe) {
			p.add(delivery("a"), delivery("b"), delivery("c"))
			stale := changeOf(p.get("b"), to(webhook.Failed))
			stale.Fence = 99
			errs := p.update(changeOf(p.get("a"), to(webhook.Delivered)), stale,
				webhook.Change{ID: "unknown"}, changeOf(p.get("c"), to(webhook.Canceled)))
			p.ok("the first change", errs[0])
			p.is("the second change", errs[1], webhook.ErrLeaseLost)
			p.is("the third change", errs[2], webhook.ErrNotFound)
			p.ok("the fourth change", errs[3])
			for id, want := range map[string]webhook.State{
				"a": webhook.Delivered, "b": webhook.Pending, "c": webhook.Canceled,
			} {
				p.expect(p.get(id).State == want, "%s is %s, not %s", id, p.get(id).State, want)
			}
		},
	},
	{
		name: "update/twice in a call",
		rule: "Of two changes of one delivery in a call, the second sees the Fence that " +
			"the first left.",
		run: func(p *probe) {
			p.add(delivery("a"))
			first := changeOf(p.get("a"), func(c *webhook.Change) { c.Tries = 1 })
			second := changeOf(p.get("a"), func(c *webhook.Change) { c.Tries = 2 })
			second.Fence++
			errs := p.update(first, first, second)
			p.ok("the first change", errs[0])
			p.is("the same again", errs[1], webhook.ErrLeaseLost)
			p.ok("the next one", errs[2])
			p.expect(p.get("a").Tries == 2, "Tries is %d, not 2", p.get("a").Tries)
		},
	},
	{
		name: "update/many",
		rule: "Update takes thousands of changes in a call, with a result for each in its place.",
		run: func(p *probe) {
			ds := make([]webhook.Delivery, 1500)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i))
			}
			p.add(ds...)
			cs := make([]webhook.Change, 2*len(ds))
			for i := range cs {
				cs[i] = webhook.Change{
					ID: fmt.Sprint("d", i), State: webhook.Delivered, Due: start,
					Finished: at(i),
				}
			}
			cs[700].Fence = 1
			for i, err := range p.update(cs...) {
				switch {
				case i >= len(ds):
					p.is(fmt.Sprintf("change %d", i), err, webhook.ErrNotFound)
				case i == 700:
					p.is("change 700", err, webhook.ErrLeaseLost)
				default:
					p.ok(fmt.Sprintf("change %d", i), err)
				}
			}
			p.offers(0, 10, "d700")
			p.expect(p.get("d1499").Finished.Equal(at(1499)),
				"the last one has the columns of another")
		},
	},
	{
		name: "update/nothing",
		rule: "Update without changes is no error.",
		run:  func(p *probe) { p.update() },
	},
	{
		name: "update/release",
		rule: "A delivery whose lease was given back is offered at once, " +
			"and one whose lease was extended when that has run out.",
		run: func(p *probe) {
			p.add(delivery("a"))
			d := p.offers(0, 10, "a")[0]
			p.ok("Update", p.update(changeOf(d, nil))[0])
			d = p.offers(1, 10, "a")[0]
			p.ok("Update", p.update(changeOf(d, func(c *webhook.Change) {
				c.Owner, c.LeaseUntil = d.Owner, at(500)
			}))[0])
			p.offers(499, 10)
			p.offers(500, 10, "a")
		},
	},
	{
		name: "update/retry",
		rule: "A delivery that is Pending again with a later Due is offered then, " +
			"and in its place among the others.",
		run: func(p *probe) {
			p.add(delivery("a"), delivery("b"))
			for _, d := range p.claim(0, 10) {
				if d.ID == "a" {
					p.ok("Update", p.update(changeOf(d, func(c *webhook.Change) {
						c.Due = at(30)
					}))[0])
				}
			}
			p.add(delivery("c", due(20)), delivery("d", due(40)))
			p.offers(29, 10, "c")
			p.offers(45, 10, "a", "d")
		},
	},
	{
		name: "update/crossing",
		rule: "Calls at once with changes of the same deliveries in opposite orders all " +
			"succeed: each delivery takes one change.",
		run: func(p *probe) {
			ds := make([]webhook.Delivery, 30)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i))
			}
			p.add(ds...)
			for round := range 5 {
				var won atomic.Int32
				p.together(4, func(i int) {
					cs := make([]webhook.Change, len(ds))
					for j := range cs {
						cs[j] = changeOf(ds[j], func(c *webhook.Change) { c.Fence = int64(round) })
					}
					if i%2 == 1 {
						slices.Reverse(cs)
					}
					for _, err := range p.update(cs...) {
						if err == nil {
							won.Add(1)
						} else {
							p.is("a change", err, webhook.ErrLeaseLost)
						}
					}
				})
				p.expect(int(won.Load()) == len(ds),
					"%d changes of %d deliveries succeeded", won.Load(), len(ds))
			}
		},
	},
	{
		name: "update/concurrent",
		rule: "Of changes at once with the same Fence one succeeds, " +
			"and the others get ErrLeaseLost.",
		run: func(p *probe) {
			p.add(delivery("a"))
			for round := range 10 {
				d := p.get("a")
				var won atomic.Int32
				p.together(8, func(i int) {
					c := changeOf(d, func(c *webhook.Change) { c.Reason = fmt.Sprint(i) })
					c.Attempt = &webhook.Attempt{
						DeliveryID: "a", Number: round + 1, Time: at(round),
						State: webhook.Pending,
					}
					switch err := p.update(c)[0]; {
					case err == nil:
						won.Add(1)
					default:
						p.expect(errors.Is(err, webhook.ErrLeaseLost), "Update: %v", err)
					}
				})
				p.expect(won.Load() == 1, "%d of 8 changes at once succeeded", won.Load())
				p.expect(len(p.attempts("a")) == round+1,
					"%d attempts are kept of %d", len(p.attempts("a")), round+1)
			}
		},
	},
}
