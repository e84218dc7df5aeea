package jinja

import (
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// goRoot is the name of a Go template's tree, which no define can spell.
const goRoot = "\x00"

// parseGo parses a Go template, or with bare a pipeline without its braces.
func parseGo(src string, bare bool) *parse.ListNode {
	tree := parse.New(goRoot)
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	text := src
	if bare {
		text = "{{" + src + "}}"
	}
	if _, err := tree.Parse(text, "", "", set); err != nil {
		panic(builtin.Failure{Err: goSyntaxError(src, err)})
	}
	for name, other := range set {
		if name != goRoot {
			refuse(int(other.Root.Pos), alone, "define and block are not supported")
		}
	}
	if tree.Root == nil {
		return &parse.ListNode{NodeType: parse.NodeList}
	}
	return tree.Root
}

// goSyntaxError takes line and message out of the parser's error. The parser
// tells no column.
func goSyntaxError(src string, err error) *Error {
	msg := strings.TrimPrefix(err.Error(), "template: "+goRoot+":")
	number, msg, ok := strings.Cut(msg, ": ")
	line, bad := strconv.Atoi(number)
	if !ok || bad != nil {
		return &Error{Msg: err.Error()}
	}
	lines := strings.Split(src, "\n")
	line = max(1, min(line, len(lines)))
	e := &Error{
		Line: line, SourceLine: lines[line-1], Msg: strings.ReplaceAll(msg, goRoot, "template"),
	}
	switch {
	case strings.Contains(msg, `"&"`), strings.Contains(msg, "U+0026"):
		e.Hint = "write and a b"
	case strings.Contains(msg, `"="`), strings.Contains(msg, "bad character U+003D"):
		e.Hint = "write eq a b to compare"
	case strings.Contains(msg, "U+003E"), strings.Contains(msg, "U+003C"):
		e.Hint = "write gt a b or lt a b to compare"
	}
	return e
}

// onlyAction returns the pipeline of a template that has nothing else in it.
func onlyAction(root *parse.ListNode) *parse.PipeNode {
	var found *parse.PipeNode
	for _, n := range root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			if strings.TrimSpace(string(n.Text)) != "" {
				return nil
			}
		case *parse.CommentNode:
		case *parse.ActionNode:
			if found != nil || len(n.Pipe.Decl) > 0 {
				return nil
			}
			found = n.Pipe
		default:
			return nil
		}
	}
	return found
}

// goLowerer turns the tree of a Go template into one whose pipelines call
// pieces, as the lowerer makes of Jinja.
type goLowerer struct {
	*compiler
	shift int // bytes before the source that the user did not write
	dot   int // the slot of the dot, or -1 when it is what the template was given
	depth int // of pipelines in pipelines
}

func newGoLowerer(e *Env, bare bool) *goLowerer {
	g := &goLowerer{compiler: &compiler{env: e, functions: builtin.GoFunction}, dot: -1}
	if bare {
		g.shift = len("{{")
	}
	g.push()
	return g
}

// goData is what a Go template is given: .doc, .previous and .event.
type goData struct{ s *Scope }

// OpaqueValue marks a value of the engine.
func (goData) OpaqueValue() {}

// Attribute returns one of the rootNames.
func (d goData) Attribute(name string) (any, bool) {
	if !slices.Contains(rootNames, name) {
		return nil, false
	}
	return d.s.root(name), true
}

// list lowers the nodes of a list in place.
func (g *goLowerer) list(l *parse.ListNode) *parse.ListNode {
	if l == nil {
		return nil
	}
	if g.depth++; g.depth > MaxNesting {
		tooDeep(int(l.Pos))
	}
	defer func() { g.depth-- }()
	for i, n := range l.Nodes {
		l.Nodes[i] = g.node(n)
	}
	return l
}

func (g *goLowerer) node(n parse.Node) parse.Node {
	switch n := n.(type) {
	case *parse.ActionNode:
		x := g.pipe(n.Pipe)
		p := piece{stand: standOf(x), safe: isSafe(x)}
		p.pos = int(n.Pipe.Pos) - g.shift
		if get := g.peek(x); len(n.Pipe.Decl) > 0 {
			p.do = func(r *run) { get(r) }
		} else {
			p.out = get
		}
		n.Pipe = g.callPiece(p)
	case *parse.IfNode:
		g.push()
		defer g.pop()
		x := g.pipe(n.Pipe)
		p := piece{test: g.pred(x), stand: standOf(x), trial: g.trialOf(x, n.Pipe.String())}
		n.Pipe, n.List, n.ElseList = g.callPiece(p), g.list(n.List), g.list(n.ElseList)
	case *parse.WithNode:
		return g.with(n)
	case *parse.RangeNode:
		g.ranges(n)
	case *parse.TemplateNode:
		refuse(int(n.Pos), alone, "template and block are not supported")
	}
	return n
}

// with lowers to an if that moves the dot.
func (g *goLowerer) with(n *parse.WithNode) parse.Node {
	g.push()
	defer g.pop()
	x := g.pipe(n.Pipe)
	get, dot, els := g.expr(x), g.slot(), g.list(n.ElseList)
	test := func(r *run) bool {
		r.vars[dot] = get(r)
		return value.Truth(r.vars[dot])
	}
	p := piece{test: test, stand: standOf(x), trial: g.trialOf(x, n.Pipe.String())}
	out := &parse.IfNode{BranchNode: g.branch(parse.NodeIf, int(n.Pos), p)}
	out.List, out.ElseList = g.within(dot, n.List), els
	return out
}

// within lowers a list in which the dot is another.
func (g *goLowerer) within(dot int, l *parse.ListNode) *parse.ListNode {
	before := g.dot
	g.dot = dot
	defer func() { g.dot = before }()
	return g.list(l)
}

func (g *goLowerer) ranges(n *parse.RangeNode) {
	g.push()
	defer g.pop()
	decl := n.Pipe.Decl
	n.Pipe.Decl = nil
	x := g.pipe(n.Pipe)
	get, here, dot := g.expr(x), &place{pos: x.info().pos}, g.slot()
	p := piece{stand: standOf(x), trial: g.trialOf(x, "for "+n.Pipe.String())}
	n.ElseList = g.list(n.ElseList)
	head := &loopPiece{slot: -1, key: -1}
	head.iter = func(r *run) (keys, items []any) {
		v := get(r)
		r.here = here
		return r.rangeParts(v)
	}
	element := dot
	if len(decl) == 2 {
		head.key = g.variable(decl[0], n.Pipe.IsAssign)
		g.keys = append(g.keys, head.key)
	}
	if len(decl) > 0 {
		element = g.variable(decl[len(decl)-1], n.Pipe.IsAssign)
	}
	head.bind = func(r *run, v any) { r.vars[dot], r.vars[element] = v, v }
	p.loop = head
	n.Pipe, n.List = g.callPiece(p), g.within(dot, n.List)
}

// rangeParts lists what range walks over: the elements of a list, the members
// of a mapping, the integers below a number, nothing for None.
func (r *run) rangeParts(v any) (keys, items []any) {
	_, isText := value.Text(v)
	n, whole := value.Int64(v)
	switch {
	case v == nil:
		return nil, nil
	case value.IsNumber(v) && whole:
		return nil, r.Items(value.Range{Stop: n, Step: 1})
	case isText || value.IsNumber(v):
		builtin.Check(builtin.TypeError("cannot range over %s", v))
	case !value.IsMapping(v):
		return nil, r.Items(v)
	}
	for _, e := range builtin.Must(value.Entries(v)) {
		keys, items = append(keys, e.Key), append(items, e.Value)
	}
	r.GrowItems(len(items))
	return keys, items
}
