package storetest

import (
	"reflect"
	"slices"
	"time"

	"github.com/docevent/webhook"
)

var argumentChecks = []check{
	{
		name: "arguments/records",
		rule: "PutWebhooks leaves the records it is given as they are, and in their order.",
		run: func(p *probe) {
			recs := []webhook.WebhookRecord{
				record("c", 0, "c"), record("a", 0, "a"), record("b", 0, "b"),
			}
			given := slices.Clone(recs)
			p.put(given...)
			p.expect(reflect.DeepEqual(given, recs), "they are %v, not %v", given, recs)
		},
	},
	{
		name: "arguments/deliveries",
		rule: "Enqueue leaves the deliveries it is given as they are, and in their order.",
		run: func(p *probe) {
			ds := []webhook.Delivery{
				delivery("c", line("y")), delivery("a", line("x"), in(webhook.Failed)),
				delivery("b", due(-5)), delivery("a"),
			}
			inZone(&ds[1], time.FixedZone("IST", 5*3600+1800))
			given := slices.Clone(ds)
			p.enqueue(given...)
			for i := range ds {
				p.expect(given[i].ID == ds[i].ID,
					"at place %d is %s, not %s", i, given[i].ID, ds[i].ID)
				p.expect(reflect.DeepEqual(given[i], ds[i]),
					"%s is %+v, not %+v", ds[i].ID, given[i], ds[i])
			}
		},
	},
	{
		name: "arguments/changes",
		rule: "Update leaves the changes it is given as they are, and in their order, " +
			"and their attempts.",
		run: func(p *probe) {
			p.add(delivery("c"), delivery("a"), delivery("b"))
			var cs, given []webhook.Change
			for _, id := range []string{"c", "gone", "a", "b", "a"} {
				c := changeOf(delivery(id), to(webhook.Failed))
				a, b := response(id, 1), response(id, 1)
				c.Attempt = &a
				cs = append(cs, c)
				c.Attempt = &b
				given = append(given, c)
			}
			p.update(given...)
			for i := range cs {
				p.expect(reflect.DeepEqual(given[i], cs[i]),
					"at place %d is %+v, not %+v", i, given[i], cs[i])
			}
		},
	},
	{
		name: "arguments/queries",
		rule: "Claim and Deliveries leave the lists they are given as they are, " +
			"and in their order.",
		run: func(p *probe) {
			p.add(delivery("a"))
			skip := []string{"w3", "w1", "w2", "w1"}
			given := slices.Clone(skip)
			p.claim(0, 1, given...)
			p.expect(slices.Equal(given, skip), "Skip is %q, not %q", given, skip)
			states := []webhook.State{webhook.Pending, webhook.Delivered, webhook.Canceled}
			asked := slices.Clone(states)
			p.list(webhook.DeliveryQuery{States: asked})
			p.expect(slices.Equal(asked, states), "States is %q, not %q", asked, states)
		},
	},
}
