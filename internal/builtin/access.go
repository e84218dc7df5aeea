package builtin

import (
	"errors"
	"math"
	"reflect"
	"time"

	"github.com/docevent/webhook/internal/value"
)

// Attributes is a value of the engine itself that has fields: a loop, a
// namespace.
type Attributes interface {
	value.Opaque
	Attribute(name string) (any, bool)
}

// Attr is v.name: a member of a mapping, or a field of a few other kinds.
// undefined, a value.Undefined, is what there is when there is none.
func (r *Run) Attr(v any, name string, undefined any) any {
	switch x := v.(type) {
	case map[string]any, *value.Object, *value.Record:
		f, ok, err := value.Get(v, name)
		Check(err)
		if ok {
			return f
		}
		if r.isDocument(v) {
			return r.standIn(name, undefined)
		}
	case Attributes:
		if f, ok := x.Attribute(name); ok {
			return f
		}
	case value.Undefined:
		if !x.Method {
			Check(errors.New(x.Message()))
		}
	case *value.Group:
		switch name {
		case "grouper":
			return x.Grouper
		case "list":
			return x.List
		}
	case time.Time, value.Date, time.Duration:
		if f, ok := timeField(v, name); ok {
			return f
		}
	}
	if r.methods[kindOf(v)][name] != nil {
		u := undefined.(value.Undefined)
		u.Method = true
		return u
	}
	return undefined
}

// standIn is what the event knows of a field, or else the fallback.
func (r *Run) standIn(name string, fallback any) any {
	if stand := r.StandIn(name); stand != "" {
		return stand
	}
	return fallback
}

// isDocument reports whether v is the event's document itself.
func (r *Run) isDocument(v any) bool {
	doc, err := r.Document()
	return err == nil && identical(doc, v)
}

// identical reports whether two mappings are one.
func identical(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && reflect.ValueOf(x).Pointer() == reflect.ValueOf(y).Pointer()
	case *value.Object, *value.Record:
		return a == b
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
	t, _ := value.TimeOf(v)
	fields := map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(),
		"minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000,
	}
	n, ok := fields[name]
	return int64(n), ok
}

// Item is v[key].
func (r *Run) Item(v, key, undefined any) any {
	if u, ok := v.(value.Undefined); ok {
		if u.Method {
			return undefined
		}
		Check(errors.New(u.Message()))
	}
	if value.IsMapping(v) {
		if t, ok := key.(value.Tuple); ok {
			r.CheckKey(t)
		}
		f, ok, err := value.Lookup(v, key)
		Check(err)
		if ok {
			return f
		}
	} else if i, ok := value.Int64(key); ok {
		r.read(v)
		f, ok, err := value.Element(v, i)
		Check(err)
		if ok {
			return f
		}
	}
	if name, ok := value.Text(key); ok {
		return r.Attr(v, name, undefined)
	}
	return undefined
}

// Slice is v[lo:hi:step] for text and sequences.
func (r *Run) Slice(v any, bounds [3]any) any {
	if u, ok := v.(value.Undefined); ok {
		Check(errors.New(u.Message()))
	}
	n, err := value.Len(v)
	_, isView := v.(*value.View)
	if err != nil || value.IsMapping(v) || isView {
		mistyped("cannot slice %s", v)
	}
	lo, hi, step := sliceBounds(bounds, n)
	if s, ok := value.Text(v); ok {
		r.Grow(len(s))
		return string(stepped([]rune(s), lo, hi, step))
	}
	if rng, ok := v.(value.Range); ok {
		at := func(i int) int64 { return rng.Start + int64(i)*rng.Step }
		return value.Range{Start: at(lo), Stop: at(hi), Step: rng.Step * int64(step)}
	}
	out := stepped(r.Items(v), lo, hi, step)
	r.GrowItems(len(out))
	return sequenceLike(v, out)
}

// stepped is items[lo:hi:step], with bounds that are resolved.
func stepped[T any](items []T, lo, hi, step int) (out []T) {
	for i := lo; step > 0 && i < hi || step < 0 && i > hi; i += step {
		out = append(out, items[i])
	}
	return out
}

// sliceBounds resolves the parts of a slice as Python does.
func sliceBounds(bounds [3]any, n int) (lo, hi, step int) {
	step = 1
	if bounds[2] != nil {
		if step = intOf(bounds[2]); step == 0 {
			refuse("slice step cannot be zero")
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
		x := intOf(bounds[i])
		if x < 0 {
			x += n
		}
		*p = max(low, min(x, high))
	}
	return lo, hi, step
}
