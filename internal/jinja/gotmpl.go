package jinja

import (
	"errors"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/value"
)

// goRoot is the name of a Go template's tree, which no define can spell.
const goRoot = "\x00"

// goTemplate compiles a Go template. Its source is parsed by
// text/template/parse and compiled to the same steps as Jinja.
func (e *Env) goTemplate(name, src string) (t *Template, err error) {
	defer caught(&err)
	tree, err := parseGo(src)
	if err != nil {
		return nil, err
	}
	g := newGoCompiler(e)
	b := &builder{gotmpl: g}
	body := b.list(tree.Root)
	body.list = append([]step{g.open()}, body.list...)
	return &Template{name: name, src: src, env: e, slots: g.slots, body: body, noneOrders: true}, nil
}

func parseGo(src string) (*parse.Tree, error) {
	tree := parse.New(goRoot)
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(src, "", "", set); err != nil {
		return nil, goSyntaxError(src, err)
	}
	for name, other := range set {
		if name != goRoot {
			return nil, standsAlone(other.Root.Pos, "define and block")
		}
	}
	if tree.Root == nil {
		tree.Root = &parse.ListNode{NodeType: parse.NodeList}
	}
	return tree, nil
}

// standsAlone refuses what joins templates.
func standsAlone(pos parse.Pos, what string) error {
	return fail(int(pos), "%s are not supported", what).with("a webhook's template stands alone")
}

// goSyntaxError takes line and message out of the parser's error. The parser
// tells no column.
func goSyntaxError(src string, err error) error {
	msg := strings.TrimPrefix(err.Error(), "template: "+goRoot+":")
	number, msg, ok := strings.Cut(msg, ": ")
	line, bad := strconv.Atoi(number)
	if !ok || bad != nil {
		return fail(0, "%s", err.Error())
	}
	lines := strings.Split(src, "\n")
	line = max(1, min(line, len(lines)))
	e := &Error{Line: line, SourceLine: lines[line-1], Msg: strings.ReplaceAll(msg, goRoot, "template")}
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

// goCondition compiles a condition in the language of Go templates: a template,
// or a pipeline without its braces.
func (e *Env) goCondition(t *Template) (*Condition, error) {
	src := t.src
	if !strings.Contains(src, "{{") {
		src, t.shift = "{{"+src+"}}", 2
	}
	tree, err := parseGo(src)
	if err != nil {
		var syntax *Error
		if errors.As(err, &syntax) {
			syntax.SourceLine = strings.TrimSuffix(strings.TrimPrefix(syntax.SourceLine, "{{"), "}}")
		}
		return nil, err
	}
	if action := onlyAction(tree.Root); action != nil {
		g := newGoCompiler(e)
		get, err := g.lone(action.Pipe)
		if err != nil {
			return nil, shifted(err, t.shift)
		}
		t.slots = g.slots
		return &Condition{t, truthOf(get)}, nil
	}
	shift := t.shift
	if t, err = e.goTemplate(t.name, src); err != nil {
		return nil, shifted(err, shift)
	}
	t.shift = shift
	t.src = strings.TrimSuffix(src[shift:], strings.Repeat("}", shift))
	return &Condition{t: t}, nil
}

// lone compiles the pipeline that a condition is.
func (g *goCompiler) lone(p *parse.PipeNode) (get evalFn, err error) {
	defer caught(&err)
	return g.pipe(p), nil
}

func shifted(err error, by int) error {
	var l *located
	if errors.As(err, &l) {
		l.pos = max(0, l.pos-by)
	}
	return err
}

// onlyAction returns the action of a template that has nothing else in it.
func onlyAction(root *parse.ListNode) *parse.ActionNode {
	var found *parse.ActionNode
	for _, n := range root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			if len(strings.TrimSpace(string(n.Text))) > 0 {
				return nil
			}
		case *parse.CommentNode:
		case *parse.ActionNode:
			if found != nil || len(n.Pipe.Decl) > 0 {
				return nil
			}
			found = n
		default:
			return nil
		}
	}
	return found
}

// goCompiler compiles the actions of Go templates.
type goCompiler struct {
	*compiler
	dot  int             // the slot of the dot
	root bool            // the dot is what the template was given
	keys map[string]bool // the names of the keys of ranges
}

func newGoCompiler(e *Env) *goCompiler {
	c := &compiler{env: e, python: false}
	c.push()
	return &goCompiler{compiler: c, dot: c.bind("$"), root: true, keys: map[string]bool{}}
}

// open puts what the template is given into $.
func (g *goCompiler) open() step {
	slot := g.dot
	return &doStep{do: func(r *run) error {
		r.vars[slot] = goData{}
		return nil
	}}
}

// goData is what a Go template is given: .doc, .previous and .event.
type goData struct{}

// OpaqueValue marks a value of the engine.
func (goData) OpaqueValue() {}

func (g *goCompiler) node(b *builder, n parse.Node) step {
	switch n := n.(type) {
	case *parse.ActionNode:
		get := g.pipe(n.Pipe)
		if len(n.Pipe.Decl) > 0 {
			return &doStep{node{int(n.Pos), 1}, func(r *run) error { _, err := get(r); return err }}
		}
		return &outStep{node: node{int(n.Pipe.Pos), 1 + len(n.Pipe.Cmds)}, get: get, safe: endsInSafe(n.Pipe)}
	case *parse.IfNode:
		g.push()
		defer g.pop()
		get := g.pipe(n.Pipe)
		then, els := b.branches(&n.BranchNode)
		return &ifStep{node{int(n.Pos), 1}, truthOf(get), then, els, g.trialOf(n.Pipe)}
	case *parse.WithNode:
		return g.with(b, n)
	case *parse.RangeNode:
		return g.rangeOver(b, n)
	case *parse.TemplateNode:
		panic(failure{standsAlone(n.Pos, "template and block")})
	}
	panic(failure{fail(int(n.Position()), "action is not supported")})
}

func endsInSafe(p *parse.PipeNode) bool {
	id, ok := p.Cmds[len(p.Cmds)-1].Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == "safe"
}

// goWith is {{with}}: a branch that also moves the dot.
type goWith struct {
	node
	get       evalFn
	dot       int
	then, els steps
}

func (w *goWith) take(r *run) error {
	v, err := w.get(r)
	if err != nil {
		return at(w.pos, err)
	}
	if !value.Truth(v) {
		return w.els.take(r)
	}
	r.vars[w.dot] = v
	return w.then.take(r)
}

func (g *goCompiler) with(b *builder, n *parse.WithNode) step {
	g.push()
	defer g.pop()
	get := g.pipe(n.Pipe)
	els := b.list(n.ElseList)
	w := &goWith{node: node{int(n.Pos), 1}, get: get, els: els, dot: g.slot()}
	defer g.moveDot(w.dot)()
	w.then = b.list(n.List)
	return w
}

// moveDot sets the dot for what is compiled next; the result sets it back.
func (g *goCompiler) moveDot(slot int) func() {
	dot, root := g.dot, g.root
	g.dot, g.root = slot, false
	return func() { g.dot, g.root = dot, root }
}

// goRange is {{range}}.
type goRange struct {
	node
	get        evalFn
	dot        int
	key, value int    // slots, or -1
	label      string // of what it walks over, in a trial
	body, els  steps
}

func (g *goCompiler) rangeOver(b *builder, n *parse.RangeNode) step {
	g.push()
	defer g.pop()
	s := &goRange{node: node{int(n.Pos), 1}, dot: g.slot(), key: -1, value: -1}
	pipe := *n.Pipe
	pipe.Decl = nil
	s.label = g.label(&pipe)
	s.get = g.pipe(&pipe)
	s.els = b.list(n.ElseList)
	slots := make([]int, len(n.Pipe.Decl))
	for i, d := range n.Pipe.Decl {
		slots[i] = g.variable(d, n.Pipe.IsAssign)
	}
	switch len(slots) {
	case 1:
		s.value = slots[0]
	case 2:
		s.key, s.value = slots[0], slots[1]
		name := n.Pipe.Decl[0].Ident[0]
		g.keys[name] = true
		defer delete(g.keys, name)
	}
	defer g.moveDot(s.dot)()
	s.body = b.list(n.List)
	return s
}

func (s *goRange) take(r *run) error {
	v, err := s.get(r)
	if err != nil {
		return at(s.pos, err)
	}
	keys, items, err := r.rangeParts(v)
	if err != nil {
		return at(s.pos, err)
	}
	if len(items) == 0 {
		return s.els.take(r)
	}
	for i, item := range items {
		if err := r.tick(1); err != nil {
			return at(s.pos, err)
		}
		r.vars[s.dot] = item
		if s.value >= 0 {
			r.vars[s.value] = item
		}
		if s.key >= 0 {
			r.vars[s.key] = int64(i)
			if keys != nil {
				r.vars[s.key] = keys[i]
			}
		}
		if err := s.body.take(r); err == errBreak {
			return nil
		} else if err != nil && err != errContinue {
			return err
		}
	}
	return nil
}

// rangeParts lists what range walks over: the elements of a list, the members
// of a mapping, the integers below a number, nothing for None.
func (r *run) rangeParts(v any) (keys, items []any, err error) {
	if v == nil {
		return nil, nil, nil
	}
	if value.IsNumber(v) {
		n, ok := value.Int64(v)
		if !ok {
			return nil, nil, typeError("cannot range over %s", v)
		}
		items, err = r.items(value.Range{Stop: n, Step: 1})
		return nil, items, err
	}
	if !value.IsMapping(v) {
		if _, text := value.Text(v); text {
			return nil, nil, typeError("cannot range over %s", v)
		}
		items, err = r.items(v)
		return nil, items, err
	}
	entries, err := value.Entries(v)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		keys, items = append(keys, e.Key), append(items, e.Value)
	}
	return keys, items, r.growItems(len(items))
}
