package sqltest_test

import (
	"context"
	"time"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// elsewhere is a store seen from a machine whose clock is ahead of the server's.
//
// The process cannot set its clock, and the library has none in its API. So the
// server is moved instead: to this process its clock, and every time it keeps,
// is behind. That is the same difference, and a time that the library did not
// correct to the server's clock lands in the store too late by it.
type elsewhere struct {
	store *sqlstore.Store
	ahead time.Duration
}

// there returns a time of this process as the server has it, and here one of the
// server as this process sees it.
func (e *elsewhere) there(t time.Time) time.Time { return shift(t, e.ahead) }
func (e *elsewhere) here(t time.Time) time.Time  { return shift(t, -e.ahead) }

func shift(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(by)
}

func (e *elsewhere) delivery(d webhook.Delivery, to func(time.Time) time.Time) webhook.Delivery {
	for _, t := range []*time.Time{&d.Created, &d.Due, &d.Since, &d.PausedAt, &d.Finished, &d.LeaseUntil} {
		*t = to(*t)
	}
	return d
}

func (e *elsewhere) deliveries(ds []webhook.Delivery, to func(time.Time) time.Time) []webhook.Delivery {
	moved := make([]webhook.Delivery, len(ds))
	for i, d := range ds {
		moved[i] = e.delivery(d, to)
	}
	return moved
}

func (e *elsewhere) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	recs, rev, err := e.store.Webhooks(ctx, seen)
	rev.Now = e.here(rev.Now)
	return recs, rev, err
}

func (e *elsewhere) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	return e.store.PutWebhooks(ctx, recs...)
}

func (e *elsewhere) DeleteWebhook(ctx context.Context, name string) error {
	return e.store.DeleteWebhook(ctx, name)
}

func (e *elsewhere) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	return e.store.Enqueue(ctx, e.deliveries(ds, e.there))
}

func (e *elsewhere) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	c.Now = e.there(c.Now)
	ds, err := e.store.Claim(ctx, c)
	return e.deliveries(ds, e.here), err
}

func (e *elsewhere) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	moved := make([]webhook.Change, len(cs))
	for i, c := range cs {
		for _, t := range []*time.Time{&c.Due, &c.Since, &c.PausedAt, &c.Finished, &c.LeaseUntil} {
			*t = e.there(*t)
		}
		if c.Attempt != nil {
			a := *c.Attempt
			a.Time, a.Next = e.there(a.Time), e.there(a.Next)
			c.Attempt = &a
		}
		moved[i] = c
	}
	return e.store.Update(ctx, moved)
}

func (e *elsewhere) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	d, err := e.store.Delivery(ctx, id)
	if err != nil {
		return nil, err
	}
	moved := e.delivery(*d, e.here)
	return &moved, nil
}

func (e *elsewhere) Deliveries(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
	q.Since, q.Until = e.there(q.Since), e.there(q.Until)
	ds, err := e.store.Deliveries(ctx, q)
	return e.deliveries(ds, e.here), err
}

func (e *elsewhere) Attempts(ctx context.Context, id string) ([]webhook.Attempt, error) {
	return e.store.Attempts(ctx, id)
}

// InTransaction implements [webhook.Transactor].
func (e *elsewhere) InTransaction(ctx context.Context) bool { return e.store.InTransaction(ctx) }
