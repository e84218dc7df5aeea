package storetest

import (
	"fmt"
	"sync"

	"github.com/docevent/webhook"
)

var lineChecks = []check{
	{
		name: "line/seq",
		rule: "A delivery with a Line gets a Seq above that of all deliveries of its line, " +
			"in the order of ds.",
		run: func(p *probe) {
			p.add(delivery("a", line("x")), delivery("y", line("y")),
				delivery("b", line("x"), due(-9)))
			p.enqueue(delivery("a", line("x")), delivery("c", line("x"), created(-9)))
			p.change("c", to(webhook.Canceled))
			p.add(delivery("d", line("x")))
			last := p.get("a").Seq
			p.expect(last > 0, "the first Seq of a line is %d", last)
			for _, id := range []string{"b", "c", "d"} {
				seq := p.get(id).Seq
				p.expect(seq > last, "the Seq of %s is %d, after %d", id, seq, last)
				last = seq
			}
		},
	},
	{
		name: "line/head",
		rule: "Of one line Claim offers only the delivery with the lowest Seq, " +
			"whatever is due longer; other lines and deliveries without one are not held up.",
		run: func(p *probe) {
			p.add(delivery("a", line("x"), due(5)), delivery("b", line("x"), due(1)),
				delivery("c", line("y"), due(6)), delivery("d", due(7)), delivery("e", due(8)))
			p.offers(10, 10, "a", "c", "d", "e")
			p.offers(11, 10)
		},
	},
	{
		name: "line/not due",
		rule: "While the first of a line waits for its Due or is leased, " +
			"the others are not offered.",
		run: func(p *probe) {
			p.add(delivery("a", line("x"), due(50)), delivery("b", line("x")))
			p.offers(10, 10)
			p.offers(50, 10, "a")
			p.offers(51, 10)
			p.offers(110, 10, "a")
		},
	},
	{
		name: "line/next",
		rule: "When the first of a line is Delivered or Canceled the next is first.",
		run: func(p *probe) {
			p.add(delivery("a", line("x")), delivery("b", line("x")), delivery("c", line("x")),
				delivery("d", line("x")))
			p.offers(0, 10, "a")
			p.change("a", to(webhook.Delivered))
			p.change("c", to(webhook.Canceled))
			p.offers(1, 10, "b")
			p.change("b", to(webhook.Canceled))
			p.offers(2, 10, "d")
		},
	},
	{
		name: "line/stopped",
		rule: "A first delivery that is Failed, Exhausted or Paused stops its line until it is " +
			"Delivered, Canceled or Pending again.",
		run: func(p *probe) {
			for _, s := range []webhook.State{webhook.Failed, webhook.Exhausted, webhook.Paused} {
				a, b := "a "+string(s), "b "+string(s)
				p.add(delivery(a, line(string(s))), delivery(b, line(string(s))))
				p.change(a, to(s))
				p.offers(10, 10)
				p.change(a, func(c *webhook.Change) { c.State = webhook.Pending })
				p.offers(10, 10, a)
				p.change(a, to(s))
				p.offers(20, 10)
				p.change(a, to(webhook.Canceled))
				p.offers(20, 10, b)
				p.change(b, to(webhook.Delivered))
			}
		},
	},
	{
		name: "line/enqueued finished",
		rule: "A delivery enqueued as Paused or Failed stops its line, " +
			"and one enqueued as Delivered does not.",
		run: func(p *probe) {
			p.add(delivery("a", line("x"), in(webhook.Paused)), delivery("b", line("x")))
			p.add(delivery("c", line("y"), in(webhook.Failed)), delivery("d", line("y")))
			p.add(delivery("e", line("z"), in(webhook.Delivered)), delivery("f", line("z")))
			p.offers(10, 10, "f")
		},
	},
	{
		name: "line/resent",
		rule: "A delivery that is Pending again comes before those of its line with a higher " +
			"Seq, also when one of them is in flight.",
		run: func(p *probe) {
			p.add(delivery("a", line("x")), delivery("b", line("x")), delivery("c", line("x")))
			p.change("a", to(webhook.Delivered))
			held := p.offers(0, 10, "b")[0]
			p.change("a", func(c *webhook.Change) { c.State, c.Due = webhook.Pending, at(5) })
			p.offers(4, 10)
			p.offers(5, 10, "a")
			p.ok("Update", p.update(changeOf(held, nil))[0])
			p.offers(6, 10)
			p.change("a", to(webhook.Delivered))
			p.offers(7, 10, "b")
		},
	},
	{
		name: "line/leased",
		rule: "A delivery of a line that is enqueued already leased stops its line until " +
			"it is Delivered.",
		run: func(p *probe) {
			d := delivery("a", line("x"), func(d *webhook.Delivery) {
				d.Owner, d.LeaseUntil, d.Fence = "sender", at(60), 1
			})
			p.add(d, delivery("b", line("x")))
			p.offers(10, 10)
			p.ok("Update", p.update(changeOf(p.get("a"), to(webhook.Delivered)))[0])
			p.offers(10, 10, "b")
		},
	},
	{
		name: "line/many waiting",
		rule: "However many deliveries wait for the first of their lines, " +
			"what is due behind them is offered, however little is asked for.",
		run: func(p *probe) {
			var ds []webhook.Delivery
			for i := range 100 {
				name := line(fmt.Sprint("line ", i))
				ds = append(ds, delivery(fmt.Sprint("first", i), name, due(50)),
					delivery(fmt.Sprint("second", i), name))
			}
			p.add(append(ds, delivery("a", due(5)))...)
			p.offers(10, 1, "a")
		},
	},
	{
		name: "line/long",
		rule: "Thousands of deliveries of a line in one call are numbered in their order.",
		run: func(p *probe) {
			p.add(delivery("d700", line("x")))
			ds := make([]webhook.Delivery, 1500)
			for i := range ds {
				ds[i] = delivery(fmt.Sprint("d", i), line("x"), due(-i))
			}
			p.enqueue(ds...)
			last := p.get("d700").Seq
			for i := range ds {
				if i == 700 {
					continue
				}
				seq := p.get(ds[i].ID).Seq
				p.expect(seq > last, "the Seq of %s is %d, after %d", ds[i].ID, seq, last)
				last = seq
			}
		},
	},
	{
		name: "line/names",
		rule: "Names of lines are compared byte for byte.",
		run: func(p *probe) {
			for _, name := range []string{"line", "LINE", "l\u00ecne", "line ", "lin"} {
				p.add(delivery("of "+name, line(name)))
			}
			p.expect(len(p.claim(10, 10)) == 5, "lines with other names are taken for one")
		},
	},
	{
		name: "line/numbers",
		rule: "Deliveries enqueued by many at once into one line get different numbers, " +
			"rising within a call.",
		run: func(p *probe) {
			const callers, calls = 6, 5
			p.together(callers, func(i int) {
				for n := range calls {
					p.add(delivery(fmt.Sprint(i, n, "a"), line("x")),
						delivery(fmt.Sprint(i, n, "b"), line("x")))
				}
			})
			seen := map[int64]string{}
			for i := range callers {
				var last int64
				for n := range calls {
					for _, id := range []string{fmt.Sprint(i, n, "a"), fmt.Sprint(i, n, "b")} {
						seq := p.get(id).Seq
						p.expect(seen[seq] == "",
							"%s and %s both have the number %d", id, seen[seq], seq)
						p.expect(seq > last, "%s has the number %d, after %d", id, seq, last)
						seen[seq], last = id, seq
					}
				}
			}
		},
	},
	{
		name: "line/version",
		rule: "A first delivery with a Version above DeliveryVersion is not offered, " +
			"and its line waits.",
		run: func(p *probe) {
			p.add(delivery("newer", line("x"), func(d *webhook.Delivery) {
				d.Version = webhook.DeliveryVersion + 1
			}),
				delivery("a", line("x")))
			p.offers(10, 10)
			p.change("newer", to(webhook.Delivered))
			p.offers(10, 10, "a")
		},
	},
	{
		name: "line/concurrent",
		rule: "However many claim and deliver at once, the deliveries of a line are claimed " +
			"one after the other, in order.",
		run: func(p *probe) {
			const lines, each = 5, 20
			var ds []webhook.Delivery
			for i := range lines * each {
				ds = append(ds, delivery(fmt.Sprint(i), line(fmt.Sprint("line ", i%lines))))
			}
			p.add(ds...)
			o := lineOrder{last: map[string]int64{}}
			p.together(8, func(int) {
				for range 100 * lines * each {
					if o.seen() == lines*each {
						return
					}
					for _, d := range p.claim(10, 3) {
						last, ok := o.note(d)
						p.expect(ok, "of %s the Seq %d was claimed after %d", d.Line, d.Seq, last)
						p.ok("Update", p.update(changeOf(d, to(webhook.Delivered)))[0])
					}
				}
			})
			p.expect(o.seen() == lines*each, "%d of %d were offered", o.seen(), lines*each)
		},
	},
}

// lineOrder notes in which order deliveries of lines are claimed.
type lineOrder struct {
	mu   sync.Mutex // guards the fields below
	last map[string]int64
	n    int
}

func (o *lineOrder) seen() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n
}

// note returns the Seq claimed before d, and whether d may follow it.
func (o *lineOrder) note(d webhook.Delivery) (int64, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.last[d.Line]
	o.last[d.Line] = d.Seq
	o.n++
	return last, d.Seq > last
}
