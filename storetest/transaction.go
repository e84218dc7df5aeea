package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/docevent/webhook"
)

// A Beginner is a [webhook.Transactor] that begins a transaction of the host's,
// for the checks of that power. A store need not have the method: its test hands
// Run a type that embeds the store and adds it. While a transaction is open, the
// store's other calls must be able to read.
type Beginner interface {
	webhook.Transactor

	// Begin begins a transaction that lasts until its Commit or Rollback.
	Begin(ctx context.Context) (*Transaction, error)
}

// A Transaction is one that a Beginner began, and is used by one goroutine.
type Transaction struct {
	Context          context.Context // carries the transaction to the store
	Commit, Rollback func() error    // end it; one of them is called, once
}

var transactionChecks = []check{
	{
		name: "transaction/carried", power: has[Beginner],
		rule: "InTransaction reports whether the context carries a transaction.",
		run: func(p *probe) {
			tx := p.begin()
			b := p.store.(Beginner)
			inside, outside := b.InTransaction(tx.Context), b.InTransaction(p.ctx)
			p.ok("Rollback", tx.Rollback())
			p.expect(inside, "with one it is false")
			p.expect(!outside, "without one it is true")
		},
	},
	{
		name: "transaction/commit", power: has[Beginner],
		rule: "What is enqueued in a transaction is seen by others after its commit, " +
			"and not before.",
		run: func(p *probe) {
			tx := p.begin()
			p.within(tx).add(delivery("a"), delivery("b", line("x")))
			p.lists(webhook.DeliveryQuery{}, "")
			p.ok("Commit", tx.Commit())
			p.expect(len(p.claim(0, 10)) == 2, "not both are offered after the commit")
		},
	},
	{
		name: "transaction/rollback", power: has[Beginner],
		rule: "What is enqueued in a transaction is gone when it is rolled back; " +
			"its IDs are new again.",
		run: func(p *probe) {
			tx := p.begin()
			p.within(tx).add(delivery("a"), delivery("b", line("x")))
			p.ok("Rollback", tx.Rollback())
			p.lists(webhook.DeliveryQuery{}, "")
			p.offers(10, 10)
			p.add(delivery("a"), delivery("b", line("x")))
			p.offers(10, 10, "a", "b")
		},
	},
	{
		name: "transaction/duplicate", power: has[Beginner],
		rule: "An ID that is stored already is reported as not new in a transaction too, " +
			"and the transaction goes on.",
		run: func(p *probe) {
			p.add(delivery("a", of("first")))
			tx := p.begin()
			in := p.within(tx)
			for _, ds := range [][]webhook.Delivery{
				{delivery("a", of("second")), delivery("b")},
				{delivery("b"), delivery("a"), delivery("c"), delivery("c")},
			} {
				fresh := fmt.Sprint(in.enqueue(ds...))
				p.expect(fresh == "[false true]" || fresh == "[false false true false]",
					"fresh is %s", fresh)
			}
			p.ok("Commit", tx.Commit())
			p.get("b")
			p.get("c")
			p.expect(p.get("a").Webhook == "first", "the stored one was changed")
		},
	},
	{
		name: "transaction/webhooks", power: has[Beginner],
		rule: "Webhooks answers in a transaction as it does outside of one.",
		run: func(p *probe) {
			p.put(record("orders", 0, "data"))
			tx := p.begin()
			in := p.within(tx)
			recs, rev := in.records(webhook.Revision{})
			p.expect(string(recs["orders"].Data) == "data", "the record is not there")
			recs, again := in.records(rev)
			p.expect(len(recs) == 0 && again.N == rev.N, "unchanged records are read again")
			p.ok("Rollback", tx.Rollback())
		},
	},
	{
		name: "transaction/lines", power: has[Beginner],
		rule: "Deliveries enqueued in transactions are numbered in their line: " +
			"the first to commit comes first.",
		run: func(p *probe) {
			for i := range 3 {
				tx := p.begin()
				p.within(tx).add(delivery(fmt.Sprint("a", i), line("x"), due(9-i)))
				p.within(tx).add(delivery(fmt.Sprint("b", i), line("x"), due(-i)))
				p.ok("Commit", tx.Commit())
			}
			for _, id := range []string{"a0", "b0", "a1", "b1", "a2", "b2"} {
				p.offers(10, 10, id)
				p.change(id, to(webhook.Delivered))
			}
		},
	},
	{
		name: "transaction/line open", power: has[Beginner],
		rule: "What is enqueued into a line beside an open transaction that did so too comes " +
			"before what is in it, or waits for it: none is claimed before one with a lower Seq.",
		run: func(p *probe) {
			for round := range 5 {
				name := line(fmt.Sprint("line ", round))
				tx := p.begin()
				p.within(tx).add(delivery(fmt.Sprint("in ", round), name))
				var early []webhook.Delivery
				p.together(2, func(i int) {
					if i == 0 {
						time.Sleep(20 * time.Millisecond)
						p.ok("Commit", tx.Commit())
						return
					}
					p.add(delivery(fmt.Sprint("beside ", round), name))
					early = p.claim(0, 10)
				})
				var last int64
				for len(early) > 0 {
					for _, d := range early {
						p.expect(d.Seq > last,
							"%s, with the Seq %d, was claimed after %d", d.ID, d.Seq, last)
						last = d.Seq
						p.ok("Update", p.update(changeOf(d, to(webhook.Delivered)))[0])
					}
					early = p.claim(0, 10)
				}
				p.expect(p.get(fmt.Sprint("in ", round)).State == webhook.Delivered &&
					p.get(fmt.Sprint("beside ", round)).State == webhook.Delivered,
					"not both were offered")
			}
		},
	},
	{
		name: "transaction/same id", power: has[Beginner],
		rule: "An ID that is enqueued beside an open transaction which is then rolled back is " +
			"new, and stored once.",
		run: func(p *probe) {
			for round := range 3 {
				id := fmt.Sprint("a", round)
				tx := p.begin()
				p.within(tx).add(delivery(id, of("in it")))
				p.together(2, func(i int) {
					if i == 0 {
						time.Sleep(20 * time.Millisecond)
						p.ok("Rollback", tx.Rollback())
						return
					}
					p.add(delivery(id, of("beside it")))
				})
				p.expect(p.get(id).Webhook == "beside it", "the one that was rolled back is stored")
				p.offers(100*round, 1, id)
				p.change(id, to(webhook.Delivered))
			}
		},
	},
}

func (p *probe) begin() *Transaction {
	tx, err := p.store.(Beginner).Begin(p.ctx)
	p.ok("Begin", err)
	return tx
}

// within returns a probe that asks in a transaction.
func (p *probe) within(tx *Transaction) *probe { return &probe{ctx: tx.Context, store: p.store} }
