package builtin

import (
	"github.com/docevent/webhook/internal/value"
)

// chooserFilters apply another filter or a test to each element.
func chooserFilters() table {
	choose := func(want, byAttribute bool) *Func {
		return def("value *args **kwargs", func(c call) any { return c.choose(want, byAttribute) })
	}
	return table{
		"map":        def("value *args **kwargs", mapItems),
		"select":     choose(true, false),
		"reject":     choose(false, false),
		"selectattr": choose(true, true),
		"rejectattr": choose(false, true),
	}
}

func kwargsOf(o *value.Object) []Named {
	var out []Named
	for _, e := range o.Entries() {
		name, _ := value.Text(e.Key)
		out = append(out, Named{name, e.Value})
	}
	return out
}

func mapItems(c call) any {
	if !c.truth(0) {
		return c.newGenerator(nil)
	}
	apply, items := c.mapper(), c.list(0)
	c.GrowItems(len(items))
	out := make([]any, len(items))
	for i, x := range items {
		out[i] = apply(x)
	}
	return c.newGenerator(out)
}

// mapper is what map applies: map(attribute="a", default=0) or map("upper").
func (c call) mapper() func(any) any {
	args, kw := c.rest(1), c.names(2)
	if len(args) > 0 {
		name := textOf(args[0])
		f := c.FindOrStranger(Filter, name)
		if f == nil {
			refuse("unknown filter %q", Clip(name))
		}
		return c.applier(f, args[1:], kw)
	}
	attribute, ok := kw.Get("attribute")
	if !ok {
		refuse("needs a filter or an attribute")
	}
	fallback, _ := kw.Get("default")
	for _, e := range kw.Entries() {
		if e.Key != "attribute" && e.Key != "default" {
			refuse("has no argument %v", e.Key)
		}
	}
	return c.getter(attribute, true, fallback)
}

// applier calls a filter or test with the rest of the arguments.
func (c call) applier(b *Func, args []any, kw *value.Object) func(any) any {
	named := kwargsOf(kw)
	return func(x any) any { return b.Call(c.Run, append([]any{x}, args...), named) }
}

// choose keeps the elements whose test gives want.
func (c call) choose(want, byAttribute bool) any {
	args := c.rest(1)
	if !c.truth(0) {
		return c.newGenerator(nil)
	}
	get := identity
	if byAttribute {
		if len(args) == 0 {
			refuse("needs the name of an attribute")
		}
		get, args = c.getter(args[0], true, nil), args[1:]
	}
	holds := identity
	if len(args) > 0 {
		name := textOf(args[0])
		test := c.Find(Test, name)
		if test == nil {
			refuse("unknown test %q", Clip(name))
		}
		holds = c.applier(test, args[1:], c.names(2))
	}
	var out []any
	for _, x := range c.list(0) {
		c.Tick(1)
		if value.Truth(holds(get(x))) == want {
			out = append(out, x)
		}
	}
	return c.newGenerator(out)
}
