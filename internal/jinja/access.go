package jinja

import (
	"errors"
	"math"
	"reflect"
	"time"

	"github.com/docevent/webhook/internal/value"
)

// attributes is a value of the engine itself that has fields: a loop, a
// namespace.
type attributes interface {
	value.Opaque
	attribute(name string) (any, bool)
}

// attr is v.name: a member of a mapping, or a field of a few other kinds.
// undefined is what there is when there is none.
func (r *run) attr(v any, name string, undefined any) (any, error) {
	switch x := v.(type) {
	case map[string]any, *value.Object, *value.Record:
		f, ok, err := value.Get(v, name)
		if err != nil || ok {
			return f, err
		}
		if r.isDocument(v) {
			if stand := r.s.standIn(name); stand != "" {
				return stand, nil
			}
			return undefined, nil
		}
	case goData:
		if root := rootValue(name); root != nil {
			return root(r)
		}
	case attributes:
		if f, ok := x.attribute(name); ok {
			return f, nil
		}
	case value.Undefined:
		if !x.Method {
			return nil, errors.New(x.Message())
		}
	case *value.Group:
		switch name {
		case "grouper":
			return x.Grouper, nil
		case "list":
			return x.List, nil
		}
	case time.Time, value.Date, time.Duration:
		if f, ok := timeField(v, name); ok {
			return f, nil
		}
	}
	if r.env.methods[kindOf(v)][name] != nil {
		u := undefined.(value.Undefined)
		u.Method = true
		return u, nil
	}
	return undefined, nil
}

// isDocument reports whether v is the event's document itself.
func (r *run) isDocument(v any) bool {
	doc, _ := r.s.document()
	switch v := v.(type) {
	case *value.Object:
		return doc == any(v)
	case *value.Record:
		return doc == any(v)
	case map[string]any:
		m, ok := doc.(map[string]any)
		return ok && sameMap(m, v)
	}
	return false
}

func timeField(v any, name string) (any, bool) {
	if d, ok := v.(time.Duration); ok {
		days := int64(math.Floor(d.Hours() / 24))
		switch name {
		case "days":
			return days, true
		case "seconds":
			return int64((d - time.Duration(days)*24*time.Hour) / time.Second), true
		}
		return nil, false
	}
	t, _ := v.(time.Time)
	if d, ok := v.(value.Date); ok {
		t = d.Time
	}
	switch name {
	case "year":
		return int64(t.Year()), true
	case "month":
		return int64(t.Month()), true
	case "day":
		return int64(t.Day()), true
	case "hour":
		return int64(t.Hour()), true
	case "minute":
		return int64(t.Minute()), true
	case "second":
		return int64(t.Second()), true
	case "microsecond":
		return int64(t.Nanosecond() / 1000), true
	}
	return nil, false
}

// item is v[key].
func (r *run) item(v, key, undefined any) (any, error) {
	if u, ok := v.(value.Undefined); ok {
		if u.Method {
			return undefined, nil
		}
		return nil, errors.New(u.Message())
	}
	if value.IsMapping(v) {
		if f, ok, err := value.Lookup(v, key); err != nil || ok {
			return f, err
		}
	} else if i, ok := value.Int64(key); ok {
		if f, ok, err := value.Element(v, i); err != nil || ok {
			return f, err
		}
	}
	if name, ok := value.Text(key); ok {
		return r.attr(v, name, undefined)
	}
	return undefined, nil
}

// slice is v[lo:hi:step] for text and sequences.
func (r *run) slice(v any, bounds [3]any) (any, error) {
	if u, ok := v.(value.Undefined); ok {
		return nil, errors.New(u.Message())
	}
	n, err := value.Len(v)
	_, isView := v.(*value.View)
	if err != nil || value.IsMapping(v) || isView {
		return nil, typeError("cannot slice %s", v)
	}
	lo, hi, step, err := sliceBounds(bounds, n)
	if err != nil {
		return nil, err
	}
	if s, ok := value.Text(v); ok {
		return r.sliceText(s, lo, hi, step)
	}
	if rng, ok := v.(value.Range); ok {
		at := func(i int) int64 { return rng.Start + int64(i)*rng.Step }
		return value.Range{Start: at(lo), Stop: at(hi), Step: rng.Step * int64(step)}, nil
	}
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	var out []any
	for i := lo; step > 0 && i < hi || step < 0 && i > hi; i += step {
		out = append(out, items[i])
	}
	if _, ok := v.(value.Tuple); ok {
		return value.Tuple(out), nil
	}
	return value.NewList(out), r.growItems(len(out))
}

func (r *run) sliceText(s string, lo, hi, step int) (any, error) {
	if err := r.grow(len(s)); err != nil {
		return nil, err
	}
	runes := []rune(s)
	if step == 1 {
		if lo >= hi {
			return "", nil
		}
		return string(runes[lo:hi]), nil
	}
	var out []rune
	for i := lo; step > 0 && i < hi || step < 0 && i > hi; i += step {
		out = append(out, runes[i])
	}
	return string(out), nil
}

// sliceBounds resolves the parts of a slice as Python does.
func sliceBounds(bounds [3]any, n int) (lo, hi, step int, err error) {
	step = 1
	if bounds[2] != nil {
		if step, err = intArg(bounds[2]); err != nil {
			return 0, 0, 0, err
		}
		if step == 0 {
			return 0, 0, 0, errors.New("slice step cannot be zero")
		}
	}
	lo, hi = 0, n
	low, high := 0, n
	if step < 0 {
		lo, hi, low, high = n-1, -1, -1, n-1
	}
	for i, p := range []*int{&lo, &hi} {
		if bounds[i] == nil {
			continue
		}
		x, err := intArg(bounds[i])
		if err != nil {
			return 0, 0, 0, err
		}
		if x < 0 {
			x += n
		}
		*p = max(low, min(x, high))
	}
	return lo, hi, step, nil
}

// sameMap reports whether two maps are one.
func sameMap(a, b map[string]any) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}
