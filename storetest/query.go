package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docevent/webhook"
)

var queryChecks = []check{
	{
		name: "deliveries/order",
		rule: "Deliveries returns those with the latest Created first, " +
			"whenever they were enqueued, whatever their Due, and whatever changed since.",
		run: func(p *probe) {
			p.add(delivery("b", created(2), due(1)), delivery("d", created(4), due(7)))
			p.add(delivery("c", created(3), due(5)), delivery("e", created(5)),
				delivery("a", created(1), due(9)))
			p.change("a", to(webhook.Delivered))
			p.lists(webhook.DeliveryQuery{}, "e d c b a")
		},
	},
	{
		name: "deliveries/ties",
		rule: "Deliveries of the same Created are in an order that does not change, " +
			"and that pages of any size keep to.",
		run: func(p *probe) {
			for i := range 5 {
				for j := range 6 {
					p.add(delivery(fmt.Sprint((7*i+5*j)%30, "-", i, j)))
				}
			}
			whole := ids(p.list(webhook.DeliveryQuery{}))
			for i, id := range whole {
				if i%3 == 0 {
					p.change(id, to(webhook.Delivered))
				}
			}
			for size := 1; size < 30; size += 4 {
				var got []string
				q := webhook.DeliveryQuery{Limit: size}
				for page := p.list(q); len(page) > 0 && len(got) <= 30; page = p.list(q) {
					got = append(got, ids(page)...)
					q.After = got[len(got)-1]
				}
				p.expect(slices.Equal(got, whole), "by pages of %d: %q, not %q", size, got, whole)
			}
		},
	},
	{
		name: "deliveries/filters",
		rule: "Deliveries returns those that match all fields of the query that are set: " +
			"names exactly, Created in [Since, Until), one of States.",
		run: func(p *probe) {
			p.add(delivery("a", created(1)), delivery("b", created(2), of("stock")),
				delivery("c", created(3), func(d *webhook.Delivery) {
					d.DocType, d.DocName = "Item", "X"
				}),
				delivery("d", created(4), in(webhook.Failed), func(d *webhook.Delivery) {
					d.Tenant = "acme"
				}),
				delivery("e", created(5), in(webhook.Delivered), func(d *webhook.Delivery) {
					d.Tenant = "acme"
				}))
			for _, x := range []struct {
				q    webhook.DeliveryQuery
				want string
			}{
				{webhook.DeliveryQuery{}, "e d c b a"},
				{webhook.DeliveryQuery{Webhook: "stock"}, "b"},
				{webhook.DeliveryQuery{Webhook: "stoc"}, ""},
				{webhook.DeliveryQuery{DocType: "Item"}, "c"},
				{webhook.DeliveryQuery{DocName: "X"}, "c"},
				{webhook.DeliveryQuery{DocType: "Sales Order", DocName: "X"}, ""},
				{webhook.DeliveryQuery{DocName: "SO-a"}, "a"},
				{webhook.DeliveryQuery{Tenant: "acme"}, "e d"},
				{webhook.DeliveryQuery{States: []webhook.State{webhook.Failed}}, "d"},
				{webhook.DeliveryQuery{
					States: []webhook.State{webhook.Delivered, webhook.Pending},
				}, "e c b a"},
				{webhook.DeliveryQuery{Since: at(2)}, "e d c b"},
				{webhook.DeliveryQuery{Until: at(4)}, "c b a"},
				{webhook.DeliveryQuery{Since: at(2), Until: at(4), Webhook: "orders"}, "c"},
				{webhook.DeliveryQuery{
					Tenant: "acme", States: []webhook.State{webhook.Delivered},
				}, "e"},
			} {
				p.lists(x.q, x.want)
			}
		},
	},
	{
		name: "deliveries/names",
		rule: "Queries compare names byte for byte: case, accents and spaces at the end " +
			"tell them apart.",
		run: func(p *probe) {
			names := []string{"aB", "ab", "\u00e4b", "ab ", "a", "a_", "a%"}
			for _, name := range names {
				p.add(delivery(name, of(name), func(d *webhook.Delivery) {
					d.DocType, d.DocName, d.Tenant = name, name, name
				}))
			}
			for _, name := range names {
				for _, q := range []webhook.DeliveryQuery{
					{Webhook: name}, {DocType: name}, {DocName: name}, {Tenant: name},
				} {
					p.lists(q, name)
				}
			}
			_, err := p.store.Deliveries(p.ctx, webhook.DeliveryQuery{After: "AB"})
			p.is("Deliveries", err, webhook.ErrNotFound)
			_, err = p.store.Delivery(p.ctx, "AB")
			p.is("Delivery", err, webhook.ErrNotFound)
			p.expect(len(p.attempts("AB")) == 0, "there are attempts of AB")
		},
	},
	{
		name: "deliveries/state",
		rule: "Deliveries sees a state as soon as it changed.",
		run: func(p *probe) {
			p.add(delivery("a"))
			p.change("a", to(webhook.Exhausted))
			p.lists(webhook.DeliveryQuery{States: []webhook.State{webhook.Pending}}, "")
			p.lists(webhook.DeliveryQuery{States: []webhook.State{webhook.Exhausted}}, "a")
		},
	},
	{
		name: "deliveries/limit",
		rule: "Deliveries returns at most Limit, 100 when it is 0, and never more than 1,000.",
		run: func(p *probe) {
			var ds []webhook.Delivery
			for i := range 1010 {
				ds = append(ds, delivery(fmt.Sprint("d", i), created(i)))
			}
			p.add(ds...)
			for limit, want := range map[int]int{0: 100, 1: 1, 250: 250, 1000: 1000, 5000: 1000} {
				got := p.list(webhook.DeliveryQuery{Limit: limit})
				p.expect(len(got) == want, "Limit %d: %d deliveries, not %d", limit, len(got), want)
				p.expect(got[0].ID == "d1009",
					"Limit %d: the first is %s, not the newest", limit, got[0].ID)
			}
		},
	},
	{
		name: "deliveries/after",
		rule: "After continues behind the delivery of that ID: page by page each comes once, " +
			"also when newer ones are added meanwhile, and when those of a page changed and " +
			"no longer match.",
		run: func(p *probe) {
			var ds []webhook.Delivery
			for i := range 50 {
				// In no order, and some at the same time.
				ds = append(ds, delivery(fmt.Sprint("d", i), created(i*7%50/4)))
			}
			p.add(ds...)
			seen := map[string]bool{}
			q := webhook.DeliveryQuery{Limit: 7, States: []webhook.State{webhook.Pending}}
			for page := range 20 {
				got := p.list(q)
				if len(got) == 0 {
					break
				}
				for _, d := range got {
					p.expect(!seen[d.ID], "%s comes twice", d.ID)
					seen[d.ID] = true
					p.change(d.ID, to(webhook.Canceled))
				}
				q.After = got[len(got)-1].ID
				p.add(delivery(fmt.Sprint("new", page), created(100+page)))
			}
			p.expect(len(seen) == 50, "%d of 50 came", len(seen))
		},
	},
	{
		name: "deliveries/pages",
		rule: "Whatever a query selects by, its pages are together what it returns as one.",
		run: func(p *probe) {
			states := []webhook.State{
				webhook.Pending, webhook.Delivered, webhook.Failed, webhook.Paused,
			}
			for i := range 48 {
				p.add(delivery(fmt.Sprint(i*29%48), created(i%5), in(states[i%4]),
					of(fmt.Sprint("w", i%3)), func(d *webhook.Delivery) {
						d.Tenant, d.DocName = fmt.Sprint(i%2), fmt.Sprint(i%7)
					}))
			}
			some := states[:1:1]
			for _, q := range []webhook.DeliveryQuery{
				{}, {Webhook: "w1"}, {Tenant: "1"}, {DocName: "3"}, {DocType: "Sales Order"},
				{Since: at(2)}, {Until: at(3)},
				{States: some}, {States: states[1:2]}, {States: states[2:]}, {States: states},
				{States: append(some, webhook.Failed)},
				{States: some, Webhook: "w2", Since: at(1)},
				{States: states[2:], Tenant: "0", Since: at(1)},
			} {
				whole := ids(p.list(q))
				p.expect(len(whole) > 2, "Deliveries %+v: only %d deliveries", q, len(whole))
				var got []string
				for q.Limit = 2; ; q.After = got[len(got)-1] {
					page := ids(p.list(q))
					if got = append(got, page...); len(page) < q.Limit || len(got) > len(whole) {
						break
					}
				}
				p.expect(slices.Equal(got, whole), "Deliveries %+v: %q, not %q", q, got, whole)
			}
		},
	},
	{
		name: "deliveries/behind one that does not match",
		rule: "After may name a delivery that the query does not select.",
		run: func(p *probe) {
			p.add(delivery("a", created(1)), delivery("b", created(2), of("stock")),
				delivery("c", created(3)))
			p.lists(webhook.DeliveryQuery{Webhook: "orders", After: "b"}, "a")
			p.lists(webhook.DeliveryQuery{Webhook: "orders", After: "a"}, "")
		},
	},
	{
		name: "deliveries/after one that is gone",
		rule: "Deliveries is ErrNotFound when After is not stored: " +
			"a page without an end must not pass for the last.",
		run: func(p *probe) {
			p.add(delivery("a"), delivery("c"))
			_, err := p.store.Deliveries(p.ctx, webhook.DeliveryQuery{After: "b"})
			p.is("Deliveries", err, webhook.ErrNotFound)
		},
	},
	{
		name: "deliveries/fields",
		rule: "Deliveries returns whole deliveries.",
		run: func(p *probe) {
			p.add(full("a"))
			p.same(p.list(webhook.DeliveryQuery{})[0], p.get("a"))
		},
	},
}

func (p *probe) list(q webhook.DeliveryQuery) []webhook.Delivery {
	ds, err := p.store.Deliveries(p.ctx, q)
	p.ok("Deliveries", err)
	return ds
}

// lists ends the check unless a query gets these, in this order.
func (p *probe) lists(q webhook.DeliveryQuery, want string) {
	got := strings.Join(ids(p.list(q)), " ")
	p.expect(got == want, "Deliveries %+v: %q, not %q", q, got, want)
}
