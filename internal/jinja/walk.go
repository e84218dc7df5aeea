package jinja

import (
	"errors"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// A step is a compiled node of the tree.
type step interface {
	take(r *run)
	// try takes the step in a trial, without a document.
	try(tr *trial)
	cost() int
}

// stand is where a step stands and how many steps it counts for.
type stand struct {
	place
	price int
}

func (s *stand) cost() int { return s.price }

// flow is where the walk goes on behind a step.
type flow uint8

const (
	onward flow = iota
	breaking
	continuing
)

// steps are taken in order. They are counted all at once, before the first of
// them.
type steps struct {
	stand
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

func (s *steps) take(r *run) {
	r.Tick(s.price)
	for _, one := range s.list {
		if one.take(r); r.flow != onward {
			return
		}
	}
}

// textStep writes the template's own text.
type textStep struct {
	stand
	s string
}

func (t *textStep) take(r *run) {
	if err := r.sink.Text(t.s); err != nil {
		t.check(err)
	}
}

// check ends the evaluation with a sink's error, at the place in the text that
// the error points to.
func (t *textStep) check(err error) {
	if err == nil {
		return
	}
	here := t.place
	var o interface{ Offset() int }
	if errors.As(err, &o) {
		here.pos += max(0, min(o.Offset(), len(t.s)))
	}
	builtin.Check(asError(here, err))
}

// outStep writes the value of an output, and the text that follows.
type outStep struct {
	stand
	get   evalFn
	safe  bool
	after *textStep // may be nil
}

func (o *outStep) take(r *run) {
	v := o.get(r)
	if m, ok := v.(value.Markup); ok {
		v = string(m)
	}
	if err := r.sink.Value(v); err != nil {
		r.here = &o.place
		builtin.Check(err)
	}
	if o.after != nil {
		o.after.take(r)
	}
}

type doStep struct {
	stand
	do func(r *run)
}

func (d *doStep) take(r *run) { d.do(r) }

type ifStep struct {
	stand
	test      predFn
	then, els steps
	trial     trialTest
}

func (s *ifStep) take(r *run) {
	if s.test(r) {
		s.then.take(r)
	} else {
		s.els.take(r)
	}
}

// captureStep takes its body and keeps its text.
type captureStep struct {
	stand
	*capturePiece
	body steps
}

// maxCaptures bounds how many texts are being kept at a time.
const maxCaptures = 20

func (c *captureStep) take(r *run) {
	if c.open != nil {
		c.open(r)
	}
	if r.captures >= maxCaptures {
		refuse(c.pos, "", "set blocks nest deeper than %d levels", maxCaptures)
	}
	outer, text := r.sink, NewText(nil, 0)
	r.sink = text
	r.captures++
	c.body.take(r)
	r.captures--
	r.sink = outer
	r.here = &c.place
	r.Grow(len(text.Bytes()))
	c.store(r, string(text.Bytes()))
}

// forStep is a loop.
type forStep struct {
	stand
	head      *loopPiece
	body, els steps
	trial     trialTest
}

func (f *forStep) take(r *run) {
	keys, items := f.head.iter(r)
	if f.head.cond != nil {
		items = f.choose(r, items)
	}
	if len(items) == 0 {
		f.els.take(r)
		return
	}
	loop := &loopState{keys: keys, items: items}
	for i, item := range items {
		r.here = &f.place
		r.Tick(1)
		f.head.round(r, loop, i)
		f.head.bind(r, item)
		if f.head.open != nil {
			f.head.open(r)
		}
		if f.body.take(r); r.leave() {
			return
		}
	}
}

// leave ends a round, and reports whether the loop ends with it.
func (r *run) leave() bool {
	flow := r.flow
	r.flow = onward
	return flow == breaking
}

// round tells the body where in the loop it is.
func (l *loopPiece) round(r *run, loop *loopState, i int) {
	loop.i = i
	if l.slot >= 0 {
		r.vars[l.slot] = loop
	}
	if l.key >= 0 {
		r.vars[l.key] = loop.key()
	}
}

// choose keeps the items for which the loop's condition holds.
func (f *forStep) choose(r *run, items []any) []any {
	kept := make([]any, 0, len(items))
	for _, item := range items {
		r.Tick(f.price)
		if f.head.bind(r, item); f.head.cond(r) {
			kept = append(kept, item)
		}
	}
	return kept
}

// controlStep is a break or continue.
type controlStep struct {
	stand
	flow flow
}

func (c *controlStep) take(r *run) { r.flow = c.flow }

// builder compiles a lowered tree to steps.
type builder struct {
	pieces []piece
	depth  int
}

func (b *builder) list(l *parse.ListNode) (out steps) {
	if l == nil {
		return out
	}
	if b.depth++; b.depth > MaxNesting+1 {
		tooDeep(int(l.Pos))
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
		return &textStep{stand{place{pos: int(n.Pos)}, 1 + len(n.Text)/64}, string(n.Text)}
	case *parse.BreakNode:
		return &controlStep{flow: breaking}
	case *parse.ContinueNode:
		return &controlStep{flow: continuing}
	case *parse.ActionNode:
		p := b.piece(n.Pipe)
		if p.do != nil {
			return &doStep{p.stand, p.do}
		}
		return &outStep{stand: p.stand, get: p.out, safe: p.safe}
	case *parse.IfNode:
		p := b.piece(n.Pipe)
		return &ifStep{p.stand, p.test, b.list(n.List), b.list(n.ElseList), p.trial}
	case *parse.RangeNode:
		p := b.piece(n.Pipe)
		return &forStep{p.stand, p.loop, b.list(n.List), b.list(n.ElseList), p.trial}
	case *parse.WithNode:
		p := b.piece(n.Pipe)
		return &captureStep{p.stand, p.capture, b.list(n.List)}
	}
	return nil // a comment
}

// piece finds what {{_e17 $}} calls.
func (b *builder) piece(pipe *parse.PipeNode) *piece {
	name := pipe.Cmds[0].Args[0].(*parse.IdentifierNode).Ident
	i, _ := strconv.Atoi(strings.TrimPrefix(name, "_e"))
	return &b.pieces[i]
}
