package builtin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

func listFilters() table {
	length := def("obj", length)
	fallback := def("value default_value='' boolean=false", func(c call) any {
		if value.IsUndefined(c.a[0]) || c.truth(2) && !c.truth(0) {
			return c.a[1]
		}
		return c.a[0]
	})
	return table{
		"default": fallback,
		"d":       fallback,
		"length":  length,
		"count":   length,
		"len":     length,
		"first":   def("seq", func(c call) any { return endOf(c.list(0), 0) }),
		"last":    def("seq", lastOf),
		"list":    def("value", func(c call) any { return c.newList(slices.Clone(c.list(0))) }),
		"items":   def("value", itemsOf),
		"join":    def("value d='' attribute=none", joinItems),
		"reverse": def("value", reversed),
		"sum": def("iterable attribute=none start=0", func(c call) any {
			return c.sum(c.a[1], c.a[2])
		}),
		"batch": def("value linecount fill_with=none", batch),
		"slice": def("value slices fill_with=none", columns),
		"attr":  def("obj name", attrOf),
	}
}

func length(c call) any {
	n, err := value.Len(c.a[0])
	if _, ok := c.a[0].(*value.Generator); ok {
		Advise("add |list before it", "a generator has no length")
	}
	if err != nil {
		mistyped("%s has no length", c.a[0])
	}
	return int64(n)
}

// endOf is the element i, or undefined when there is none.
func endOf(items []any, i int) any {
	if len(items) == 0 {
		return value.Undefined{Name: "an element of an empty list"}
	}
	return items[i]
}

func lastOf(c call) any {
	if _, ok := c.a[0].(*value.Generator); ok {
		Advise("add |list before it", "a generator has no last item")
	}
	items := c.list(0)
	return endOf(items, len(items)-1)
}

// attrOf looks at attributes only, of which a mapping has none, unless it is the
// document.
func attrOf(c call) any {
	name := c.text(1)
	if value.IsMapping(c.a[0]) && !c.isDocument(c.a[0]) {
		return value.Undefined{Name: name}
	}
	return c.Attr(c.a[0], name, value.Undefined{Name: name})
}

// itemsOf fails, as in Jinja2, only when it is walked.
func itemsOf(c call) any {
	switch {
	case value.IsUndefined(c.a[0]):
		return c.newGenerator(nil)
	case !value.IsMapping(c.a[0]):
		return value.NewBroken(TypeError("needs a mapping, not %s", c.a[0]))
	}
	return c.newGenerator(c.tuples(c.a[0]))
}

// tuples lists the members of a mapping as tuples.
func (c call) tuples(v any) []any {
	if !value.IsMapping(v) {
		mistyped("needs a mapping, not %s", v)
	}
	var out []any
	for _, e := range entries(v) {
		out = append(out, value.Tuple{e.Key, e.Value})
	}
	c.GrowItems(len(out))
	return out
}

func joinItems(c call) any {
	sep, get := c.str(1), c.getter(c.a[2], true, nil)
	var out []byte
	for i, x := range c.list(0) {
		if i > 0 {
			out = append(out, sep...)
		}
		out = c.AppendStr(out, get(x))
	}
	c.Grow(len(out))
	return string(out)
}

func reversed(c call) any {
	if s, ok := value.Text(c.a[0]); ok {
		c.Grow(len(s))
		runes := []rune(s)
		slices.Reverse(runes)
		return string(runes)
	}
	items := slices.Clone(c.list(0))
	slices.Reverse(items)
	return c.newGenerator(items)
}

// getter makes the function that takes the key of an item: the item itself,
// or what attribute names, as "a.b.0". Unless exact, text is compared in lower
// case. A missing part becomes fallback when that is not nil.
func (c call) getter(attribute any, exact bool, fallback any) func(any) any {
	var parts []any
	if s, ok := value.Text(attribute); ok {
		for _, p := range strings.Split(s, ".") {
			if n, err := strconv.ParseInt(p, 10, 64); err == nil && isDigit(p[0]) {
				parts = append(parts, n)
			} else {
				parts = append(parts, p)
			}
		}
	} else if attribute != nil {
		parts = []any{attribute}
	}
	if len(parts) > MaxNesting {
		Check(ErrNesting)
	}
	return func(x any) any {
		c.Tick(1)
		for _, p := range parts {
			name, _ := value.Text(p)
			x = c.Item(x, p, value.Undefined{Name: name})
			if fallback != nil && value.IsUndefined(x) {
				x = fallback
			}
		}
		if s, ok := value.Text(x); ok && !exact {
			return lower(s)
		}
		return x
	}
}

// sum adds the first argument's elements up.
func (c call) sum(attribute, total any) any {
	get := c.getter(attribute, true, nil)
	if _, ok := value.Text(total); ok {
		Advise("use join", "cannot sum text")
	}
	for _, x := range c.list(0) {
		total = c.Arith(value.OpAdd, total, get(x))
	}
	return total
}

func batch(c call) any {
	n := c.int(1)
	var out, line []any
	for _, x := range c.list(0) {
		if len(line) == n {
			out, line = append(out, value.NewList(line)), nil
		}
		line = append(line, x)
	}
	if len(line) == 0 {
		return c.newGenerator(out)
	}
	if c.a[2] != nil && n > len(line) {
		c.GrowItems(n)
		line = append(line, slices.Repeat([]any{c.a[2]}, n-len(line))...)
	}
	return c.newGenerator(append(out, value.NewList(line)))
}

// columns is the slice filter: the items in so many lists.
func columns(c call) any {
	items, n := c.list(0), c.int(1)
	if n == 0 {
		Check(value.ErrDivisionByZero)
	}
	if n < 0 {
		return c.newGenerator(nil)
	}
	c.GrowItems(n)
	per, extra := len(items)/n, len(items)%n
	var out []any
	start := 0
	for i := range n {
		end := start + per
		if i < extra {
			end++
		}
		column := slices.Clone(items[start:end])
		if c.a[2] != nil && i >= extra {
			column = append(column, c.a[2])
		}
		out = append(out, value.NewList(column))
		start = end
	}
	return c.newGenerator(out)
}
