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
		v := must(literal(t))
		return &constX{over(t.pos), v}
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
	panic(failure{p.unexpected("")})
}

func (p *parser) name() expr {
	t := p.cur()
	switch t.text {
	case "and", "or", "not", "in", "is", "if", "else", "lambda":
		check(p.unexpected("expected a value"))
	}
	p.next()
	switch t.text {
	case "true", "True":
		return &constX{over(t.pos), true}
	case "false", "False":
		return &constX{over(t.pos), false}
	case "none", "None":
		return &constX{over(t.pos), nil}
	}
	return &nameX{over(t.pos), t.text}
}

// text reads string literals side by side, which are one.
func (p *parser) text() expr {
	pos := p.cur().pos
	var parts []string
	for p.cur().kind == tokString {
		parts = append(parts, p.next().text)
	}
	return &constX{over(pos), strings.Join(parts, "")}
}

func (p *parser) parens(pos int) expr {
	if p.accept(")") {
		return &listX{over(pos), nil, true}
	}
	x := p.expression()
	if p.python && p.cur().isName("for") {
		return p.comprehension(x, pos, ")", true)
	}
	if !p.cur().isOp(",") {
		p.expect(")")
		return x
	}
	items := []expr{x}
	for p.accept(",") && !p.cur().isOp(")") {
		x = p.expression()
		items = append(items, x)
	}
	p.expect(")")
	return &listX{over(pos, items...), items, true}
}

func (p *parser) list(pos int) expr {
	var items []expr
	for !p.cur().isOp("]") {
		if len(items) > 0 {
			p.expect(",")
			if p.cur().isOp("]") {
				break
			}
		}
		x := p.expression()
		if p.python && len(items) == 0 && p.cur().isName("for") {
			return p.comprehension(x, pos, "]", false)
		}
		items = append(items, x)
	}
	p.next()
	return checked(&listX{over(pos, items...), items, false})
}

func (p *parser) dict(pos int) expr {
	d := &dictX{}
	for !p.cur().isOp("}") {
		if len(d.keys) > 0 {
			p.expect(",")
			if p.cur().isOp("}") {
				break
			}
		}
		k := p.expression()
		if p.python && len(d.keys) == 0 && !p.cur().isOp(":") {
			return p.set(k, pos)
		}
		p.expect(":")
		v := p.expression()
		d.keys, d.values = append(d.keys, k), append(d.values, v)
	}
	p.next()
	d.spot = over(pos, append(append([]expr{}, d.keys...), d.values...)...)
	return checked(d)
}

// set reads the rest of {a, b}, which bare conditions have; a tuple will do.
func (p *parser) set(first expr, pos int) expr {
	items := []expr{first}
	for p.accept(",") && !p.cur().isOp("}") {
		x := p.expression()
		items = append(items, x)
	}
	p.expect("}")
	return checked(&listX{over(pos, items...), items, true})
}

// comprehension reads the rest of [x for a in b if c].
func (p *parser) comprehension(elem expr, pos int, end string, gen bool) expr {
	c := &compX{elem: elem, gen: gen}
	below := []expr{elem}
	for p.acceptName("for") {
		t := p.target(false)
		if !p.acceptName("in") {
			check(p.unexpected("expected in"))
		}
		f := compFor{target: t}
		f.iter = p.or()
		below = append(below, f.iter)
		for p.acceptName("if") {
			cond := p.or()
			f.conds, below = append(f.conds, cond), append(below, cond)
		}
		c.fors = append(c.fors, f)
	}
	c.spot = over(pos, below...)
	c.depth += len(c.fors)
	p.expect(end)
	return checked(c)
}

// dotted reads the name of a filter or test.
func (p *parser) dotted() token {
	t := p.cur()
	if t.kind != tokName {
		check(p.unexpected("expected a name"))
	}
	p.next()
	for p.accept(".") {
		if p.cur().kind != tokName {
			check(p.unexpected("expected a name"))
		}
		t.text += "." + p.next().text
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
	return checked(&filterX{over(t.pos, append(argExprs(args), x)...), x, t.text, args})
}

func (p *parser) test(x expr) expr {
	pos := p.cur().pos
	negated := p.acceptName("not")
	t := p.dotted()
	args := p.testArgs()
	x = checked(&testX{over(t.pos, append(argExprs(args), x)...), x, t.text, args})
	if negated {
		x = checked(&notX{over(pos, x), x})
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
		check(fail(t.pos, "tests cannot be chained with is").with("join them with and"))
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
	return checked(&callX{over(pos, append(argExprs(args), fn)...), fn, args})
}

func argExprs(args []arg) []expr {
	out := make([]expr, 0, len(args)+1)
	for _, a := range args {
		out = append(out, a.x)
	}
	return out
}

// args reads arguments in parentheses: positional ones, *x, named ones, **x.
func (p *parser) args() []arg {
	open := p.next()
	var args []arg
	last := 0
	for !p.cur().isOp(")") {
		if len(args) > 0 {
			p.expect(",")
			if p.cur().isOp(")") {
				break
			}
		}
		a, kind := p.arg()
		if kind < last {
			e := fail(open.pos, "arguments are in the wrong order")
			check(e.with("first plain ones, then name=value"))
		}
		last = kind
		args = append(args, a)
		if p.python && len(args) == 1 && p.cur().isName("for") {
			x := p.comprehension(a.x, open.pos, ")", true)
			return []arg{{x: x}}
		}
	}
	p.next()
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
