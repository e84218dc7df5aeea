// Package builtin is the library of the template languages: operators, fields
// and slices as in Python, and the functions, filters, tests and methods that
// templates call, those of Jinja2, of Python, of Frappe and of text/template.
//
// What goes wrong ends the evaluation by a panic with a [Failure], which the
// engine recovers in one place; see [Check]. What grows is bounded by the [Run]
// that each call is part of.
package builtin

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// The limits of one evaluation. MaxNesting is how deep what a template says may
// nest.
const (
	MaxSteps   = 1_000_000
	MaxRange   = value.MaxItems
	MaxNesting = 200
)

// DefaultTimeout is how long one evaluation may take when nobody says.
const DefaultTimeout = 100 * time.Millisecond

// ErrLimit is what every error about a limit unwraps to.
var ErrLimit = errors.New("template limit reached")

// A Limit is a limit's own message; it unwraps to ErrLimit.
type Limit string

func (e Limit) Error() string { return string(e) }

// Unwrap returns ErrLimit.
func (e Limit) Unwrap() error { return ErrLimit }

// The messages of the limits.
const (
	errSteps   = Limit("template takes more than 1,000,000 steps")
	ErrText    = Limit("text grows beyond 1 MiB")
	errItems   = Limit("list grows beyond 100,000 elements")
	errRange   = Limit("range has more than 100,000 elements")
	errTimeout = Limit("template takes too long")
	ErrNesting = Limit("nests deeper than 200 levels")
)

// A Subject is what an evaluation is about.
type Subject interface {
	// Document is the document, Before what it was, if that is known.
	Document() (any, error)
	Before() (before any, known bool, err error)
	// StandIn is what is known of a field that the document lacks, or "".
	StandIn(field string) string
	// Clock is the time that nowdate and its kin give.
	Clock() time.Time
}

// A Run is one evaluation: what it is about, and how much it may still take. It
// belongs to one goroutine.
type Run struct {
	Subject
	*Library
	// Tolerant makes < and > with None false, not an error, and text that spells
	// a number compare with numbers.
	Tolerant bool

	ctx     context.Context
	timeout time.Duration
	steps   int
	checkAt int
	started time.Time // when the clock was first looked at, if it was
	looked  bool
}

// checkEvery is how many steps pass between two looks at the clock.
const checkEvery = 1000

// Begin makes the Run as new. A timeout of zero means DefaultTimeout.
func (r *Run) Begin(ctx context.Context, s Subject, l *Library, timeout time.Duration) {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	r.Subject, r.Library, r.ctx, r.timeout = s, l, ctx, timeout
	r.steps, r.checkAt, r.looked = 0, checkEvery, false
}

// Tick counts n steps.
func (r *Run) Tick(n int) {
	if r.steps += n; r.steps >= r.checkAt {
		r.look()
	}
}

// look looks at the limits. The clock runs from the first look, so that what is
// short never reads it.
func (r *Run) look() {
	r.checkAt = r.steps + checkEvery
	if r.steps > MaxSteps {
		Check(errSteps)
	}
	Check(r.ctx.Err())
	now := time.Now()
	if !r.looked {
		r.started, r.looked = now, true
	}
	if now.Sub(r.started) > r.timeout {
		Check(errTimeout)
	}
}

// bytesPerStep and itemsPerStep are how much may be built at the price of one
// step, so that the steps bound the memory too; movesPerStep is how many elements
// may move in a list, and readPerStep how many bytes of a text may be read.
const (
	bytesPerStep = 64
	itemsPerStep = 4
	movesPerStep = 64
	readPerStep  = 1024
)

// read counts the steps of reading v, if it is text.
func (r *Run) read(v any) {
	if s, ok := value.Text(v); ok && len(s) >= readPerStep {
		r.Tick(len(s) / readPerStep)
	}
}

// Grow refuses a text of n bytes that would be too long, before it is built.
func (r *Run) Grow(n int) {
	if n > value.MaxText || n < 0 {
		Check(ErrText)
	}
	r.Tick(n / bytesPerStep)
}

// GrowItems refuses a list of n elements that would be too long.
func (r *Run) GrowItems(n int) {
	if n > value.MaxItems || n < 0 {
		Check(errItems)
	}
	r.Tick(1 + n/itemsPerStep)
}

// Items lists what walking over v gives, and counts the steps.
func (r *Run) Items(v any) []any {
	if rng, ok := v.(value.Range); ok && rng.Len() > MaxRange {
		Check(errRange)
	}
	if s, ok := value.Text(v); ok && utf8.RuneCountInString(s) > value.MaxItems {
		Check(errItems)
	}
	items, err := value.Items(v)
	if u, ok := v.(value.Undefined); ok && u.Method || err == value.ErrNotIterable {
		Check(TypeError("cannot walk over %s", v))
	}
	Check(err)
	r.Tick(1 + len(items)/itemsPerStep)
	return items
}

// Str is str(v), bounded.
func (r *Run) Str(v any) string {
	s := Must(value.Str(v))
	r.Grow(len(s))
	return s
}
