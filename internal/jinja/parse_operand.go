package jinja

import (
	"slices"
	"strings"
)

// primary reads a name, a literal, or something in brackets.
func (p *parser) primary() expr {
	t := p.cur()
	switch t.kind {
	case tokName:
		return p.name()
	case tokString:
		return p.text()
	case tokInt, tokFloat:
		p.next()
		return node(t.pos, &constX{v: literal(t)})
	case tokOp:
		switch t.text {
		case "(":
			p.next()
			return p.parens(t.pos)
		case "[":
			p.next()
			return p.list(t.pos)
		case "{":
			p.next()
			return p.dict(t.pos)
		}
	}
	p.unexpected("")
	return nil
}

func (p *parser) name() expr {
	t := p.cur()
	switch t.text {
	case "and", "or", "not", "in", "is", "if", "else", "lambda":
		p.unexpected("expected a value")
	}
	p.next()
	switch t.text {
	case "true", "True":
		return node(t.pos, &constX{v: true})
	case "false", "False":
		return node(t.pos, &constX{v: false})
	case "none", "None":
		return node(t.pos, &constX{})
	}
	return node(t.pos, &nameX{name: t.text})
}

// text reads string literals side by side, which are one.
func (p *parser) text() expr {
	pos := p.cur().pos
	var parts []string
	for p.cur().kind == tokString {
		parts = append(parts, p.next().text)
	}
	return node(pos, &constX{v: strings.Join(parts, "")})
}

func (p *parser) parens(pos int) expr {
	if p.accept(")") {
		return node(pos, &listX{tuple: true})
	}
	x := p.expression()
	if p.python && p.cur().isName("for") {
		return p.comprehension(x, pos, ")")
	}
	if !p.cur().isOp(",") {
		p.expect(")")
		return x
	}
	return p.tupleOf(x, ")", pos)
}

// setOf reads the rest of {a, b}, which bare conditions have. A set is a dict
// without values: it has each element once, in no order that counts.
func (p *parser) setOf(first expr, pos int) expr {
	set := &dictX{}
	items := p.tupleOf(first, "}", pos).below()
	for _, item := range items {
		set.keys, set.values = append(set.keys, item), append(set.values, node(pos, &constX{}))
	}
	return node(pos, set)
}

// tupleOf reads the rest of (a, b).
func (p *parser) tupleOf(first expr, end string, pos int) expr {
	items := []expr{first}
	for p.more(len(items), end) {
		items = append(items, p.expression())
	}
	return node(pos, &listX{items: items, tuple: true})
}

// more reports whether another item follows the n that have been read, and reads
// the comma before it or else the closing bracket.
func (p *parser) more(n int, end string) bool {
	if n > 0 && !p.cur().isOp(end) {
		p.expect(",")
	}
	return !p.accept(end)
}

func (p *parser) list(pos int) expr {
	var items []expr
	for p.more(len(items), "]") {
		x := p.expression()
		if p.python && len(items) == 0 && p.cur().isName("for") {
			return p.comprehension(x, pos, "]")
		}
		items = append(items, x)
	}
	return node(pos, &listX{items: items})
}

func (p *parser) dict(pos int) expr {
	d := &dictX{}
	for p.more(len(d.keys), "}") {
		k := p.expression()
		first := p.python && len(d.keys) == 0
		switch {
		case first && p.cur().isName("for"):
			return p.comprehension(k, pos, "}")
		case first && !p.cur().isOp(":"):
			return p.setOf(k, pos)
		}
		p.expect(":")
		v := p.expression()
		if first && p.cur().isName("for") {
			return p.comprehension(node(pos, &listX{items: []expr{k, v}, tuple: true}), pos, ":")
		}
		d.keys, d.values = append(d.keys, k), append(d.values, v)
	}
	return node(pos, d)
}

// maxFors is how many loops a comprehension may have.
const maxFors = 10

// comprehension reads the rest of [x for a in b if c]. What it makes is known by
// its closing bracket, and a dict by a colon.
func (p *parser) comprehension(elem expr, pos int, end string) expr {
	c := &compX{elem: elem, end: end}
	for p.acceptName("for") {
		f := compFor{target: p.target(false)}
		p.give(f.target, nil)
		if !p.acceptName("in") {
			p.unexpected("expected in")
		}
		f.iter = p.or()
		for p.acceptName("if") {
			f.conds = append(f.conds, p.or())
		}
		if c.fors = append(c.fors, f); len(c.fors) > maxFors {
			refuse(pos, "", "comprehension has more than %d loops", maxFors)
		}
	}
	p.expect(strings.Replace(end, ":", "}", 1))
	return node(pos, c)
}

// dotted reads the name of a filter or test.
func (p *parser) dotted() token {
	t := p.expectName("expected a name")
	for p.accept(".") {
		t.text += "." + p.expectName("expected a name").text
	}
	return t
}

// filter reads a filter on x; x is nil for the filter of a set block.
func (p *parser) filter(x expr) expr {
	t := p.dotted()
	var args []arg
	if p.cur().isOp("(") {
		args = p.args()
	}
	if t.text == "default" || t.text == "d" {
		p.guard(x)
	}
	return node(t.pos, &filterX{x: x, name: t.text, args: args})
}

// guard notes that x is asked about: a name may be unknown, a field missing.
func (p *parser) guard(x expr) {
	switch x := x.(type) {
	case *nameX:
		p.guarded[x.name] = true
	case *attrX:
		x.guarded = true
	}
}

func (p *parser) test(x expr) expr {
	pos := p.cur().pos
	negated := p.acceptName("not")
	if k := p.cur().kind; k == tokInt || k == tokFloat || k == tokString {
		refuse(pos, "write == or != to compare", "is asks for the name of a test")
	}
	t := p.dotted()
	args := p.testArgs()
	if t.text == "defined" || t.text == "undefined" {
		p.guard(x)
	}
	x = node(t.pos, &testX{x: x, name: t.text, args: args})
	if negated {
		x = node(pos, &notX{x: x})
	}
	return x
}

// notArguments are the words that end a test without parentheses.
var notArguments = []string{"else", "or", "and", "if", "in", "not", "for"}

// testArgs reads arguments in parentheses, or one value without them.
func (p *parser) testArgs() []arg {
	t := p.cur()
	switch {
	case t.isOp("("):
		return p.args()
	case t.isName("is"):
		refuse(t.pos, "join them with and", "tests cannot be chained with is")
	case t.kind == tokName && slices.Contains(notArguments, t.text):
		return nil
	case t.kind == tokName, t.kind == tokString, t.kind == tokInt, t.kind == tokFloat,
		t.isOp("["), t.isOp("{"):
		return []arg{{x: p.postfix(p.primary())}}
	}
	return nil
}

func (p *parser) call(fn expr) expr {
	pos := p.cur().pos
	if n, ok := fn.(*nameX); ok {
		pos = n.pos
	} else if a, ok := fn.(*attrX); ok {
		pos = a.pos
	}
	args := p.args()
	return node(pos, &callX{fn: fn, args: args})
}

// args reads arguments in parentheses: positional ones, *x, named ones, **x.
func (p *parser) args() []arg {
	open := p.next()
	var args []arg
	last := 0
	for p.more(len(args), ")") {
		a, kind := p.arg()
		if kind < last {
			refuse(open.pos,
				"first plain ones, then name=value", "arguments are in the wrong order")
		}
		last = kind
		args = append(args, a)
		if p.python && len(args) == 1 && p.cur().isName("for") {
			x := p.comprehension(a.x, open.pos, ")")
			return []arg{{x: x}}
		}
	}
	return args
}

// arg reads one argument and ranks its kind.
func (p *parser) arg() (a arg, kind int) {
	switch t := p.cur(); {
	case p.accept("*"):
		a.stars, kind = 1, 1
	case p.accept("**"):
		a.stars, kind = 2, 3
	case t.kind == tokName && p.peek().isOp("="):
		p.next()
		p.next()
		a.name, kind = t.text, 2
	}
	a.x = p.expression()
	return a, kind
}
