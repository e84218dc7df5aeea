package jinja

import (
	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

type compLoop struct {
	iter  evalFn
	here  *place
	bind  func(r *run, v any)
	conds []predFn
}

// comprehension compiles [elem for target in iter if cond], in a level of names
// of its own.
func (c *compiler) comprehension(x *compX) evalFn {
	outer := c.scope
	c.push()
	defer c.pop()
	loops := make([]compLoop, len(x.fors))
	for i, f := range x.fors {
		l := &loops[i]
		l.here = &place{pos: f.iter.info().pos}
		inner := c.scope
		if i == 0 { // which does not see the comprehension's own names
			c.scope = outer
		}
		l.iter = c.expr(f.iter)
		c.scope = inner
		l.bind = c.assign(f.target)
		for _, cond := range f.conds {
			l.conds = append(l.conds, c.pred(cond))
		}
	}
	elem, end, price := c.expr(x.elem), x.end, 1+x.size/4
	return func(r *run) any {
		var out []any
		r.comprehend(loops, price, func() {
			out = append(out, elem(r))
			if len(out) > value.MaxItems {
				r.GrowItems(len(out))
			}
		})
		switch end {
		case ")":
			return value.NewGenerator(out)
		case "}":
			return r.Set(out)
		case ":":
			return r.Dict(out)
		}
		return value.NewList(out)
	}
}

func (r *run) comprehend(loops []compLoop, price int, each func()) {
	if len(loops) == 0 {
		each()
		return
	}
	l := &loops[0]
	v := l.iter(r)
	r.here = l.here
next:
	for _, item := range r.Items(v) {
		r.Tick(price)
		l.bind(r, item)
		for _, cond := range l.conds {
			if !cond(r) {
				continue next
			}
		}
		r.comprehend(loops[1:], price, each)
	}
}

// assign compiles the binding of a target in the current level.
func (c *compiler) assign(t target) func(r *run, v any) {
	if t.tuple == nil {
		if t.field != "" {
			return c.assignField(t)
		}
		slot := c.bind(t.name)
		return func(r *run, v any) { r.vars[slot] = v }
	}
	parts := make([]func(*run, any), len(t.tuple))
	for i, sub := range t.tuple {
		parts[i] = c.assign(sub)
	}
	here := &place{pos: t.pos}
	return func(r *run, v any) {
		r.here = here
		items := r.Items(v)
		if len(items) != len(parts) {
			refuse(t.pos, "", "cannot unpack %d values into %d names", len(items), len(parts))
		}
		for i, bind := range parts {
			bind(r, items[i])
		}
	}
}

func (c *compiler) assignField(t target) func(r *run, v any) {
	slot, ok := c.lookup(t.name)
	return func(r *run, v any) {
		if ok {
			if ns, is := r.vars[slot].(*builtin.Namespace); is {
				ns.Fields.Set(t.field, v)
				return
			}
		}
		refuse(t.pos, "{% set x = namespace() %}", "only a namespace can be assigned to by field")
	}
}
