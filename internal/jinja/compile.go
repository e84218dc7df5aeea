package jinja

import (
	"slices"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// evalFn is a compiled expression, predFn one of which only the truth counts.
// Both end with a builtin.Failure when they cannot be evaluated; run.here says
// where.
type (
	evalFn func(r *run) any
	predFn func(r *run) bool
)

// compiler turns expressions into closures. Names become slots as they are met.
type compiler struct {
	env    *Env
	scope  *names
	slots  int
	pieces []piece
	// bound and guarded are those of the parser.
	bound, guarded map[string]bool
	given          map[string]given
	// functions says which functions may be called: in conditions Python's too.
	functions builtin.Kind
	// keys are the slots of the keys of the ranges of a Go template.
	keys []int
}

// names is one level of names in sight.
type names struct {
	outer *names
	slots map[string]int
}

func (c *compiler) push() { c.scope = &names{outer: c.scope, slots: map[string]int{}} }
func (c *compiler) pop()  { c.scope = c.scope.outer }

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
		return always(x.v)
	case *nameX:
		return c.name(x)
	case *attrX:
		return c.attr(x, false)
	case *indexX:
		return c.index(x)
	case *callX:
		return c.call(x)
	case *filterX:
		return c.filter(c.expr(x.x), x)
	case *slotX:
		return variable(x.slot)
	case *goCallX:
		return c.invoke(x.fn, &place{x.pos, x.name}, nil, x.args)
	case *assignX:
		return c.assignment(x)
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
		refuse(x.pos, "", "slice stands outside of an index")
	}
	holds := c.pred(x)
	return func(r *run) any { return holds(r) }
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
		return variable(slot)
	}
	if root := x.name; root == "$" || slices.Contains(rootNames, root) {
		here := &place{pos: x.pos}
		return func(r *run) any {
			r.here = here
			return r.s.root(root)
		}
	}
	if !c.bound[x.name] && (!c.guarded[x.name] || c.isFunction(x)) {
		c.unknown(x)
	}
	return always(value.Undefined{Name: x.name})
}

func always(v any) evalFn { return func(*run) any { return v } }

func variable(slot int) evalFn { return func(r *run) any { return r.vars[slot] } }

// unknown refuses a name that nothing binds.
func (c *compiler) unknown(x *nameX) {
	switch x.name {
	case "utils", "frappe":
		refuse(x.pos, "call one: utils.nowdate()", "%s holds functions", x.name)
	case "null", "nil", "NULL", "undefined":
		refuse(x.pos, "write none", "unknown name %q", x.name)
	case "loop":
		refuse(x.pos, "loop is known inside a for", "unknown name %q", x.name)
	}
	if c.env.Has(c.functions, x.name) {
		refuse(x.pos, "call it: "+x.name+"()", "%s is a function", x.name)
	}
	known := append([]string{"utils", "frappe"}, rootNames...)
	for n := range c.bound {
		known = append(known, n)
	}
	hint := builtin.DidYouMean(x.name, append(known, c.env.Names(c.functions)...))
	if hint == "" {
		hint = "fields are written doc." + builtin.Clip(x.name)
	}
	refuse(x.pos, hint, "unknown name %q", builtin.Clip(x.name))
}

// peek compiles an expression whose value is looked at and not kept: it may be
// what [value.Record.Peek] gives.
func (c *compiler) peek(x expr) evalFn {
	if x, ok := x.(*attrX); ok {
		return c.attr(x, true)
	}
	return c.expr(x)
}

// attr compiles x.name. The kinds of values that most documents are made of are
// read here; all others are left to attribute.read.
func (c *compiler) attr(x *attrX, peek bool) evalFn {
	a := c.attribute(x)
	name, isDoc, field := x.name, a.isDoc, loopFields[x.name]
	get := c.expr(x.x)
	slot, isVariable := c.slotOf(x.x)
	return func(r *run) any {
		var v any
		switch {
		case isDoc: // which, like a variable, is spared a call
			v = r.s.doc.v
		case isVariable:
			v = r.vars[slot]
		default:
			v = get(r)
		}
		switch m := v.(type) {
		case map[string]any:
			if f := m[name]; isPlain(f) {
				return f
			}
		case *value.Record:
			if peek {
				if f := m.Peek(name, &r.scratch); f != nil {
					return f
				}
			}
		case *loopState:
			if field != nil {
				return field(m)
			}
		}
		return a.read(r, v)
	}
}

// An attribute is x.name as it is read in general.
type attribute struct {
	name      string
	path      string // as the template spells it, for messages
	here      place
	undefined any
	isDoc     bool // x is the document itself
	exported  bool // in a Go template: missing, it is an error
	guarded   bool
}

func (c *compiler) attribute(x *attrX) *attribute {
	path := pathOf(x)
	if x.golang && path[0] != '$' {
		path = "." + path
	}
	c.namespaced(x)
	exported := x.golang && isExported(x.name)
	return &attribute{
		name: x.name, path: path, here: place{pos: x.pos}, undefined: value.Undefined{Name: path},
		isDoc: c.isDocument(x.x) && !exported, exported: exported, guarded: x.guarded,
	}
}

// read returns the attribute of v, and tells the Scope of one that is missing.
func (a *attribute) read(r *run, v any) any {
	r.here = &a.here
	var f any
	if a.isDoc {
		f = r.docField(a.name, a.undefined)
	} else {
		f = r.Attr(v, a.name, a.undefined)
	}
	if a.exported {
		noMethod(v, a.name, f)
	}
	if r.s.Missed != nil && !a.guarded && value.IsUndefined(f) && (a.isDoc || value.IsMapping(v)) {
		r.s.Missed(a.path)
	}
	return f
}

// docField is doc.name, or undefined.
func (r *run) docField(name string, undefined any) any {
	f := builtin.Must(r.s.Field(name))
	if value.IsUndefined(f) {
		return undefined
	}
	return f
}

// slotOf returns the slot of a name that is bound, or of a variable.
func (c *compiler) slotOf(x expr) (int, bool) {
	switch x := x.(type) {
	case *nameX:
		return c.lookup(x.name)
	case *slotX:
		return x.slot, true
	}
	return 0, false
}

// isPlain reports whether v is of one of the commonest kinds of a field, for
// which no more need be asked.
func isPlain(v any) bool {
	switch v := v.(type) {
	case string, float64, int, int64, bool:
		return true
	case map[string]any:
		return v != nil
	case []any:
		return v != nil
	}
	return false
}

// isDocument reports whether an expression is the name doc itself.
func (c *compiler) isDocument(x expr) bool {
	n, ok := x.(*nameX)
	return ok && n.name == "doc" && !c.shadowed("doc")
}

func (c *compiler) shadowed(name string) bool {
	_, ok := c.lookup(name)
	return ok
}

// pathOf spells an expression of names and fields, for messages.
func pathOf(x expr) string {
	switch x := x.(type) {
	case *nameX:
		return x.name
	case *slotX:
		return x.name
	case *attrX:
		if below := pathOf(x.x); below != "" {
			return below + "." + x.name
		}
		return x.name
	case *indexX:
		if k, ok := x.key.(*constX); ok {
			key, _ := value.AppendRepr(nil, k.v)
			return pathOf(x.x) + "[" + builtin.Clip(string(key)) + "]"
		}
	}
	return ""
}

func (c *compiler) index(x *indexX) evalFn {
	get := c.expr(x.x)
	if s, ok := x.key.(*sliceX); ok {
		if hasNoSlices(x.x) && isLiteral(s) {
			return always(value.Undefined{Name: pathOf(x)})
		}
		return c.slice(get, s)
	}
	key := c.expr(x.key)
	here, undefined := &place{pos: x.pos}, any(value.Undefined{Name: pathOf(x)})
	return func(r *run) any {
		v, k := get(r), key(r)
		r.here = here
		return r.Item(v, k, undefined)
	}
}

// hasNoSlices reports whether x is a literal that cannot be sliced. Jinja2 works
// out what is literal when it compiles, and then finds nothing there, where it
// fails at run time.
func hasNoSlices(x expr) bool {
	switch x := x.(type) {
	case *constX:
		_, text := x.v.(string)
		return !text
	case *dictX:
		return isLiteral(x)
	}
	return false
}

// isLiteral reports whether x is made of nothing but literals.
func isLiteral(x expr) bool {
	switch x.(type) {
	case *constX:
		return true
	case *dictX, *listX, *sliceX, *signX:
		return !slices.ContainsFunc(x.below(), func(b expr) bool {
			return b != nil && !isLiteral(b)
		})
	}
	return false
}

func (c *compiler) slice(get evalFn, x *sliceX) evalFn {
	var parts [3]evalFn
	for i, sub := range x.below() {
		if sub != nil {
			parts[i] = c.expr(sub)
		}
	}
	here := &place{pos: x.pos}
	return func(r *run) any {
		v := get(r)
		var bounds [3]any
		for i, part := range parts {
			if part != nil {
				bounds[i] = part(r)
			}
		}
		r.here = here
		return r.Slice(v, bounds)
	}
}

func (c *compiler) list(x *listX) evalFn {
	items, tuple := c.exprs(x.items), x.tuple
	return func(r *run) any {
		r.GrowItems(len(items))
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = item(r)
		}
		if tuple {
			return value.Tuple(out)
		}
		return value.NewList(out)
	}
}

func (c *compiler) dict(x *dictX) evalFn {
	keys, values := c.exprs(x.keys), c.exprs(x.values)
	here := &place{pos: x.pos}
	return func(r *run) any {
		r.GrowItems(len(keys))
		d := value.NewObject()
		for i := range keys {
			k, v := keys[i](r), values[i](r)
			r.here = here
			r.CheckKey(k)
			d.Set(k, v)
		}
		return d
	}
}
