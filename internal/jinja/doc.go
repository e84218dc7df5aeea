// Package jinja is the template engine: Jinja, which every Frappe user writes,
// and Go's text/template, on one walk.
//
// Both languages become the same expressions, each compiled to a closure, in
// trees of text/template/parse: Go templates are parsed by that package, Jinja by
// the parser here, and in both an action, if or range calls a piece by number.
// The tree is compiled to steps that render it, so the rules for documents,
// limits, errors and sinks are the same for both. The stock executor is not
// used: it calls methods, cannot be stopped, and is slow. What templates may call
// is in package builtin.
//
// A compiled [Template] or [Condition] is immutable and safe for concurrent
// use. A [Scope] belongs to one goroutine.
//
// # Limits
//
// A source has at most [MaxSource] bytes and nests at most [MaxNesting] deep. One
// evaluation takes at most [MaxSteps] steps and [Scope].Timeout, writes at most
// [MaxOutput] bytes, walks over at most [MaxRange] elements of a range or
// characters of a text, and checks how far a text or list would grow before it
// grows. Each is an error that unwraps to [ErrLimit].
package jinja

import (
	"text/template"

	"github.com/docevent/webhook/internal/builtin"
)

// Lang is a template language.
type Lang int

// The languages.
const (
	Jinja Lang = iota
	GoTemplate
)

// The limits of one template and one evaluation.
const (
	MaxSource  = 256 << 10
	MaxNesting = builtin.MaxNesting
	MaxSteps   = builtin.MaxSteps
	MaxOutput  = 1 << 20
	MaxRange   = builtin.MaxRange
)

// ErrLimit is what every error about a limit unwraps to.
var ErrLimit = builtin.ErrLimit

const (
	errOutput = builtin.Limit("output grows beyond 1 MiB")
	errSource = builtin.Limit("source is longer than 256 KiB")
)

// An Env holds the functions, filters, tests and methods that templates may
// use. It is immutable and safe for concurrent use.
type Env struct{ *builtin.Library }

// NewEnv returns an Env with the host's own functions, which are functions and
// filters in both languages and may replace a built-in. A function takes and
// returns what text/template allows; its panic is the template's error.
func NewEnv(funcs template.FuncMap) (*Env, error) {
	l, err := builtin.NewLibrary(funcs)
	if err != nil {
		return nil, err
	}
	return &Env{l}, nil
}

// LenientEnv returns an Env for templates whose host functions are not known
// yet. A function or filter that it does not know is no error, also where
// another filter is to apply it, as in map("x"); evaluating it is. All else is
// as strict as in any Env: names, methods, tests, syntax and the arguments of
// what is known.
func LenientEnv() *Env { return &Env{builtin.Lenient()} }
