package jinja

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/builtin"
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
	scope := &Scope{}
	r, _ := scope.begin(context.Background(), t, nil) // a context that never ends
	tr := &trial{run: r}
	for path := 0; path < maxTrialPaths && tr.steps < maxTrialSteps; path++ {
		if path == maxTrialPaths/2 {
			tr.random = rand.New(rand.NewPCG(1, 2))
		}
		err := t.walk(tr, newState())
		if err == nil || errors.Is(err, errLongPath) { // nothing is known against it
			ok++
		} else if broken++; firstErr == nil {
			errors.As(err, &firstErr)
		}
		if tr.random == nil && !tr.advance() {
			break
		}
	}
	return ok, broken, firstErr
}

// walk takes one path.
func (t *Template) walk(tr *trial, state TrialState) (err error) {
	defer t.caught(&err)
	tr.begin(state)
	t.body.try(tr)
	return t.AtEnd(state.Close())
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
	tr.state, tr.next, tr.decided, tr.pathSteps = s, 0, map[string]int{}, 0
	tr.run.Begin(context.Background(), tr.run.s, tr.run.Library, 0)
	tr.run.flow = onward
	if tr.random != nil {
		tr.chosen, tr.options = tr.chosen[:0], tr.options[:0]
	}
}

// advance moves on to the next path: the last choice that has an alternative
// left takes it.
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
		if holds, ok := tr.evaluate(test); ok {
			return holds
		}
	}
	return (tr.choose(t.key, 2) == 0) != t.negated
}

// evaluate decides a test that needs no document. ok is false if it needs one
// after all.
func (tr *trial) evaluate(test predFn) (holds, ok bool) {
	var err error
	defer func() { ok = err == nil }()
	defer (&Template{}).caught(&err)
	return test(tr.run), true
}

func (s *steps) try(tr *trial) {
	for _, one := range s.list {
		tr.steps++
		if tr.pathSteps++; tr.pathSteps > maxPathSteps {
			builtin.Check(errLongPath)
		}
		if one.try(tr); tr.run.flow != onward {
			return
		}
	}
}

func (t *textStep) try(tr *trial) { t.check(tr.state.Text(t.s)) }

func (o *outStep) try(tr *trial) {
	if err := tr.state.Hole(o.safe); err != nil {
		builtin.Check(asError(o.place, err))
	}
	if o.after != nil {
		o.after.try(tr)
	}
}

func (*doStep) try(*trial) {}

func (c *controlStep) try(tr *trial) { tr.run.flow = c.flow }

func (s *ifStep) try(tr *trial) {
	if tr.decide(s.trial, s.test) {
		s.then.try(tr)
	} else {
		s.els.try(tr)
	}
}

// try does nothing: what a set block writes goes to a name, not to the state.
func (*captureStep) try(*trial) {}

func (f *forStep) try(tr *trial) {
	rounds := tr.choose(f.trial.key, 3)
	if rounds == 0 {
		f.els.try(tr)
		return
	}
	loop := &loopState{items: make([]any, rounds)}
	for i := range rounds {
		f.head.round(tr.run, loop, i)
		if f.body.try(tr); tr.run.leave() {
			return
		}
	}
}

// trialOf says how a test is decided in a trial; key spells it.
func (c *compiler) trialOf(x expr, key string) trialTest {
	if c.aboutLoop(x) {
		return trialTest{known: true}
	}
	if !c.ofDocument(x) {
		return trialTest{}
	}
	t := trialTest{key: key}
	for n, ok := x.(*notX); ok && strings.HasPrefix(t.key, notKey); n, ok = n.x.(*notX) {
		t.key, t.negated = strings.TrimPrefix(t.key, notKey), !t.negated
	}
	return t
}

// notKey is how the key of a negated test begins.
const notKey = `"not" `

// aboutLoop reports whether an expression depends on nothing but the place in
// the loops around it.
func (c *compiler) aboutLoop(x expr) bool {
	switch x := x.(type) {
	case *constX:
		return true
	case *slotX:
		return slices.Contains(c.keys, x.slot)
	case *attrX:
		return c.ofLoop(x) && x.name != "previtem" && x.name != "nextitem"
	case *goCallX:
		if !slices.Contains([]string{"eq", "ne", "lt", "le", "gt", "ge", "not"}, x.name) {
			return false
		}
	case *testX:
		item, ok := x.x.(*attrX)
		if ok && c.ofLoop(item) && (x.name == "defined" || x.name == "undefined") {
			return true // of nextitem and previtem too
		}
	case *notX, *boolX, *compareX, *binaryX:
	default:
		return false
	}
	return !slices.ContainsFunc(x.below(), func(b expr) bool { return b != nil && !c.aboutLoop(b) })
}

// ofLoop reports whether x is a field of the loop around it.
func (c *compiler) ofLoop(x *attrX) bool {
	n, ok := x.x.(*nameX)
	return ok && n.name == "loop" && c.shadowed("loop")
}

// ofDocument reports whether an expression depends on nothing but the document,
// so that it is the same all along a path.
func (c *compiler) ofDocument(x expr) bool {
	below := x.below()
	switch x := x.(type) {
	case *nameX:
		return slices.Contains(rootNames, x.name) && !c.bound[x.name] && !c.shadowed(x.name)
	case *slotX, *assignX:
		return false
	case *callX:
		if _, function := x.fn.(*nameX); function {
			below = argExprs(x.args)
		}
	}
	return !slices.ContainsFunc(below, func(b expr) bool { return b != nil && !c.ofDocument(b) })
}
