package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

var timeChecks = []check{
	{
		name: "time/zone",
		rule: "A time given in any zone comes back as the same instant in UTC.",
		run: func(p *probe) {
			zone := time.FixedZone("IST", 5*3600+1800)
			d, a := full("a"), response("a", 1)
			inZone(&d, zone)
			inZone(&a, zone)
			p.add(d)
			p.change("a", func(c *webhook.Change) { c.Due, c.Attempt = c.Due.In(zone), &a })
			for _, x := range []any{
				p.get("a"), p.list(webhook.DeliveryQuery{})[0], p.attempts("a")[0],
			} {
				eachTime(reflect.ValueOf(x), func(field string, t time.Time) {
					p.expect(t.Location() == time.UTC, "%s comes back in %v", field, t.Location())
				})
			}
			got := p.get("a")
			p.expect(got.Due.Equal(d.Due) && got.Created.Equal(d.Created),
				"Due and Created come back as %v and %v", got.Due, got.Created)
		},
	},
	{
		name: "time/zone of a claim",
		rule: "Claim compares instants, whatever their zone, and returns them in UTC.",
		run: func(p *probe) {
			p.add(delivery("a", due(10)), delivery("b", func(d *webhook.Delivery) {
				d.Due = at(10).In(time.FixedZone("west", -10*3600))
			}))
			claim := func(seconds int) []webhook.Delivery {
				now := at(seconds).In(time.FixedZone("east", 10*3600))
				ds, err := p.store.Claim(p.ctx, webhook.Claim{
					Now: now, Lease: time.Minute, Owner: "o", Limit: 9,
				})
				p.ok("Claim", err)
				return ds
			}
			p.expect(len(claim(9)) == 0, "offered before it is due")
			ds := claim(10)
			p.expect(len(ds) == 2, "%d of 2 are offered when due", len(ds))
			p.expect(ds[0].LeaseUntil.Location() == time.UTC,
				"LeaseUntil comes back in %v", ds[0].LeaseUntil.Location())
		},
	},
	{
		name: "time/precision",
		rule: "Times are kept to the microsecond at least; what is finer is kept or cut off, " +
			"never rounded up.",
		run: func(p *probe) {
			const odd = 123456789 * time.Nanosecond
			d, a := full("a"), response("a", 1)
			a.Duration = 1234567 * time.Microsecond
			for _, x := range []any{&d, &a} {
				shift(x, odd)
			}
			p.add(d)
			p.precise(p.get("a"), d)
			c := webhook.Change{
				ID: "a", Fence: d.Fence, State: webhook.Pending, Attempt: &a,
				Due: at(1).Add(odd), Since: at(2).Add(odd), PausedAt: at(3).Add(odd),
				Finished: at(4).Add(odd), LeaseUntil: at(5).Add(odd),
			}
			p.ok("Update", p.update(c)[0])
			c.Apply(&d)
			p.precise(p.get("a"), d)
			got := p.attempts("a")[0]
			p.precise(got, a)
			p.expect(got.Duration == a.Duration, "Duration is %v, not %v", got.Duration, a.Duration)
		},
	},
	{
		name: "time/microseconds",
		rule: "A microsecond tells due from not due, leased from not leased, " +
			"and one Created from another.",
		run: func(p *probe) {
			const us = time.Microsecond
			from := func(t time.Time) func(*webhook.Delivery) {
				return func(d *webhook.Delivery) { d.Due, d.Created = t, t }
			}
			p.add(delivery("a", from(start.Add(us))), delivery("b", from(start.Add(2*us))))
			p.lists(webhook.DeliveryQuery{}, "b a")
			p.lists(webhook.DeliveryQuery{Since: start.Add(2 * us)}, "b")
			p.lists(webhook.DeliveryQuery{Until: start.Add(2 * us)}, "a")
			claim := func(now time.Duration) int {
				ds, err := p.store.Claim(p.ctx, webhook.Claim{
					Now: start.Add(now), Lease: time.Second, Owner: "o", Limit: 1,
				})
				p.ok("Claim", err)
				return len(ds)
			}
			p.expect(claim(0) == 0, "offered a microsecond before it is due")
			p.expect(claim(us) == 1 && claim(us) == 0,
				"not offered when due, or offered with the other")
			p.expect(claim(2*us) == 1, "the other is not offered when due")
			p.expect(claim(time.Second) == 0, "offered a microsecond before its lease ends")
			p.expect(claim(time.Second+us) == 1, "not offered when its lease ends")
		},
	},
	{
		name: "time/finer",
		rule: "A claim whose Now is the Due, or the end of the lease, is offered it, " +
			"also where the store keeps less than both say.",
		run: func(p *probe) {
			for _, ns := range []time.Duration{1, 499, 500, 999, 1499, 1999} {
				id, now := ns.String(), start.Add(ns)
				p.add(delivery(id, func(d *webhook.Delivery) { d.Due = now }))
				for range 2 {
					ds, err := p.store.Claim(p.ctx, webhook.Claim{
						Now: now, Lease: time.Second, Owner: "o", Limit: 9,
					})
					p.ok("Claim", err)
					p.expect(len(ds) == 1,
						"%v after the microsecond, a delivery due then is not offered", ns)
					now = now.Add(time.Second)
				}
				p.change(id, to(webhook.Delivered))
			}
		},
	},
	{
		name: "time/years",
		rule: "Times from 1970 to 2261 are kept, compared and ordered alike.",
		run: func(p *probe) {
			var want []string
			for year := 1970; year <= 2261; year += 97 {
				id := fmt.Sprint("in ", year)
				want = append(want, id)
				then := time.Date(year, 12, 31, 23, 59, 59, 999999000, time.UTC)
				p.add(delivery(id, func(d *webhook.Delivery) {
					d.Created, d.Due, d.Since = then, then, then
				}))
				p.change(id, func(c *webhook.Change) { c.PausedAt, c.Finished = then, then })
				got := p.get(id)
				eachTime(reflect.ValueOf(got), func(field string, t time.Time) {
					p.expect(t.Equal(then) || field == "LeaseUntil",
						"%s is %v, not %v", field, t, then)
				})
				p.lists(webhook.DeliveryQuery{Since: then}, id)
				p.lists(webhook.DeliveryQuery{Until: then, Limit: 1},
					strings.Join(want[max(0, len(want)-2):len(want)-1], ""))
				ds, err := p.store.Claim(p.ctx, webhook.Claim{
					Now: then.Add(-time.Second), Lease: time.Millisecond, Owner: "o", Limit: 9,
				})
				p.ok("Claim", err)
				p.expect(strings.Join(ids(ds), " ") == strings.Join(want[:len(want)-1], " "),
					"before the end of %d, Claim got %q", year, ids(ds))
			}
		},
	},
}

// precise ends the check unless the times in got are those in want, or these
// cut off at the microsecond.
func (p *probe) precise(got, want any) {
	wants := map[string]time.Time{}
	eachTime(reflect.ValueOf(want), func(field string, t time.Time) { wants[field] = t })
	eachTime(reflect.ValueOf(got), func(field string, t time.Time) {
		w := wants[field]
		p.expect(!t.After(w) && !t.Before(w.Truncate(time.Microsecond)),
			"%s is %v, not %v", field, t, w)
	})
}

// eachTime calls f for the times of a struct.
func eachTime(v reflect.Value, f func(field string, t time.Time)) {
	for i := range v.NumField() {
		if t, ok := v.Field(i).Interface().(time.Time); ok {
			f(v.Type().Field(i).Name, t)
		}
	}
}

// shift adds to all times of the struct that x points to.
func shift(x any, by time.Duration) {
	setTimes(x, func(t time.Time) time.Time { return t.Add(by) })
}

// inZone puts all times of the struct that x points to into a zone.
func inZone(x any, zone *time.Location) {
	setTimes(x, func(t time.Time) time.Time { return t.In(zone) })
}

func setTimes(x any, to func(time.Time) time.Time) {
	v := reflect.ValueOf(x).Elem()
	for i := range v.NumField() {
		if t, ok := v.Field(i).Interface().(time.Time); ok {
			v.Field(i).Set(reflect.ValueOf(to(t)))
		}
	}
}
