package storetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

var claimChecks = []check{
	{
		name: "claim/pending",
		rule: "Claim offers the deliveries that are Pending, and no others.",
		run: func(p *probe) {
			for _, s := range []webhook.State{
				webhook.Delivered, webhook.Failed, webhook.Exhausted, webhook.Paused,
				webhook.Canceled,
			} {
				p.add(delivery(string(s), in(s)))
			}
			p.offers(10, 10)
			p.add(delivery("a"))
			p.offers(10, 10, "a")
		},
	},
	{
		name: "claim/due",
		rule: "Claim offers what has a Due not after Now.",
		run: func(p *probe) {
			p.add(delivery("a", due(10)), delivery("b", due(20)))
			p.offers(9, 10)
			p.offers(10, 10, "a")
			p.offers(19, 10)
			p.offers(20, 10, "b")
		},
	},
	{
		name: "claim/order",
		rule: "Claim offers the longest due first, over all webhooks.",
		run: func(p *probe) {
			p.add(delivery("c", due(3)), delivery("a", due(1), of("stock")), delivery("d", due(4)),
				delivery("b", due(2), of("items")))
			p.offers(10, 10, "a", "b", "c", "d")
		},
	},
	{
		name: "claim/order after a lease",
		rule: "What was leased before is offered by its Due, not by the end of its lease.",
		run: func(p *probe) {
			p.add(delivery("a", due(1)))
			p.offers(1, 10, "a")
			p.add(delivery("b", due(2)))
			p.offers(100, 10, "a", "b")
		},
	},
	{
		name: "claim/limit",
		rule: "Claim leases at most Limit deliveries.",
		run: func(p *probe) {
			for i := range 10 {
				p.add(delivery(fmt.Sprint("d", i), due(i)))
			}
			p.offers(10, 3, "d0", "d1", "d2")
			p.offers(10, 1, "d3")
			p.offers(10, 100, "d4", "d5", "d6", "d7", "d8", "d9")
		},
	},
	{
		name: "claim/skip",
		rule: "Claim leaves out the webhooks in Skip, however many of their deliveries are " +
			"due for longer.",
		run: func(p *probe) {
			var ds []webhook.Delivery
			for i := range 300 {
				ds = append(ds, delivery(fmt.Sprint("skipped", i), of(fmt.Sprint("w", i%3))))
			}
			p.add(append(ds, delivery("a", of("ww"), due(5)))...)
			got := p.claim(10, 2, "w0", "w1", "w2", "unknown", "w0")
			p.expect(len(got) == 1 && got[0].ID == "a", "Claim got %q, not a", ids(got))
			p.expect(len(p.claim(10, 10, "w0", "w2")) == 10,
				"what was skipped once is not offered again")
		},
	},
	{
		name: "claim/skip many",
		rule: "Skip may name thousands of webhooks, also such as the store has nothing of.",
		run: func(p *probe) {
			skip := make([]string, 3000)
			for i := range skip {
				skip[i] = fmt.Sprint("w", i)
			}
			p.add(delivery("a", of("w0")), delivery("b", of("w2999")), delivery("c", of("w3000")))
			got := p.claim(10, 10, skip...)
			p.expect(len(got) == 1 && got[0].ID == "c", "Claim got %q, not c", ids(got))
		},
	},
	{
		name: "claim/lease",
		rule: "Claim gives a delivery Owner, LeaseUntil = Now + Lease and a Fence one higher, " +
			"changes nothing else, and returns it as it then is.",
		run: func(p *probe) {
			d := delivery("a", func(d *webhook.Delivery) {
				d.Attempts, d.Tries, d.Reason = 2, 1, "x"
			})
			p.add(d)
			got := p.offers(7, 10, "a")[0]
			d.Owner, d.LeaseUntil, d.Fence = "prober", at(67), 1
			p.same(got, d)
			p.same(p.get("a"), d)
		},
	},
	{
		name: "claim/in a backlog",
		rule: "A claim soon after one that got all it asked for is offered everything due too, " +
			"the longest due first: also what was leased meanwhile, and is no longer.",
		run: func(p *probe) {
			p.add(delivery("a", due(0)), delivery("b", due(1)), delivery("c", due(2)))
			c := webhook.Claim{Now: at(10), Lease: time.Millisecond, Owner: "prober", Limit: 1}
			for _, want := range []string{"a", "a b c"} {
				ds, err := p.store.Claim(p.ctx, c)
				p.ok("Claim", err)
				p.expect(strings.Join(ids(ds), " ") == want, "Claim got %q, not %q", ids(ds), want)
				c.Now, c.Limit = c.Now.Add(c.Lease), 10
			}
		},
	},
	{
		name: "claim/leased",
		rule: "A delivery is offered again when its LeaseUntil is not after Now, " +
			"and not before; each claim raises the Fence.",
		run: func(p *probe) {
			p.add(delivery("a"))
			for i, now := range []int{0, 60, 120} {
				p.expect(i == 0 || len(p.claim(now-1, 10)) == 0, "a leased delivery is offered")
				got := p.offers(now, 10, "a")[0]
				p.expect(got.Fence == int64(i+1), "claim %d has the fence %d", i+1, got.Fence)
			}
		},
	},
	{
		name: "claim/version",
		rule: "A delivery whose Version is above DeliveryVersion is not offered, " +
			"and stays as it is.",
		run: func(p *probe) {
			newer := delivery("newer", func(d *webhook.Delivery) {
				d.Version = webhook.DeliveryVersion + 1
			})
			p.add(newer, delivery("a", due(5)))
			p.offers(10, 10, "a")
			p.same(p.get("newer"), newer)
		},
	},
	{
		name: "claim/each as it is",
		rule: "Of several deliveries Claim returns each with its own fields, " +
			"as they are then stored.",
		run: func(p *probe) {
			var ds []webhook.Delivery
			for i := range 40 {
				ds = append(ds, delivery(fmt.Sprint(i*7%40), due(i%9), of(fmt.Sprint("w", i%3)),
					func(d *webhook.Delivery) {
						d.Tries, d.Attempts, d.Fence, d.Created = i, 2*i, int64(3*i), at(i)
					}))
			}
			p.add(ds...)
			for _, d := range p.claim(10, 25) {
				p.expect(d.Owner == "prober", "%s is claimed by %q", d.ID, d.Owner)
				p.same(d, p.get(d.ID))
			}
		},
	},
	{
		name: "claim/names",
		rule: "Skip leaves out the webhooks whose names it has byte for byte: " +
			"case, accents and spaces at the end tell them apart.",
		run: func(p *probe) {
			names := []string{
				"orders", "Orders", "\u00f6rders", "orders ", "order", "order_", "order%",
			}
			for _, name := range names {
				p.add(delivery("of "+name, of(name)))
			}
			for i, skipped := range names {
				got := p.claim(100*i, 10, skipped)
				p.expect(len(got) == len(names)-1, "without %q, Claim got %q", skipped, ids(got))
				for _, d := range got {
					p.expect(d.Webhook != skipped, "without %q, Claim got it", skipped)
				}
			}
		},
	},
	{
		name: "claim/clock",
		rule: "A store never compares with a clock of its own: " +
			"times long past and far ahead work alike.",
		run: func(p *probe) {
			for _, now := range []time.Time{start, time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)} {
				id := now.Format("2006")
				p.add(delivery(id, func(d *webhook.Delivery) { d.Due = now }))
				claim := func(after time.Duration) int {
					ds, err := p.store.Claim(p.ctx, webhook.Claim{
						Now: now.Add(after), Lease: time.Hour, Owner: "o", Limit: 9,
					})
					p.ok("Claim", err)
					for _, d := range ds {
						p.expect(d.ID == id && d.LeaseUntil.Equal(now.Add(after+time.Hour)),
							"leased is %s until %v", d.ID, d.LeaseUntil)
						return 1
					}
					return 0
				}
				p.expect(claim(-time.Millisecond) == 0, "%s: offered before it is due", id)
				p.expect(claim(0) == 1, "%s: not offered when due", id)
				p.expect(claim(time.Hour-time.Millisecond) == 0, "%s: offered while leased", id)
				p.expect(claim(time.Hour) == 1, "%s: not offered when its lease ran out", id)
				p.ok("Update", p.update(changeOf(p.get(id), to(webhook.Delivered)))[0])
			}
		},
	},
	{
		name: "claim/clock set back",
		rule: "A claim with an earlier Now than another before it gets nothing that is leased " +
			"or not due by its own.",
		run: func(p *probe) {
			p.add(delivery("a"), delivery("b", due(90)))
			p.offers(0, 1, "a")
			got := p.claim(100, 1)
			p.expect(len(got) == 1 && got[0].ID == "a", "Claim got %q, not a", ids(got))
			p.offers(80, 10)
			p.add(delivery("c", due(1), of("skipped")))
			p.expect(len(p.claim(200, 10, "orders", "skipped")) == 0, "Claim got what it skips")
			p.offers(50, 10, "c")
		},
	},
	{
		name: "claim/behind others",
		rule: "What has a newer Version, or a LeaseUntil after Now, hides nothing that is due " +
			"behind it, with a Skip or without.",
		run: func(p *probe) {
			newer := func(d *webhook.Delivery) { d.Version++ }
			leased := func(d *webhook.Delivery) { d.LeaseUntil, d.Fence = at(60), 1 }
			var ds []webhook.Delivery
			for i := range 200 {
				ds = append(ds, delivery(fmt.Sprint("newer", i), of("newer"), newer),
					delivery(fmt.Sprint("leased", i), of("leased"), leased))
			}
			p.add(append(ds, delivery("a", due(1)), delivery("b", due(2)))...)
			p.offers(100, 1, "leased0") // by a clock that is ahead, all leases have run out
			got := p.claim(50, 1, "unknown")
			p.expect(len(got) == 1 && got[0].ID == "a",
				"with a Skip, Claim got %q, not a", ids(got))
			p.offers(50, 1, "b")
		},
	},
	{
		name: "claim/many",
		rule: "A claim alone is offered everything that is due, the longest due first, " +
			"also when thousands of leases ran out in another order.",
		run: func(p *probe) {
			const n = 2500
			ds, want := make([]webhook.Delivery, n), make([]string, n)
			for i := range ds {
				want[i] = fmt.Sprint("d", i)
				ds[i] = delivery(want[i], due(i), func(d *webhook.Delivery) {
					d.LeaseUntil, d.Fence = at(2*n-i), 1
				})
			}
			p.add(ds...)
			p.offers(2*n, 1, want[0])
			p.offers(2*n, n, want[1:]...)
		},
	},
	{
		name: "claim/concurrent",
		rule: "No two claims get the same delivery, and together they get all.",
		run: func(p *probe) {
			const n = 400
			var ds []webhook.Delivery
			for i := range n {
				ds = append(ds, delivery(fmt.Sprint("d", i), of(fmt.Sprint("w", i%7)), due(i%5)))
			}
			p.add(ds...)
			var mu sync.Mutex
			got := map[string]int{}
			p.together(8, func(int) {
				for {
					ds := p.claim(10, 7)
					if len(ds) == 0 {
						return
					}
					mu.Lock()
					for i := range ds {
						got[ds[i].ID]++
					}
					mu.Unlock()
				}
			})
			for id, times := range got {
				p.expect(times == 1, "%s was claimed %d times", id, times)
			}
			// A claim may come back empty while another holds what is left.
			left := p.claim(10, n)
			p.expect(len(got)+len(left) == n, "%d of %d were claimed", len(got)+len(left), n)
		},
	},
}
