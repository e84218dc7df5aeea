package jinja

import (
	"errors"
	"fmt"

	"github.com/docevent/webhook/internal/value"
)

// callArgs are the compiled arguments of a call.
type callArgs struct {
	fns   []evalFn
	args  []arg
	plain int // how many are positional; -1 when a star makes that unknown
	names []string
}

func (c *compiler) callArgs(args []arg) *callArgs {
	ca := &callArgs{args: args}
	for _, a := range args {
		fn := c.expr(a.x)
		ca.fns = append(ca.fns, fn)
		switch {
		case a.stars > 0:
			ca.plain = -1
		case a.name != "":
			ca.names = append(ca.names, a.name)
		case ca.plain >= 0:
			ca.plain++
		}
	}
	return ca
}

// eval evaluates the arguments; out already has what comes before them.
func (ca *callArgs) eval(r *run, out []any) ([]any, []kwarg, error) {
	var kw []kwarg
	for i, fn := range ca.fns {
		v, err := fn(r)
		if err != nil {
			return nil, nil, err
		}
		switch a := ca.args[i]; {
		case a.stars == 1:
			items, err := r.items(v)
			if err != nil {
				return nil, nil, at(a.x.at(), err)
			}
			out = append(out, items...)
		case a.stars == 2:
			entries, err := value.Entries(v)
			if err != nil {
				return nil, nil, at(a.x.at(), err)
			}
			for _, e := range entries {
				name, _ := value.Text(e.Key)
				kw = append(kw, kwarg{name, e.Value})
			}
		case a.name != "":
			kw = append(kw, kwarg{a.name, v})
		default:
			out = append(out, v)
		}
	}
	return out, kw, nil
}

// invoke compiles a call of a builtin. first, when not nil, is its first
// argument: what a filter filters. what names it in messages.
func (c *compiler) invoke(b *builtin, pos int, what string, first evalFn, args []arg) evalFn {
	ca := c.callArgs(args)
	before := 0
	if first != nil {
		before = 1
	}
	if ca.plain >= 0 {
		if err := b.accepts(before+ca.plain, ca.names); err != nil {
			panic(failure{fail(pos, "%s %s", what, err.Error())})
		}
	}
	return func(r *run) (any, error) {
		list := make([]any, 0, before+len(ca.fns))
		if first != nil {
			v, err := first(r)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		list, kw, err := ca.eval(r, list)
		if err != nil {
			return nil, err
		}
		v, err := b.call(r, list, kw)
		return v, at(pos, describe(what, err))
	}
}

// describe puts the name of what was called before a plain error.
func describe(what string, err error) error {
	var undefined *located
	switch {
	case err == nil, errors.As(err, &undefined), errors.Is(err, ErrLimit):
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (c *compiler) call(x *callX) evalFn {
	switch fn := x.fn.(type) {
	case *nameX:
		if c.shadowed(fn.name) || c.bound[fn.name] {
			break
		}
		return c.callFunction(fn.name, x)
	case *attrX:
		if name, ok := c.helper(fn); ok {
			return c.callFunction(name, x)
		}
		if b := c.env.docMethods[fn.name]; b != nil && c.isDocument(fn.x) {
			return c.invoke(b, x.pos, "doc."+fn.name, nil, x.args)
		}
		return c.callMethod(fn, x)
	}
	panic(failure{fail(x.pos, "this cannot be called").with("only functions and methods can be")})
}

func (c *compiler) isDocument(x expr) bool {
	n, ok := x.(*nameX)
	return ok && n.name == "doc" && !c.shadowed("doc")
}

func (c *compiler) callFunction(name string, x *callX) evalFn {
	b, ok := c.function(name)
	if !ok && c.env.stranger != nil {
		b, ok = c.env.stranger, true
	}
	if !ok {
		e := unknown(x.pos, "function", name, c.functionNames())
		if e.hint != "" {
			panic(failure{e})
		}
		if _, filter := c.env.filter(name); filter {
			panic(failure{e.with("it is a filter: write value|" + name)})
		}
		if name == "len" {
			panic(failure{e.with("write value|length")})
		}
		panic(failure{e})
	}
	return c.invoke(b, x.pos, name+"()", nil, x.args)
}

// helper returns the name of a function under utils or frappe.utils.
func (c *compiler) helper(x *attrX) (string, bool) {
	switch under := x.x.(type) {
	case *nameX:
		return x.name, (under.name == "utils" || under.name == "frappe") && !c.shadowed(under.name)
	case *attrX:
		root, ok := under.x.(*nameX)
		return x.name, ok && under.name == "utils" && root.name == "frappe" && !c.shadowed("frappe")
	}
	return "", false
}

// namespaced refuses a field of utils or frappe that is not called.
func (c *compiler) namespaced(x *attrX) error {
	name, ok := c.helper(x)
	if !ok || name == "utils" {
		return nil
	}
	if _, known := c.function(name); known {
		return fail(x.pos, "%s is a function", name).with("call it: " + name + "()")
	}
	return unknown(x.pos, "function", name, c.functionNames())
}

func (c *compiler) callMethod(fn *attrX, x *callX) evalFn {
	name, pos := fn.name, fn.pos
	if !c.env.isMethod(name) {
		panic(failure{unknown(pos, "method", name, c.env.methodNames())})
	}
	self := c.expr(fn.x)
	ca := c.callArgs(x.args)
	return func(r *run) (any, error) {
		v, err := self(r)
		if err != nil {
			return nil, err
		}
		list, kw, err := ca.eval(r, append(make([]any, 0, 1+len(ca.fns)), v))
		if err != nil {
			return nil, err
		}
		out, err := r.method(v, name, list, kw)
		return out, at(pos, describe(name+"()", err))
	}
}

func (c *compiler) filter(x *filterX) evalFn {
	base := c.expr(x.x)
	return c.filterOn(base, x)
}

func (c *compiler) filterOn(base evalFn, x *filterX) evalFn {
	b, ok := c.env.filter(x.name)
	if !ok && c.env.stranger != nil {
		b, ok = c.env.stranger, true
	}
	if !ok {
		panic(failure{unknown(x.pos, "filter", x.name, c.env.filterNames())})
	}
	check(c.checkNested(x))
	return c.invoke(b, x.pos, x.name, base, x.args)
}

// checkNested refuses an unknown filter or test that another filter is to
// apply: map("uper").
func (c *compiler) checkNested(x *filterX) error {
	i := 0
	switch x.name {
	case "selectattr", "rejectattr":
		i = 1
	case "map", "select", "reject":
	default:
		return nil
	}
	if len(x.args) <= i || x.args[i].name != "" || x.args[i].stars != 0 {
		return nil
	}
	k, ok := x.args[i].x.(*constX)
	name, isText := "", false
	if ok {
		name, isText = value.Text(k.v)
	}
	if !isText {
		return nil
	}
	if x.name == "map" {
		if _, ok := c.env.filter(name); !ok && c.env.stranger == nil {
			return unknown(k.pos, "filter", name, c.env.filterNames())
		}
	} else if _, ok := c.env.tests[name]; !ok {
		return unknown(k.pos, "test", name, c.env.testNames())
	}
	return nil
}

// test compiles x is name(args).
func (c *compiler) test(x *testX) predFn {
	get := c.expr(x.x)
	switch {
	case x.name == "defined" && len(x.args) == 0:
		return func(r *run) (bool, error) {
			v, err := get(r)
			return err == nil && !value.IsUndefined(v), err
		}
	case (x.name == "none" || x.name == "None") && len(x.args) == 0:
		return func(r *run) (bool, error) {
			v, err := get(r)
			return err == nil && v == nil, err
		}
	}
	b, ok := c.env.tests[x.name]
	if !ok {
		e := unknown(x.pos, "test", x.name, c.env.testNames())
		if x.name == "null" {
			panic(failure{e.with("write is none")})
		}
		panic(failure{e})
	}
	call := c.invoke(b, x.pos, "is "+x.name, get, x.args)
	return func(r *run) (bool, error) {
		v, err := call(r)
		return err == nil && value.Truth(v), err
	}
}
