package jinja

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// The expressions that pipelines have and Jinja does not.
type (
	// goCallX is a call of a function that is known.
	goCallX struct {
		spot
		fn   *builtin.Func
		name string
		args []arg
	}
	// slotX is a variable or the dot.
	slotX struct {
		spot
		slot int
		name string
	}
	// assignX declares a variable, or assigns to one. Its value is what is
	// assigned.
	assignX struct {
		spot
		slot int
		x    expr
	}
)

func (x *goCallX) below() []expr { return argExprs(x.args) }
func (x *slotX) below() []expr   { return nil }
func (x *assignX) below() []expr { return []expr{x.x} }

func (c *compiler) assignment(x *assignX) evalFn {
	get, slot := c.expr(x.x), x.slot
	return func(r *run) any {
		r.vars[slot] = get(r)
		return r.vars[slot]
	}
}

// variable gives the slot of a $name: a new one, or with = the one in sight.
func (g *goLowerer) variable(d *parse.VariableNode, assign bool) int {
	name := d.Ident[0]
	if !assign {
		g.scope.slots[name] = g.slot()
		return g.scope.slots[name]
	}
	slot, ok := g.lookup(name)
	if !ok {
		refuse(int(d.Pos)-g.shift, "", "cannot assign to %s", builtin.Clip(name))
	}
	return slot
}

// pipe reads a pipeline with its declarations.
func (g *goLowerer) pipe(p *parse.PipeNode) expr {
	pos := int(p.Pos) - g.shift
	if g.depth++; g.depth > MaxNesting {
		tooDeep(pos)
	}
	defer func() { g.depth-- }()
	var x expr
	for _, cmd := range p.Cmds {
		x = g.command(cmd, x)
	}
	for _, d := range p.Decl {
		x = node(pos, &assignX{slot: g.variable(d, p.IsAssign), x: x})
	}
	return x
}

// command reads one command; final is the result of the one before, or nil.
func (g *goLowerer) command(cmd *parse.CommandNode, final expr) expr {
	first := cmd.Args[0]
	if id, ok := first.(*parse.IdentifierNode); ok {
		return g.call(id, cmd.Args[1:], final)
	}
	x := g.operand(first)
	if len(cmd.Args) > 1 || final != nil {
		refuse(x.info().pos, "no methods can be called",
			"%s is not a function", builtin.Clip(first.String()))
	}
	return x
}

// operand reads an argument.
func (g *goLowerer) operand(n parse.Node) expr {
	pos := int(n.Position()) - g.shift
	switch n := n.(type) {
	case *parse.DotNode:
		return g.fields(g.dotX(pos), nil, pos)
	case *parse.FieldNode:
		return g.fields(g.dotX(pos), n.Ident, g.start(pos, n.Ident, len(".")))
	case *parse.VariableNode:
		pos = g.start(pos, n.Ident, 0)
		return g.fields(g.variableX(n.Ident[0], pos), n.Ident[1:], pos)
	case *parse.ChainNode:
		return g.fields(g.operand(n.Node), n.Field, pos)
	case *parse.PipeNode:
		return g.pipe(n)
	case *parse.IdentifierNode:
		return g.call(n, nil, nil)
	case *parse.NilNode:
		return node(pos, &constX{})
	case *parse.BoolNode:
		return node(pos, &constX{v: n.True})
	case *parse.StringNode:
		return node(pos, &constX{v: n.Text})
	case *parse.NumberNode:
		switch {
		case n.IsInt && !strings.ContainsAny(n.Text, ".eE") ||
			n.IsInt && strings.HasPrefix(n.Text, "0x"):
			return node(pos, &constX{v: n.Int64})
		case n.IsFloat:
			return node(pos, &constX{v: n.Float64})
		}
	}
	refuse(pos, "", "%s cannot stand here", builtin.Clip(n.String()))
	return nil
}

// start is where an operand begins. The parser says of a chain of fields where
// its second one is.
func (g *goLowerer) start(pos int, idents []string, dot int) int {
	if len(idents) > 1 {
		return pos - len(idents[0]) - dot
	}
	return pos
}

// dotX is the dot; nil stands for what the template was given.
func (g *goLowerer) dotX(pos int) expr {
	if g.dot < 0 {
		return nil
	}
	return node(pos, &slotX{slot: g.dot})
}

func (g *goLowerer) variableX(name string, pos int) expr {
	if name == "$" {
		return nil
	}
	slot, ok := g.lookup(name)
	if !ok {
		refuse(pos, "", "unknown variable %s", builtin.Clip(name))
	}
	return node(pos, &slotX{slot: slot, name: name})
}

// fields reads a chain of fields of x, or of what the template was given.
func (g *goLowerer) fields(x expr, names []string, pos int) expr {
	if x == nil && len(names) == 0 {
		return node(pos, &nameX{name: "$"})
	}
	if x == nil {
		if !slices.Contains(rootNames, names[0]) {
			g.unknownRoot(names[0], pos)
		}
		x, names = node(pos, &nameX{name: names[0]}), names[1:]
	}
	for _, name := range names {
		x = node(pos, &attrX{x: x, name: name, golang: true})
	}
	return x
}

func (g *goLowerer) unknownRoot(name string, pos int) {
	hint := builtin.DidYouMean(name, rootNames)
	if hint == "" {
		hint = "fields are written .doc." + builtin.Clip(name)
	}
	refuse(pos, strings.Replace(hint, "mean ", "mean .", 1),
		"unknown name %q", builtin.Clip("."+name))
}

func isExported(name string) bool { return name[0] >= 'A' && name[0] <= 'Z' }

// noMethod refuses what text/template would take for a method, or for the Go
// name of a field: an exported name that is no member, of anything but a map.
func noMethod(owner any, name string, got any) {
	if _, isMap := owner.(map[string]any); isMap || !value.IsUndefined(got) {
		return
	}
	var known []string
	for _, k := range value.Keys(owner) {
		known = append(known, fmt.Sprint(k))
	}
	builtin.Advise(builtin.DidYouMean(name, known),
		"%s has no field %s, and no methods can be called",
		value.TypeName(owner), builtin.Clip(name))
}

// call reads a call. The result of the command before comes last, as in
// text/template, but first for a filter: it is what the filter filters.
func (g *goLowerer) call(id *parse.IdentifierNode, nodes []parse.Node, final expr) expr {
	pos, name := int(id.Pos)-g.shift, id.Ident
	fn, filter := g.env.Find(builtin.GoFunction, name), false
	logic := fn == nil && (name == "and" || name == "or")
	if fn == nil && !logic {
		fn, filter = g.env.Find(builtin.Filter, name), true
	}
	var xs []expr
	for _, n := range nodes {
		xs = append(xs, g.operand(n))
	}
	switch {
	case final != nil && filter && fn != nil:
		xs = append([]expr{final}, xs...)
	case final != nil:
		xs = append(xs, final)
	}
	if logic {
		return shortCircuit(pos, name == "or", xs)
	}
	if fn == nil && !slices.Contains(rootNames, name) {
		fn = g.env.FindOrStranger(builtin.GoFunction, name)
	}
	if fn == nil {
		g.unknownFunction(name, pos)
	}
	args := make([]arg, len(xs))
	for i, x := range xs {
		args[i].x = x
		if field, ok := x.(*attrX); ok && filter && i == 0 && name == "default" {
			field.guarded = true
		}
	}
	return node(pos, &goCallX{fn: fn, name: name, args: args})
}

func (g *goLowerer) unknownFunction(name string, pos int) {
	if slices.Contains(rootNames, name) {
		refuse(pos, "write ."+name, "unknown function %q", name)
	}
	known := append(g.env.Names(builtin.GoFunction), g.env.Names(builtin.Filter)...)
	g.unknownName(pos, builtin.GoFunction, name, builtin.DidYouMean(name, known))
}

// shortCircuit is and and or, which stop at the argument that decides.
func shortCircuit(pos int, or bool, xs []expr) expr {
	if len(xs) == 0 {
		refuse(pos, "", "arguments are missing")
	}
	x := xs[0]
	for _, next := range xs[1:] {
		x = node(pos, &boolX{or: or, l: x, r: next})
	}
	return x
}
