package jinja

// stmt is a parsed Jinja statement.
type stmt interface{}

type (
	textS struct {
		pos int
		s   string
	}
	outS struct {
		pos int
		x   expr
	}
	ifS struct {
		pos       int
		test      expr
		then, els []stmt
	}
	forS struct {
		pos    int
		target target
		iter   expr
		cond   expr // may be nil
		body   []stmt
		els    []stmt
	}
	setS struct {
		pos    int
		target target
		x      expr
	}
	// captureS is a set with a body; filter, when not nil, is applied to it.
	captureS struct {
		pos    int
		target target
		filter expr
		body   []stmt
	}
	withS struct {
		pos     int
		targets []target
		values  []expr
		body    []stmt
	}
)

// template parses a whole source.
func (p *parser) template() ([]stmt, error) {
	body, end, err := p.block("", 0)
	if err == nil && end.kind != tokEOF {
		err = p.stray(end)
	}
	return body, err
}

// block reads statements up to one of the tags that end it, or the end of the
// source. It returns the tag's name token; the parser stands behind it.
func (p *parser) block(opener string, pos int, ends ...string) ([]stmt, token, error) {
	if err := p.enter(); err != nil {
		return nil, token{}, err
	}
	defer func() { p.depth-- }()
	var out []stmt
	for {
		t := p.next()
		switch t.kind {
		case tokEOF:
			if len(ends) > 0 {
				return nil, t, fail(pos, "%s is not closed", opener).with("close it with {% " + ends[len(ends)-1] + " %}")
			}
			return out, t, nil
		case tokData:
			out = append(out, &textS{t.pos, t.text})
		case tokOutputBegin:
			s, err := p.output()
			if err != nil {
				return nil, t, err
			}
			out = append(out, s)
		case tokBlockBegin:
			name := p.next()
			for _, end := range ends {
				if name.isName(end) {
					return out, name, nil
				}
			}
			s, err := p.statement(name)
			if err != nil {
				return nil, t, err
			}
			out = append(out, s)
		}
	}
}

func (p *parser) output() (stmt, error) {
	pos := p.cur().pos
	if p.cur().kind == tokOutputEnd {
		return nil, fail(pos, "output is empty").with("write a value between {{ and }}")
	}
	x, err := p.tuple()
	if err != nil {
		return nil, err
	}
	if p.cur().kind != tokOutputEnd {
		return nil, p.unexpected("expected }}")
	}
	p.next()
	return &outS{x.at(), x}, nil
}

// tuple reads expressions with commas between, which make a tuple.
func (p *parser) tuple() (expr, error) {
	x, err := p.expression()
	if err != nil || !p.cur().isOp(",") {
		return x, err
	}
	pos, items := x.at(), []expr{x}
	for p.accept(",") {
		if t := p.cur(); t.kind == tokOutputEnd || t.kind == tokBlockEnd || t.kind == tokEOF {
			break
		}
		if x, err = p.expression(); err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return checked(&listX{over(pos, items...), items, true})
}

func (p *parser) endTag() error {
	if p.cur().kind != tokBlockEnd {
		return p.unexpected("expected %}")
	}
	p.next()
	return nil
}

func (p *parser) statement(name token) (stmt, error) {
	switch name.text {
	case "if":
		return p.ifStatement(name.pos)
	case "for":
		return p.forStatement(name.pos)
	case "set":
		return p.setStatement(name.pos)
	case "with":
		return p.withStatement(name.pos)
	}
	return nil, p.stray(name)
}

// stray complains about a tag that is none, stands in the wrong place, or is
// one of Jinja's that this engine refuses.
func (p *parser) stray(name token) error {
	switch name.text {
	case "macro", "call", "include", "import", "from", "extends", "block", "trans", "autoescape", "filter":
		e := fail(name.pos, "tag %s is not supported", name.text)
		switch name.text {
		case "filter":
			e.hint = "write {% set x %}...{% endset %}{{ x|name }}"
		case "macro", "call", "include", "import", "from", "extends", "block":
			e.hint = "a webhook's template stands alone; use set and for"
		}
		return e
	case "do":
		return fail(name.pos, "tag do is not supported").with("write {% set _ = ... %}")
	case "break", "continue":
		return fail(name.pos, "tag %s is not supported", name.text).with("give the for a condition: {% for x in xs if ... %}")
	case "else", "elif", "endif", "endfor", "endset", "endwith", "endraw":
		return fail(name.pos, "unexpected tag %s", name.text).with("nothing is open that it could belong to")
	case "elseif", "elsif":
		return fail(name.pos, "unknown tag %s", name.text).with("write elif")
	case "end":
		return fail(name.pos, "unknown tag end").with("write endif, endfor, endset or endwith")
	}
	if name.kind != tokName {
		return fail(name.pos, "unexpected %s, expected a tag", clip(name.describe()))
	}
	known := []string{"if", "elif", "else", "endif", "for", "endfor", "set", "endset", "with", "endwith", "raw"}
	return fail(name.pos, "unknown tag %q", clip(name.text)).with(didYouMean(name.text, known))
}

func (p *parser) ifStatement(pos int) (stmt, error) {
	s := &ifS{pos: pos}
	var err error
	if s.test, err = p.tuple(); err != nil {
		return nil, err
	}
	if err := p.endTag(); err != nil {
		return nil, err
	}
	var end token
	if s.then, end, err = p.block("if", pos, "elif", "else", "endif"); err != nil {
		return nil, err
	}
	switch end.text {
	case "elif":
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		inner, err := p.ifStatement(end.pos)
		s.els = []stmt{inner}
		return s, err
	case "else":
		if err := p.endTag(); err != nil {
			return nil, err
		}
		if s.els, _, err = p.block("if", pos, "endif"); err != nil {
			return nil, err
		}
	}
	return s, p.endTag()
}

func (p *parser) forStatement(pos int) (stmt, error) {
	s := &forS{pos: pos}
	var err error
	if s.target, err = p.target(true); err != nil {
		return nil, err
	}
	if !p.acceptName("in") {
		return nil, p.unexpected("expected in")
	}
	if s.iter, err = p.iterable(); err != nil {
		return nil, err
	}
	if p.acceptName("if") {
		if s.cond, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if t := p.cur(); t.isName("recursive") {
		return nil, fail(t.pos, "recursive loops are not supported")
	}
	if err := p.endTag(); err != nil {
		return nil, err
	}
	var end token
	if s.body, end, err = p.block("for", pos, "else", "endfor"); err != nil {
		return nil, err
	}
	if end.text == "else" {
		if err := p.endTag(); err != nil {
			return nil, err
		}
		if s.els, _, err = p.block("for", pos, "endfor"); err != nil {
			return nil, err
		}
	}
	return s, p.endTag()
}

// iterable reads what a for walks over: the if behind it is the loop's.
func (p *parser) iterable() (expr, error) {
	x, err := p.or()
	if err != nil || !p.cur().isOp(",") {
		return x, err
	}
	pos, items := x.at(), []expr{x}
	for p.accept(",") && p.cur().kind != tokBlockEnd && !p.cur().isName("if") {
		if x, err = p.or(); err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return checked(&listX{over(pos, items...), items, true})
}

// target reads what is assigned to: a name, names with commas, and with
// brackets around some.
func (p *parser) target(loop bool) (target, error) {
	first, err := p.oneTarget(loop)
	if err != nil || !p.cur().isOp(",") {
		return first, err
	}
	all := target{pos: first.pos, tuple: []target{first}}
	for p.accept(",") && !p.cur().isName("in") && !p.cur().isOp("=") && !p.cur().isOp(")") {
		t, err := p.oneTarget(loop)
		if err != nil {
			return all, err
		}
		all.tuple = append(all.tuple, t)
	}
	return all, nil
}

func (p *parser) oneTarget(loop bool) (target, error) {
	t := p.cur()
	if t.isOp("(") {
		if err := p.enter(); err != nil {
			return target{}, err
		}
		defer func() { p.depth-- }()
		p.next()
		inner, err := p.target(loop)
		if err == nil {
			err = p.expect(")")
		}
		return inner, err
	}
	if t.kind != tokName {
		return target{}, p.unexpected("expected a name")
	}
	switch t.text {
	case "true", "false", "none", "True", "False", "None", "not", "in", "and", "or", "is", "if", "else":
		return target{}, fail(t.pos, "cannot assign to %s", t.text)
	case "loop":
		if loop {
			return target{}, fail(t.pos, "cannot assign to loop in a for")
		}
	}
	p.next()
	out := target{pos: t.pos, name: t.text}
	if !loop && p.cur().isOp(".") {
		p.next()
		f := p.cur()
		if f.kind != tokName {
			return out, p.unexpected("expected a name after .")
		}
		p.next()
		out.field = f.text
	}
	return out, nil
}

func (p *parser) setStatement(pos int) (stmt, error) {
	t, err := p.target(false)
	if err != nil {
		return nil, err
	}
	if p.accept("=") {
		x, err := p.tuple()
		if err != nil {
			return nil, err
		}
		return &setS{pos, t, x}, p.endTag()
	}
	s := &captureS{pos: pos, target: t}
	for p.accept("|") {
		if s.filter, err = p.filter(s.filter); err != nil {
			return nil, err
		}
	}
	if p.cur().kind != tokBlockEnd {
		return nil, p.unexpected("expected = or %}")
	}
	if err := p.endTag(); err != nil {
		return nil, err
	}
	if s.body, _, err = p.block("set", pos, "endset"); err != nil {
		return nil, err
	}
	return s, p.endTag()
}

func (p *parser) withStatement(pos int) (stmt, error) {
	s := &withS{pos: pos}
	for p.cur().kind != tokBlockEnd {
		if len(s.targets) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		t, err := p.oneTarget(false)
		if err != nil {
			return nil, err
		}
		if err := p.expect("="); err != nil {
			return nil, err
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.targets, s.values = append(s.targets, t), append(s.values, x)
	}
	if err := p.endTag(); err != nil {
		return nil, err
	}
	var err error
	if s.body, _, err = p.block("with", pos, "endwith"); err != nil {
		return nil, err
	}
	return s, p.endTag()
}
