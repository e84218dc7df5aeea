package jinja

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

func listFilters() map[string]*builtin {
	length := def("obj", length)
	fallback := def("value default_value='' boolean=false", func(_ *run, a []any) (any, error) {
		if value.IsUndefined(a[0]) || value.Truth(a[2]) && !value.Truth(a[0]) {
			return a[1], nil
		}
		return a[0], nil
	})
	return map[string]*builtin{
		"default":  fallback,
		"d":        fallback,
		"length":   length,
		"count":    length,
		"len":      length,
		"first":    def("seq", firstOf),
		"last":     def("seq", lastOf),
		"list":     def("value", func(r *run, a []any) (any, error) { return r.list(a[0]) }),
		"items":    def("value", itemsOf),
		"join":     def("value d='' attribute=none", joinItems),
		"reverse":  def("value", reversed),
		"sort":     def("value reverse=false case_sensitive=false attribute=none", sortItems),
		"unique":   def("value case_sensitive=false attribute=none", uniqueItems),
		"min":      def("value case_sensitive=false attribute=none", func(r *run, a []any) (any, error) { return r.outermost(a, "<") }),
		"max":      def("value case_sensitive=false attribute=none", func(r *run, a []any) (any, error) { return r.outermost(a, ">") }),
		"sum":      def("iterable attribute=none start=0", func(r *run, a []any) (any, error) { return r.sum(a[0], a[1], a[2]) }),
		"batch":    def("value linecount fill_with=none", batch),
		"slice":    def("value slices fill_with=none", columns),
		"dictsort": def("value case_sensitive=false by='key' reverse=false", dictSort),
		"groupby":  def("value attribute default=none case_sensitive=false", groupBy),
		"attr": def("obj name", func(r *run, a []any) (any, error) {
			name, err := textArg(a[1])
			if err != nil {
				return nil, err
			}
			if undefined := (value.Undefined{Name: name}); !value.IsMapping(a[0]) || r.isDocument(a[0]) {
				return r.attr(a[0], name, undefined)
			} else {
				return undefined, nil
			}
		}),
	}
}

func length(_ *run, a []any) (any, error) {
	n, err := value.Len(a[0])
	if err != nil {
		if _, ok := a[0].(*value.Generator); ok {
			return nil, hinted{errors.New("a generator has no length"), "add |list before it"}
		}
		return nil, typeError("%s has no length", a[0])
	}
	return int64(n), nil
}

// list copies what walking over v gives.
func (r *run) list(v any) (any, error) {
	if _, none := v.(unset); none {
		return value.NewList(nil), nil
	}
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	if err := r.growItems(len(items)); err != nil {
		return nil, err
	}
	return value.NewList(slices.Clone(items)), nil
}

func firstOf(r *run, a []any) (any, error) {
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return value.Undefined{Name: "the first item of an empty list"}, nil
	}
	return items[0], nil
}

func lastOf(r *run, a []any) (any, error) {
	if _, ok := a[0].(*value.Generator); ok {
		return nil, hinted{errors.New("a generator has no last item"), "add |list before it"}
	}
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return value.Undefined{Name: "the last item of an empty list"}, nil
	}
	return items[len(items)-1], nil
}

func itemsOf(r *run, a []any) (any, error) {
	if value.IsUndefined(a[0]) {
		return value.NewGenerator(nil), nil
	}
	pairs, err := r.pairs(a[0])
	if err != nil {
		return value.NewBroken(err), nil // Jinja2 fails when it walks, too
	}
	return value.NewGenerator(pairs), nil
}

// pairs lists the members of a mapping as tuples.
func (r *run) pairs(v any) ([]any, error) {
	if !value.IsMapping(v) {
		return nil, typeError("needs a mapping, not %s", v)
	}
	entries, err := value.Entries(v)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(entries))
	for i, e := range entries {
		out[i] = value.Tuple{e.Key, e.Value}
	}
	return out, r.growItems(len(out))
}

func joinItems(r *run, a []any) (any, error) {
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	sep, err := r.str(a[1])
	if err != nil {
		return nil, err
	}
	get, err := r.getter(a[2], true, nil)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i, x := range items {
		if i > 0 {
			out = append(out, sep...)
		}
		if x, err = get(x); err != nil {
			return nil, err
		}
		if out, err = value.AppendStr(out, x); err != nil {
			return nil, err
		}
		if len(out) > value.MaxText {
			return nil, errText
		}
	}
	return string(out), r.grow(len(out))
}

func reversed(r *run, a []any) (any, error) {
	if s, ok := value.Text(a[0]); ok {
		runes := []rune(s)
		slices.Reverse(runes)
		return string(runes), nil
	}
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	return value.NewGenerator(items), nil
}

// getter makes the function that takes the key of an item: the item itself,
// or what attribute names, as "a.b.0". Unless exact, text is compared in lower
// case. A missing part becomes fallback when that is not nil.
func (r *run) getter(attribute any, exact bool, fallback any) (func(any) (any, error), error) {
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
		return nil, errNesting
	}
	return func(x any) (any, error) {
		if err := r.tick(1); err != nil {
			return nil, err
		}
		for _, p := range parts {
			name, _ := value.Text(p)
			var err error
			if x, err = r.item(x, p, value.Undefined{Name: name}); err != nil {
				return nil, err
			}
			if fallback != nil && value.IsUndefined(x) {
				x = fallback
			}
		}
		if s, ok := value.Text(x); ok && !exact {
			return strings.ToLower(s), nil
		}
		return x, nil
	}, nil
}

func (r *run) sum(v, attribute, start any) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	get, err := r.getter(attribute, true, nil)
	if err != nil {
		return nil, err
	}
	if _, ok := value.Text(start); ok {
		return nil, hinted{errors.New("cannot sum text"), "use join"}
	}
	total := start
	for _, x := range items {
		if x, err = get(x); err != nil {
			return nil, err
		}
		if total, err = r.arith(value.OpAdd, total, x); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func batch(r *run, a []any) (any, error) {
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	n, err := intArg(a[1])
	if err != nil {
		return nil, err
	}
	var out []any
	var line []any
	for _, x := range items {
		if len(line) == n {
			out, line = append(out, value.NewList(line)), nil
		}
		line = append(line, x)
	}
	if len(line) == 0 {
		return value.NewGenerator(out), nil
	}
	if a[2] != nil && n > len(line) {
		if err := r.growItems(n); err != nil {
			return nil, err
		}
		for len(line) < n {
			line = append(line, a[2])
		}
	}
	return value.NewGenerator(append(out, value.NewList(line))), nil
}

// columns is the slice filter: the items in so many lists.
func columns(r *run, a []any) (any, error) {
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	n, err := intArg(a[1])
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, value.ErrDivisionByZero
	}
	if n < 0 {
		return value.NewGenerator(nil), nil
	}
	if err := r.growItems(n); err != nil {
		return nil, err
	}
	per, extra := len(items)/n, len(items)%n
	var out []any
	start := 0
	for i := range n {
		end := start + per
		if i < extra {
			end++
		}
		column := slices.Clone(items[start:end])
		if a[2] != nil && i >= extra {
			column = append(column, a[2])
		}
		out = append(out, value.NewList(column))
		start = end
	}
	return value.NewGenerator(out), nil
}
