package jinja

import "slices"

// parser reads the expressions and statements of a Jinja source. The grammar of
// expressions, with its order of precedence, is Jinja2's.
type parser struct {
	toks  []token
	i     int
	depth int
	// python allows what only bare conditions have: comprehensions.
	python bool
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
		check(p.unexpected("expected " + op))
	}
}

// unexpected complains about the current token and knows the usual slips.
func (p *parser) unexpected(want string) error {
	t := p.cur()
	e := fail(t.pos, "unexpected %s", clip(t.describe()))
	if want != "" {
		e.msg += ", " + want
	}
	switch {
	case t.isOp("="):
		e.hint = "write == to compare"
	case t.isName("AND"), t.isName("OR"), t.isName("NOT"), t.isName("IN"), t.isName("IF"):
		e.hint = "write it in lower case"
	case t.isName("lambda"):
		e.hint = "functions cannot be written here"
	case t.isName("for"):
		e.hint = "comprehensions work in bare conditions; elsewhere use the filters map, select, selectattr"
	}
	return e
}

// enter counts nesting; every recursion of the parser passes through it.
func (p *parser) enter() {
	if p.depth++; p.depth > MaxNesting {
		check(tooDeep(p.cur().pos))
	}
}

func (p *parser) leave() { p.depth-- }

// checked refuses an expression that nests too deep to the left.
func checked(x expr) expr {
	if x.deep() > MaxNesting {
		check(tooDeep(x.at()))
	}
	return x
}

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
		then = checked(&condX{over(pos, test, then, els), test, then, els})
	}
	return then
}

func (p *parser) or() expr {
	l := p.and()
	for p.cur().isName("or") {
		pos := p.next().pos
		r := p.and()
		l = checked(&boolX{over(pos, l, r), true, l, r})
	}
	return l
}

func (p *parser) and() expr {
	l := p.not()
	for p.cur().isName("and") {
		pos := p.next().pos
		r := p.not()
		l = checked(&boolX{over(pos, l, r), false, l, r})
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
	x := p.not()
	return checked(&notX{over(pos, x), x})
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

func (p *parser) compare() expr {
	first := p.sum()
	x := &compareX{first: first}
	pos := p.cur().pos
	for op, ok := p.compareOp(); ok; op, ok = p.compareOp() {
		r := p.sum()
		x.ops, x.rest = append(x.ops, op), append(x.rest, r)
	}
	if len(x.ops) == 0 {
		return first
	}
	x.spot = over(pos, append([]expr{first}, x.rest...)...)
	return checked(x)
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
		r := operand()
		l = checked(&binaryX{over(t.pos, l, r), t.text, l, r})
	}
}

func (p *parser) sum() expr     { return p.binary(p.concat, "+", "-") }
func (p *parser) product() expr { return p.binary(p.power, "*", "/", "//", "%") }
func (p *parser) power() expr   { return p.binary(p.filtered, "**") }

func (p *parser) concat() expr {
	first := p.product()
	if !p.cur().isOp("~") {
		return first
	}
	pos := p.cur().pos
	parts := []expr{first}
	for p.accept("~") {
		x := p.product()
		parts = append(parts, x)
	}
	return checked(&concatX{over(pos, parts...), parts})
}

// filtered reads an operand with its filters and tests.
func (p *parser) filtered() expr {
	x := p.unary()
	for {
		switch t := p.cur(); {
		case t.isOp("|"):
			p.next()
			x = p.filter(x)
		case t.isName("is"):
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
	return p.postfix(&signX{over(t.pos, x), t.text == "-", x})
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
		x = checked(x)
	}
}

func (p *parser) attr(x expr) expr {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		return &attrX{over(t.pos, x), x, t.text}
	case tokInt:
		p.next()
		v := must(literal(t))
		key := &constX{over(t.pos), v}
		return &indexX{over(t.pos, x, key), x, key}
	}
	panic(failure{p.unexpected("expected a name after .")})
}

func (p *parser) index(x expr, pos int) expr {
	var keys []expr
	for !p.cur().isOp("]") {
		if len(keys) > 0 {
			p.expect(",")
		}
		key := p.subscript()
		keys = append(keys, key)
	}
	p.next()
	if len(keys) == 0 {
		check(fail(pos, "index is missing between [ and ]"))
	}
	key := keys[0]
	if len(keys) > 1 {
		key = &listX{over(pos, keys...), keys, true}
	}
	return &indexX{over(pos, x, key), x, key}
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
	return &sliceX{over(pos, lo, hi, step), lo, hi, step}
}
