package jinja

import (
	"slices"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// callArgs are the compiled arguments of a call.
type callArgs struct {
	fns  []evalFn
	args []arg
}

func (c *compiler) callArgs(args []arg) *callArgs {
	return &callArgs{c.exprs(argExprs(args)), args}
}

// eval evaluates the arguments; out already has what comes before them.
func (ca *callArgs) eval(r *run, out []any) (list []any, kw []builtin.Named) {
	for i, fn := range ca.fns {
		v := fn(r)
		switch a := &ca.args[i]; {
		case a.stars == 1:
			out = append(out, r.Items(v)...)
		case a.stars == 2:
			for _, e := range builtin.Must(value.Entries(v)) {
				name, _ := value.Text(e.Key)
				kw = append(kw, builtin.Named{Name: name, V: e.Value})
			}
		case a.name != "":
			kw = append(kw, builtin.Named{Name: a.name, V: v})
		default:
			out = append(out, v)
		}
	}
	return out, kw
}

// invoke compiles a call. first, when not nil, is its first argument: what a
// filter filters.
func (c *compiler) invoke(f *builtin.Func, here *place, first evalFn, args []arg) evalFn {
	ca, before := c.callArgs(args), 0
	if first != nil {
		before = 1
	}
	checkArgs(f, here, before, args)
	return func(r *run) any {
		list := make([]any, 0, before+len(ca.fns))
		if first != nil {
			list = append(list, first(r))
		}
		list, kw := ca.eval(r, list)
		r.here = here
		return f.Call(&r.Run, list, kw)
	}
}

// checkArgs refuses a call that cannot succeed. With a starred argument that is
// not known beforehand.
func checkArgs(f *builtin.Func, here *place, positional int, args []arg) {
	var names []string
	for _, a := range args {
		switch {
		case a.stars > 0:
			return
		case a.name != "":
			names = append(names, a.name)
		default:
			positional++
		}
	}
	if err := f.Accepts(positional, names); err != nil {
		refuse(here.pos, "", "%s %s", here.what, err.Error())
	}
}

func (c *compiler) call(x *callX) evalFn {
	switch fn := x.fn.(type) {
	case *nameX:
		if c.shadowed(fn.name) || c.bound[fn.name] {
			return c.callMethod(x.fn, "", x)
		}
		return c.callFunction(fn.name, x)
	case *attrX:
		if name, ok := c.helper(fn); ok {
			return c.callFunction(name, x)
		}
		if f := c.env.Find(builtin.DocMethod, fn.name); f != nil && c.isDocument(fn.x) {
			return c.invoke(f, &place{x.pos, "doc." + fn.name}, nil, x.args)
		}
		if !c.env.Has(builtin.Method, fn.name) {
			c.unknownName(fn.pos, builtin.Method, fn.name)
		}
		return c.callMethod(fn.x, fn.name, x)
	}
	refuse(x.pos, "only functions and methods can be", "this cannot be called")
	return nil
}

func (c *compiler) callFunction(name string, x *callX) evalFn {
	f := c.env.FindOrStranger(c.functions, name)
	if f == nil {
		hint := ""
		switch {
		case c.env.Has(builtin.Filter, name):
			hint = "it is a filter: write value|" + name
		case name == "len":
			hint = "write value|length"
		}
		c.unknownName(x.pos, c.functions, name, hint)
	}
	return c.invoke(f, &place{x.pos, name + "()"}, nil, x.args)
}

// unknownName refuses a name that is not known as one of that kind. The hints
// are given where no known name is near.
func (c *compiler) unknownName(pos int, k builtin.Kind, name string, hints ...string) {
	msg, hint := c.env.Unknown(k, name)
	for _, h := range hints {
		if hint == "" {
			hint = h
		}
	}
	refuse(pos, hint, "%s", msg)
}

// helper returns the name of a function under utils or frappe.utils, and of
// Python's json.dumps, which Frappe's templates have.
func (c *compiler) helper(x *attrX) (string, bool) {
	switch path := pathOf(x.x); path {
	case "utils", "frappe":
		return x.name, !c.shadowed(path)
	case "frappe.utils", "frappe.utils.data":
		return x.name, !c.shadowed("frappe")
	case "json":
		name := path + "." + x.name
		return name, !c.shadowed(path) && c.env.Has(c.functions, name)
	}
	return "", false
}

// namespaced refuses a field of utils or frappe that is not called.
func (c *compiler) namespaced(x *attrX) {
	name, ok := c.helper(x)
	if !ok || name == "utils" {
		return
	}
	if c.env.Has(c.functions, name) {
		refuse(x.pos, "call it: "+name+"()", "%s is a function", name)
	}
	c.unknownName(x.pos, c.functions, name)
}

// callMethod compiles self.name(args), or self(args) when there is no name.
func (c *compiler) callMethod(self expr, name string, x *callX) evalFn {
	get, ca, here := c.expr(self), c.callArgs(x.args), &place{pos: x.pos}
	if name != "" {
		here.what = name + "()"
	}
	return func(r *run) any {
		list, kw := ca.eval(r, append(make([]any, 0, 1+len(ca.fns)), get(r)))
		r.here = here
		return r.Method(list[0], name, list, kw)
	}
}

// filter compiles x|name(args), of which x is compiled already.
func (c *compiler) filter(base evalFn, x *filterX) evalFn {
	f := c.env.FindOrStranger(builtin.Filter, x.name)
	if f == nil {
		c.unknownName(x.pos, builtin.Filter, x.name)
	}
	c.checkNested(x)
	return c.invoke(f, &place{x.pos, x.name}, base, x.args)
}

// checkNested refuses an unknown filter or test that another filter is to
// apply: map("uper").
func (c *compiler) checkNested(x *filterX) {
	nth := map[string]int{
		"map": 1, "select": 1, "reject": 1, "selectattr": 2, "rejectattr": 2,
	}[x.name]
	if nth == 0 || len(x.args) < nth || x.args[nth-1].name != "" || x.args[nth-1].stars != 0 {
		return
	}
	k, ok := x.args[nth-1].x.(*constX)
	if !ok {
		return
	}
	kind, find := builtin.Test, c.env.Find
	if x.name == "map" {
		kind, find = builtin.Filter, c.env.FindOrStranger
	}
	if name, isText := value.Text(k.v); isText && find(kind, name) == nil {
		c.unknownName(k.pos, kind, name)
	}
}

// isFunction reports whether x names a function, or what holds functions.
func (c *compiler) isFunction(x expr) bool {
	n, ok := x.(*nameX)
	return ok && !c.shadowed(n.name) && !c.bound[n.name] &&
		(n.name == "utils" || n.name == "frappe" || c.env.Has(c.functions, n.name))
}

// test compiles x is name(args).
func (c *compiler) test(x *testX) predFn {
	if c.isFunction(x.x) && slices.Contains([]string{"defined", "undefined", "callable"}, x.name) {
		return func(*run) bool { return x.name != "undefined" }
	}
	get := c.expr(x.x)
	if len(x.args) == 0 && slices.Contains([]string{"defined", "none", "None"}, x.name) {
		if x.name == "defined" {
			return func(r *run) bool { return !value.IsUndefined(get(r)) }
		}
		return func(r *run) bool { return get(r) == nil }
	}
	f := c.env.Find(builtin.Test, x.name)
	if f == nil {
		if x.name == "null" {
			refuse(x.pos, "write is none", "unknown test %q", x.name)
		}
		c.unknownName(x.pos, builtin.Test, x.name)
	}
	call := c.invoke(f, &place{x.pos, "is " + x.name}, get, x.args)
	return func(r *run) bool { return value.Truth(call(r)) }
}
