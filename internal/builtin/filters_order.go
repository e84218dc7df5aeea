package builtin

import (
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// orderFilters sort, group and compare the elements of a list.
func orderFilters() table {
	outermost := func(op Comparison) *Func {
		return def("value case_sensitive=false attribute=none", func(c call) any {
			items := c.list(0)
			if len(items) == 0 {
				return endOf(nil, 0)
			}
			return c.best(items, op, c.getter(c.a[2], c.truth(1), nil))
		})
	}
	return table{
		"sort":     def("value reverse=false case_sensitive=false attribute=none", sortItems),
		"unique":   def("value case_sensitive=false attribute=none", uniqueItems),
		"min":      outermost(Less),
		"max":      outermost(Greater),
		"dictsort": def("value case_sensitive=false by='key' reverse=false", dictSort),
		"groupby":  def("value attribute default=none case_sensitive=false", groupBy),
	}
}

func identity(x any) any { return x }

// sorted sorts by key, stable also in reverse.
func (c call) sorted(items []any, reverse bool, key func(any) any) []any {
	c.GrowItems(len(items))
	type keyed struct{ key, item any }
	all := make([]keyed, len(items))
	for i, x := range items {
		all[i] = keyed{key(x), x}
	}
	slices.SortStableFunc(all, func(x, y keyed) int {
		c.Tick(1)
		order := Must(value.Order(x.key, y.key, c.Run))
		if reverse {
			return -order
		}
		return order
	})
	out := make([]any, len(all))
	for i := range all {
		out[i] = all[i].item
	}
	return out
}

// sortItems sorts by one attribute or several: sort(attribute="group,qty"). As in
// Jinja2 the key is a tuple also of one, so that equal keys, two undefined ones
// for example, need no order.
func sortItems(c call) any {
	attrs := []any{c.a[3]}
	if s, ok := value.Text(c.a[3]); ok {
		attrs = nil
		for _, name := range strings.Split(s, ",") {
			attrs = append(attrs, name)
		}
	}
	gets := make([]func(any) any, len(attrs))
	for i, attr := range attrs {
		gets[i] = c.getter(attr, c.truth(2), nil)
	}
	return value.NewList(c.sorted(c.list(0), c.truth(1), func(x any) any {
		key := make(value.Tuple, len(gets))
		for i, get := range gets {
			key[i] = get(x)
		}
		return key
	}))
}

func uniqueItems(c call) any { return c.newGenerator(c.unique(c.getter(c.a[2], c.truth(1), nil))) }

// unique lists the first argument's elements whose keys differ.
func (c call) unique(get func(any) any) (out []any) {
	seen := value.NewObject()
	for _, x := range c.list(0) {
		key := get(x)
		c.CheckKey(key)
		if _, ok := seen.Find(key); !ok {
			seen.Set(key, nil)
			out = append(out, x)
		}
	}
	return out
}

func (c call) best(items []any, op Comparison, key func(any) any) any {
	best := items[0]
	bestKey := key(best)
	for _, x := range items[1:] {
		c.Tick(1)
		if k := key(x); op.Holds(float64(Must(value.Order(k, bestKey, c.Run))), 0) {
			best, bestKey = x, k
		}
	}
	return best
}

func dictSort(c call) any {
	half, ok := map[string]int64{"key": 0, "value": 1}[c.text(2)]
	if !ok {
		refuse(`by must be "key" or "value"`)
	}
	return value.NewList(c.sorted(c.tuples(c.a[0]), c.truth(3), c.getter(half, c.truth(1), nil)))
}

func groupBy(c call) any {
	get, spelled := c.getter(c.a[1], c.truth(3), c.a[2]), c.getter(c.a[1], true, c.a[2])
	var out []any
	var last any
	var group *value.List
	for _, x := range c.sorted(c.list(0), false, get) {
		if key := get(x); group == nil || !c.equal(key, last) {
			group, last = value.NewList(nil), key
			out = append(out, &value.Group{Grouper: spelled(x), List: group})
		}
		group.Items = append(group.Items, x)
	}
	return value.NewList(out)
}
