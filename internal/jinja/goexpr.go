package jinja

import (
	"fmt"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/value"
)

// variable gives the slot of a $name: a new one, or with = the one in sight.
func (g *goCompiler) variable(d *parse.VariableNode, assign bool) int {
	name := d.Ident[0]
	if !assign {
		g.scope.slots[name] = g.slot()
		return g.scope.slots[name]
	}
	slot, ok := g.lookup(name)
	if !ok || name == "$" {
		panic(failure{fail(int(d.Pos), "cannot assign to %s", clip(name))})
	}
	return slot
}

// pipe compiles a pipeline with its declarations.
func (g *goCompiler) pipe(p *parse.PipeNode) evalFn {
	if g.depth++; g.depth > MaxNesting {
		panic(failure{tooDeep(int(p.Pos))})
	}
	defer func() { g.depth-- }()
	if len(p.Cmds) > MaxNesting {
		panic(failure{tooDeep(int(p.Pos))})
	}
	var get evalFn
	for _, cmd := range p.Cmds {
		get = g.command(cmd, get)
	}
	if len(p.Decl) == 0 {
		return get
	}
	slot := g.variable(p.Decl[0], p.IsAssign)
	return func(r *run) (any, error) {
		v, err := get(r)
		if err == nil {
			r.vars[slot] = v
		}
		return v, err
	}
}

// command compiles one command; final is the result of the one before, or nil.
func (g *goCompiler) command(cmd *parse.CommandNode, final evalFn) evalFn {
	first := cmd.Args[0]
	if id, ok := first.(*parse.IdentifierNode); ok {
		return g.function(id, cmd.Args[1:], final)
	}
	get := g.operand(first)
	if len(cmd.Args) > 1 || final != nil {
		e := fail(int(first.Position()), "%s is not a function", clip(first.String()))
		panic(failure{e.with("no methods can be called")})
	}
	return get
}

// operand compiles an argument.
func (g *goCompiler) operand(n parse.Node) evalFn {
	pos := goPos(n)
	if chainLen(n) > MaxNesting {
		panic(failure{tooDeep(pos)})
	}
	switch n := n.(type) {
	case *parse.DotNode:
		slot := g.dot
		if g.root {
			return func(*run) (any, error) { return goData{}, nil }
		}
		return func(r *run) (any, error) { return r.vars[slot], nil }
	case *parse.FieldNode:
		if g.root {
			return g.rootField(n.Ident, pos)
		}
		slot := g.dot
		return fields(func(r *run) (any, error) { return r.vars[slot], nil }, n.Ident, "", pos)
	case *parse.VariableNode:
		return g.variableValue(n, pos)
	case *parse.ChainNode:
		base := g.operand(n.Node)
		return fields(base, n.Field, "", pos)
	case *parse.PipeNode:
		return g.pipe(n)
	case *parse.IdentifierNode:
		return g.function(n, nil, nil)
	case *parse.NilNode:
		return func(*run) (any, error) { return nil, nil }
	case *parse.BoolNode:
		return constant(n.True)
	case *parse.StringNode:
		return constant(n.Text)
	case *parse.NumberNode:
		switch {
		case n.IsFloat && strings.ContainsAny(n.Text, ".eE") && !strings.HasPrefix(n.Text, "0x"):
			return constant(n.Float64)
		case n.IsInt:
			return constant(n.Int64)
		case n.IsUint:
			return constant(float64(n.Uint64))
		case n.IsFloat:
			return constant(n.Float64)
		}
	}
	panic(failure{fail(pos, "%s cannot stand here", clip(n.String()))})
}

// goPos is where an operand begins. The parser puts a chain of fields at its
// second one.
func goPos(n parse.Node) int {
	pos := int(n.Position())
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) > 1 {
			return pos - len(n.Ident[0]) - 1
		}
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			return pos - len(n.Ident[0])
		}
	}
	return pos
}

// chainLen is the number of fields in an operand.
func chainLen(n parse.Node) int {
	switch n := n.(type) {
	case *parse.FieldNode:
		return len(n.Ident)
	case *parse.VariableNode:
		return len(n.Ident)
	case *parse.ChainNode:
		return len(n.Field)
	}
	return 0
}

func constant(v any) evalFn { return func(*run) (any, error) { return v, nil } }

// rootField is .doc.total where the dot is what the template was given.
func (g *goCompiler) rootField(idents []string, pos int) evalFn {
	root := rootValue(idents[0])
	if root == nil {
		e := fail(pos, "unknown name %q", clip("."+idents[0]))
		if best := didYouMean(idents[0], []string{"doc", "previous", "event"}); best != "" {
			panic(failure{e.with("did you mean ." + strings.TrimPrefix(best, "did you mean "))})
		}
		panic(failure{e.with("fields are written .doc." + clip(idents[0]))})
	}
	path := "." + idents[0]
	if idents[0] == "doc" && len(idents) > 1 && !isExported(idents[1]) {
		undefined := any(value.Undefined{Name: path + "." + idents[1]})
		return fields(docField(idents[1], pos, undefined), idents[2:], path+"."+idents[1], pos)
	}
	get := func(r *run) (any, error) {
		v, err := root(r)
		return v, at(pos, err)
	}
	return fields(get, idents[1:], path, pos)
}

func (g *goCompiler) variableValue(n *parse.VariableNode, pos int) evalFn {
	name := n.Ident[0]
	if name == "$" {
		if len(n.Ident) > 1 {
			return g.rootField(n.Ident[1:], pos)
		}
		return func(*run) (any, error) { return goData{}, nil }
	}
	slot, ok := g.lookup(name)
	if !ok {
		panic(failure{fail(pos, "unknown variable %s", clip(name))})
	}
	return fields(func(r *run) (any, error) { return r.vars[slot], nil }, n.Ident[1:], name, pos)
}

// fields compiles a chain of field accesses.
func fields(get evalFn, names []string, path string, pos int) evalFn {
	if len(names) == 0 {
		return get
	}
	undefined := make([]any, len(names))
	for i, name := range names {
		path += "." + name
		undefined[i] = value.Undefined{Name: path}
	}
	return func(r *run) (any, error) {
		v, err := get(r)
		for i := 0; err == nil && i < len(names); i++ {
			if m, ok := v.(map[string]any); ok {
				if f, ok := m[names[i]]; ok && isPlain(f) {
					v = f
					continue
				}
			}
			owner := v
			if v, err = r.attr(owner, names[i], undefined[i]); err == nil && isExported(names[i]) {
				err = missingMethod(owner, names[i], v)
			}
		}
		return v, at(pos, err)
	}
}

func isExported(name string) bool { return name[0] >= 'A' && name[0] <= 'Z' }

// missingMethod refuses what text/template would take for a method, or for the
// Go name of a field: an exported name that is no member, of anything but a map.
func missingMethod(owner any, name string, got any) error {
	if _, isMap := owner.(map[string]any); isMap || !value.IsUndefined(got) {
		return nil
	}
	err := fmt.Errorf("%s has no field %s, and no methods can be called", value.TypeName(owner), clip(name))
	var known []string
	for _, k := range value.Keys(owner) {
		known = append(known, k.(string))
	}
	return hinted{err, didYouMean(name, known)}
}

// function compiles a call. The result of the command before comes last, as in
// text/template, but first for a filter: it is what the filter filters.
func (g *goCompiler) function(id *parse.IdentifierNode, args []parse.Node, final evalFn) evalFn {
	pos, name := int(id.Pos), id.Ident
	fns := make([]evalFn, 0, len(args)+1)
	for _, a := range args {
		fn := g.operand(a)
		fns = append(fns, fn)
	}
	b, filter := g.find(name)
	switch {
	case b == nil && (name == "and" || name == "or"):
		if final != nil {
			fns = append(fns, final)
		}
		return shortCircuit(name == "or", fns, pos)
	case b == nil && (g.env.stranger == nil || rootValue(name) != nil):
		panic(failure{g.unknownFunction(name, pos)})
	case b == nil:
		b = g.env.stranger
	case final != nil && filter:
		fns = append([]evalFn{final}, fns...)
	case final != nil:
		fns = append(fns, final)
	}
	if err := b.accepts(len(fns), nil); err != nil {
		panic(failure{fail(pos, "%s %s", name, err.Error())})
	}
	return func(r *run) (any, error) {
		list := make([]any, len(fns))
		for i, fn := range fns {
			v, err := fn(r)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		v, err := b.call(r, list, nil)
		return v, at(pos, describe(name, err))
	}
}

// find looks a function up: the host's, text/template's, Jinja's and Frappe's,
// then the filters.
func (g *goCompiler) find(name string) (b *builtin, filter bool) {
	for _, m := range []map[string]*builtin{g.env.host, g.env.golang, g.env.functions, g.env.helpers} {
		if b, ok := m[name]; ok {
			return b, false
		}
	}
	if name == "and" || name == "or" {
		return nil, false
	}
	return g.env.filters[name], true
}

func (g *goCompiler) unknownFunction(name string, pos int) error {
	known := sortedNames(g.env.host, g.env.golang, g.env.functions, g.env.helpers, g.env.filters)
	e := unknown(pos, "function", name, known)
	if rootValue(name) != nil {
		return e.with("write ." + name)
	}
	return e
}

// shortCircuit is and and or, which stop at the argument that decides.
func shortCircuit(or bool, fns []evalFn, pos int) evalFn {
	if len(fns) == 0 {
		panic(failure{fail(pos, "arguments are missing")})
	}
	return func(r *run) (v any, err error) {
		for _, fn := range fns {
			if v, err = fn(r); err != nil || value.Truth(v) == or {
				return v, err
			}
		}
		return v, nil
	}
}
