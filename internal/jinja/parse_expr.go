package jinja

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/builtin"
)

// parser reads the expressions and statements of a Jinja source. The grammar of
// expressions, with its order of precedence, is Jinja2's.
type parser struct {
	toks  []token
	i     int
	depth int
	// python allows what only bare conditions have, such as comprehensions, and
	// ranks ** as Python does.
	python bool
	// bound are the names that are assigned to anywhere: such a name is
	// undefined, not unknown, where it is not in sight.
	bound map[string]bool
	// guarded are the names under is defined, is undefined and default.
	guarded map[string]bool
	// given is what names, and fields of namespaces, are given.
	given map[string]given
}

func newParser(src string, bare bool) *parser {
	return &parser{
		toks: lex(src, bare), python: bare, bound: map[string]bool{}, guarded: map[string]bool{},
		given: map[string]given{},
	}
}

func (p *parser) cur() token  { return p.toks[p.i] }
func (p *parser) next() token { t := p.toks[p.i]; p.i = min(p.i+1, len(p.toks)-1); return t }
func (p *parser) peek() token { return p.toks[min(p.i+1, len(p.toks)-1)] }

func (p *parser) accept(op string) bool {
	if p.cur().isOp(op) {
		p.next()
		return true
	}
	return false
}

func (p *parser) acceptName(name string) bool {
	if p.cur().isName(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(op string) {
	if !p.accept(op) {
		p.unexpected("expected " + op)
	}
}

// unexpected complains about the current token and knows the usual slips.
func (p *parser) unexpected(want string) {
	t, hint := p.cur(), ""
	if want != "" {
		want = ", " + want
	}
	switch {
	case t.isOp("="):
		hint = "write == to compare"
	case t.isName("AND"), t.isName("OR"), t.isName("NOT"), t.isName("IN"), t.isName("IF"):
		hint = "write it in lower case"
	case t.isName("lambda"):
		hint = "functions cannot be written here"
	case t.isName("for") && p.python:
		hint = "comprehensions make lists: [x for x in xs]"
	case t.isName("for"):
		hint = "comprehensions work in bare conditions; " +
			"elsewhere use the filters map, select, selectattr"
	case t.kind == tokString && p.prefixed():
		hint = `strings have no prefix: write "%s" % x, not f"{x}"`
	}
	refuse(t.pos, hint, "unexpected %s%s", builtin.Clip(t.describe()), want)
}

// prefixed reports whether a name stands right before the current token.
func (p *parser) prefixed() bool {
	before := p.toks[max(p.i-1, 0)]
	return before.kind == tokName && before.pos+len(before.text) == p.cur().pos
}

// spelling is what the parser read since token i, for a key.
func (p *parser) spelling(i int) string {
	var b strings.Builder
	for _, t := range p.toks[i:p.i] {
		fmt.Fprintf(&b, "%q ", t.text)
	}
	return b.String()
}

func (p *parser) expectName(want string) token {
	if p.cur().kind != tokName {
		p.unexpected(want)
	}
	return p.next()
}

// enter counts nesting; every recursion of the parser passes through it.
func (p *parser) enter() {
	if p.depth++; p.depth > MaxNesting {
		tooDeep(p.cur().pos)
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) expression() expr {
	p.enter()
	defer p.leave()
	then := p.or()
	for p.cur().isName("if") {
		pos := p.next().pos
		test, els := p.or(), expr(nil)
		if p.acceptName("else") {
			els = p.expression()
		}
		then = node(pos, &condX{test: test, then: then, els: els})
	}
	return then
}

func (p *parser) or() expr {
	l := p.and()
	for p.cur().isName("or") {
		pos := p.next().pos
		l = node(pos, &boolX{or: true, l: l, r: p.and()})
	}
	return l
}

func (p *parser) and() expr {
	l := p.not()
	for p.cur().isName("and") {
		pos := p.next().pos
		l = node(pos, &boolX{l: l, r: p.not()})
	}
	return l
}

func (p *parser) not() expr {
	if !p.cur().isName("not") {
		return p.compare()
	}
	p.enter()
	defer p.leave()
	pos := p.next().pos
	return node(pos, &notX{x: p.not()})
}

func (p *parser) compareOp() (string, bool) {
	t := p.cur()
	switch {
	case t.kind == tokOp:
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			p.next()
			return t.text, true
		}
	case t.isName("in"):
		p.next()
		return "in", true
	case t.isName("not") && p.peek().isName("in"):
		p.next()
		p.next()
		return "not in", true
	}
	return "", false
}

// compare reads comparisons. In bare conditions is None is one of them, as in
// Python: a - b is None asks about the difference.
func (p *parser) compare() expr {
	x, last := p.chain(p.sum())
	for p.identity() {
		test, constant := p.identityOf(last)
		if x == last {
			x = test
		} else {
			x = node(test.info().pos, &boolX{l: x, r: test})
		}
		more, end := p.chain(constant)
		if more != constant {
			x = node(more.info().pos, &boolX{l: x, r: more})
		}
		last = end
	}
	return x
}

// chain reads the rest of first < b < c, and returns its last operand too.
func (p *parser) chain(first expr) (x, last expr) {
	c := &compareX{first: first}
	pos := p.cur().pos
	last = first
	for op, ok := p.compareOp(); ok; op, ok = p.compareOp() {
		last = p.sum()
		c.ops, c.rest = append(c.ops, op), append(c.rest, last)
	}
	if len(c.ops) == 0 {
		return first, first
	}
	return node(pos, c), last
}

// identity reports whether a bare condition goes on with is None, is not True
// and the like.
func (p *parser) identity() bool {
	if !p.python || !p.cur().isName("is") {
		return false
	}
	t := p.peek()
	if t.isName("not") {
		t = p.toks[min(p.i+2, len(p.toks)-1)]
	}
	known := []string{"None", "True", "False", "none", "true", "false"}
	return t.kind == tokName && slices.Contains(known, t.text)
}

// identityOf reads the rest of x is None, and returns the None too.
func (p *parser) identityOf(x expr) (test, constant expr) {
	pos := p.next().pos
	negated := p.acceptName("not")
	t := p.cur()
	constant = p.name()
	test = node(t.pos, &testX{x: x, name: t.text})
	if negated {
		test = node(pos, &notX{x: test})
	}
	return test, constant
}

// binary reads a left-associative chain of operators over operands.
func (p *parser) binary(operand func() expr, ops ...string) expr {
	l := operand()
	for {
		t := p.cur()
		if t.kind != tokOp || !slices.Contains(ops, t.text) {
			return l
		}
		p.next()
		l = node(t.pos, &binaryX{op: t.text, l: l, r: operand()})
	}
}

func (p *parser) sum() expr     { return p.binary(p.concat, "+", "-") }
func (p *parser) product() expr { return p.binary(p.power, "*", "/", "//", "%") }

// power reads a ** b. Jinja2 takes several from the left, Python from the right.
func (p *parser) power() expr {
	if !p.python {
		return p.binary(p.filtered, "**")
	}
	return p.raised(p.filtered())
}

// raised is x or, where ** follows, x to that power.
func (p *parser) raised(x expr) expr {
	if !p.cur().isOp("**") {
		return x
	}
	p.enter()
	defer p.leave()
	pos := p.next().pos
	return node(pos, &binaryX{op: "**", l: x, r: p.power()})
}

func (p *parser) concat() expr {
	first := p.product()
	if !p.cur().isOp("~") {
		return first
	}
	pos := p.cur().pos
	parts := []expr{first}
	for p.accept("~") {
		parts = append(parts, p.product())
	}
	return node(pos, &concatX{parts: parts})
}

// filtered reads an operand with its filters and tests.
func (p *parser) filtered() expr {
	x := p.unary()
	for {
		switch t := p.cur(); {
		case t.isOp("|"):
			p.next()
			x = p.filter(x)
		case t.isName("is") && !p.identity():
			p.next()
			x = p.test(x)
		case t.isOp("("):
			x = p.call(x)
		default:
			return x
		}
	}
}

func (p *parser) unary() expr {
	p.enter()
	defer p.leave()
	t := p.cur()
	if !p.accept("-") && !p.accept("+") {
		return p.postfix(p.primary())
	}
	x := p.unary()
	if p.python { // -2 ** 2 is -4
		x = p.raised(x)
	}
	return p.postfix(node(t.pos, &signX{negative: t.text == "-", x: x}))
}

func (p *parser) postfix(x expr) expr {
	for {
		switch t := p.cur(); {
		case t.isOp("."):
			p.next()
			x = p.attr(x)
		case t.isOp("["):
			p.next()
			x = p.index(x, t.pos)
		case t.isOp("("):
			x = p.call(x)
		default:
			return x
		}
	}
}

func (p *parser) attr(x expr) expr {
	if t := p.cur(); t.kind == tokInt {
		p.next()
		return node(t.pos, &indexX{x: x, key: node(t.pos, &constX{v: literal(t)})})
	}
	t := p.expectName("expected a name after .")
	if p.python && strings.HasPrefix(t.text, "__") && strings.HasSuffix(t.text, "__") {
		refuse(t.pos, "", "unexpected %s: values have no attributes of Python's objects", t.text)
	}
	return node(t.pos, &attrX{x: x, name: t.text})
}

func (p *parser) index(x expr, pos int) expr {
	var keys []expr
	for !p.cur().isOp("]") {
		if len(keys) > 0 {
			p.expect(",")
		}
		keys = append(keys, p.subscript())
	}
	p.next()
	if len(keys) == 0 {
		refuse(pos, "", "index is missing between [ and ]")
	}
	key := keys[0]
	if len(keys) > 1 {
		key = node(pos, &listX{items: keys, tuple: true})
	}
	return node(pos, &indexX{x: x, key: key})
}

func (p *parser) subscript() expr {
	pos := p.cur().pos
	part := func() expr {
		if t := p.cur(); t.isOp(":") || t.isOp("]") || t.isOp(",") {
			return nil
		}
		return p.expression()
	}
	lo := part()
	if lo != nil && !p.cur().isOp(":") {
		return lo
	}
	p.expect(":")
	hi := part()
	var step expr
	if p.accept(":") {
		step = part()
	}
	return node(pos, &sliceX{lo: lo, hi: hi, step: step})
}
