package jinja

import "github.com/docevent/webhook/internal/value"

// comprehension compiles [elem for target in iter if cond], in a level of names
// of its own.
func (c *compiler) comprehension(x *compX) evalFn {
	c.push()
	defer c.pop()
	loops := make([]compLoop, len(x.fors))
	for i, f := range x.fors {
		compile := c.expr
		if i == 0 {
			compile = c.outside
		}
		iter := compile(f.iter)
		loops[i] = compLoop{iter: iter, pos: f.iter.at(), bind: c.assign(f.target)}
		for _, cond := range f.conds {
			p := c.pred(cond)
			loops[i].conds = append(loops[i].conds, p)
		}
	}
	elem := c.expr(x.elem)
	gen, price := x.gen, 1+x.nodes()/4
	return func(r *run) (any, error) {
		var out []any
		err := r.comprehend(loops, price, func() error {
			v, err := elem(r)
			if err != nil {
				return err
			}
			out = append(out, v)
			if len(out) > value.MaxItems {
				return errItems
			}
			return nil
		})
		if gen {
			return value.NewGenerator(out), err
		}
		return value.NewList(out), err
	}
}

// outside compiles the first iterable of a comprehension, which does not see
// the comprehension's own names.
func (c *compiler) outside(x expr) evalFn {
	inner := c.scope
	c.scope = inner.outer
	defer func() { c.scope = inner }()
	return c.expr(x)
}

type compLoop struct {
	iter  evalFn
	pos   int
	bind  func(r *run, v any) error
	conds []predFn
}

func (r *run) comprehend(loops []compLoop, price int, each func() error) error {
	if len(loops) == 0 {
		return each()
	}
	v, err := loops[0].iter(r)
	if err != nil {
		return err
	}
	items, err := r.items(v)
	if err != nil {
		return at(loops[0].pos, err)
	}
next:
	for _, item := range items {
		if err := r.tick(price); err != nil {
			return err
		}
		if err := loops[0].bind(r, item); err != nil {
			return err
		}
		for _, cond := range loops[0].conds {
			ok, err := cond(r)
			if err != nil {
				return err
			}
			if !ok {
				continue next
			}
		}
		if err := r.comprehend(loops[1:], price, each); err != nil {
			return err
		}
	}
	return nil
}

// assign compiles the binding of a target in the current level.
func (c *compiler) assign(t target) func(r *run, v any) error {
	if t.tuple == nil {
		if t.field != "" {
			return c.assignField(t)
		}
		slot := c.bind(t.name)
		return func(r *run, v any) error {
			r.vars[slot] = v
			return nil
		}
	}
	parts := make([]func(*run, any) error, len(t.tuple))
	for i, sub := range t.tuple {
		parts[i] = c.assign(sub)
	}
	pos := t.pos
	return func(r *run, v any) error {
		items, err := r.items(v)
		if err != nil {
			return at(pos, err)
		}
		if len(items) != len(parts) {
			return fail(pos, "cannot unpack %d values into %d names", len(items), len(parts))
		}
		for i, bind := range parts {
			if err := bind(r, items[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

func (c *compiler) assignField(t target) func(r *run, v any) error {
	slot, ok := c.lookup(t.name)
	field, pos := t.field, t.pos
	return func(r *run, v any) error {
		if ok {
			if ns, isNamespace := r.vars[slot].(*namespace); isNamespace {
				ns.fields.Set(field, v)
				return nil
			}
		}
		return fail(pos, "only a namespace can be assigned to by field").with("{% set x = namespace() %}")
	}
}
