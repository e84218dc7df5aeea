package builtin

import (
	"errors"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// A Comparison is an operator between two values.
type Comparison uint8

// The comparisons.
const (
	Equal Comparison = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	In
	NotIn
)

var comparisons = [...]string{"==", "!=", "<", "<=", ">", ">=", "in", "not in"}

// ComparisonOf returns the operator that is spelled so; there must be one.
func ComparisonOf(op string) Comparison {
	for i, s := range comparisons {
		if s == op {
			return Comparison(i)
		}
	}
	panic("builtin: no comparison " + op)
}

// Compare compares two values. Numbers and texts, which are most of what
// conditions compare, take a short way.
func (r *Run) Compare(op Comparison, a, b any) bool {
	if x, ok := a.(string); ok && op <= NotEqual {
		if y, ok := b.(string); ok {
			return (x == y) == (op == Equal)
		}
	} else if x, ok := Exact(a); ok {
		if y, ok := Exact(b); ok && op < In {
			return op.Holds(x, y)
		}
	}
	switch op {
	case Equal, NotEqual:
		return r.equal(a, b) == (op == Equal)
	case In, NotIn:
		return r.contains(b, a) == (op == In)
	}
	order, ok, err := value.Compare(a, b, r.Tolerant, r)
	if errors.Is(err, value.ErrType) {
		hint := ""
		if textBesideNumber(a, b) {
			hint = "make a number of the text: |float"
		}
		Advise(hint, "%s", strings.Replace(err.Error(), "<", comparisons[op], 1))
	}
	Check(err)
	if (a == nil || b == nil) && !r.Tolerant {
		Advise("say what it stands for: default(0, true)",
			"operator %s does not take None", comparisons[op])
	}
	return ok && op.Holds(float64(order), 0)
}

func textBesideNumber(a, b any) bool {
	_, left := value.Text(a)
	_, right := value.Text(b)
	return left && value.IsNumber(b) || right && value.IsNumber(a)
}

// Exact returns v as a float64, if it is a number of one of the commonest kinds
// that a float64 holds exactly.
func Exact(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case *float64: // which has been peeked at
		return *v, true
	case int:
		return float64(v), int64(v) > -1<<53 && int64(v) < 1<<53
	case int64:
		return float64(v), v > -1<<53 && v < 1<<53
	}
	return 0, false
}

// Holds compares two numbers; op is not in.
func (op Comparison) Holds(x, y float64) bool {
	switch op {
	case Equal:
		return x == y
	case NotEqual:
		return x != y
	case Less:
		return x < y
	case LessEqual:
		return x <= y
	case Greater:
		return x > y
	}
	return x >= y
}

// contains is needle in haystack.
func (r *Run) contains(haystack, needle any) bool {
	if h, ok := value.Text(haystack); ok {
		r.Tick(len(h) / bytesPerStep)
		n, ok := value.Text(needle)
		if !ok {
			mistyped("in needs text on its left to look in text, not %s", needle)
		}
		return strings.Contains(h, n)
	}
	if value.IsMapping(haystack) {
		r.CheckKey(needle)
		_, ok, err := value.Lookup(haystack, needle)
		Check(err)
		return ok
	}
	for _, x := range r.Items(haystack) {
		if r.Tick(1); r.equal(needle, x) {
			return true
		}
	}
	return false
}
