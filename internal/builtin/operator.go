package builtin

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// Arith is a binary operator, with what + * and % do to text and lists.
func (r *Run) Arith(op value.Op, a, b any) any {
	switch op {
	case value.OpAdd:
		if v, ok := r.join(a, b); ok {
			return v
		}
	case value.OpMul:
		if v, ok := r.repeat(a, b); ok {
			return v
		}
		if v, ok := r.repeat(b, a); ok {
			return v
		}
	case value.OpMod:
		if _, ok := value.Text(a); ok {
			return r.percent(a, b)
		}
	}
	return Must(value.Arith(op, a, b))
}

// join is + of two texts, lists or tuples. Marked text escapes the other side.
func (r *Run) join(a, b any) (any, bool) {
	s, ok := value.Text(a)
	t, ok2 := value.Text(b)
	if ok && ok2 {
		r.Grow(len(s) + len(t))
		if isMarked(a) || isMarked(b) {
			return value.Safe(r.escaped(a) + r.escaped(b)), true
		}
		return s + t, true
	}
	_, tupleA := a.(value.Tuple)
	_, tupleB := b.(value.Tuple)
	if !(tupleA && tupleB) && !(value.IsList(a) && value.IsList(b)) {
		return nil, false
	}
	x, y := r.Items(a), r.Items(b)
	r.GrowItems(len(x) + len(y))
	return sequenceLike(a, append(append(make([]any, 0, len(x)+len(y)), x...), y...)), true
}

// repeat is * of text or a list and a count.
func (r *Run) repeat(a, b any) (any, bool) {
	n, ok := value.Int64(b)
	if !ok {
		return nil, false
	}
	n = max(n, 0)
	if s, ok := value.Text(a); ok {
		if n > value.MaxText {
			Check(ErrText)
		}
		r.Grow(len(s) * int(n))
		return marked(a, strings.Repeat(s, int(n))), true
	}
	if _, tuple := a.(value.Tuple); !tuple && !value.IsList(a) {
		return nil, false
	}
	items := r.Items(a)
	if n > value.MaxItems {
		Check(errItems)
	}
	r.GrowItems(len(items) * int(n))
	out := make([]any, 0, len(items)*int(n))
	for range n {
		out = append(out, items...)
	}
	return sequenceLike(a, out), true
}

// sequenceLike makes a tuple of items if v is one, else a list.
func sequenceLike(v any, items []any) any {
	if _, ok := v.(value.Tuple); ok {
		return value.Tuple(items)
	}
	return value.NewList(items)
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
func (r *Run) escaped(v any) string {
	s, _ := value.Text(v)
	if isMarked(v) {
		return s
	}
	return r.escapeHTML(s)
}

var htmlEscaper = strings.NewReplacer(
	"&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

// escapeHTML escapes text, bounded before it is built.
func (r *Run) escapeHTML(s string) string {
	n := len(s)
	for i := range len(s) {
		switch s[i] {
		case '<', '>':
			n += len("&lt;") - 1
		case '&', '\'', '"':
			n += len("&amp;") - 1
		}
	}
	r.Grow(n)
	return htmlEscaper.Replace(s)
}

// CheckKey refuses what cannot be the key of a dict. A tuple is found by its
// spelling, which is paid for here, first of all: it bounds what is walked over.
func (r *Run) CheckKey(k any) {
	if t, ok := k.(value.Tuple); ok {
		r.repr(t)
	}
	if !value.Hashable(k) {
		mistyped("a key cannot be a %s", k)
	}
}
