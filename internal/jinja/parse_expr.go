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

func (p *parser) expect(op string) error {
	if p.accept(op) {
		return nil
	}
	return p.unexpected("expected " + op)
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
		e.hint = "comprehensions work in bare conditions; elsewhere use the map, select and selectattr filters"
	}
	return e
}

// enter counts nesting; every recursion of the parser passes through it.
func (p *parser) enter() error {
	if p.depth++; p.depth > MaxNesting {
		return &located{pos: p.cur().pos, msg: errNesting.Error(), err: errNesting}
	}
	return nil
}

// checked refuses an expression that nests too deep to the left.
func checked(x expr) (expr, error) {
	if x.deep() > MaxNesting {
		return nil, &located{pos: x.at(), msg: errNesting.Error(), err: errNesting}
	}
	return x, nil
}

func (p *parser) expression() (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	then, err := p.or()
	for err == nil && p.cur().isName("if") {
		pos := p.next().pos
		var test, els expr
		if test, err = p.or(); err != nil {
			return nil, err
		}
		if p.acceptName("else") {
			if els, err = p.expression(); err != nil {
				return nil, err
			}
		}
		then, err = checked(&condX{over(pos, test, then, els), test, then, els})
	}
	return then, err
}

func (p *parser) or() (expr, error) {
	l, err := p.and()
	for err == nil && p.cur().isName("or") {
		pos := p.next().pos
		var r expr
		if r, err = p.and(); err == nil {
			l, err = checked(&boolX{over(pos, l, r), true, l, r})
		}
	}
	return l, err
}

func (p *parser) and() (expr, error) {
	l, err := p.not()
	for err == nil && p.cur().isName("and") {
		pos := p.next().pos
		var r expr
		if r, err = p.not(); err == nil {
			l, err = checked(&boolX{over(pos, l, r), false, l, r})
		}
	}
	return l, err
}

func (p *parser) not() (expr, error) {
	if !p.cur().isName("not") {
		return p.compare()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	pos := p.next().pos
	x, err := p.not()
	if err != nil {
		return nil, err
	}
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

func (p *parser) compare() (expr, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	x := &compareX{first: first}
	pos := p.cur().pos
	for op, ok := p.compareOp(); ok; op, ok = p.compareOp() {
		r, err := p.sum()
		if err != nil {
			return nil, err
		}
		x.ops, x.rest = append(x.ops, op), append(x.rest, r)
	}
	if len(x.ops) == 0 {
		return first, nil
	}
	x.spot = over(pos, append([]expr{first}, x.rest...)...)
	return checked(x)
}

// binary reads a left-associative chain of operators over operands.
func (p *parser) binary(operand func() (expr, error), ops ...string) (expr, error) {
	l, err := operand()
	for err == nil {
		t := p.cur()
		if t.kind != tokOp || !slices.Contains(ops, t.text) {
			return l, nil
		}
		p.next()
		var r expr
		if r, err = operand(); err == nil {
			l, err = checked(&binaryX{over(t.pos, l, r), t.text, l, r})
		}
	}
	return nil, err
}

func (p *parser) sum() (expr, error)     { return p.binary(p.concat, "+", "-") }
func (p *parser) product() (expr, error) { return p.binary(p.power, "*", "/", "//", "%") }
func (p *parser) power() (expr, error)   { return p.binary(p.filtered, "**") }

func (p *parser) concat() (expr, error) {
	first, err := p.product()
	if err != nil || !p.cur().isOp("~") {
		return first, err
	}
	pos := p.cur().pos
	parts := []expr{first}
	for p.accept("~") {
		x, err := p.product()
		if err != nil {
			return nil, err
		}
		parts = append(parts, x)
	}
	return checked(&concatX{over(pos, parts...), parts})
}

// filtered reads an operand with its filters and tests.
func (p *parser) filtered() (expr, error) {
	x, err := p.unary()
	for err == nil {
		switch t := p.cur(); {
		case t.isOp("|"):
			p.next()
			x, err = p.filter(x)
		case t.isName("is"):
			p.next()
			x, err = p.test(x)
		case t.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) unary() (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var x expr
	var err error
	if t := p.cur(); t.isOp("-") || t.isOp("+") {
		p.next()
		if x, err = p.unary(); err != nil {
			return nil, err
		}
		x = &signX{over(t.pos, x), t.text == "-", x}
	} else if x, err = p.primary(); err != nil {
		return nil, err
	}
	return p.postfix(x)
}

func (p *parser) postfix(x expr) (expr, error) {
	var err error
	for err == nil {
		switch t := p.cur(); {
		case t.isOp("."):
			p.next()
			x, err = p.attr(x)
		case t.isOp("["):
			p.next()
			x, err = p.index(x, t.pos)
		case t.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err == nil {
			x, err = checked(x)
		}
	}
	return nil, err
}

func (p *parser) attr(x expr) (expr, error) {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		return &attrX{over(t.pos, x), x, t.text}, nil
	case tokInt:
		p.next()
		v, err := literal(t)
		if err != nil {
			return nil, err
		}
		key := &constX{over(t.pos), v}
		return &indexX{over(t.pos, x, key), x, key}, nil
	}
	return nil, p.unexpected("expected a name after .")
}

func (p *parser) index(x expr, pos int) (expr, error) {
	var keys []expr
	for !p.cur().isOp("]") {
		if len(keys) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		key, err := p.subscript()
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	p.next()
	if len(keys) == 0 {
		return nil, fail(pos, "index is missing between [ and ]")
	}
	key := keys[0]
	if len(keys) > 1 {
		key = &listX{over(pos, keys...), keys, true}
	}
	return &indexX{over(pos, x, key), x, key}, nil
}

func (p *parser) subscript() (expr, error) {
	pos := p.cur().pos
	part := func() (expr, error) {
		if t := p.cur(); t.isOp(":") || t.isOp("]") || t.isOp(",") {
			return nil, nil
		}
		return p.expression()
	}
	lo, err := part()
	if err != nil {
		return nil, err
	}
	if lo != nil && !p.cur().isOp(":") {
		return lo, nil
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	hi, err := part()
	if err != nil {
		return nil, err
	}
	var step expr
	if p.accept(":") {
		if step, err = part(); err != nil {
			return nil, err
		}
	}
	return &sliceX{over(pos, lo, hi, step), lo, hi, step}, nil
}
