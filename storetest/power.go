package storetest

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

// has reports whether a store has an optional power, given as its interface.
func has[Power any](s webhook.Store) bool {
	_, ok := s.(Power)
	return ok
}

var pruneChecks = []check{
	{
		name: "prune/age", power: has[webhook.Pruner],
		rule: "Prune removes what was Delivered before one time and what Failed, " +
			"was Exhausted or Canceled before another, not at it; the zero time removes nothing.",
		run: func(p *probe) {
			states := []webhook.State{
				webhook.Delivered, webhook.Failed, webhook.Exhausted, webhook.Canceled,
			}
			for i, s := range states {
				for sec := range 3 {
					p.add(delivery(fmt.Sprintf("%s%d", s, sec), created(10*i+sec),
						finished(s, sec)))
				}
			}
			p.prune(webhook.Prune{Limit: 100}, 0)
			p.prune(webhook.Prune{Limit: 100, Delivered: at(1)}, 1)
			p.prune(webhook.Prune{Limit: 100, Delivered: at(1), Other: at(2)}, 6)
			p.lists(webhook.DeliveryQuery{}, "canceled2 exhausted2 failed2 delivered2 delivered1")
		},
	},
	{
		name: "prune/unfinished", power: has[webhook.Pruner],
		rule: "Prune never removes what is Pending or Paused, however old, " +
			"and whatever it once was.",
		run: func(p *probe) {
			p.add(delivery("a"), delivery("b", in(webhook.Paused)), delivery("c"))
			p.change("c", to(webhook.Failed))
			p.change("c", func(c *webhook.Change) {
				c.State, c.Finished = webhook.Pending, time.Time{}
			})
			p.prune(webhook.Prune{Limit: 100, Delivered: at(1000), Other: at(1000), Keep: 1}, 0)
		},
	},
	{
		name: "prune/version", power: has[webhook.Pruner],
		rule: "Prune leaves alone what has a Version above DeliveryVersion.",
		run: func(p *probe) {
			newer := func(d *webhook.Delivery) { d.Version = webhook.DeliveryVersion + 1 }
			p.add(delivery("newer", newer, finished(webhook.Delivered, 1)),
				delivery("a", finished(webhook.Delivered, 1)))
			p.prune(webhook.Prune{Limit: 100, Delivered: at(9), Other: at(9)}, 1)
			p.get("newer")
		},
	},
	{
		name: "prune/keep", power: has[webhook.Pruner],
		rule: "Prune keeps the newest Keep finished deliveries of each webhook at most, " +
			"by Created, whenever they were enqueued or finished; 0 keeps all.",
		run: func(p *probe) {
			for _, i := range []int{3, 1, 4, 0, 2} {
				done, failed := finished(webhook.Delivered, 20-i), finished(webhook.Failed, 20-i)
				p.add(delivery(fmt.Sprint("a", i), created(i), of("orders"), done),
					delivery(fmt.Sprint("b", i), created(i), of("stock"), failed))
			}
			p.add(delivery("pending", created(9)))
			p.prune(webhook.Prune{Limit: 100, Keep: 5}, 0)
			p.prune(webhook.Prune{Limit: 100, Keep: 2}, 6)
			p.lists(webhook.DeliveryQuery{Webhook: "orders"}, "pending a4 a3")
			p.lists(webhook.DeliveryQuery{Webhook: "stock"}, "b4 b3")
		},
	},
	{
		name: "prune/keep what stays", power: has[webhook.Pruner],
		rule: "What stays because it stops its line, or has a newer Version, " +
			"stays beyond the newest Keep too, and counts among them.",
		run: func(p *probe) {
			newer := func(d *webhook.Delivery) { d.Version = webhook.DeliveryVersion + 1 }
			done := finished(webhook.Delivered, 1)
			p.add(delivery("a", created(1), line("x"), finished(webhook.Failed, 1)),
				delivery("b", created(2), done),
				delivery("c", created(3), newer, done), delivery("d", created(4), done),
				delivery("e", created(5), line("x"), finished(webhook.Exhausted, 1)),
				delivery("f", created(6), done),
				delivery("g", created(7), newer, done))
			p.prune(webhook.Prune{Limit: 100, Keep: 3}, 2)
			p.lists(webhook.DeliveryQuery{}, "g f e c a")
		},
	},
	{
		name: "prune/limit", power: has[webhook.Pruner],
		rule: "Prune removes at most Limit and returns how many it removed.",
		run: func(p *probe) {
			for i := range 10 {
				p.add(delivery(fmt.Sprint("d", i), created(i), finished(webhook.Delivered, 1)))
			}
			for _, want := range []int{4, 4, 2, 0} {
				p.prune(webhook.Prune{Limit: 4, Delivered: at(2)}, want)
			}
		},
	},
	{
		name: "prune/many", power: has[webhook.Pruner],
		rule: "Prune removes thousands in a call.",
		run: func(p *probe) {
			ds := make([]webhook.Delivery, 2500)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i), created(i), finished(webhook.Delivered, i))
			}
			p.add(ds...)
			p.prune(webhook.Prune{Limit: 5000, Delivered: at(1100)}, 1100)
			p.prune(webhook.Prune{Limit: 5000, Keep: 100}, 1300)
			p.expect(len(p.list(webhook.DeliveryQuery{Limit: 1000})) == 100,
				"100 are not what is left")
			p.get("d2400")
		},
	},
	{
		name: "prune/keep of the same time", power: has[webhook.Pruner],
		rule: "Of finished deliveries with the same Created, Prune keeps those that " +
			"Deliveries lists first.",
		run: func(p *probe) {
			for i := range 12 {
				p.add(delivery(fmt.Sprint(i*5%12), finished(webhook.Delivered, 12-i)))
			}
			all := ids(p.list(webhook.DeliveryQuery{}))
			p.prune(webhook.Prune{Limit: 100, Keep: 5}, 7)
			p.lists(webhook.DeliveryQuery{}, strings.Join(all[:5], " "))
		},
	},
	{
		name: "prune/limit of both", power: has[webhook.Pruner],
		rule: "Limit bounds what is removed for its age and what is beyond Keep together.",
		run: func(p *probe) {
			states := []webhook.State{webhook.Delivered, webhook.Failed, webhook.Canceled}
			for i := range 12 {
				p.add(delivery(fmt.Sprint("d", i), created(i), of(fmt.Sprint("w", i/6)),
					finished(states[i%3], i)))
			}
			// Six are too old, and of the other webhook's there are four too
			// many.
			for _, want := range []int{4, 4, 2, 0} {
				p.prune(webhook.Prune{Limit: 4, Delivered: at(6), Other: at(6), Keep: 2}, want)
			}
			p.lists(webhook.DeliveryQuery{}, "d11 d10")
		},
	},
	{
		name: "prune/line", power: has[webhook.Pruner],
		rule: "A Failed or Exhausted delivery that stops its line stays; " +
			"a Delivered one of a line goes.",
		run: func(p *probe) {
			p.add(delivery("a", line("x"), finished(webhook.Delivered, 1)),
				delivery("b", line("x"), finished(webhook.Failed, 1)),
				delivery("c", line("x")))
			p.prune(webhook.Prune{Limit: 10, Delivered: at(100), Other: at(100)}, 1)
			p.offers(10, 10)
			p.change("b", to(webhook.Canceled))
			p.prune(webhook.Prune{Limit: 10, Delivered: at(100), Other: at(100)}, 1)
			p.offers(10, 10, "c")
		},
	},
	{
		name: "prune/gone", power: has[webhook.Pruner],
		rule: "What was pruned is gone with its attempts: its ID is new again, " +
			"and changes of it get ErrNotFound.",
		run: func(p *probe) {
			p.add(delivery("a"))
			p.change("a", func(c *webhook.Change) {
				a := response("a", 1)
				c.State, c.Finished, c.Attempt = webhook.Delivered, at(1), &a
			})
			d := p.get("a")
			p.prune(webhook.Prune{Limit: 10, Delivered: at(2)}, 1)
			_, err := p.store.Delivery(p.ctx, "a")
			p.is("Delivery", err, webhook.ErrNotFound)
			p.is("Update", p.update(changeOf(d, nil))[0], webhook.ErrNotFound)
			_, err = p.store.Deliveries(p.ctx, webhook.DeliveryQuery{After: "a"})
			p.is("Deliveries after it", err, webhook.ErrNotFound)
			p.expect(len(p.attempts("a")) == 0, "its attempts are still there")
			p.add(delivery("a"))
			p.expect(len(p.attempts("a")) == 0, "its attempts came back with it")
			p.offers(0, 10, "a")
		},
	},
}

func (p *probe) prune(q webhook.Prune, want int) {
	n, err := p.store.(webhook.Pruner).Prune(p.ctx, q)
	p.ok("Prune", err)
	p.expect(n == want, "Prune %+v: %d removed, not %d", q, n, want)
}

var countChecks = []check{
	{
		name: "count/states", power: has[webhook.Counter],
		rule: "Count counts the deliveries by state, of one webhook, or of all for the empty name.",
		run: func(p *probe) {
			p.counts("", webhook.Counts{})
			p.add(delivery("a", due(5)), delivery("b", due(3)),
				delivery("c", in(webhook.Paused), due(1)),
				delivery("d", of("stock"), due(4)), delivery("e", of("stock"), in(webhook.Failed)))
			p.change("b", to(webhook.Delivered))
			p.counts("", webhook.Counts{OldestDue: at(4), ByState: map[webhook.State]int{
				webhook.Pending: 2, webhook.Paused: 1, webhook.Delivered: 1, webhook.Failed: 1}})
			p.counts("orders", webhook.Counts{OldestDue: at(5), ByState: map[webhook.State]int{
				webhook.Pending: 1, webhook.Paused: 1, webhook.Delivered: 1}})
			p.counts("unknown", webhook.Counts{})
		},
	},
	{
		name: "count/names", power: has[webhook.Counter],
		rule: "Count counts the deliveries and lines of the webhook that has its " +
			"name byte for byte.",
		run: func(p *probe) {
			for i, name := range []string{"ab", "aB", "\u00e4b", "ab ", "a", "a_"} {
				p.add(delivery(name, of(name), line("of "+name), due(i), in(webhook.Failed)),
					delivery("behind "+name, of(name), line("of "+name), due(i)))
			}
			for i, name := range []string{"ab", "aB", "\u00e4b", "ab ", "a", "a_"} {
				p.counts(name, webhook.Counts{
					OldestDue: at(i), Blocked: 1,
					ByState: map[webhook.State]int{webhook.Failed: 1, webhook.Pending: 1},
				})
			}
		},
	},
	{
		name: "count/oldest due", power: has[webhook.Counter],
		rule: "OldestDue is the earliest Due among the Pending, leased or not, " +
			"first in their line or not; zero if there is none.",
		run: func(p *probe) {
			p.add(delivery("a", line("x"), due(9)), delivery("b", line("x"), due(2)),
				delivery("c", due(1), of("stock")))
			c, _ := p.store.(webhook.Counter).Count(p.ctx, "orders")
			p.expect(c.OldestDue.Equal(at(2)),
				"OldestDue is %v, not that of the second in line", c.OldestDue)
			p.offers(1, 10, "c")
			c, _ = p.store.(webhook.Counter).Count(p.ctx, "")
			p.expect(c.OldestDue.Equal(at(1)),
				"OldestDue is %v, not that of the leased one", c.OldestDue)
		},
	},
	{
		name: "count/blocked", power: has[webhook.Counter],
		rule: "Blocked counts the lines whose first delivery is Failed or Exhausted.",
		run: func(p *probe) {
			for i, s := range []webhook.State{
				webhook.Failed, webhook.Exhausted, webhook.Paused, webhook.Delivered,
				webhook.Pending,
			} {
				for j := range 2 {
					p.add(delivery(fmt.Sprint(i, j), line(string(s))))
				}
				p.change(fmt.Sprint(i, 0), to(s))
			}
			p.add(delivery("p", line("pending first")),
				delivery("q", line("pending first"), in(webhook.Failed)))
			p.expect(p.count("orders").Blocked == 2 && p.count("").Blocked == 2,
				"Blocked is %d, not 2", p.count("").Blocked)
			p.change("0 0", to(webhook.Canceled))
			p.change("p", to(webhook.Delivered))
			p.expect(p.count("").Blocked == 2, "Blocked is %d, not 2", p.count("").Blocked)
			p.change("q", to(webhook.Canceled))
			p.expect(p.count("").Blocked == 1, "Blocked is %d, not 1", p.count("").Blocked)
		},
	},
}

func (p *probe) count(name string) webhook.Counts {
	c, err := p.store.(webhook.Counter).Count(p.ctx, name)
	p.ok("Count", err)
	for s, n := range c.ByState {
		if n == 0 {
			delete(c.ByState, s)
		}
	}
	return c
}

func (p *probe) counts(name string, want webhook.Counts) {
	c := p.count(name)
	p.expect(maps.Equal(c.ByState, want.ByState),
		"Count %q: ByState is %v, not %v", name, c.ByState, want.ByState)
	p.expect(c.OldestDue.Equal(want.OldestDue),
		"Count %q: OldestDue is %v, not %v", name, c.OldestDue, want.OldestDue)
	p.expect(c.Blocked == want.Blocked,
		"Count %q: Blocked is %d, not %d", name, c.Blocked, want.Blocked)
}

var notifyChecks = []check{
	{
		name: "notify/wake", power: has[webhook.Notifier],
		rule: "Notify calls wake after an Enqueue, and returns when ctx ends.",
		run: func(p *probe) {
			ctx, cancel := context.WithCancel(p.ctx)
			defer cancel()
			woken, returned := make(chan bool, 1), make(chan error, 1)
			go func() {
				returned <- p.store.(webhook.Notifier).Notify(ctx, func() {
					select {
					case woken <- true:
					default:
					}
				})
			}()
			p.wakes(woken, returned)
			cancel()
			select {
			case <-returned:
			case <-p.ctx.Done():
				p.expect(false, "Notify did not return")
			}
		},
	},
}

// wakes enqueues until Notify has woken: it may not have begun to listen.
func (p *probe) wakes(woken <-chan bool, returned <-chan error) {
	for i := 0; ; i++ {
		p.add(delivery(fmt.Sprint("d", i)))
		select {
		case <-woken:
			return
		case err := <-returned:
			p.expect(false, "Notify returned early: %v", err)
		case <-p.ctx.Done():
			p.expect(false, "Notify did not call wake")
		case <-time.After(100 * time.Millisecond):
		}
	}
}
