package jinja

import (
	"github.com/docevent/webhook/internal/value"
)

// evalFn is a compiled expression, predFn one of which only the truth counts.
type (
	evalFn func(r *run) (any, error)
	predFn func(r *run) (bool, error)
)

// compiler turns expressions into closures. Names become slots as they are met.
type compiler struct {
	env    *Env
	scope  *names
	slots  int
	pieces []piece
	// bound are the names that the template binds anywhere; such a name is
	// undefined, not unknown, where it is not in sight.
	bound map[string]bool
	// guarded are the names under is defined and default.
	guarded map[string]bool
	// python has the functions of Python that conditions may call.
	python bool
	depth  int // of the pipelines of a Go template
}

// names is one level of names in sight.
type names struct {
	outer *names
	slots map[string]int
}

func (c *compiler) push() *names {
	c.scope = &names{outer: c.scope, slots: map[string]int{}}
	return c.scope
}

func (c *compiler) pop() { c.scope = c.scope.outer }

// bind gives a name a slot of its own in the current level.
func (c *compiler) bind(name string) int {
	if slot, ok := c.scope.slots[name]; ok {
		return slot
	}
	slot := c.slot()
	c.scope.slots[name] = slot
	return slot
}

func (c *compiler) slot() int {
	c.slots++
	return c.slots - 1
}

func (c *compiler) lookup(name string) (int, bool) {
	for s := c.scope; s != nil; s = s.outer {
		if slot, ok := s.slots[name]; ok {
			return slot, true
		}
	}
	return 0, false
}

// expr compiles an expression.
func (c *compiler) expr(x expr) evalFn {
	switch x := x.(type) {
	case *constX:
		v := x.v
		return func(*run) (any, error) { return v, nil }
	case *nameX:
		return c.name(x)
	case *attrX:
		return c.attr(x)
	case *indexX:
		return c.index(x)
	case *callX:
		return c.call(x)
	case *filterX:
		return c.filter(x)
	case *binaryX:
		return c.binary(x)
	case *signX:
		return c.sign(x)
	case *concatX:
		return c.concat(x)
	case *condX:
		return c.cond(x)
	case *boolX:
		return c.logic(x)
	case *listX:
		return c.list(x)
	case *dictX:
		return c.dict(x)
	case *compX:
		return c.comprehension(x)
	case *sliceX:
		panic(failure{fail(x.pos, "slice stands outside of an index")})
	}
	return boxed(c.pred(x))
}

func boxed(p predFn) evalFn {
	return func(r *run) (any, error) {
		b, err := p(r)
		return b, err
	}
}

func (c *compiler) exprs(xs []expr) []evalFn {
	out := make([]evalFn, len(xs))
	for i, x := range xs {
		out[i] = c.expr(x)
	}
	return out
}

func (c *compiler) name(x *nameX) evalFn {
	if slot, ok := c.lookup(x.name); ok {
		return func(r *run) (any, error) { return r.vars[slot], nil }
	}
	if root := rootValue(x.name); root != nil {
		pos := x.pos
		return func(r *run) (any, error) {
			v, err := root(r)
			return v, at(pos, err)
		}
	}
	undefined := any(value.Undefined{Name: x.name})
	if c.bound[x.name] || c.guarded[x.name] {
		return func(*run) (any, error) { return undefined, nil }
	}
	panic(failure{c.unknown(x)})
}

// rootValue returns how to read one of the names that every template has.
func rootValue(name string) evalFn {
	switch name {
	case "doc":
		return func(r *run) (any, error) { return r.s.document() }
	case "previous":
		return func(r *run) (any, error) { return r.s.before() }
	case "event":
		return func(r *run) (any, error) { return r.s.eventValue(), nil }
	}
	return nil
}

var rootNames = []string{"doc", "previous", "event", "utils", "frappe"}

// unknown refuses a name that nothing binds.
func (c *compiler) unknown(x *nameX) error {
	if _, ok := c.function(x.name); ok {
		return fail(x.pos, "%s is a function", x.name).with("call it: " + x.name + "()")
	}
	if x.name == "utils" || x.name == "frappe" {
		return fail(x.pos, "%s holds functions", x.name).with("call one: utils.nowdate()")
	}
	e := fail(x.pos, "unknown name %q", clip(x.name))
	switch x.name {
	case "null", "nil", "NULL", "undefined":
		return e.with("write none")
	case "loop":
		return e.with("loop is known inside a for")
	}
	known := append([]string{}, rootNames...)
	for n := range c.bound {
		known = append(known, n)
	}
	if best := didYouMean(x.name, append(known, c.functionNames()...)); best != "" {
		return e.with(best)
	}
	return e.with("fields are written doc." + clip(x.name))
}

func (c *compiler) attr(x *attrX) evalFn {
	of, name, pos := x.x, x.name, x.pos
	undefined := any(value.Undefined{Name: pathOf(x)})
	if n, ok := of.(*nameX); ok && n.name == "doc" && !c.shadowed("doc") {
		return docField(name, pos, undefined)
	}
	check(c.namespaced(x))
	get := c.expr(of)
	return func(r *run) (any, error) {
		v, err := get(r)
		if err != nil {
			return nil, err
		}
		if m, ok := v.(map[string]any); ok {
			if f, ok := m[name]; ok && isPlain(f) {
				return f, nil
			}
		}
		f, err := r.attr(v, name, undefined)
		return f, at(pos, err)
	}
}

// isPlain is a quick yes to the commonest kinds of a field.
func isPlain(v any) bool {
	switch v.(type) {
	case string, float64, int, int64, bool, nil, map[string]any, []any:
		return true
	}
	return false
}

func (c *compiler) shadowed(name string) bool {
	_, ok := c.lookup(name)
	return ok
}

// docField is doc.name, the commonest expression of all.
func docField(name string, pos int, undefined any) evalFn {
	return func(r *run) (any, error) {
		doc, err := r.s.document()
		if err != nil {
			return nil, at(pos, err)
		}
		if m, ok := doc.(map[string]any); ok {
			if f, ok := m[name]; ok && isPlain(f) && (f != nil || name != "name" && name != "doctype") {
				return f, nil
			}
		}
		f, ok, err := value.Get(doc, name)
		if err != nil {
			return nil, at(pos, err)
		}
		if !ok || f == nil {
			if stand := r.s.standIn(name); stand != "" {
				return stand, nil
			}
		}
		if !ok {
			return undefined, nil
		}
		return f, nil
	}
}

// standIn is what the event knows of a document that does not say itself.
func (s *Scope) standIn(name string) string {
	switch name {
	case "name":
		return s.Name
	case "doctype":
		return s.DocType
	}
	return ""
}

// pathOf spells an expression of names and fields, for messages.
func pathOf(x expr) string {
	switch x := x.(type) {
	case *nameX:
		return x.name
	case *attrX:
		if below := pathOf(x.x); below != "" {
			return below + "." + x.name
		}
		return x.name
	case *indexX:
		if k, ok := x.key.(*constX); ok {
			key, _ := value.AppendRepr(nil, k.v)
			return pathOf(x.x) + "[" + clip(string(key)) + "]"
		}
	}
	return ""
}

func (c *compiler) index(x *indexX) evalFn {
	get := c.expr(x.x)
	if s, ok := x.key.(*sliceX); ok {
		return c.slice(get, s)
	}
	key := c.expr(x.key)
	pos, undefined := x.pos, any(value.Undefined{Name: pathOf(x)})
	return func(r *run) (any, error) {
		v, err := get(r)
		if err != nil {
			return nil, err
		}
		k, err := key(r)
		if err != nil {
			return nil, err
		}
		f, err := r.item(v, k, undefined)
		return f, at(pos, err)
	}
}

func (c *compiler) slice(get evalFn, x *sliceX) evalFn {
	var parts [3]evalFn
	for i, sub := range []expr{x.lo, x.hi, x.step} {
		if sub == nil {
			continue
		}
		parts[i] = c.expr(sub)
	}
	pos := x.pos
	return func(r *run) (any, error) {
		v, err := get(r)
		if err != nil {
			return nil, err
		}
		var bounds [3]any
		for i, p := range parts {
			if p == nil {
				continue
			}
			if bounds[i], err = p(r); err != nil {
				return nil, err
			}
		}
		out, err := r.slice(v, bounds)
		return out, at(pos, err)
	}
}

func (c *compiler) list(x *listX) evalFn {
	items := c.exprs(x.items)
	tuple := x.tuple
	return func(r *run) (any, error) {
		if err := r.growItems(len(items)); err != nil {
			return nil, err
		}
		out := make([]any, len(items))
		for i, item := range items {
			v, err := item(r)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		if tuple {
			return value.Tuple(out), nil
		}
		return value.NewList(out), nil
	}
}

func (c *compiler) dict(x *dictX) evalFn {
	keys := c.exprs(x.keys)
	values := c.exprs(x.values)
	pos := x.pos
	return func(r *run) (any, error) {
		if err := r.growItems(len(keys)); err != nil {
			return nil, err
		}
		d := value.NewObject()
		for i := range keys {
			k, err := keys[i](r)
			if err != nil {
				return nil, err
			}
			v, err := values[i](r)
			if err != nil {
				return nil, err
			}
			if !value.Hashable(k) {
				return nil, at(pos, typeError("a key cannot be a %s", k))
			}
			d.Set(k, v)
		}
		return d, nil
	}
}
