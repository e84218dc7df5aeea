package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

// A probe asks a store and ends its check by a panic with a violation.
type probe struct {
	ctx   context.Context
	store webhook.Store
}

// A violation says how a store broke a rule.
type violation struct{ text string }

func (v violation) Error() string { return v.text }

// expect ends the check unless ok.
func (p *probe) expect(ok bool, format string, args ...any) {
	if !ok {
		panic(violation{fmt.Sprintf(format, args...)})
	}
}

// ok ends the check if a call failed.
func (p *probe) ok(call string, err error) { p.expect(err == nil, "%s: %v", call, err) }

// is ends the check unless a call failed with want.
func (p *probe) is(call string, err, want error) {
	p.expect(errors.Is(err, want), "%s: error is %v, not %v", call, err, want)
}

// start is a time long past, of whole milliseconds.
var start = time.Date(2001, 2, 3, 4, 5, 6, 789e6, time.UTC)

// at returns a time some seconds after start.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// delivery returns a pending one, due at start.
func delivery(id string, change ...func(*webhook.Delivery)) webhook.Delivery {
	d := webhook.Delivery{
		ID: id, EventID: "evt_" + id, Type: webhook.OnUpdate, Webhook: "orders",
		DocType: "Sales Order", DocName: "SO-" + id, Method: "POST",
		Body: []byte(`{"id":"` + id + `"}`), ContentType: "application/json",
		Created: start, Version: webhook.DeliveryVersion,
		State: webhook.Pending, Due: start, Since: start,
	}
	for _, f := range change {
		f(&d)
	}
	return d
}

// Changes of a delivery before it is stored.
func due(seconds int) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.Due = at(seconds) }
}

func created(seconds int) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.Created = at(seconds) }
}

func of(name string) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.Webhook = name }
}

func in(s webhook.State) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.State = s }
}

func finished(s webhook.State, seconds int) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.State, d.Finished = s, at(seconds) }
}

func line(name string) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.Line, d.Since = name, time.Time{} }
}

// add enqueues deliveries that are all new.
func (p *probe) add(ds ...webhook.Delivery) {
	for i, fresh := range p.enqueue(ds...) {
		p.expect(fresh, "Enqueue: the new delivery %s is reported as a duplicate", ds[i].ID)
	}
}

func (p *probe) enqueue(ds ...webhook.Delivery) []bool {
	fresh, err := p.store.Enqueue(p.ctx, ds)
	p.ok("Enqueue", err)
	p.expect(len(fresh) == len(ds), "Enqueue: %d results for %d deliveries", len(fresh), len(ds))
	return fresh
}

// claim claims at a time for a minute.
func (p *probe) claim(seconds, limit int, skip ...string) []webhook.Delivery {
	ds, err := p.store.Claim(p.ctx, webhook.Claim{
		Now: at(seconds), Lease: time.Minute, Owner: "prober", Limit: limit, Skip: skip,
	})
	p.ok("Claim", err)
	p.expect(len(ds) <= limit, "Claim: %d deliveries, and the limit is %d", len(ds), limit)
	return ds
}

// offers ends the check unless a claim gets exactly these, in this order.
func (p *probe) offers(seconds, limit int, want ...string) []webhook.Delivery {
	ds := p.claim(seconds, limit)
	p.expect(strings.Join(ids(ds), " ") == strings.Join(want, " "),
		"Claim %d seconds after the start got %q, not %q", seconds, ids(ds), want)
	return ds
}

func ids(ds []webhook.Delivery) []string {
	names := make([]string, len(ds))
	for i := range ds {
		names[i] = ds[i].ID
	}
	return names
}

func (p *probe) get(id string) webhook.Delivery {
	d, err := p.store.Delivery(p.ctx, id)
	p.ok("Delivery "+id, err)
	p.expect(d != nil, "Delivery %s: neither a delivery nor an error", id)
	return *d
}

// update applies changes and returns their results.
func (p *probe) update(cs ...webhook.Change) []error {
	errs, err := p.store.Update(p.ctx, cs)
	p.ok("Update", err)
	p.expect(len(errs) == len(cs), "Update: %d results for %d changes", len(errs), len(cs))
	return errs
}

// change stores a delivery as it stands after f, which must succeed.
func (p *probe) change(id string, f func(*webhook.Change)) {
	p.ok("Update "+id, p.update(changeOf(p.get(id), f))[0])
}

// changeOf returns the change that gives a delivery's lease back, and what f
// makes of it.
func changeOf(d webhook.Delivery, f func(*webhook.Change)) webhook.Change {
	c := webhook.Change{
		ID: d.ID, Fence: d.Fence, State: d.State, Reason: d.Reason, Attempts: d.Attempts,
		Tries: d.Tries, Due: d.Due, Since: d.Since, PausedAt: d.PausedAt, Finished: d.Finished,
	}
	if f != nil {
		f(&c)
	}
	return c
}

// to finishes a delivery.
func to(s webhook.State) func(*webhook.Change) {
	return func(c *webhook.Change) { c.State, c.Finished = s, at(1) }
}

// same ends the check unless two deliveries have the same fields. Without a line
// Seq says nothing.
func (p *probe) same(got, want webhook.Delivery) {
	if want.Line == "" {
		got.Seq = want.Seq
	}
	p.alike("delivery "+want.ID, reflect.ValueOf(got), reflect.ValueOf(want))
}

// alike compares structs field by field: times by Equal, the others exactly.
func (p *probe) alike(what string, got, want reflect.Value) {
	for i := range want.NumField() {
		g, w := got.Field(i).Interface(), want.Field(i).Interface()
		same := reflect.DeepEqual(g, w)
		switch w := w.(type) {
		case time.Time:
			same = g.(time.Time).Equal(w)
		case []byte:
			same = bytes.Equal(g.([]byte), w) && (g.([]byte) == nil) == (w == nil)
		}
		p.expect(same, "%s: %s is %#v, not %#v", what, want.Type().Field(i).Name, g, w)
	}
}

// together runs f from n goroutines at once, and passes on the first violation.
func (p *probe) together(n int, f func(i int)) {
	var group sync.WaitGroup
	broken := make(chan any, n)
	for i := range n {
		group.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					broken <- v
				}
			}()
			f(i)
		})
	}
	group.Wait()
	if len(broken) > 0 {
		panic(<-broken)
	}
}
