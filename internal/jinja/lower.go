package jinja

import (
	"strconv"
	"text/template/parse"

	"github.com/docevent/webhook/internal/value"
)

// A piece is what an action of a lowered Jinja tree calls: {{_e17 $}} is piece
// 17. Exactly one of its parts is set.
type piece struct {
	out     evalFn
	test    predFn
	do      func(r *run) error
	loop    *loopPiece
	within  func(r *run) error // opens a with
	capture func(r *run, s string) error
	node
	safe  bool
	trial trialTest
}

// loopPiece is the head of a for.
type loopPiece struct {
	iter   evalFn
	bind   func(r *run, v any) error
	cond   predFn // may be nil
	open   func(r *run) error
	slot   int // of the name loop
	nested int // the slot of the enclosing loop, or -1
}

// lowerer turns statements into a tree of text/template/parse, compiling the
// expressions on the way.
type lowerer struct {
	*compiler
	loop int // slot of the loop around, or -1
}

// call makes the pipeline that calls a piece.
func (l *lowerer) call(p piece) *parse.PipeNode {
	l.pieces = append(l.pieces, p)
	name := "_e" + strconv.Itoa(len(l.pieces)-1)
	pos := parse.Pos(p.pos)
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{{
		NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{
			&parse.IdentifierNode{NodeType: parse.NodeIdentifier, Pos: pos, Ident: name},
			&parse.VariableNode{NodeType: parse.NodeVariable, Pos: pos, Ident: []string{"$"}},
		},
	}}}
}

func (l *lowerer) action(p piece) parse.Node {
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: parse.Pos(p.pos), Pipe: l.call(p)}
}

func price(x expr) int { return 1 + x.nodes()/8 }

// list lowers statements in the current level of names.
func (l *lowerer) list(body []stmt) *parse.ListNode {
	out := &parse.ListNode{NodeType: parse.NodeList}
	for _, s := range body {
		n := l.stmt(s)
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

// level lowers statements in a level of their own. The names that they assign
// begin there as what they were outside.
func (l *lowerer) level(body []stmt) (list *parse.ListNode, open func(r *run) error) {
	outer := l.scope
	l.push()
	defer l.pop()
	open = l.carry(outer, assigned(body, nil))
	return l.list(body), open
}

// opening lets a list begin with what opens its level.
func (l *lowerer) opening(list *parse.ListNode, open func(r *run) error, pos int) {
	if open != nil {
		list.Nodes = append([]parse.Node{l.action(piece{do: open, node: node{pos: pos}})}, list.Nodes...)
	}
}

// carry gives the names slots and compiles their initial values. It returns nil
// when there are none.
func (l *lowerer) carry(outer *names, assigns []string) func(r *run) error {
	type step struct {
		slot int
		from evalFn
	}
	var steps []step
	for _, name := range assigns {
		if _, ok := l.scope.slots[name]; ok {
			continue
		}
		inner := l.scope
		l.scope = outer
		from := rootValue(name)
		if slot, ok := l.lookup(name); ok {
			from = func(r *run) (any, error) { return r.vars[slot], nil }
		} else if from == nil {
			undefined := any(value.Undefined{Name: name})
			from = func(*run) (any, error) { return undefined, nil }
		}
		l.scope = inner
		steps = append(steps, step{l.bind(name), from})
	}
	if len(steps) == 0 {
		return nil
	}
	return func(r *run) error {
		for _, s := range steps {
			v, err := s.from(r)
			if err != nil {
				return err
			}
			r.vars[s.slot] = v
		}
		return nil
	}
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

func (l *lowerer) stmt(s stmt) parse.Node {
	switch s := s.(type) {
	case *textS:
		return &parse.TextNode{NodeType: parse.NodeText, Pos: parse.Pos(s.pos), Text: []byte(s.s)}
	case *outS:
		out := l.expr(s.x)
		return l.action(piece{out: out, node: node{s.pos, price(s.x)}, safe: isSafe(s.x)})
	case *ifS:
		return l.ifNode(s)
	case *forS:
		return l.forNode(s)
	case *setS:
		return l.setNode(s)
	case *captureS:
		return l.captureNode(s)
	}
	return l.withNode(s.(*withS))
}

// isSafe reports whether an output is written as it is whatever its value.
func isSafe(x expr) bool {
	f, ok := x.(*filterX)
	return ok && f.name == "safe"
}

func (l *lowerer) ifNode(s *ifS) parse.Node {
	test := l.pred(s.test)
	n := &parse.IfNode{BranchNode: parse.BranchNode{NodeType: parse.NodeIf, Pos: parse.Pos(s.pos)}}
	n.Pipe = l.call(piece{test: test, node: node{s.test.at(), price(s.test)}, trial: l.trialOf(s.test)})
	n.List = l.list(s.then)
	if len(s.els) > 0 {
		n.ElseList = l.list(s.els)
	}
	return n
}

func (l *lowerer) forNode(s *forS) parse.Node {
	head := &loopPiece{nested: l.loop}
	head.iter = l.expr(s.iter)
	n := &parse.RangeNode{BranchNode: parse.BranchNode{NodeType: parse.NodeRange, Pos: parse.Pos(s.pos)}}
	trial := trialTest{key: l.loopKey(s)}
	n.Pipe = l.call(piece{loop: head, node: node{s.iter.at(), price(s.iter)}, trial: trial})
	if len(s.els) > 0 {
		var open func(*run) error
		n.ElseList, open = l.level(s.els)
		l.opening(n.ElseList, open, s.pos)
	}
	outer := l.scope
	l.push()
	defer l.pop()
	head.bind = l.assign(s.target)
	if s.cond != nil {
		head.cond = l.pred(s.cond)
	}
	head.slot = l.bind("loop")
	before := l.loop
	l.loop = head.slot
	defer func() { l.loop = before }()
	head.open = l.carry(outer, assigned(s.body, nil))
	n.List = l.list(s.body)
	return n
}

// loopKey is a key for loops that make the same number of rounds.
func (l *lowerer) loopKey(s *forS) string {
	key := l.spelling(s.iter)
	if key == "" || s.cond != nil {
		return ""
	}
	return "for " + key
}

func (l *lowerer) setNode(s *setS) parse.Node {
	get := l.expr(s.x)
	bind := l.assign(s.target)
	do := func(r *run) error {
		v, err := get(r)
		if err != nil {
			return err
		}
		return bind(r, v)
	}
	return l.action(piece{do: do, node: node{s.pos, price(s.x)}})
}

// captureNode lowers a set with a body to a with whose text goes to a name.
func (l *lowerer) captureNode(s *captureS) parse.Node {
	body, open := l.level(s.body)
	slot := l.slot()
	get := evalFn(func(r *run) (any, error) { return r.vars[slot], nil })
	for _, f := range filterChain(s.filter) {
		get = l.filterOn(get, f)
	}
	bind := l.assign(s.target)
	store := func(r *run, s string) error {
		r.vars[slot] = s
		v, err := get(r)
		if err != nil {
			return err
		}
		return bind(r, v)
	}
	n := &parse.WithNode{BranchNode: parse.BranchNode{NodeType: parse.NodeWith, Pos: parse.Pos(s.pos)}}
	n.List = body
	n.Pipe = l.call(piece{capture: store, within: open, node: node{s.pos, 1}})
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

func (l *lowerer) withNode(s *withS) parse.Node {
	values := l.exprs(s.values)
	outer := l.scope
	l.push()
	defer l.pop()
	binds := make([]func(*run, any) error, len(s.targets))
	for i, t := range s.targets {
		binds[i] = l.assign(t)
	}
	carry := l.carry(outer, assigned(s.body, nil))
	open := func(r *run) error {
		vs := make([]any, len(values))
		for i, get := range values {
			v, err := get(r)
			if err != nil {
				return err
			}
			vs[i] = v
		}
		for i, bind := range binds {
			if err := bind(r, vs[i]); err != nil {
				return err
			}
		}
		if carry == nil {
			return nil
		}
		return carry(r)
	}
	n := &parse.WithNode{BranchNode: parse.BranchNode{NodeType: parse.NodeWith, Pos: parse.Pos(s.pos)}}
	n.Pipe = l.call(piece{within: open, node: node{s.pos, 1 + len(values)}})
	n.List = l.list(s.body)
	return n
}
