package storetest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

var readFaults = []fault{
	{"forget the header of attempts", logging(func(as []webhook.Attempt) []webhook.Attempt {
		for i := range as {
			as[i].Header = http.Header{}
		}
		return as
	}), "attempts/fields"},
	{"return attempts newest first", logging(func(as []webhook.Attempt) []webhook.Attempt {
		slices.Reverse(as)
		return as
	}), "attempts/order"},
	{"take attempts without a delivery for an error", func(b *broken) {
		b.attempts = func(ctx context.Context, id string) ([]webhook.Attempt, error) {
			as, err := b.MemoryStore.Attempts(ctx, id)
			if len(as) == 0 {
				return nil, webhook.ErrNotFound
			}
			return as, err
		}
	}, "attempts/none"},
	{"keep headers as Latin-1", logging(func(as []webhook.Attempt) []webhook.Attempt {
		for i := range as {
			for _, values := range as[i].Header {
				for j, v := range values {
					values[j] = strings.Map(func(r rune) rune {
						if r > 0xff {
							return '?'
						}
						return r
					}, v)
				}
			}
		}
		return as
	}), "attempts/bytes"},
	{"keep no more attempts than fit into a packet", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			size := 0
			for _, c := range cs {
				size += len(c.Attempt.Header.Get("X"))
			}
			if size > 16<<20 {
				return nil, errPacket
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "attempts/large"},
	{"share attempts", func(b *broken) {
		var kept []webhook.Attempt
		changing(func(c *webhook.Change, _ webhook.Delivery) { kept = append(kept, *c.Attempt) })(b)
		b.attempts = func(context.Context, string) ([]webhook.Attempt, error) { return kept, nil }
	}, "attempts/ownership"},
	{"list oldest first", listing(func(_ *broken, _ webhook.DeliveryQuery, ds []webhook.Delivery) []webhook.Delivery {
		slices.Reverse(ds)
		return ds
	}), "deliveries/order"},
	{"list in the order of arrival", func(b *broken) {
		var arrived []string
		enqueueing(func(d *webhook.Delivery) { arrived = append(arrived, d.ID) })(b)
		listing(func(_ *broken, _ webhook.DeliveryQuery, ds []webhook.Delivery) []webhook.Delivery {
			slices.SortFunc(ds, func(x, y webhook.Delivery) int {
				return slices.Index(arrived, y.ID) - slices.Index(arrived, x.ID)
			})
			return ds
		})(b)
	}, "deliveries/order"},
	{"list those of the same Created by their state",
		listing(func(_ *broken, _ webhook.DeliveryQuery, ds []webhook.Delivery) []webhook.Delivery {
			slices.SortStableFunc(ds, func(x, y webhook.Delivery) int {
				if c := y.Created.Compare(x.Created); c != 0 {
					return c
				}
				return int(x.Fence - y.Fence)
			})
			return ds
		}), "deliveries/ties"},
	{"take Until as included", asking(func(q *webhook.DeliveryQuery) {
		if !q.Until.IsZero() {
			q.Until = q.Until.Add(time.Millisecond)
		}
	}), "deliveries/filters"},
	{"ignore the tenant", asking(func(q *webhook.DeliveryQuery) { q.Tenant = "" }), "deliveries/filters"},
	{"look for a tenant without case", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			tenant := q.Tenant
			q.Tenant = ""
			ds, err := b.MemoryStore.Deliveries(ctx, q)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool {
				return tenant != "" && !strings.EqualFold(d.Tenant, tenant)
			}), err
		}
	}, "deliveries/names"},
	{"list by the state it was enqueued in", func(b *broken) {
		first := map[string]webhook.State{}
		enqueueing(func(d *webhook.Delivery) { first[d.ID] = d.State })(b)
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			states := q.States
			q.States = nil
			ds, err := b.MemoryStore.Deliveries(ctx, q)
			return slices.DeleteFunc(ds, func(d webhook.Delivery) bool {
				return !slices.Contains(states, first[d.ID])
			}), err
		}
	}, "deliveries/state"},
	{"list without a bound", asking(func(q *webhook.DeliveryQuery) {
		if q.Limit == 0 {
			q.Limit = 1000
		}
	}), "deliveries/limit"},
	{"begin every page anew", asking(func(q *webhook.DeliveryQuery) { q.After = "" }), "deliveries/after"},
	{"go on behind the Created of the last page", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			if q.After != "" {
				q.Until, q.After = b.stored(q.After).Created, ""
			}
			return b.MemoryStore.Deliveries(ctx, q)
		}
	}, "deliveries/after"},
	{"begin pages of some states anew", asking(func(q *webhook.DeliveryQuery) {
		if len(q.States) > 0 {
			q.After = ""
		}
	}), "deliveries/pages"},
	{"find no page behind what does not match", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			if d := b.stored(q.After); q.After != "" && !q.Match(&d) {
				return nil, nil
			}
			return b.MemoryStore.Deliveries(ctx, q)
		}
	}, "deliveries/behind one that does not match"},
	{"take an unknown After for the end", func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Deliveries(ctx, q)
			if errors.Is(err, webhook.ErrNotFound) {
				return nil, nil
			}
			return ds, err
		}
	}, "deliveries/after one that is gone"},
	{"list without bodies", listing(func(_ *broken, _ webhook.DeliveryQuery, ds []webhook.Delivery) []webhook.Delivery {
		for i := range ds {
			ds[i].Body = nil
		}
		return ds
	}), "deliveries/fields"},
}

var timeFaults = []fault{
	{"return times as they were given", logging(func(as []webhook.Attempt) []webhook.Attempt {
		for i := range as {
			as[i].Time = as[i].Time.In(time.FixedZone("IST", 5*3600+1800))
		}
		return as
	}), "time/zone"},
	{"take a time for one of UTC", enqueueing(func(d *webhook.Delivery) {
		t := d.Due
		d.Due = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}), "time/zone of a claim"},
	{"return the claimer's zone", claimed(func(ds []webhook.Delivery) []webhook.Delivery {
		for i := range ds {
			ds[i].LeaseUntil = ds[i].LeaseUntil.In(time.FixedZone("east", 10*3600))
		}
		return ds
	}), "time/zone of a claim"},
	{"keep milliseconds", reading(func(d *webhook.Delivery) {
		d.Created = d.Created.Truncate(time.Millisecond)
	}), "time/precision"},
	{"round to the next microsecond", reading(func(d *webhook.Delivery) {
		d.Finished = d.Finished.Round(time.Microsecond)
	}), "time/precision"},
	{"compare milliseconds", enqueueing(func(d *webhook.Delivery) {
		d.Due = d.Due.Truncate(time.Millisecond)
	}), "time/microseconds"},
	{"keep seconds in 32 bits", enqueueing(func(d *webhook.Delivery) {
		d.Since = time.Unix(int64(int32(d.Since.Unix())), int64(d.Since.Nanosecond()))
	}), "time/years"},
	{"round a Due up", enqueueing(func(d *webhook.Delivery) {
		d.Due = d.Due.Add(time.Microsecond - 1).Truncate(time.Microsecond)
	}), "time/finer"},
}

var contextFaults = []fault{
	{"claim for nobody", func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			return b.MemoryStore.Claim(context.WithoutCancel(ctx), c)
		}
	}, "context/ended"},
	{"count for nobody", func(b *broken) {
		b.count = func(ctx context.Context, name string) (webhook.Counts, error) {
			return b.MemoryStore.Count(context.WithoutCancel(ctx), name)
		}
	}, "context/ended"},
	{"hide that the deadline passed", func(b *broken) {
		b.delivery = func(ctx context.Context, id string) (*webhook.Delivery, error) {
			d, err := b.MemoryStore.Delivery(ctx, id)
			if errors.Is(err, context.DeadlineExceeded) {
				err = errors.New("interrupted")
			}
			return d, err
		}
	}, "context/deadline"},
	{"enqueue in halves", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			first, err := b.MemoryStore.Enqueue(context.WithoutCancel(ctx), ds[:len(ds)/2])
			if err != nil {
				return nil, err
			}
			<-ctx.Done()
			second, err := b.MemoryStore.Enqueue(ctx, ds[len(ds)/2:])
			return append(first, second...), err
		}
	}, "context/enqueue"},
	{"keep the attempt behind the change", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			for _, c := range cs {
				c.Attempt = nil
				if _, err := b.MemoryStore.Update(context.WithoutCancel(ctx), []webhook.Change{c}); err != nil {
					return nil, err
				}
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}, "context/update"},
}
