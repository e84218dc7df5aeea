// Package jinja is the template engine: Jinja, which every Frappe user writes,
// and Go's text/template, on one walk.
//
// Both languages become trees of text/template/parse: Go templates by that
// package's parser, Jinja by the parser here, which compiles each expression to
// a closure and leaves a call to it in the tree. The tree is compiled to steps
// that render either language, so the rules for documents, limits, errors and
// sinks are the same for both. The stock executor is not used: it calls methods,
// cannot be stopped, and is slow.
//
// A compiled [Template] or [Condition] is immutable and safe for concurrent
// use. A [Scope] belongs to one goroutine.
//
// # Limits
//
// A source has at most [MaxSource] bytes and nests at most [MaxNesting] deep. One
// evaluation takes at most [MaxSteps] steps and [Scope].Timeout, writes at most
// [MaxOutput] bytes, walks ranges of at most [MaxRange] elements, and checks how
// far a text or list would grow before it grows. Each is an error that unwraps
// to [ErrLimit].
package jinja

import (
	"errors"

	"github.com/docevent/webhook/internal/value"
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
	MaxNesting = 200
	MaxSteps   = 1_000_000
	MaxOutput  = 1 << 20
	MaxRange   = value.MaxItems
)

// ErrLimit is what every error about a limit unwraps to.
var ErrLimit = errors.New("template limit reached")

// limitError is a limit's own message; it unwraps to ErrLimit.
type limitError string

func (e limitError) Error() string { return string(e) }
func (e limitError) Unwrap() error { return ErrLimit }

const (
	errSteps   = limitError("template takes more than 1,000,000 steps")
	errOutput  = limitError("output grows beyond 1 MiB")
	errText    = limitError("text grows beyond 1 MiB")
	errItems   = limitError("list grows beyond 100,000 elements")
	errRange   = limitError("range has more than 100,000 elements")
	errTimeout = limitError("template takes too long")
	errNesting = limitError("nests deeper than 200 levels")
	errSource  = limitError("source is longer than 256 KiB")
)
