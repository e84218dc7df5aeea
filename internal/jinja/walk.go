package jinja

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/value"
)

// A step is a compiled node of the tree.
type step interface {
	take(r *run) error
	// try takes the step in a trial, without a document.
	try(tr *trial) error
	cost() int
}

// node is where a step stands and how many steps it counts for.
type node struct{ pos, price int }

func (n node) cost() int { return n.price }

var (
	errBreak    = errors.New("break")
	errContinue = errors.New("continue")
)

// steps are taken in order, and paid for on entering.
type steps struct {
	node
	list []step
}

func (s *steps) add(one step) {
	text, isText := one.(*textStep)
	if n := len(s.list); isText && n > 0 {
		if out, ok := s.list[n-1].(*outStep); ok && out.after == nil {
			s.price += text.price
			out.after = text
			return
		}
	}
	s.price += one.cost()
	s.list = append(s.list, one)
}

func (s *steps) take(r *run) error {
	if err := r.tick(s.price); err != nil {
		return at(s.pos, err)
	}
	for _, one := range s.list {
		if err := one.take(r); err != nil {
			return err
		}
	}
	return nil
}

// textStep writes the template's own text.
type textStep struct {
	node
	s string
}

func (t *textStep) take(r *run) error {
	if err := r.sink.Text(t.s); err != nil {
		return at(t.pos+offsetOf(err, len(t.s)), err)
	}
	return nil
}

// offsetOf is how far into the text a sink's error points.
func offsetOf(err error, n int) int {
	var o interface{ Offset() int }
	if !errors.As(err, &o) {
		return 0
	}
	return max(0, min(o.Offset(), n))
}

// outStep writes the value of an output, and the text that follows.
type outStep struct {
	node
	get   evalFn
	safe  bool
	after *textStep // may be nil
}

func (o *outStep) take(r *run) error {
	v, err := o.get(r)
	if err != nil {
		return at(o.pos, err)
	}
	if m, ok := v.(value.Markup); ok {
		v = string(m)
	}
	if err := r.sink.Value(v); err != nil {
		return at(o.pos, err)
	}
	if o.after == nil {
		return nil
	}
	return o.after.take(r)
}

type doStep struct {
	node
	do func(r *run) error
}

func (d *doStep) take(r *run) error { return at(d.pos, d.do(r)) }

type ifStep struct {
	node
	test      predFn
	then, els steps
	trial     trialTest
}

func (s *ifStep) take(r *run) error {
	ok, err := s.test(r)
	switch {
	case err != nil:
		return at(s.pos, err)
	case ok:
		return s.then.take(r)
	}
	return s.els.take(r)
}

// withStep opens a level of names and takes its body, whose text it may keep.
type withStep struct {
	node
	open    func(r *run) error
	capture func(r *run, s string) error
	body    steps
}

// maxCaptures bounds how many texts are being kept at a time.
const maxCaptures = 20

func (w *withStep) take(r *run) error {
	if w.open != nil {
		if err := w.open(r); err != nil {
			return at(w.pos, err)
		}
	}
	if w.capture == nil {
		return w.body.take(r)
	}
	if r.captures >= maxCaptures {
		return fail(w.pos, "set blocks nest deeper than %d levels", maxCaptures)
	}
	outer, text := r.sink, NewText(nil, 0)
	r.sink = text
	r.captures++
	err := w.body.take(r)
	r.captures--
	r.sink = outer
	if err != nil {
		return err
	}
	if err := r.grow(len(text.Bytes())); err != nil {
		return at(w.pos, err)
	}
	return at(w.pos, w.capture(r, string(text.Bytes())))
}

// forStep is a Jinja loop.
type forStep struct {
	node
	head      *loopPiece
	body, els steps
	key       string // of what it walks over, in a trial
}

func (f *forStep) take(r *run) error {
	v, err := f.head.iter(r)
	if err != nil {
		return at(f.pos, err)
	}
	items, err := r.items(v)
	if err != nil {
		return at(f.pos, err)
	}
	if f.head.cond != nil {
		if items, err = f.choose(r, items); err != nil {
			return at(f.pos, err)
		}
	}
	if len(items) == 0 {
		return f.els.take(r)
	}
	loop := &loopState{items: items, depth: 1}
	if f.head.nested >= 0 {
		if outer, ok := r.vars[f.head.nested].(*loopState); ok {
			loop.depth = outer.depth
		}
	}
	return f.rounds(r, loop)
}

func (f *forStep) rounds(r *run, loop *loopState) error {
	for i, item := range loop.items {
		if err := r.tick(1); err != nil {
			return at(f.pos, err)
		}
		loop.i = i
		r.vars[f.head.slot] = loop
		if err := f.head.bind(r, item); err != nil {
			return at(f.pos, err)
		}
		if f.head.open != nil {
			if err := f.head.open(r); err != nil {
				return at(f.pos, err)
			}
		}
		if err := f.body.take(r); err != nil {
			return err
		}
	}
	return nil
}

// choose keeps the items for which the loop's condition holds.
func (f *forStep) choose(r *run, items []any) ([]any, error) {
	kept := make([]any, 0, len(items))
	for _, item := range items {
		if err := r.tick(f.price); err != nil {
			return nil, err
		}
		if err := f.head.bind(r, item); err != nil {
			return nil, err
		}
		ok, err := f.head.cond(r)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// builder compiles a tree of text/template/parse to steps. Calls of pieces are
// lowered Jinja; everything else is a Go template's.
type builder struct {
	pieces []piece
	gotmpl *goCompiler // nil for Jinja
	depth  int
}

func (b *builder) list(l *parse.ListNode) (out steps) {
	if l == nil {
		return out
	}
	if b.depth++; b.depth > MaxNesting+1 {
		panic(failure{tooDeep(int(l.Pos))})
	}
	defer func() { b.depth-- }()
	out.pos = int(l.Pos)
	for _, n := range l.Nodes {
		if s := b.step(n); s != nil {
			out.add(s)
		}
	}
	return out
}

func (b *builder) step(n parse.Node) step {
	switch n := n.(type) {
	case *parse.TextNode:
		return &textStep{node{int(n.Pos), 1 + len(n.Text)/bytesPerStep}, string(n.Text)}
	case *parse.CommentNode:
		return nil
	case *parse.BreakNode:
		return controlStep{err: errBreak}
	case *parse.ContinueNode:
		return controlStep{err: errContinue}
	}
	if b.gotmpl != nil {
		return b.gotmpl.node(b, n)
	}
	switch n := n.(type) {
	case *parse.ActionNode:
		p := b.piece(n.Pipe)
		if p.do != nil {
			return &doStep{p.node, p.do}
		}
		return &outStep{node: p.node, get: p.out, safe: p.safe}
	case *parse.IfNode:
		p := b.piece(n.Pipe)
		then, els := b.branches(&n.BranchNode)
		return &ifStep{p.node, p.test, then, els, p.trial}
	case *parse.RangeNode:
		p := b.piece(n.Pipe)
		body, els := b.branches(&n.BranchNode)
		return &forStep{p.node, p.loop, body, els, p.trial.key}
	case *parse.WithNode:
		p := b.piece(n.Pipe)
		body, _ := b.branches(&n.BranchNode)
		return &withStep{p.node, p.within, p.capture, body}
	}
	panic(failure{fmt.Errorf("jinja: tree has a %T", n)})
}

func (b *builder) branches(n *parse.BranchNode) (then, els steps) {
	return b.list(n.List), b.list(n.ElseList)
}

// piece finds what {{_e17 $}} calls.
func (b *builder) piece(pipe *parse.PipeNode) *piece {
	name := pipe.Cmds[0].Args[0].(*parse.IdentifierNode).Ident
	i, _ := strconv.Atoi(strings.TrimPrefix(name, "_e"))
	return &b.pieces[i]
}

// controlStep is a break or continue.
type controlStep struct {
	node
	err error
}

func (c controlStep) take(*run) error { return c.err }
