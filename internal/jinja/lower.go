package jinja

import (
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/value"
)

// A piece is what an action, if, range or with of a lowered tree calls: {{_e17
// $}} is piece 17. Exactly one of out, test, do, loop and capture is set.
type piece struct {
	stand
	out     evalFn
	test    predFn
	do      func(r *run)
	loop    *loopPiece
	capture *capturePiece
	safe    bool      // the output is written as it is
	trial   trialTest // how a test is decided in a trial, and loops alike
}

// loopPiece is the head of a for or range.
type loopPiece struct {
	iter func(r *run) (keys, items []any) // keys may be nil
	bind func(r *run, v any)
	cond predFn // may be nil
	open func(r *run)
	slot int // of the name loop, or -1
	key  int // of the variable for keys, or -1
}

// capturePiece is a set with a body.
type capturePiece struct {
	open  func(r *run)
	store func(r *run, s string)
}

// lowerer turns statements into a tree of text/template/parse, compiling the
// expressions on the way.
type lowerer struct{ *compiler }

// callPiece makes the pipeline that calls a piece.
func (c *compiler) callPiece(p piece) *parse.PipeNode {
	c.pieces = append(c.pieces, p)
	name := "_e" + strconv.Itoa(len(c.pieces)-1)
	pos := parse.Pos(p.pos)
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{{
		NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{
			&parse.IdentifierNode{NodeType: parse.NodeIdentifier, Pos: pos, Ident: name},
			&parse.VariableNode{NodeType: parse.NodeVariable, Pos: pos, Ident: []string{"$"}},
		},
	}}}
}

// action makes the node that calls a piece.
func (c *compiler) action(p piece) parse.Node {
	return &parse.ActionNode{
		NodeType: parse.NodeAction, Pos: parse.Pos(p.pos), Pipe: c.callPiece(p),
	}
}

// branch makes what an if, range or with node shares, around the call of a piece.
func (c *compiler) branch(t parse.NodeType, pos int, p piece) parse.BranchNode {
	return parse.BranchNode{NodeType: t, Pos: parse.Pos(pos), Pipe: c.callPiece(p)}
}

// standOf is where an expression stands, and its price.
func standOf(x expr) stand { return stand{place{pos: x.info().pos}, 1 + x.info().size/8} }

// list lowers statements in the current level of names.
func (l *lowerer) list(body []stmt, first ...parse.Node) *parse.ListNode {
	out := &parse.ListNode{NodeType: parse.NodeList, Nodes: first}
	for _, s := range body {
		out.Nodes = append(out.Nodes, l.stmt(s)...)
	}
	return out
}

// level lowers statements in a level of their own. The names that they assign
// begin there as what they were outside.
func (l *lowerer) level(body []stmt, pos int) *parse.ListNode {
	outer := l.scope
	l.push()
	defer l.pop()
	if open := l.carry(outer, body); open != nil {
		return l.list(body, l.action(piece{do: open, stand: stand{place{pos: pos}, 0}}))
	}
	return l.list(body)
}

// carry gives slots to the names that a body assigns, and compiles their
// initial values. It returns nil when there are none.
func (l *lowerer) carry(outer *names, body []stmt) func(r *run) {
	var slots []int
	var values []evalFn
	for _, name := range assigned(body, nil) {
		if _, ok := l.scope.slots[name]; ok {
			continue
		}
		inner := l.scope
		l.scope = outer
		values = append(values, l.outside(name))
		l.scope = inner
		slots = append(slots, l.bind(name))
	}
	if len(slots) == 0 {
		return nil
	}
	return func(r *run) {
		for i, slot := range slots {
			r.vars[slot] = values[i](r)
		}
	}
}

// outside compiles a name as it is outside of a level, undefined if it is none.
func (l *lowerer) outside(name string) evalFn {
	if _, ok := l.lookup(name); ok || slices.Contains(rootNames, name) {
		return l.name(&nameX{name: name})
	}
	return always(value.Undefined{Name: name})
}

// assigned lists the names that statements assign in their own level.
func assigned(body []stmt, out []string) []string {
	for _, s := range body {
		switch s := s.(type) {
		case *setS:
			out = s.target.names(out)
		case *captureS:
			out = s.target.names(out)
		case *ifS:
			out = assigned(s.els, assigned(s.then, out))
		}
	}
	return out
}

func (l *lowerer) stmt(s stmt) []parse.Node {
	switch s := s.(type) {
	case *textS:
		pos := parse.Pos(s.pos)
		return []parse.Node{&parse.TextNode{NodeType: parse.NodeText, Pos: pos, Text: []byte(s.s)}}
	case *outS:
		return []parse.Node{l.action(l.outPiece(s.x))}
	case *doS:
		get := l.expr(s.x)
		return []parse.Node{l.action(piece{do: func(r *run) { get(r) }, stand: standOf(s.x)})}
	case *ifS:
		return []parse.Node{l.ifNode(s)}
	case *forS:
		return []parse.Node{l.forNode(s)}
	case *setS:
		return []parse.Node{l.set(s)}
	case *captureS:
		return []parse.Node{l.captureNode(s)}
	}
	return l.with(s.(*withS))
}

func (l *lowerer) outPiece(x expr) piece {
	p := piece{out: l.peek(x), stand: standOf(x), safe: isSafe(x)}
	switch {
	case l.joins(x), l.parts(x):
		p.out, p.safe = separator(p.out), true
	case l.joinsFragments(x):
		p.out = fragments(p.out)
	}
	return p
}

// joins reports whether an output is what a joiner gives: nothing else that a
// template has named can be called.
func (l *lowerer) joins(x expr) bool {
	call, ok := x.(*callX)
	if !ok {
		return false
	}
	fn, ok := call.fn.(*nameX)
	return ok && (l.shadowed(fn.name) || l.bound[fn.name])
}

// parts reports whether an output is a name, or a field of a namespace, that is
// given commas and nothing else.
func (l *lowerer) parts(x expr) bool {
	switch x := x.(type) {
	case *nameX:
		return l.given[x.name] == aComma
	case *attrX:
		ns, ok := x.x.(*nameX)
		return ok && l.given[ns.name+"."+x.name] == aComma
	}
	return false
}

// separator makes the commas of a joiner, or of a name, the template's own text,
// as those are that are written out.
func separator(get evalFn) evalFn {
	return func(r *run) any {
		v := get(r)
		if s, ok := v.(string); ok && separates(s) {
			return value.Safe(s)
		}
		return v
	}
}

// joinsFragments reports whether an output is fragments of JSON with commas
// between, as templates for JSON write the elements of an array:
// {{ tags | map("tojson") | join(", ") }}.
func (l *lowerer) joinsFragments(x expr) bool {
	join, ok := x.(*filterX)
	if !ok || join.name != "join" || len(join.args) != 1 {
		return false
	}
	if comma, _ := spelledText(join.args[0].x); strings.TrimSpace(comma) != "," {
		return false
	}
	mapped, ok := join.x.(*filterX)
	if !ok || mapped.name != "map" || len(mapped.args) == 0 || mapped.args[0].name != "" {
		return false
	}
	by, _ := spelledText(mapped.args[0].x)
	return (by == "tojson" || by == "json") && !l.env.Replaced("join", "map", "tojson", "json")
}

// spelledText is the text of a literal.
func spelledText(x expr) (string, bool) {
	v, _ := constant(x)
	s, ok := v.(string)
	return s, ok
}

// fragments makes joined fragments of JSON one fragment.
func fragments(get evalFn) evalFn {
	return func(r *run) any {
		v := get(r)
		if s, ok := v.(string); ok {
			return value.JSON(s)
		}
		return v
	}
}

// isSafe reports whether an output is written as it is whatever its value.
func isSafe(x expr) bool {
	switch x := x.(type) {
	case *filterX:
		return x.name == "safe"
	case *goCallX:
		return x.name == "safe"
	}
	return false
}

func (l *lowerer) ifNode(s *ifS) parse.Node {
	p := piece{test: l.pred(s.test), stand: standOf(s.test), trial: l.trialOf(s.test, s.key)}
	n := &parse.IfNode{BranchNode: l.branch(parse.NodeIf, s.pos, p)}
	n.List = l.list(s.then)
	if len(s.els) > 0 {
		n.ElseList = l.list(s.els)
	}
	return n
}

func (l *lowerer) forNode(s *forS) parse.Node {
	get, here := l.expr(s.iter), &place{pos: s.iter.info().pos}
	head := &loopPiece{key: -1}
	head.iter = func(r *run) (keys, items []any) {
		v := get(r)
		r.here = here
		return nil, r.Items(v)
	}
	p := piece{loop: head, stand: standOf(s.iter)}
	if s.cond == nil {
		p.trial = l.trialOf(s.iter, "for "+s.key)
	}
	n := &parse.RangeNode{BranchNode: l.branch(parse.NodeRange, s.pos, p)}
	if len(s.els) > 0 {
		n.ElseList = l.level(s.els, s.pos)
	}
	outer := l.scope
	l.push()
	defer l.pop()
	head.bind = l.assign(s.target)
	if s.cond != nil {
		head.cond = l.pred(s.cond)
	}
	head.slot = l.bind("loop")
	head.open = l.carry(outer, s.body)
	n.List = l.list(s.body)
	return n
}

func (l *lowerer) set(s *setS) parse.Node {
	get, bind := l.expr(s.x), l.assign(s.target)
	do := func(r *run) { bind(r, get(r)) }
	return l.action(piece{do: do, stand: standOf(s.x)})
}

// captureNode lowers a set with a body to a with whose text goes to a name.
func (l *lowerer) captureNode(s *captureS) parse.Node {
	outer := l.scope
	l.push()
	open := l.carry(outer, s.body)
	body := l.list(s.body)
	l.pop()
	slot := l.slot()
	get := variable(slot)
	for _, f := range filterChain(s.filter) {
		get = l.filter(get, f)
	}
	bind := l.assign(s.target)
	store := func(r *run, s string) {
		r.vars[slot] = s
		bind(r, get(r))
	}
	p := piece{capture: &capturePiece{open, store}, stand: stand{place{pos: s.pos}, 1}}
	n := &parse.WithNode{BranchNode: l.branch(parse.NodeWith, s.pos, p)}
	n.List = body
	return n
}

// filterChain lists the filters of a set block, innermost first.
func filterChain(x expr) []*filterX {
	f, ok := x.(*filterX)
	if !ok {
		return nil
	}
	return append(filterChain(f.x), f)
}

// with lowers to an action that binds, and the body behind it.
func (l *lowerer) with(s *withS) []parse.Node {
	values := l.exprs(s.values)
	outer := l.scope
	l.push()
	defer l.pop()
	binds := make([]func(*run, any), len(s.targets))
	for i, t := range s.targets {
		binds[i] = l.assign(t)
	}
	carry := l.carry(outer, s.body)
	open := func(r *run) {
		vs := make([]any, len(values))
		for i, get := range values {
			vs[i] = get(r)
		}
		for i, bind := range binds {
			bind(r, vs[i])
		}
		if carry != nil {
			carry(r)
		}
	}
	first := l.action(piece{do: open, stand: stand{place{pos: s.pos}, 1 + len(values)}})
	return l.list(s.body, first).Nodes
}
