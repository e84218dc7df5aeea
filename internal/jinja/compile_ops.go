package jinja

import (
	"slices"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

func (c *compiler) binary(x *binaryX) evalFn {
	l, right := c.expr(x.l), c.expr(x.r)
	op, here := opOf(x.op), &place{pos: x.pos}
	return func(r *run) any {
		a, b := l(r), right(r)
		r.here = here
		return r.Arith(op, a, b)
	}
}

func opOf(text string) value.Op {
	switch text {
	case "//":
		return value.OpFloor
	case "**":
		return value.OpPow
	}
	return value.Op(text[0])
}

func (c *compiler) sign(x *signX) evalFn {
	get, here, negative := c.expr(x.x), &place{pos: x.pos}, x.negative
	return func(r *run) any {
		v := get(r)
		r.here = here
		if negative {
			return builtin.Must(value.Negate(v))
		}
		return builtin.Must(value.Arith(value.OpAdd, int64(0), v))
	}
}

func (c *compiler) concat(x *concatX) evalFn {
	parts, here := c.exprs(x.parts), &place{pos: x.pos}
	return func(r *run) any {
		var out []byte
		for _, part := range parts {
			v := part(r)
			r.here = here
			out = r.AppendStr(out, v)
		}
		r.Grow(len(out))
		return string(out)
	}
}

func (c *compiler) cond(x *condX) evalFn {
	test, then := c.pred(x.test), c.expr(x.then)
	els := always(value.Undefined{Name: "the value of an if without else"})
	if x.els != nil {
		els = c.expr(x.els)
	}
	return func(r *run) any {
		if test(r) {
			return then(r)
		}
		return els(r)
	}
}

func (c *compiler) logic(x *boolX) evalFn {
	l, right, or := c.expr(x.l), c.expr(x.r), x.or
	return func(r *run) any {
		if v := l(r); value.Truth(v) == or {
			return v
		}
		return right(r)
	}
}

// pred compiles an expression of which only the truth counts.
func (c *compiler) pred(x expr) predFn {
	switch x := x.(type) {
	case *notX:
		holds := c.pred(x.x)
		return func(r *run) bool { return !holds(r) }
	case *boolX:
		l, right, or := c.pred(x.l), c.pred(x.r), x.or
		return func(r *run) bool {
			if l(r) == or {
				return or
			}
			return right(r)
		}
	case *compareX:
		return c.compare(x)
	case *testX:
		return c.test(x)
	}
	get := c.peek(x)
	return func(r *run) bool { return value.Truth(get(r)) }
}

func (c *compiler) compare(x *compareX) predFn {
	here := &place{pos: x.pos}
	ops := make([]builtin.Comparison, len(x.ops))
	for i, op := range x.ops {
		ops[i] = builtin.ComparisonOf(op)
	}
	if k, ok := constant(x.rest[0]); ok && len(ops) == 1 {
		first, op, quick := c.peek(x.first), ops[0], quickTest(ops[0], k)
		return func(r *run) bool {
			a := first(r)
			if holds, known := quick(a); known {
				return holds
			}
			r.here = here
			return r.Compare(op, value.Kept(a), k)
		}
	}
	first, rest := c.expr(x.first), c.exprs(x.rest)
	return func(r *run) bool {
		a := first(r)
		for i, next := range rest {
			b := next(r)
			r.here = here
			if !r.Compare(ops[i], a, b) {
				return false
			}
			a = b
		}
		return true
	}
}

// quickTest compares with a constant, which is most of what conditions do, where
// it knows the answer without more ado.
func quickTest(op builtin.Comparison, k any) func(a any) (holds, known bool) {
	number, isNumber := builtin.Exact(k)
	switch text, isText := k.(string); {
	case isText && op <= builtin.NotEqual:
		return func(a any) (bool, bool) {
			s, ok := peeked(a)
			return (s == text) == (op == builtin.Equal), ok
		}
	case isNumber && op < builtin.In:
		return func(a any) (bool, bool) {
			f, ok := builtin.Exact(a)
			return ok && op.Holds(f, number), ok
		}
	case op >= builtin.In:
		if texts := textsOf(k); texts != nil {
			return func(a any) (bool, bool) {
				s, ok := peeked(a)
				return ok && slices.Contains(texts, s) == (op == builtin.In), ok
			}
		}
	}
	return func(any) (bool, bool) { return false, false }
}

// peeked is a text that may have been peeked at.
func peeked(v any) (string, bool) {
	if p, ok := v.(*string); ok {
		return *p, true
	}
	s, ok := v.(string)
	return s, ok
}

// textsOf returns the elements of a list of nothing but text.
func textsOf(k any) []string {
	if !value.IsSequence(k) {
		return nil
	}
	var out []string
	for _, x := range builtin.Must(value.Items(k)) {
		s, ok := x.(string)
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// constant returns the value of an operand that is always the same. Comparisons
// change no operand, so one list serves them all.
func constant(x expr) (any, bool) {
	if k, ok := x.(*constX); ok {
		return k.v, true
	}
	list, ok := x.(*listX)
	if !ok {
		return nil, false
	}
	items := make([]any, len(list.items))
	for i, item := range list.items {
		if items[i], ok = constant(item); !ok {
			return nil, false
		}
	}
	if list.tuple {
		return value.Tuple(items), true
	}
	return value.NewList(items), true
}
