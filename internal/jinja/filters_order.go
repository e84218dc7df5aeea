package jinja

import (
	"errors"
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// sorted sorts by key, stable also in reverse.
func (r *run) sorted(v any, reverse bool, key func(any) (any, error)) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	if err := r.growItems(len(items)); err != nil {
		return nil, err
	}
	type keyed struct{ key, item any }
	all := make([]keyed, len(items))
	for i, x := range items {
		k, err := key(x)
		if err != nil {
			return nil, err
		}
		all[i] = keyed{k, x}
	}
	var failed error
	slices.SortStableFunc(all, func(x, y keyed) int {
		if failed != nil {
			return 0
		}
		if failed = r.tick(1); failed != nil {
			return 0
		}
		var order int
		order, failed = value.Order(x.key, y.key)
		if reverse {
			return -order
		}
		return order
	})
	out := make([]any, len(all))
	for i := range all {
		out[i] = all[i].item
	}
	return value.NewList(out), failed
}

// sortItems sorts by one attribute or several: sort(attribute="group,qty"). As in
// Jinja2 the key is a tuple also of one, so that equal keys, two undefined ones
// for example, need no order.
func sortItems(r *run, a []any) (any, error) {
	exact := value.Truth(a[2])
	attrs := []any{a[3]}
	if s, ok := value.Text(a[3]); ok {
		attrs = nil
		for _, name := range strings.Split(s, ",") {
			attrs = append(attrs, name)
		}
	}
	gets := make([]func(any) (any, error), len(attrs))
	for i, attr := range attrs {
		var err error
		if gets[i], err = r.getter(attr, exact, nil); err != nil {
			return nil, err
		}
	}
	return r.sorted(a[0], value.Truth(a[1]), func(x any) (any, error) {
		key := make(value.Tuple, len(gets))
		for i, get := range gets {
			var err error
			if key[i], err = get(x); err != nil {
				return nil, err
			}
		}
		return key, nil
	})
}

func uniqueItems(r *run, a []any) (any, error) {
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	get, err := r.getter(a[2], value.Truth(a[1]), nil)
	if err != nil {
		return nil, err
	}
	seen := value.NewObject()
	var out []any
	for _, x := range items {
		key, err := get(x)
		if err != nil {
			return nil, err
		}
		if !value.Hashable(key) {
			return nil, typeError("cannot tell a %s apart", key)
		}
		if _, ok := seen.Find(key); !ok {
			seen.Set(key, nil)
			out = append(out, x)
		}
	}
	return value.NewGenerator(out), nil
}

// outermost is the min and max filter.
func (r *run) outermost(a []any, op string) (any, error) {
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return value.Undefined{Name: "the extreme of an empty list"}, nil
	}
	get, err := r.getter(a[2], value.Truth(a[1]), nil)
	if err != nil {
		return nil, err
	}
	return r.best(items, op, get)
}

func (r *run) best(items []any, op string, key func(any) (any, error)) (any, error) {
	best := items[0]
	bestKey, err := key(best)
	if err != nil {
		return nil, err
	}
	for _, x := range items[1:] {
		k, err := key(x)
		if err != nil {
			return nil, err
		}
		order, err := value.Order(k, bestKey)
		if err != nil {
			return nil, err
		}
		if ordered(op, order) {
			best, bestKey = x, k
		}
		if err := r.tick(1); err != nil {
			return nil, err
		}
	}
	return best, nil
}

func dictSort(r *run, a []any) (any, error) {
	by, _ := value.Text(a[2])
	if by != "key" && by != "value" {
		return nil, errors.New(`by must be "key" or "value"`)
	}
	pairs, err := r.pairs(a[0])
	if err != nil {
		return nil, err
	}
	half := int64(0)
	if by == "value" {
		half = 1
	}
	get, err := r.getter(half, value.Truth(a[1]), nil)
	if err != nil {
		return nil, err
	}
	return r.sorted(value.NewList(pairs), value.Truth(a[3]), get)
}

func groupBy(r *run, a []any) (any, error) {
	exact := value.Truth(a[3])
	get, err := r.getter(a[1], exact, a[2])
	if err != nil {
		return nil, err
	}
	spelled, err := r.getter(a[1], true, a[2])
	if err != nil {
		return nil, err
	}
	sorted, err := r.sorted(a[0], false, get)
	if err != nil {
		return nil, err
	}
	var out []any
	var last any
	var group *value.List
	for _, x := range sorted.(*value.List).Items {
		key, err := get(x)
		if err != nil {
			return nil, err
		}
		same := false
		if group != nil {
			if same, err = value.Equal(key, last); err != nil {
				return nil, err
			}
		}
		if !same {
			group, last = value.NewList(nil), key
			name, err := spelled(x)
			if err != nil {
				return nil, err
			}
			out = append(out, &value.Group{Grouper: name, List: group})
		}
		group.Items = append(group.Items, x)
	}
	return value.NewList(out), nil
}
