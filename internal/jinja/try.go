package jinja

import (
	"context"
	"errors"
	"math/rand/v2"
	"text/template/parse"

	"github.com/docevent/webhook/internal/value"
)

// A TrialState follows what one path through a template would write, without
// any document. An error ends the path: it is broken.
type TrialState interface {
	// Text takes the template's own text.
	Text(s string) error
	// Hole takes an output, which may be any value. It is safe when its filter
	// is |safe: then it may be any text.
	Hole(safe bool) error
	// Close is called at the end of a path that is not broken yet.
	Close() error
}

// Bounds of a trial.
const (
	maxTrialPaths = 256
	maxTrialSteps = 200_000 // of all paths
	maxPathSteps  = 20_000  // of one: nested loops double it with each level
)

// errLongPath ends a path that is too long to follow.
var errLongPath = errors.New("the path is too long to follow")

// Try walks paths through the template without evaluating anything of a
// document: each branch one way and the other, each loop 0, 1 and 2 times. The
// same test decides the same way all along a path, and tests of loop.first,
// loop.last and their like are known. Of too many paths it tries the first, and
// as many at random, always the same. It reports how many paths were sound, how
// many broken, and the error of the first broken one.
func (t *Template) Try(newState func() TrialState) (ok, broken int, firstErr *Error) {
	r := &run{s: &Scope{}, env: t.env, ctx: context.Background(), checkAt: MaxSteps}
	r.vars = make([]any, t.slots)
	tr := &trial{run: r}
	for path := 0; path < maxTrialPaths && tr.steps < maxTrialSteps; path++ {
		if path == maxTrialPaths/2 {
			tr.random = rand.New(rand.NewPCG(1, 2))
		}
		tr.begin(newState())
		err := t.body.try(tr)
		if errors.Is(err, errLongPath) {
			ok++ // nothing is known against it
			if tr.random == nil && !tr.advance() {
				break
			}
			continue
		}
		if err == nil {
			err = at(len(t.src)+t.shift, tr.state.Close())
		}
		if err == nil {
			ok++
		} else if broken++; firstErr == nil {
			firstErr = t.locate(err)
		}
		if tr.random == nil && !tr.advance() {
			break
		}
	}
	return ok, broken, firstErr
}

// trial is the walk along paths. A path is the list of what was chosen.
type trial struct {
	state   TrialState
	run     *run // for tests that need no document
	chosen  []int
	options []int
	next    int
	decided map[string]int // by the spelling of a test
	random  *rand.Rand
	steps   int

	pathSteps int
}

func (tr *trial) begin(s TrialState) {
	tr.state, tr.next, tr.decided, tr.run.steps = s, 0, map[string]int{}, 0
	tr.pathSteps = 0
	if tr.random != nil {
		tr.chosen, tr.options = tr.chosen[:0], tr.options[:0]
	}
}

// advance makes the next path: the last choice that can goes one further.
func (tr *trial) advance() bool {
	for n := len(tr.chosen); n > 0; n-- {
		if tr.chosen[n-1]++; tr.chosen[n-1] < tr.options[n-1] {
			tr.chosen, tr.options = tr.chosen[:n], tr.options[:n]
			return true
		}
	}
	return false
}

// choose picks one of n, the same for the same key.
func (tr *trial) choose(key string, n int) int {
	if pick, ok := tr.decided[key]; ok && key != "" && pick < n {
		return pick
	}
	pick := 0
	switch {
	case tr.next < len(tr.chosen):
		pick = tr.chosen[tr.next]
	case tr.random != nil:
		pick = tr.random.IntN(n)
		tr.chosen, tr.options = append(tr.chosen, pick), append(tr.options, n)
	default:
		tr.chosen, tr.options = append(tr.chosen, 0), append(tr.options, n)
	}
	tr.next++
	if key != "" {
		tr.decided[key] = pick
	}
	return pick
}

// trialTest says how a test is decided in a trial: evaluated, or chosen under
// a key that the same tests share.
type trialTest struct {
	known   bool // it needs no document
	key     string
	negated bool
}

func (tr *trial) decide(t trialTest, test predFn) bool {
	if t.known {
		if ok, err := test(tr.run); err == nil {
			return ok
		}
	}
	return (tr.choose(t.key, 2) == 0) != t.negated
}

func (s *steps) try(tr *trial) error {
	for _, one := range s.list {
		tr.steps++
		if tr.pathSteps++; tr.pathSteps > maxPathSteps {
			return errLongPath
		}
		if err := one.try(tr); err != nil {
			return err
		}
	}
	return nil
}

func (t *textStep) try(tr *trial) error {
	if err := tr.state.Text(t.s); err != nil {
		return at(t.pos+offsetOf(err, len(t.s)), err)
	}
	return nil
}

func (o *outStep) try(tr *trial) error {
	if err := tr.state.Hole(o.safe); err != nil || o.after == nil {
		return at(o.pos, err)
	}
	return o.after.try(tr)
}

func (d *doStep) try(*trial) error { return nil }

func (c controlStep) try(*trial) error { return c.err }

func (s *ifStep) try(tr *trial) error {
	if tr.decide(s.trial, s.test) {
		return s.then.try(tr)
	}
	return s.els.try(tr)
}

// try takes the body; what a set block writes goes to a name, not to the state.
func (w *withStep) try(tr *trial) error {
	if w.capture != nil {
		return nil
	}
	return w.body.try(tr)
}

func (f *forStep) try(tr *trial) error {
	rounds := tr.choose(f.key, 3)
	if rounds == 0 {
		return f.els.try(tr)
	}
	loop := &loopState{items: make([]any, rounds), depth: 1}
	for i := range rounds {
		loop.i = i
		tr.run.vars[f.head.slot] = loop
		if err := f.body.try(tr); err != nil {
			return err
		}
	}
	return nil
}

func (w *goWith) try(tr *trial) error {
	if tr.choose("", 2) == 0 {
		return w.then.try(tr)
	}
	return w.els.try(tr)
}

func (s *goRange) try(tr *trial) error {
	rounds := tr.choose(s.label, 3)
	if rounds == 0 {
		return s.els.try(tr)
	}
	for i := range rounds {
		if s.key >= 0 {
			tr.run.vars[s.key] = int64(i)
		}
		if err := s.body.try(tr); err == errBreak {
			return nil
		} else if err != nil && err != errContinue {
			return err
		}
	}
	return nil
}

// trialOf says how the test of a Jinja if is decided.
func (l *lowerer) trialOf(x expr) trialTest {
	negated := false
	for {
		n, ok := x.(*notX)
		if !ok {
			break
		}
		negated, x = !negated, n.x
	}
	if l.loop >= 0 && aboutLoop(x) {
		return trialTest{known: true}
	}
	return trialTest{key: l.spelling(x), negated: negated}
}

// aboutLoop reports whether an expression depends on nothing but the place in
// the loop.
func aboutLoop(x expr) bool {
	switch x := x.(type) {
	case *constX:
		return true
	case *attrX:
		n, ok := x.x.(*nameX)
		return ok && n.name == "loop" && x.name != "previtem" && x.name != "nextitem"
	case *notX, *boolX, *compareX, *binaryX, *testX:
		for _, sub := range below(x) {
			if sub != nil && !aboutLoop(sub) {
				return false
			}
		}
		return true
	}
	return false
}

// spelling is a key for expressions that are the same all along a path: those
// of the document alone. It is empty for others.
func (c *compiler) spelling(x expr) string {
	switch x := x.(type) {
	case *constX:
		text, err := value.AppendRepr(nil, x.v)
		if err != nil {
			return ""
		}
		return string(text)
	case *nameX:
		if rootValue(x.name) == nil || c.bound[x.name] {
			return ""
		}
		return x.name
	case *attrX:
		return c.spelled("."+x.name, x)
	case *indexX:
		return c.spelled("[]", x)
	case *boolX:
		if x.or {
			return c.spelled(" or ", x)
		}
		return c.spelled(" and ", x)
	case *compareX:
		ops := ""
		for _, op := range x.ops {
			ops += " " + op
		}
		return c.spelled(ops, x)
	case *testX:
		return c.spelled(" is "+x.name, x)
	case *filterX:
		if len(x.args) == 0 {
			return c.spelled("|"+x.name, x)
		}
	case *listX:
		return c.spelled("list", x)
	}
	return ""
}

// spelled joins the spellings of the parts, unless one has none.
func (c *compiler) spelled(what string, x expr) string {
	out := "("
	for _, sub := range below(x) {
		if sub == nil {
			continue
		}
		part := c.spelling(sub)
		if part == "" || len(out) > 1000 {
			return ""
		}
		out += part + ","
	}
	return out + what + ")"
}

// trialOf says how the test of a Go template's if is decided: a test of nothing
// but the keys of the ranges around it is known.
func (g *goCompiler) trialOf(p *parse.PipeNode) trialTest {
	if len(p.Decl) == 0 && g.aboutKeys(p) {
		return trialTest{known: true}
	}
	return trialTest{key: g.label(p)}
}

// label is the key of a pipeline that reads only the document.
func (g *goCompiler) label(p *parse.PipeNode) string {
	if !g.root || len(p.Decl) > 0 || readsVariables(p) {
		return ""
	}
	return p.String()
}

func (g *goCompiler) aboutKeys(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			for _, a := range cmd.Args {
				if !g.aboutKeys(a) {
					return false
				}
			}
		}
		return true
	case *parse.VariableNode:
		return len(n.Ident) == 1 && g.keys[n.Ident[0]]
	case *parse.IdentifierNode:
		switch n.Ident {
		case "eq", "ne", "lt", "le", "gt", "ge", "not", "and", "or":
			return true
		}
		return false
	case *parse.NumberNode, *parse.BoolNode:
		return true
	}
	return false
}

func readsVariables(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			for _, a := range cmd.Args {
				if readsVariables(a) {
					return true
				}
			}
		}
	case *parse.VariableNode:
		return true
	case *parse.ChainNode:
		return readsVariables(n.Node)
	}
	return false
}
