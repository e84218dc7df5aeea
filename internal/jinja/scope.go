package jinja

import (
	"context"
	"time"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

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
	// Doc is the document, Previous what it was before, nil if that is not known.
	// Any Go value will do; see package value.
	Doc, Previous any
	// DocType and Name stand in for doc.doctype and doc.name.
	DocType, Name string
	// Event is what templates read as event.
	Event Event
	// Now is what nowdate and its kin give, in Location. Defaults to the time of
	// the first call; a nil Location leaves the one of Now.
	Now      time.Time
	Location *time.Location
	// Timeout bounds one evaluation. Defaults to 100 ms.
	Timeout time.Duration
	// Missed, when not nil, is called for each field that is read although it is
	// missing, as the template spells it: "doc.totl". Not for those behind is
	// defined, is undefined and default.
	Missed func(path string)

	doc, previous cached
	tables        []table
	event         *value.Object
	run           run
}

// table is a list of the document, which for a struct has been copied.
type table struct {
	name string
	rows any
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

// noFields stands in for a document that is null.
var noFields any = map[string]any{}

// Document returns the document as the templates see it: null is one without
// fields.
func (s *Scope) Document() (any, error) {
	doc, err := s.doc.read(s.Doc)
	if doc == nil && err == nil {
		doc = noFields
	}
	return doc, err
}

// Before returns what the document was before, and whether that is known. Null is
// none.
func (s *Scope) Before() (before any, known bool, err error) {
	before, err = s.previous.read(s.Previous)
	return before, before != nil, err
}

// Field returns a field of the document, what stands in for one that is missing
// or None, or else Undefined.
func (s *Scope) Field(name string) (any, error) {
	doc, err := s.Document()
	if err != nil {
		return nil, err
	}
	for i := range s.tables {
		if s.tables[i].name == name {
			return s.tables[i].rows, nil
		}
	}
	f, ok, err := value.Get(doc, name)
	if _, isTable := f.([]any); isTable {
		s.tables = append(s.tables, table{name, f})
	}
	switch stand := s.StandIn(name); {
	case err != nil || f != nil:
		return f, err
	case stand != "":
		return stand, nil
	case ok:
		return nil, nil
	}
	return value.Undefined{}, nil
}

// StandIn returns what the event knows of a document that does not say itself.
func (s *Scope) StandIn(field string) string {
	switch field {
	case "name":
		return s.Name
	case "doctype":
		return s.DocType
	}
	return ""
}

// Clock returns what nowdate and its kin give.
func (s *Scope) Clock() time.Time {
	if s.Now.IsZero() {
		s.Now = time.Now()
	}
	if s.Location != nil {
		return s.Now.In(s.Location)
	}
	return s.Now
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

// rootNames are the names that every template has.
var rootNames = []string{"doc", "previous", "event"}

// root reads one of the rootNames, or $, which holds them.
func (s *Scope) root(name string) any {
	switch name {
	case "doc":
		return builtin.Must(s.Document())
	case "previous":
		before, _, err := s.Before()
		builtin.Check(err)
		return before
	case "$":
		return goData{s}
	}
	return s.eventValue()
}

// run is one evaluation.
type run struct {
	builtin.Run
	s        *Scope
	sink     Sink
	vars     []any
	scratch  value.Scratch
	captures int
	flow     flow
	here     *place // what is being evaluated, for errors
	done     bool   // it has ended well
}

// begin prepares the Scope's run of a template. The variables of the last one
// are forgotten.
func (s *Scope) begin(ctx context.Context, t *Template, sink Sink) (*run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &s.run
	r.Begin(ctx, s, t.env.Library, s.Timeout)
	r.Tolerant = t.tolerant
	r.s, r.sink, r.captures, r.flow, r.here, r.done = s, sink, 0, onward, nil, false
	if t.slots > 0 {
		if cap(r.vars) < t.slots {
			r.vars = make([]any, t.slots)
		}
		r.vars = r.vars[:t.slots]
		clear(r.vars)
	}
	return r, nil
}
