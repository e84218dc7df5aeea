// Package value holds the one rule for documents: a document is what
// encoding/json makes of it, field by field and lazily. Conditions, templates,
// rows and the envelope all read documents through this package, so that a
// field means the same everywhere.
//
// A value is an any of one of these kinds:
//
//   - nil, bool, string, time.Time
//   - int, int64, float64, json.Number, *big.Int
//   - map[string]any, *Object and *Record: mappings
//   - []any, Tuple, *List, Range, *View, *Group and *Generator: sequences
//   - Date, time.Duration, Undefined, Safe, Markup, JSON and Encoded
//
// [Of] brings any Go value into this form, one level deep; what lies below is
// brought into it when it is looked at. Nothing in this package calls a method
// of a document other than the marshalers that encoding/json and database/sql
// would call, and a panic in one of those becomes an error.
package value

import (
	"errors"
	"math"
	"math/big"
	"time"
)

// Bounds of what may be built from values.
const (
	// MaxDepth is how deep mappings and sequences may nest. Whatever goes
	// deeper, a cycle for one, is [ErrDepth].
	MaxDepth = 1000
	// MaxText is the longest text in bytes that an operation builds.
	MaxText = 1 << 20
	// MaxItems is the longest sequence that an operation builds.
	MaxItems = 100_000
	// maxBits is the widest integer that arithmetic gives.
	maxBits = 1 << 14
	// maxNodes is how many values one comparison or encoding visits.
	maxNodes = 4_000_000
)

var (
	// ErrDepth says that a value nests deeper than MaxDepth, or contains itself.
	ErrDepth = errors.New("value nests too deep or contains itself")
	// ErrTooLarge says that a text, list or number would grow beyond its bound.
	ErrTooLarge = errors.New("value grows too large")
)

// A Tuple is a sequence that a template wrote as (a, b).
type Tuple []any

// A List is a sequence that a template made. Unlike the lists of a document it
// can be changed.
type List struct{ Items []any }

// NewList returns a List of the items, which it owns from then on.
func NewList(items []any) *List { return &List{Items: items} }

// A View is what keys, values and items of a mapping give: a sequence that can
// be counted and walked, but not indexed.
type View struct {
	Name  string // as Python prints it: dict_keys
	Items []any
}

// A Group is one element of what the groupby filter gives: a pair whose halves
// also have names.
type Group struct {
	Grouper any
	List    any
}

// A Generator is a sequence that can be walked once and has no length.
type Generator struct {
	items []any
	err   error
}

// NewGenerator returns a Generator over items.
func NewGenerator(items []any) *Generator { return &Generator{items: items} }

// NewBroken returns a Generator that cannot be walked.
func NewBroken(err error) *Generator { return &Generator{err: err} }

// take returns what is left and leaves nothing.
func (g *Generator) take() ([]any, error) {
	items := g.items
	g.items = nil
	return items, g.err
}

// A Range is Python's range: a sequence of integers that is not stored.
type Range struct{ Start, Stop, Step int64 }

// Len returns how many integers the range has.
func (r Range) Len() int {
	switch {
	case r.Step > 0 && r.Start < r.Stop:
		return clampLen((uint64(r.Stop)-uint64(r.Start)-1)/uint64(r.Step) + 1)
	case r.Step < 0 && r.Start > r.Stop:
		return clampLen((uint64(r.Start)-uint64(r.Stop)-1)/(-uint64(r.Step)) + 1)
	}
	return 0
}

func clampLen(n uint64) int {
	if n == 0 || n > math.MaxInt/2 {
		return math.MaxInt / 2
	}
	return int(n)
}

// An Undefined stands for what is not there. It prints as nothing and is false.
type Undefined struct {
	// Name is what was looked for, for messages.
	Name string
	// Method says that it is a method that was not called: what is looked for in
	// it is undefined in turn.
	Method bool
}

// Message says what is missing, in words.
func (u Undefined) Message() string {
	switch {
	case u.Name == "":
		return "a value is undefined"
	case u.Method:
		return "'" + u.Name + "' is a method that is not called"
	}
	return "'" + u.Name + "' is undefined"
}

// Safe is text that the safe filter marked: it is written as it is.
type Safe string

// Markup is text that has been escaped for HTML. It prints like any text and
// is not escaped again.
type Markup string

// JSON is a fragment of JSON that the tojson filter made.
type JSON string

// Encoded is text that the urlencode filter made. It is text like any other,
// except in a URL, where it is not encoded again.
type Encoded string

// A Date is a day without a time. It prints as 2006-01-02 and compares with
// times and with date strings.
type Date struct{ Time time.Time }

// Text returns v as a string when v is text of any kind.
func Text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Safe:
		return string(v), true
	case Markup:
		return string(v), true
	case JSON:
		return string(v), true
	case Encoded:
		return string(v), true
	}
	return "", false
}

// IsUndefined reports whether v is Undefined.
func IsUndefined(v any) bool {
	_, ok := v.(Undefined)
	return ok
}

// TypeName returns the name that Python has for the kind of v.
func TypeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case float64:
		return "float"
	case *Generator:
		return "generator"
	case Tuple, *Group:
		return "tuple"
	case Range:
		return "range"
	case *View:
		return v.Name
	case Undefined:
		return "undefined"
	case time.Time:
		return "datetime"
	case Date:
		return "date"
	case time.Duration:
		return "timedelta"
	case *big.Int:
		return "int"
	case Safe, Markup, JSON, Encoded:
		return "str"
	}
	return typeNameOfShape(v)
}

func typeNameOfShape(v any) string {
	if _, ok := v.(string); ok {
		return "str"
	}
	if n, ok := numberOf(v); ok {
		if n.kind == isFloat {
			return "float"
		}
		return "int"
	}
	if IsMapping(v) {
		return "dict"
	}
	if IsSequence(v) {
		return "list"
	}
	return "object"
}
