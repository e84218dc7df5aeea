package jinja

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

func (c *compiler) binary(x *binaryX) evalFn {
	l := c.expr(x.l)
	right := c.expr(x.r)
	op, pos := opOf(x.op), x.pos
	return func(r *run) (any, error) {
		a, err := l(r)
		if err != nil {
			return nil, err
		}
		b, err := right(r)
		if err != nil {
			return nil, err
		}
		v, err := r.arith(op, a, b)
		return v, at(pos, err)
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

// arith is a binary operator, with what + * and % do to text and lists.
func (r *run) arith(op value.Op, a, b any) (any, error) {
	switch op {
	case value.OpAdd:
		if v, ok, err := r.join(a, b); ok || err != nil {
			return v, err
		}
	case value.OpMul:
		if v, ok, err := r.repeat(a, b); ok || err != nil {
			return v, err
		}
		if v, ok, err := r.repeat(b, a); ok || err != nil {
			return v, err
		}
	case value.OpMod:
		if s, ok := value.Text(a); ok {
			return r.percent(s, b)
		}
	}
	return value.Arith(op, a, b)
}

// join is + of two texts, lists or tuples. Marked text escapes the other side.
func (r *run) join(a, b any) (any, bool, error) {
	s, ok := value.Text(a)
	t, ok2 := value.Text(b)
	if ok && ok2 {
		if isMarked(a) || isMarked(b) {
			return value.Safe(escaped(a) + escaped(b)), true, r.grow(len(s) + len(t))
		}
		if err := r.grow(len(s) + len(t)); err != nil {
			return nil, true, err
		}
		return s + t, true, nil
	}
	_, tupleA := a.(value.Tuple)
	_, tupleB := b.(value.Tuple)
	if !(tupleA && tupleB) && !(isListValue(a) && isListValue(b)) {
		return nil, false, nil
	}
	x, err := r.items(a)
	if err != nil {
		return nil, true, err
	}
	y, err := r.items(b)
	if err != nil {
		return nil, true, err
	}
	if err := r.growItems(len(x) + len(y)); err != nil {
		return nil, true, err
	}
	out := append(append(make([]any, 0, len(x)+len(y)), x...), y...)
	if tupleA {
		return value.Tuple(out), true, nil
	}
	return value.NewList(out), true, nil
}

func isListValue(v any) bool {
	switch v.(type) {
	case []any, *value.List:
		return true
	}
	return false
}

// isMarked reports whether text is marked as finished markup.
func isMarked(v any) bool {
	switch v.(type) {
	case value.Safe, value.Markup, value.JSON:
		return true
	}
	return false
}

// escaped is text with &, <, >, ' and " escaped, unless it is marked.
func escaped(v any) string {
	s, _ := value.Text(v)
	if isMarked(v) {
		return s
	}
	return escapeHTML(s)
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func escapeHTML(s string) string { return htmlEscaper.Replace(s) }

// repeat is * of text or a list and a count.
func (r *run) repeat(a, b any) (any, bool, error) {
	n, ok := value.Int64(b)
	if !ok {
		return nil, false, nil
	}
	n = max(n, 0)
	if s, ok := value.Text(a); ok {
		if n > value.MaxText || int64(len(s))*n > value.MaxText {
			return nil, true, errText
		}
		if err := r.grow(len(s) * int(n)); err != nil {
			return nil, true, err
		}
		return strings.Repeat(s, int(n)), true, nil
	}
	_, tuple := a.(value.Tuple)
	if !tuple && !isListValue(a) {
		return nil, false, nil
	}
	items, err := r.items(a)
	if err != nil {
		return nil, true, err
	}
	if n > value.MaxItems || int64(len(items))*n > value.MaxItems {
		return nil, true, errItems
	}
	if err := r.growItems(len(items) * int(n)); err != nil {
		return nil, true, err
	}
	out := make([]any, 0, len(items)*int(n))
	for range n {
		out = append(out, items...)
	}
	if tuple {
		return value.Tuple(out), true, nil
	}
	return value.NewList(out), true, nil
}

func (c *compiler) sign(x *signX) evalFn {
	get := c.expr(x.x)
	pos, negative := x.pos, x.negative
	return func(r *run) (any, error) {
		v, err := get(r)
		if err != nil {
			return nil, err
		}
		if negative {
			v, err = value.Negate(v)
		} else {
			v, err = value.Arith(value.OpAdd, int64(0), v)
		}
		return v, at(pos, err)
	}
}

func (c *compiler) concat(x *concatX) evalFn {
	parts := c.exprs(x.parts)
	pos := x.pos
	return func(r *run) (any, error) {
		var out []byte
		for _, part := range parts {
			v, err := part(r)
			if err != nil {
				return nil, err
			}
			if out, err = value.AppendStr(out, v); err != nil {
				return nil, at(pos, err)
			}
			if len(out) > value.MaxText {
				return nil, at(pos, errText)
			}
		}
		return string(out), at(pos, r.grow(len(out)))
	}
}

func (c *compiler) cond(x *condX) evalFn {
	test := c.pred(x.test)
	then := c.expr(x.then)
	undefined := any(value.Undefined{Name: "the value of an if without else"})
	els := func(*run) (any, error) { return undefined, nil }
	if x.els != nil {
		els = c.expr(x.els)
	}
	return func(r *run) (any, error) {
		ok, err := test(r)
		switch {
		case err != nil:
			return nil, err
		case ok:
			return then(r)
		}
		return els(r)
	}
}

func (c *compiler) logic(x *boolX) evalFn {
	l := c.expr(x.l)
	right := c.expr(x.r)
	or := x.or
	return func(r *run) (any, error) {
		v, err := l(r)
		if err != nil || value.Truth(v) == or {
			return v, err
		}
		return right(r)
	}
}

// contained is needle in haystack.
func (r *run) contained(needle, haystack any) (bool, error) {
	if s, ok := value.Text(haystack); ok {
		n, ok := value.Text(needle)
		if !ok {
			return false, typeError("in needs text on its left to look in text, not %s", needle)
		}
		return strings.Contains(s, n), nil
	}
	if value.IsMapping(haystack) {
		if !value.Hashable(needle) {
			return false, typeError("%s cannot be a key", needle)
		}
		_, ok, err := value.Lookup(haystack, needle)
		return ok, err
	}
	items, err := r.items(haystack)
	if err != nil {
		return false, err
	}
	for _, x := range items {
		if same, err := value.Equal(needle, x); err != nil || same {
			return same, err
		}
		if err := r.tick(1); err != nil {
			return false, err
		}
	}
	return false, nil
}
