package storetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/docevent/webhook"
)

var contextChecks = []check{
	{
		name: "context/ended",
		rule: "A call whose context has ended does nothing and returns the context's error.",
		run: func(p *probe) {
			p.put(record("orders", 0, "a"))
			p.add(delivery("a"))
			a, records := p.get("a"), func() int {
				recs, _ := p.records(webhook.Revision{})
				return len(recs)
			}
			for _, c := range endedCalls(p.store, a) {
				ctx, cancel := context.WithCancel(p.ctx)
				cancel()
				p.is(c.name, c.call(ctx), context.Canceled)
				p.same(p.get("a"), a)
				p.expect(records() == 1, "%s changed the records", c.name)
				p.expect(len(p.attempts("a")) == 0, "%s kept an attempt", c.name)
				p.lists(webhook.DeliveryQuery{}, "a")
			}
		},
	},
	{
		name: "context/deadline",
		rule: "A call whose deadline has passed returns context.DeadlineExceeded.",
		run: func(p *probe) {
			for _, c := range endedCalls(p.store, delivery("a")) {
				ctx, cancel := context.WithDeadline(p.ctx, start)
				p.is(c.name, c.call(ctx), context.DeadlineExceeded)
				cancel()
			}
		},
	},
	{
		name: "context/enqueue",
		rule: "When its context ends during an Enqueue, all of its deliveries are stored or " +
			"none, and all if there is no error.",
		run: func(p *probe) {
			for round := range 12 {
				name := fmt.Sprint("w", round)
				ds := make([]webhook.Delivery, 50)
				for i := range ds {
					ds[i] = delivery(fmt.Sprint(round, "-", i), of(name))
				}
				ctx, cancel := context.WithCancel(p.ctx)
				time.AfterFunc(time.Duration(round*round)*20*time.Microsecond, cancel)
				_, err := p.store.Enqueue(ctx, ds)
				cancel()
				n := len(p.list(webhook.DeliveryQuery{Webhook: name}))
				p.expect(n == len(ds) || err != nil && n == 0,
					"%d of %d are stored, and the error is %v", n, len(ds), err)
			}
		},
	},
	{
		name: "context/update",
		rule: "When its context ends during an Update, each change is made with its " +
			"attempt or not at all.",
		run: func(p *probe) {
			for round := range 12 {
				id := fmt.Sprint(round)
				p.add(delivery(id))
				a := response(id, 1)
				c := changeOf(p.get(id), to(webhook.Delivered))
				c.Attempt = &a
				ctx, cancel := context.WithCancel(p.ctx)
				time.AfterFunc(time.Duration(round*round)*20*time.Microsecond, cancel)
				_, err := p.store.Update(ctx, []webhook.Change{c})
				cancel()
				var done, logged bool
				for range 100 { // the database may be about to commit, between two looks
					done, logged = p.get(id).State == webhook.Delivered, len(p.attempts(id)) == 1
					if done == logged {
						break
					}
				}
				p.expect(done == logged,
					"changed: %v, its attempt kept: %v, and the error is %v", done, logged, err)
				p.expect(done || err != nil, "nothing is changed, and there is no error")
			}
		},
	},
}

// An endedCall is a call that is made with a context that has ended.
type endedCall struct {
	name string
	call func(ctx context.Context) error
}

// endedCalls calls every method; a is a delivery to be changed.
func endedCalls(s webhook.Store, a webhook.Delivery) []endedCall {
	return slices.Concat(endedWrites(s, a), endedReads(s, a.ID), endedPowers(s))
}

func endedWrites(s webhook.Store, a webhook.Delivery) []endedCall {
	attempt := response(a.ID, 1)
	change := changeOf(a, to(webhook.Delivered))
	change.Attempt = &attempt
	return []endedCall{
		{"PutWebhooks", func(ctx context.Context) error {
			return s.PutWebhooks(ctx, record("new", 0, "x"))
		}},
		{"DeleteWebhook", func(ctx context.Context) error {
			return s.DeleteWebhook(ctx, "orders")
		}},
		{"Enqueue", func(ctx context.Context) error {
			_, err := s.Enqueue(ctx, []webhook.Delivery{delivery("b"), delivery("c")})
			return err
		}},
		{"Claim", func(ctx context.Context) error {
			_, err := s.Claim(ctx, webhook.Claim{
				Now: at(0), Lease: time.Minute, Owner: "o", Limit: 9,
			})
			return err
		}},
		{"Update", func(ctx context.Context) error {
			_, err := s.Update(ctx, []webhook.Change{change})
			return err
		}},
	}
}

func endedReads(s webhook.Store, id string) []endedCall {
	return []endedCall{
		{"Webhooks", func(ctx context.Context) error {
			_, _, err := s.Webhooks(ctx, webhook.Revision{})
			return err
		}},
		{"Delivery", func(ctx context.Context) error {
			_, err := s.Delivery(ctx, id)
			return err
		}},
		{"Deliveries", func(ctx context.Context) error {
			_, err := s.Deliveries(ctx, webhook.DeliveryQuery{})
			return err
		}},
		{"Attempts", func(ctx context.Context) error {
			_, err := s.Attempts(ctx, id)
			return err
		}},
	}
}

func endedPowers(s webhook.Store) (calls []endedCall) {
	if c, ok := s.(webhook.Counter); ok {
		calls = append(calls, endedCall{"Count", func(ctx context.Context) error {
			_, err := c.Count(ctx, "")
			return err
		}})
	}
	if pr, ok := s.(webhook.Pruner); ok {
		calls = append(calls, endedCall{"Prune", func(ctx context.Context) error {
			_, err := pr.Prune(ctx, webhook.Prune{Limit: 9, Delivered: at(9)})
			return err
		}})
	}
	return calls
}
