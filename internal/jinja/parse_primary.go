package jinja

import (
	"slices"
	"strings"
)

// primary reads a name, a literal, or something in brackets.
func (p *parser) primary() (expr, error) {
	t := p.cur()
	switch t.kind {
	case tokName:
		return p.name()
	case tokString:
		return p.text()
	case tokInt, tokFloat:
		p.next()
		v, err := literal(t)
		if err != nil {
			return nil, err
		}
		return &constX{over(t.pos), v}, nil
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
	return nil, p.unexpected("")
}

func (p *parser) name() (expr, error) {
	t := p.cur()
	switch t.text {
	case "and", "or", "not", "in", "is", "if", "else", "lambda":
		return nil, p.unexpected("expected a value")
	}
	p.next()
	switch t.text {
	case "true", "True":
		return &constX{over(t.pos), true}, nil
	case "false", "False":
		return &constX{over(t.pos), false}, nil
	case "none", "None":
		return &constX{over(t.pos), nil}, nil
	}
	return &nameX{over(t.pos), t.text}, nil
}

// text reads string literals side by side, which are one.
func (p *parser) text() (expr, error) {
	pos := p.cur().pos
	var parts []string
	for p.cur().kind == tokString {
		parts = append(parts, p.next().text)
	}
	return &constX{over(pos), strings.Join(parts, "")}, nil
}

func (p *parser) parens(pos int) (expr, error) {
	if p.accept(")") {
		return &listX{over(pos), nil, true}, nil
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.python && p.cur().isName("for") {
		return p.comprehension(x, pos, ")", true)
	}
	if !p.cur().isOp(",") {
		return x, p.expect(")")
	}
	items := []expr{x}
	for p.accept(",") && !p.cur().isOp(")") {
		if x, err = p.expression(); err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return &listX{over(pos, items...), items, true}, p.expect(")")
}

func (p *parser) list(pos int) (expr, error) {
	var items []expr
	for !p.cur().isOp("]") {
		if len(items) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
			if p.cur().isOp("]") {
				break
			}
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.python && len(items) == 0 && p.cur().isName("for") {
			return p.comprehension(x, pos, "]", false)
		}
		items = append(items, x)
	}
	p.next()
	return checked(&listX{over(pos, items...), items, false})
}

func (p *parser) dict(pos int) (expr, error) {
	d := &dictX{}
	for !p.cur().isOp("}") {
		if len(d.keys) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
			if p.cur().isOp("}") {
				break
			}
		}
		k, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.python && len(d.keys) == 0 && !p.cur().isOp(":") {
			return p.set(k, pos)
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		v, err := p.expression()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, k), append(d.values, v)
	}
	p.next()
	d.spot = over(pos, append(append([]expr{}, d.keys...), d.values...)...)
	return checked(d)
}

// set reads the rest of {a, b}, which bare conditions have; a tuple will do.
func (p *parser) set(first expr, pos int) (expr, error) {
	items := []expr{first}
	for p.accept(",") && !p.cur().isOp("}") {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	if err := p.expect("}"); err != nil {
		return nil, err
	}
	return checked(&listX{over(pos, items...), items, true})
}

// comprehension reads the rest of [x for a in b if c].
func (p *parser) comprehension(elem expr, pos int, end string, gen bool) (expr, error) {
	c := &compX{elem: elem, gen: gen}
	below := []expr{elem}
	for p.acceptName("for") {
		t, err := p.target(false)
		if err != nil {
			return nil, err
		}
		if !p.acceptName("in") {
			return nil, p.unexpected("expected in")
		}
		f := compFor{target: t}
		if f.iter, err = p.or(); err != nil {
			return nil, err
		}
		below = append(below, f.iter)
		for p.acceptName("if") {
			cond, err := p.or()
			if err != nil {
				return nil, err
			}
			f.conds, below = append(f.conds, cond), append(below, cond)
		}
		c.fors = append(c.fors, f)
	}
	c.spot = over(pos, below...)
	c.depth += len(c.fors)
	if err := p.expect(end); err != nil {
		return nil, err
	}
	return checked(c)
}

// dotted reads the name of a filter or test.
func (p *parser) dotted() (token, error) {
	t := p.cur()
	if t.kind != tokName {
		return t, p.unexpected("expected a name")
	}
	p.next()
	for p.accept(".") {
		if p.cur().kind != tokName {
			return t, p.unexpected("expected a name")
		}
		t.text += "." + p.next().text
	}
	return t, nil
}

// filter reads a filter on x; x is nil for the filter of a set block.
func (p *parser) filter(x expr) (expr, error) {
	t, err := p.dotted()
	if err != nil {
		return nil, err
	}
	var args []arg
	if p.cur().isOp("(") {
		if args, err = p.args(); err != nil {
			return nil, err
		}
	}
	return checked(&filterX{over(t.pos, append(argExprs(args), x)...), x, t.text, args})
}

func (p *parser) test(x expr) (expr, error) {
	pos := p.cur().pos
	negated := p.acceptName("not")
	t, err := p.dotted()
	if err != nil {
		return nil, err
	}
	args, err := p.testArgs()
	if err != nil {
		return nil, err
	}
	x, err = checked(&testX{over(t.pos, append(argExprs(args), x)...), x, t.text, args})
	if err == nil && negated {
		x, err = checked(&notX{over(pos, x), x})
	}
	return x, err
}

// testArgs reads arguments in parentheses, or one value without them.
func (p *parser) testArgs() ([]arg, error) {
	t := p.cur()
	switch {
	case t.isOp("("):
		return p.args()
	case t.isName("is"):
		return nil, fail(t.pos, "tests cannot be chained with is").with("join them with and")
	case t.kind == tokName && slices.Contains([]string{"else", "or", "and", "if", "in", "not", "for"}, t.text):
		return nil, nil
	case t.kind == tokName, t.kind == tokString, t.kind == tokInt, t.kind == tokFloat, t.isOp("["), t.isOp("{"):
		x, err := p.primary()
		if err == nil {
			x, err = p.postfix(x)
		}
		return []arg{{x: x}}, err
	}
	return nil, nil
}

func (p *parser) call(fn expr) (expr, error) {
	pos := p.cur().pos
	if n, ok := fn.(*nameX); ok {
		pos = n.pos
	} else if a, ok := fn.(*attrX); ok {
		pos = a.pos
	}
	args, err := p.args()
	if err != nil {
		return nil, err
	}
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
func (p *parser) args() ([]arg, error) {
	open := p.next()
	var args []arg
	last := 0
	for !p.cur().isOp(")") {
		if len(args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
			if p.cur().isOp(")") {
				break
			}
		}
		a, kind, err := p.arg()
		if err != nil {
			return nil, err
		}
		if kind < last {
			return nil, fail(open.pos, "arguments are in the wrong order").with("first plain ones, then name=value")
		}
		last = kind
		args = append(args, a)
		if p.python && len(args) == 1 && p.cur().isName("for") {
			x, err := p.comprehension(a.x, open.pos, ")", true)
			return []arg{{x: x}}, err
		}
	}
	p.next()
	return args, nil
}

// arg reads one argument and ranks its kind.
func (p *parser) arg() (a arg, kind int, err error) {
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
	a.x, err = p.expression()
	return a, kind, err
}
