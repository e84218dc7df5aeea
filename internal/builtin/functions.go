package builtin

import (
	"github.com/docevent/webhook/internal/value"
)

// functions are Jinja's own functions, and changed.
func functions() table {
	return table{
		"range":     def("*args", rangeOf),
		"dict":      def("*args **kwargs", func(c call) any { return dictOf(c) }),
		"namespace": def("*args **kwargs", func(c call) any { return &Namespace{dictOf(c)} }),
		"cycler":    def("*items", newCycler),
		"joiner":    def("sep=',_'", func(c call) any { return &joiner{sep: c.a[0]} }),
		"changed":   def("*fields", func(c call) any { return c.changed(c.rest(0)) }),
	}
}

// rangeOf is range(stop), range(start, stop), range(start, stop, step).
func rangeOf(c call) any {
	args, n := c.rest(0), [3]int64{0, 0, 1}
	if len(args) < 1 || len(args) > 3 {
		refuse("takes 1 to 3 arguments")
	}
	for i, x := range args {
		v, ok := value.Int64(x)
		if !ok {
			mistyped("needs integers, not %s", x)
		}
		n[i] = v
	}
	if len(args) == 1 {
		n[0], n[1] = 0, n[0]
	}
	if n[2] == 0 {
		refuse("step cannot be zero")
	}
	rng := value.Range{Start: n[0], Stop: n[1], Step: n[2]}
	if rng.Len() > MaxRange {
		Check(errRange)
	}
	return rng
}

func dictOf(c call) *value.Object {
	d, args := value.NewObject(), c.rest(0)
	if len(args) > 1 {
		refuse("takes one mapping, or names")
	}
	for _, x := range append(args, c.a[1]) {
		c.fill(d, x)
	}
	return d
}

// fill sets the members of x, a mapping or a list of pairs, in d.
func (c call) fill(d *value.Object, x any) {
	pairs := c.pairs(x)
	c.GrowItems(len(pairs))
	for _, e := range pairs {
		d.Set(e.Key, e.Value)
	}
	if d.Len() > value.MaxItems {
		Check(errItems)
	}
}

// pairs lists the members of a mapping, or a list of pairs.
func (c call) pairs(x any) []value.Entry {
	if value.IsUndefined(x) {
		mistyped("%s", x)
	}
	if value.IsMapping(x) {
		return entries(x)
	}
	var out []value.Entry
	for _, item := range c.Items(x) {
		pair := c.Items(item)
		if len(pair) != 2 {
			refuse("needs pairs of a key and a value")
		}
		c.CheckKey(pair[0])
		out = append(out, value.Entry{Key: pair[0], Value: pair[1]})
	}
	return out
}

// changed reports whether one of the fields differs from what it was before, or
// with no names whether any does. Without a previous document all is changed.
func (c call) changed(fields value.Tuple) any {
	before, known, err := c.Before()
	if Check(err); !known {
		return true
	}
	doc := Must(c.Document())
	if len(fields) == 0 {
		return !c.equal(doc, before)
	}
	for _, f := range fields {
		name := textOf(f)
		now, _, err := value.Get(doc, name)
		Check(err)
		then, _, err := value.Get(before, name)
		Check(err)
		if !c.equal(now, then) {
			return true
		}
	}
	return false
}

// before is what the document was before, None if that is not known.
func (c call) before() any {
	v, _, err := c.Before()
	Check(err)
	return v
}

// newDocMethods are the methods of doc beyond those of a mapping.
func newDocMethods() table {
	return table{
		"has_value_changed": def("fieldname", func(c call) any {
			return c.changed(value.Tuple(c.a))
		}),
		"get_doc_before_save": def("", func(c call) any { return c.before() }),
	}
}

// pythonFunctions are those of Python's functions that conditions know.
func pythonFunctions() table {
	return table{
		"any": def("iterable", func(c call) any { return c.anyIs(true) }),
		"all": def("iterable", func(c call) any { return !c.anyIs(false) }),
		"len": def("obj", length),
		"sum": def("iterable start=0", func(c call) any { return c.sum(nil, c.a[1]) }),
		"min": def("*args **names", func(c call) any { return c.extreme(Less) }),
		"max": def("*args **names", func(c call) any { return c.extreme(Greater) }),
		"sorted": def("iterable reverse=false", func(c call) any {
			return value.NewList(c.sorted(c.list(0), c.truth(1), identity))
		}),
		"abs":   def("x", absOf),
		"str":   def("object=''", func(c call) any { return c.str(0) }),
		"int":   def("x=0 base=10", pythonInt),
		"long":  def("x=0 base=10", pythonInt), // Frappe has kept it
		"float": def("x=0.0", pythonFloat),
		"round": def("number ndigits=none", pythonRound),
		"bool":  def("x=false", func(c call) any { return c.truth(0) }),
		"list":  def("iterable=''", listFilters()["list"].fn),
		"tuple": def("iterable=''", func(c call) any { return value.Tuple(c.list(0)) }),
		"set":   def("iterable=''", func(c call) any { return c.Set(c.list(0)) }),
	}
}

// Set makes a set: a dict without values.
func (r *Run) Set(items []any) *value.Object {
	set := value.NewObject()
	for _, item := range items {
		r.CheckKey(item)
		set.Set(item, nil)
	}
	return set
}

// Dict makes a dict of pairs of a key and a value.
func (r *Run) Dict(pairs []any) *value.Object {
	d := value.NewObject()
	call{Run: r}.fill(d, value.Tuple(pairs))
	return d
}

// anyIs looks for an element of that truth.
func (c call) anyIs(want bool) bool {
	for _, x := range c.list(0) {
		if value.Truth(x) == want {
			return true
		}
	}
	return false
}

// extreme is min(a, b, ...) and min([a, b, ...], default=c).
func (c call) extreme(op Comparison) any {
	items := []any(c.rest(0))
	if len(items) == 1 {
		items = c.Items(items[0])
	}
	fallback, ok := c.names(1).Get("default")
	switch {
	case c.names(1).Len() > 1 || !ok && c.names(1).Len() == 1:
		refuse("has no argument by name but default")
	case len(items) == 0 && ok:
		return fallback
	case len(items) == 0:
		refuse("sequence is empty")
	}
	return c.best(items, op, identity)
}

func pythonInt(c call) any {
	if s, ok := value.Text(c.a[0]); ok {
		v, ok := value.ParseInt(s, c.base(1))
		if !ok {
			refuse("text is no integer")
		}
		return v
	}
	v, ok := value.Truncate(c.a[0])
	if !ok {
		mistyped("cannot make an integer of %s", c.a[0])
	}
	return v
}

func pythonFloat(c call) any {
	if s, ok := value.Text(c.a[0]); ok {
		f, ok := value.ParseFloat(s)
		if !ok {
			refuse("text is no number")
		}
		return f
	}
	f, ok := value.Float64(c.a[0])
	if !ok {
		mistyped("cannot make a number of %s", c.a[0])
	}
	return f
}

func pythonRound(c call) any {
	if c.a[1] == nil {
		return wholeOf(roundTo(c.a[0], 0))
	}
	return roundTo(c.a[0], c.int(1))
}
