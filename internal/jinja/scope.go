package jinja

import (
	"context"
	"time"

	"github.com/docevent/webhook/internal/value"
)

// DefaultTimeout is how long one evaluation may take when its Scope does not
// say.
const DefaultTimeout = 100 * time.Millisecond

// An Event is what a template reads as event.
type Event struct {
	ID, Type, DocType, Name, User, Tenant string
	Time                                  time.Time
}

// A Scope is what templates and conditions see of one event. Build one per
// event and use it for every condition and body: it keeps the document once
// read, so its fields must not change after the first use. It belongs to one
// goroutine.
type Scope struct {
	// Doc is the document, Previous what it was before. Any Go value will do;
	// see package value.
	Doc, Previous any
	// HasPrevious says that there is a Previous.
	HasPrevious bool
	// DocType and Name stand in for doc.doctype and doc.name.
	DocType, Name string
	// Event is what templates read as event.
	Event Event
	// Now is what nowdate and its kin give, in Location. Defaults to the time of
	// the first call; a nil Location leaves the one of Now.
	Now      time.Time
	Location *time.Location
	// Timeout bounds one evaluation. Defaults to DefaultTimeout.
	Timeout time.Duration

	doc, previous cached
	event         *value.Object
	run           run
}

// cached is a value brought into the form of package value.
type cached struct {
	ready bool
	v     any
	err   error
}

func (c *cached) read(x any) (any, error) {
	if !c.ready {
		c.v, c.err = value.Of(x)
		c.ready = true
	}
	return c.v, c.err
}

func (s *Scope) document() (any, error) { return s.doc.read(s.Doc) }

func (s *Scope) before() (any, error) {
	if !s.HasPrevious {
		return nil, nil
	}
	return s.previous.read(s.Previous)
}

// eventValue is event as a map that prints as its type.
func (s *Scope) eventValue() any {
	if s.event == nil {
		e := &s.Event
		s.event = value.NewLabeled(e.Type,
			value.Entry{Key: "id", Value: e.ID}, value.Entry{Key: "type", Value: e.Type},
			value.Entry{Key: "doctype", Value: e.DocType}, value.Entry{Key: "name", Value: e.Name},
			value.Entry{Key: "user", Value: e.User}, value.Entry{Key: "tenant", Value: e.Tenant},
			value.Entry{Key: "time", Value: e.Time})
	}
	return s.event
}

func (s *Scope) now() time.Time {
	if s.Now.IsZero() {
		s.Now = time.Now()
	}
	if s.Location != nil {
		return s.Now.In(s.Location)
	}
	return s.Now
}

// run is one evaluation.
type run struct {
	s        *Scope
	env      *Env
	ctx      context.Context
	sink     Sink
	vars     []any
	steps    int
	checkAt  int
	started  time.Time
	captures int
	// noneOrders makes < and > with None false, not an error.
	noneOrders bool
}

// checkEvery is how many steps pass between two looks at the clock.
const checkEvery = 1000

// begin prepares the Scope's run of a template. The variables of the last one
// are forgotten.
func (s *Scope) begin(ctx context.Context, t *Template, sink Sink) (*run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &s.run
	r.s, r.env, r.ctx, r.sink, r.noneOrders = s, t.env, ctx, sink, t.noneOrders
	r.steps, r.checkAt, r.captures = 0, checkEvery, 0
	r.started = time.Time{}
	if t.slots > 0 {
		if cap(r.vars) < t.slots {
			r.vars = make([]any, t.slots)
		}
		r.vars = r.vars[:t.slots]
		clear(r.vars)
	}
	return r, nil
}

// tick counts n steps.
func (r *run) tick(n int) error {
	r.steps += n
	if r.steps < r.checkAt {
		return nil
	}
	return r.check()
}

// check looks at the limits. The clock runs from the first look, so that what
// is short never reads it.
func (r *run) check() error {
	r.checkAt = r.steps + checkEvery
	if r.steps > MaxSteps {
		return errSteps
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	if r.started.IsZero() {
		r.started = now
		return nil
	}
	timeout := r.s.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if now.Sub(r.started) > timeout {
		return errTimeout
	}
	return nil
}

// bytesPerStep and itemsPerStep are how much may be built at the price of one
// step, so that the steps bound the memory too.
const (
	bytesPerStep = 64
	itemsPerStep = 4
)

// grow refuses a text of n bytes that would be too long, before it is built.
func (r *run) grow(n int) error {
	if n > value.MaxText || n < 0 {
		return errText
	}
	return r.tick(n / bytesPerStep)
}

// growItems refuses a list of n elements that would be too long.
func (r *run) growItems(n int) error {
	if n > value.MaxItems || n < 0 {
		return errItems
	}
	return r.tick(1 + n/itemsPerStep)
}

// items walks v and counts the steps.
func (r *run) items(v any) ([]any, error) {
	if rng, ok := v.(value.Range); ok && rng.Len() > MaxRange {
		return nil, errRange
	}
	items, err := value.Items(v)
	if u, ok := v.(value.Undefined); ok && u.Method || err == value.ErrNotIterable {
		return nil, typeError("cannot walk over %s", v)
	}
	if err != nil {
		return nil, err
	}
	return items, r.tick(1 + len(items)/itemsPerStep)
}

// str is str(v), bounded.
func (r *run) str(v any) (string, error) {
	s, err := value.Str(v)
	if err != nil {
		return "", err
	}
	return s, r.grow(len(s))
}
