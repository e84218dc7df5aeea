package jinja

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/docevent/webhook/internal/value"
)

// withMethods is a value of the engine that has methods of its own.
type withMethods interface {
	method(r *run, name string, args []any, kw []kwarg) (any, bool, error)
}

// method calls one of the methods that a template may call; args[0] is the
// value itself. No method of a Go type is ever looked for.
func (r *run) method(v any, name string, args []any, kw []kwarg) (any, error) {
	if m, ok := v.(withMethods); ok {
		if out, ok, err := m.method(r, name, args[1:], kw); ok {
			return out, err
		}
	}
	if u, ok := v.(value.Undefined); ok {
		return nil, errors.New(u.Message())
	}
	kind := kindOf(v)
	b, ok := r.env.methods[kind][name]
	if !ok {
		if a, isEngine := v.(attributes); isEngine {
			if f, ok := a.attribute(name); ok {
				if fn, ok := f.(callable); ok {
					return fn.call(r, args[1:], kw)
				}
			}
		}
		return nil, hinted{fmt.Errorf("%s has no such method", value.TypeName(v)), didYouMean(name, sortedNames(r.env.methods[kind]))}
	}
	return b.call(r, args, kw)
}

func kindOf(v any) string {
	switch v.(type) {
	case []any, *value.List:
		return "list"
	case value.Tuple, *value.Group, value.Range:
		return "tuple"
	case time.Time, value.Date, time.Duration:
		return "time"
	}
	if _, ok := value.Text(v); ok {
		return "str"
	}
	if value.IsMapping(v) {
		return "dict"
	}
	if value.IsNumber(v) {
		return "number"
	}
	return ""
}

func dictMethods() map[string]*builtin {
	view := func(name string, pick func(value.Entry) any) *builtin {
		return def("self", func(r *run, a []any) (any, error) {
			entries, err := value.Entries(a[0])
			if err != nil {
				return nil, err
			}
			out := make([]any, len(entries))
			for i, e := range entries {
				out[i] = pick(e)
			}
			return &value.View{Name: name, Items: out}, r.growItems(len(out))
		})
	}
	duplicate := def("self", func(r *run, a []any) (any, error) {
		d := value.NewObject()
		return d, r.fill(d, a[0])
	})
	return map[string]*builtin{
		"keys":    view("dict_keys", func(e value.Entry) any { return e.Key }),
		"values":  view("dict_values", func(e value.Entry) any { return e.Value }),
		"items":   view("dict_items", func(e value.Entry) any { return value.Tuple{e.Key, e.Value} }),
		"copy":    duplicate,
		"as_dict": duplicate,
		"get": def("self key default=none", func(r *run, a []any) (any, error) {
			v, ok, err := value.Lookup(a[0], a[1])
			if name, _ := value.Text(a[1]); !ok && err == nil {
				if stand := r.s.standIn(name); stand != "" && r.isDocument(a[0]) {
					return stand, nil
				}
				return a[2], nil
			}
			return v, err
		}),
		"setdefault": changing(def("self key default=none", func(_ *run, a []any) (any, error) {
			d := a[0].(*value.Object)
			if v, ok := d.Find(a[1]); ok {
				return v, nil
			}
			d.Set(a[1], a[2])
			return a[2], nil
		})),
		"update": changing(def("self other=- **kwargs", func(r *run, a []any) (any, error) {
			d := a[0].(*value.Object)
			if _, none := a[1].(unset); !none {
				if err := r.fill(d, a[1]); err != nil {
					return nil, err
				}
			}
			return nil, r.fill(d, a[2])
		})),
		"pop": changing(def("self key default=-", func(_ *run, a []any) (any, error) {
			if v, ok := a[0].(*value.Object).Delete(a[1]); ok {
				return v, nil
			}
			if _, none := a[2].(unset); none {
				return nil, errors.New("key is not there")
			}
			return a[2], nil
		})),
		"popitem": changing(def("self", func(_ *run, a []any) (any, error) {
			d := a[0].(*value.Object)
			if d.Len() == 0 {
				return nil, errors.New("dict is empty")
			}
			last := d.Entries()[d.Len()-1]
			d.Delete(last.Key)
			return value.Tuple{last.Key, last.Value}, nil
		})),
		"clear": changing(def("self", func(_ *run, a []any) (any, error) {
			a[0].(*value.Object).Clear()
			return nil, nil
		})),
	}
}

// changing guards a method that changes its dict: a document's cannot be.
func changing(b *builtin) *builtin {
	fn := b.fn
	b.fn = func(r *run, a []any) (any, error) {
		d, ok := a[0].(*value.Object)
		if !ok || d.Fixed() {
			return nil, hinted{errors.New("documents are read-only"), "change a copy: .copy()"}
		}
		if len(a) > 1 && !b.kwargs && !value.Hashable(a[1]) {
			return nil, typeError("a key cannot be a %s", a[1])
		}
		return fn(r, a)
	}
	return b
}

func tupleMethods() map[string]*builtin {
	return map[string]*builtin{
		"count": def("self value", func(r *run, a []any) (any, error) {
			items, err := r.items(a[0])
			n := int64(0)
			for _, x := range items {
				if same, err := value.Equal(x, a[1]); err != nil {
					return nil, err
				} else if same {
					n++
				}
			}
			return n, err
		}),
		"index": def("self value", func(r *run, a []any) (any, error) {
			items, err := r.items(a[0])
			if err != nil {
				return nil, err
			}
			for i, x := range items {
				if same, err := value.Equal(x, a[1]); err != nil || same {
					return int64(i), err
				}
			}
			return nil, errors.New("value is not in the list")
		}),
	}
}

func listMethods() map[string]*builtin {
	m := tupleMethods()
	m["copy"] = def("self", func(r *run, a []any) (any, error) { return r.list(a[0]) })
	change := func(signature string, fn func(r *run, l *value.List, a []any) (any, error)) *builtin {
		return def(signature, func(r *run, a []any) (any, error) {
			l, ok := a[0].(*value.List)
			if !ok {
				return nil, hinted{errors.New("documents are read-only"), "change a copy: |list"}
			}
			if len(l.Items) >= value.MaxItems {
				return nil, errItems
			}
			return fn(r, l, a)
		})
	}
	m["append"] = change("self object", func(_ *run, l *value.List, a []any) (any, error) {
		l.Items = append(l.Items, a[1])
		return nil, nil
	})
	m["extend"] = change("self iterable", func(r *run, l *value.List, a []any) (any, error) {
		items, err := r.items(a[1])
		if err != nil {
			return nil, err
		}
		if err := r.growItems(len(l.Items) + len(items)); err != nil {
			return nil, err
		}
		l.Items = append(l.Items, items...)
		return nil, nil
	})
	m["insert"] = change("self index object", func(r *run, l *value.List, a []any) (any, error) {
		i, err := intArg(a[1])
		if err != nil {
			return nil, err
		}
		if i < 0 {
			i = max(0, i+len(l.Items))
		}
		l.Items = slices.Insert(l.Items, min(i, len(l.Items)), a[2])
		return nil, r.growItems(len(l.Items))
	})
	m["pop"] = change("self index=-1", func(_ *run, l *value.List, a []any) (any, error) {
		i, err := intArg(a[1])
		if i < 0 {
			i += len(l.Items)
		}
		if err != nil || i < 0 || i >= len(l.Items) {
			return nil, errors.New("index is out of range")
		}
		v := l.Items[i]
		l.Items = slices.Delete(l.Items, i, i+1)
		return v, nil
	})
	m["remove"] = change("self value", func(r *run, l *value.List, a []any) (any, error) {
		i, err := m["index"].fn(r, a)
		if err == nil {
			l.Items = slices.Delete(l.Items, int(i.(int64)), int(i.(int64))+1)
		}
		return nil, err
	})
	m["clear"] = change("self", func(_ *run, l *value.List, _ []any) (any, error) {
		l.Items = nil
		return nil, nil
	})
	m["reverse"] = change("self", func(r *run, l *value.List, _ []any) (any, error) {
		slices.Reverse(l.Items)
		return nil, r.growItems(len(l.Items))
	})
	m["sort"] = change("self reverse=false", func(r *run, l *value.List, a []any) (any, error) {
		sorted, err := r.sorted(l, value.Truth(a[1]), identity)
		if err == nil {
			l.Items = sorted.(*value.List).Items
		}
		return nil, err
	})
	return m
}

func numberMethods() map[string]*builtin {
	return map[string]*builtin{
		"is_integer": def("self", func(_ *run, a []any) (any, error) {
			f, _ := value.Float64(a[0])
			return f == math.Trunc(f), nil
		}),
		"bit_length": def("self", func(_ *run, a []any) (any, error) {
			b, ok := value.BigInt(a[0])
			if !ok {
				return nil, errors.New("needs an integer")
			}
			return int64(b.BitLen()), nil
		}),
	}
}

func timeMethods() map[string]*builtin {
	onTime := func(fn func(t time.Time, day bool) any) *builtin {
		return def("self", func(_ *run, a []any) (any, error) {
			if d, ok := a[0].(value.Date); ok {
				return fn(d.Time, true), nil
			}
			t, ok := a[0].(time.Time)
			if !ok {
				return nil, errors.New("a duration has no such method")
			}
			return fn(t, false), nil
		})
	}
	return map[string]*builtin{
		"date":       onTime(func(t time.Time, _ bool) any { return value.Date{Time: midnight(t)} }),
		"weekday":    onTime(func(t time.Time, _ bool) any { return int64(t.Weekday()+6) % 7 }),
		"isoweekday": onTime(func(t time.Time, _ bool) any { return int64(t.Weekday()+6)%7 + 1 }),
		"timestamp":  onTime(func(t time.Time, _ bool) any { return float64(t.UnixMicro()) / 1e6 }),
		"isoformat": onTime(func(t time.Time, day bool) any {
			if day {
				return t.Format(time.DateOnly)
			}
			return t.Format("2006-01-02T15:04:05.999999Z07:00")
		}),
		"total_seconds": def("self", func(_ *run, a []any) (any, error) {
			d, ok := a[0].(time.Duration)
			if !ok {
				return nil, errors.New("only a duration has seconds")
			}
			return d.Seconds(), nil
		}),
		"strftime": def("self format", func(r *run, a []any) (any, error) {
			format, err := textArg(a[1])
			if err != nil {
				return nil, err
			}
			t, ok := a[0].(time.Time)
			if d, day := a[0].(value.Date); day {
				t, ok = d.Time, true
			}
			if !ok {
				return nil, errors.New("a duration has no such method")
			}
			return strftime(t, format), r.grow(len(format) * 8)
		}),
	}
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// strftimeLayouts are the directives that Go's layouts can spell.
var strftimeLayouts = map[byte]string{
	'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'B': "January", 'b': "Jan",
	'A': "Monday", 'a': "Mon", 'p': "PM", 'I': "03", 'z': "-0700", 'Z': "MST", 'F': "2006-01-02", 'T': "15:04:05", 'j': "002",
	'D': "01/02/06", 'x': "01/02/06", 'X': "15:04:05", 'c': "Mon Jan _2 15:04:05 2006", 'e': "_2", 'h': "Jan", 'R': "15:04",
}

func strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := strftimeLayouts[format[i]]; {
		case ok:
			b.WriteString(t.Format(layout))
		case format[i] == 'f':
			fmt.Fprintf(&b, "%06d", t.Nanosecond()/1000)
		case format[i] == 'w':
			fmt.Fprintf(&b, "%d", t.Weekday())
		case format[i] == '%':
			b.WriteByte('%')
		default:
			b.WriteString(format[i-1 : i+1])
		}
	}
	return b.String()
}
