package builtin

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/docevent/webhook/internal/value"
)

// Methods is a value of the engine that has methods of its own.
type Methods interface {
	Method(r *Run, name string, args []any) (any, bool)
}

// Method calls one of the methods that a template may call, or without a name
// the value itself, which is args[0]. No method of a Go type is ever looked for.
func (r *Run) Method(v any, name string, args []any, kw []Named) any {
	if m, ok := v.(Methods); ok {
		if out, ok := m.Method(r, name, args[1:]); ok {
			return out
		}
	}
	if u, ok := v.(value.Undefined); ok {
		Check(errors.New(u.Message()))
	}
	if name == "" {
		mistyped("a %s cannot be called", v)
	}
	known := r.methods[kindOf(v)]
	b := known[name]
	if b == nil {
		hint := DidYouMean(name, slices.Collect(maps.Keys(known)))
		Advise(hint, "%s has no such method", value.TypeName(v))
	}
	return b.Call(r, args, kw)
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
	switch {
	case value.IsNumber(v):
		return "number"
	case value.IsMapping(v):
		return "dict"
	}
	return ""
}

// numberMethods are those of floats, and of a docstatus in Frappe.
func numberMethods() table {
	is := func(status int64) *Func {
		return def("self", func(c call) any { return c.equal(c.a[0], status) })
	}
	return table{
		"is_draft":     is(0),
		"is_submitted": is(1),
		"is_cancelled": is(2),
		"is_integer": def("self", func(c call) any {
			f, _ := value.Float64(c.a[0])
			return math.Trunc(f) == f && !math.IsInf(f, 0)
		}),
	}
}

func dictMethods() table {
	view := func(name string, pick func(value.Entry) any) *Func {
		return def("self", func(c call) any {
			var out []any
			for _, e := range entries(c.a[0]) {
				out = append(out, pick(e))
			}
			c.GrowItems(len(out))
			return &value.View{Name: name, Items: out}
		})
	}
	duplicate := def("self", func(c call) any {
		d := value.NewObject()
		c.fill(d, c.a[0])
		return d
	})
	return table{
		"keys":   view("dict_keys", func(e value.Entry) any { return e.Key }),
		"values": view("dict_values", func(e value.Entry) any { return e.Value }),
		"items": view("dict_items", func(e value.Entry) any {
			return value.Tuple{e.Key, e.Value}
		}),
		"copy":    duplicate,
		"as_dict": def("self no_nulls=false convert_dates_to_str=false", asDict),
		"as_json": def("self indent=1", func(c call) any {
			c.a[0] = c.dict(c.a[0], false)
			return asJSON(c)
		}),
		"get": def("self key filters=none limit=none default=none", getMember),
		"setdefault": changing("self key default=none", func(c call, d *value.Object) any {
			if v, ok := d.Find(c.a[1]); ok {
				return v
			}
			d.Set(c.a[1], c.a[2])
			return c.a[2]
		}),
		"update": changing("self other=- **kwargs", func(c call, d *value.Object) any {
			if c.given(1) {
				c.fill(d, c.a[1])
			}
			c.fill(d, c.a[2])
			return nil
		}),
		"pop": changing("self key default=-", func(c call, d *value.Object) any {
			c.GrowItems(d.Len()) // those behind it move
			if v, ok := d.Delete(c.a[1]); ok {
				return v
			}
			if !c.given(2) {
				refuse("key is not there")
			}
			return c.a[2]
		}),
		"clear": changing("self", func(_ call, d *value.Object) any {
			d.Clear()
			return nil
		}),
	}
}

// asDict is a document's as_dict. Its dates are text where text is asked for.
func asDict(c call) any { return c.dict(c.a[0], c.truth(1)) }

// dict makes a dict of a document, and of the rows of its tables: their empty
// fields stay in JSON, where those of rows that are documents do not
// (frappe/model/base_document.py, as_dict).
func (c call) dict(doc any, noNulls bool) any {
	d := c.fields(doc, noNulls)
	for _, e := range entries(d) {
		if !value.IsSequence(e.Value) {
			continue
		}
		rows := slices.Clone(c.Items(e.Value))
		for i, row := range rows {
			if value.IsMapping(row) {
				rows[i] = c.fields(row, noNulls)
			}
		}
		d.Set(e.Key, c.newList(rows))
	}
	return d
}

// fields copies the members of a document or a row.
func (c call) fields(doc any, noNulls bool) *value.Object {
	d := value.NewObject()
	for _, e := range entries(doc) {
		if e.Value != nil || !noNulls {
			d.Set(e.Key, e.Value)
		}
	}
	c.GrowItems(d.Len())
	return d
}

// getMember is get of a dict, and of a document, which knows the filters of
// Frappe: doc.get("items", {"qty": [">", 1]}) are the rows that have it.
func getMember(c call) any {
	v, ok := c.member(c.a[1])
	if !ok {
		return cmp.Or(c.a[2], c.a[4])
	}
	if !value.IsSequence(v) || !c.isDocument(c.a[0]) {
		return v
	}
	most := value.MaxItems
	if value.Truth(c.a[3]) {
		most = max(c.int(3), 0)
	}
	rows := c.Items(v)
	if value.IsMapping(c.a[2]) && value.Truth(c.a[2]) {
		return c.rowsOf(rows, entries(c.a[2]), most)
	}
	if len(rows) <= most {
		return v
	}
	return c.newList(slices.Clone(rows[:most]))
}

// member looks a key up in the first argument; the event knows more of a document.
func (c call) member(key any) (any, bool) {
	c.CheckKey(key)
	v, ok, err := value.Lookup(c.a[0], key)
	Check(err)
	if name, _ := value.Text(key); !ok && c.isDocument(c.a[0]) {
		if stand := c.StandIn(name); stand != "" {
			return stand, true
		}
	}
	return v, ok
}

// changing makes a method that changes its dict: a document's cannot be.
func changing(signature string, fn func(c call, d *value.Object) any) *Func {
	b := def(signature, nil)
	b.fn = func(c call) any {
		d, ok := c.a[0].(*value.Object)
		if !ok || d.Fixed() {
			Advise("change a copy: .copy()", "documents are read-only")
		}
		if len(c.a) > 1 && !b.kwargs {
			c.CheckKey(c.a[1])
		}
		return fn(c, d)
	}
	return b
}

func tupleMethods() table {
	return table{
		"count": def("self value", func(c call) any {
			n := int64(0)
			for _, x := range c.list(0) {
				if c.equal(x, c.a[1]) {
					n++
				}
			}
			return n
		}),
		"index": def("self value start=none stop=none", func(c call) any {
			items := c.list(0)
			lo, hi, _ := sliceBounds([3]any{c.a[2], c.a[3], nil}, len(items))
			c.a[0] = value.Tuple(items[lo:max(lo, hi)])
			return int64(lo + c.index())
		}),
	}
}

// index is where the second argument is in the first.
func (c call) index() int {
	i := slices.IndexFunc(c.list(0), func(x any) bool { return c.equal(x, c.a[1]) })
	if i < 0 {
		refuse("value is not in the list")
	}
	return i
}

func listMethods() table {
	m := tupleMethods()
	m["copy"] = listFilters()["list"]
	change := func(name, signature string, fn func(c call, l *value.List) any) {
		m[name] = def(signature, func(c call) any {
			l, ok := c.a[0].(*value.List)
			if !ok {
				Advise("change a copy: |list", "documents are read-only")
			}
			if len(l.Items) >= value.MaxItems {
				Check(errItems)
			}
			return fn(c, l)
		})
	}
	change("append", "self object", func(c call, l *value.List) any {
		l.Items = append(l.Items, c.a[1])
		return nil
	})
	change("extend", "self iterable", func(c call, l *value.List) any {
		items := c.list(1)
		c.GrowItems(len(l.Items) + len(items))
		l.Items = append(l.Items, items...)
		return nil
	})
	change("insert", "self index object", insertItem)
	change("pop", "self index=-1", popItem)
	change("remove", "self value", func(c call, l *value.List) any {
		i := c.index()
		l.Items = slices.Delete(l.Items, i, i+1)
		return nil
	})
	change("clear", "self", func(_ call, l *value.List) any {
		l.Items = nil
		return nil
	})
	change("reverse", "self", func(c call, l *value.List) any {
		c.moves(l)
		slices.Reverse(l.Items)
		return nil
	})
	change("sort", "self reverse=false", func(c call, l *value.List) any {
		l.Items = c.sorted(l.Items, c.truth(1), identity)
		return nil
	})
	return m
}

func insertItem(c call, l *value.List) any {
	i := c.int(1)
	if i < 0 {
		i = max(0, i+len(l.Items))
	}
	c.moves(l)
	l.Items = slices.Insert(l.Items, min(i, len(l.Items)), c.a[2])
	return nil
}

func popItem(c call, l *value.List) any {
	i := c.int(1)
	if i < 0 {
		i += len(l.Items)
	}
	if i < 0 || i >= len(l.Items) {
		refuse("index is out of range")
	}
	if i < len(l.Items)-1 {
		c.moves(l)
	}
	v := l.Items[i]
	l.Items = slices.Delete(l.Items, i, i+1)
	return v
}

// moves counts the steps of moving the elements of a list.
func (c call) moves(l *value.List) { c.Tick(len(l.Items) / movesPerStep) }
