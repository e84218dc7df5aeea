package jinja

import "strings"

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
func (p *parser) template() []stmt {
	body, end := p.block("", 0)
	if end.kind != tokEOF {
		check(p.stray(end))
	}
	return body
}

// block reads statements up to one of the tags that end it, or the end of the
// source. It returns the tag's name token; the parser stands behind it.
func (p *parser) block(opener string, pos int, ends ...string) ([]stmt, token) {
	p.enter()
	defer p.leave()
	var out []stmt
	for {
		t := p.next()
		switch t.kind {
		case tokEOF:
			if len(ends) > 0 {
				e := fail(pos, "%s is not closed", opener)
				check(e.with("close it with {% " + ends[len(ends)-1] + " %}"))
			}
			return out, t
		case tokData:
			out = append(out, &textS{t.pos, t.text})
		case tokOutputBegin:
			s := p.output()
			out = append(out, s)
		case tokBlockBegin:
			name := p.next()
			for _, end := range ends {
				if name.isName(end) {
					return out, name
				}
			}
			s := p.statement(name)
			out = append(out, s)
		}
	}
}

func (p *parser) output() stmt {
	pos := p.cur().pos
	if p.cur().kind == tokOutputEnd {
		check(fail(pos, "output is empty").with("write a value between {{ and }}"))
	}
	x := p.tuple()
	if p.cur().kind != tokOutputEnd {
		check(p.unexpected("expected }}"))
	}
	p.next()
	return &outS{x.at(), x}
}

// tuple reads expressions with commas between, which make a tuple.
func (p *parser) tuple() expr {
	x := p.expression()
	if !p.cur().isOp(",") {
		return x
	}
	pos, items := x.at(), []expr{x}
	for p.accept(",") {
		if t := p.cur(); t.kind == tokOutputEnd || t.kind == tokBlockEnd || t.kind == tokEOF {
			break
		}
		x = p.expression()
		items = append(items, x)
	}
	return checked(&listX{over(pos, items...), items, true})
}

func (p *parser) endTag() {
	if p.cur().kind != tokBlockEnd {
		check(p.unexpected("expected %}"))
	}
	p.next()
}

func (p *parser) statement(name token) stmt {
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
	panic(failure{p.stray(name)})
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
		e := fail(name.pos, "tag %s is not supported", name.text)
		return e.with("give the for a condition: {% for x in xs if ... %}")
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
	known := strings.Fields("if elif else endif for endfor set endset with endwith raw")
	return fail(name.pos, "unknown tag %q", clip(name.text)).with(didYouMean(name.text, known))
}

func (p *parser) ifStatement(pos int) stmt {
	s := &ifS{pos: pos}
	s.test = p.tuple()
	p.endTag()
	var end token
	s.then, end = p.block("if", pos, "elif", "else", "endif")
	switch end.text {
	case "elif":
		p.enter()
		defer p.leave()
		inner := p.ifStatement(end.pos)
		s.els = []stmt{inner}
		return s
	case "else":
		p.endTag()
		s.els, _ = p.block("if", pos, "endif")
	}
	p.endTag()
	return s
}

func (p *parser) forStatement(pos int) stmt {
	s := &forS{pos: pos}
	s.target = p.target(true)
	if !p.acceptName("in") {
		check(p.unexpected("expected in"))
	}
	s.iter = p.iterable()
	if p.acceptName("if") {
		s.cond = p.expression()
	}
	if t := p.cur(); t.isName("recursive") {
		check(fail(t.pos, "recursive loops are not supported"))
	}
	p.endTag()
	var end token
	s.body, end = p.block("for", pos, "else", "endfor")
	if end.text == "else" {
		p.endTag()
		s.els, _ = p.block("for", pos, "endfor")
	}
	p.endTag()
	return s
}

// iterable reads what a for walks over: the if behind it is the loop's.
func (p *parser) iterable() expr {
	x := p.or()
	if !p.cur().isOp(",") {
		return x
	}
	pos, items := x.at(), []expr{x}
	for p.accept(",") && p.cur().kind != tokBlockEnd && !p.cur().isName("if") {
		x = p.or()
		items = append(items, x)
	}
	return checked(&listX{over(pos, items...), items, true})
}

// target reads what is assigned to: a name, names with commas, and with
// brackets around some.
func (p *parser) target(loop bool) target {
	first := p.oneTarget(loop)
	if !p.cur().isOp(",") {
		return first
	}
	all := target{pos: first.pos, tuple: []target{first}}
	for p.accept(",") && !p.cur().isName("in") && !p.cur().isOp("=") && !p.cur().isOp(")") {
		t := p.oneTarget(loop)
		all.tuple = append(all.tuple, t)
	}
	return all
}

func (p *parser) oneTarget(loop bool) target {
	t := p.cur()
	if t.isOp("(") {
		p.enter()
		defer p.leave()
		p.next()
		inner := p.target(loop)
		p.expect(")")
		return inner
	}
	if t.kind != tokName {
		check(p.unexpected("expected a name"))
	}
	switch t.text {
	case "true", "false", "none", "True", "False", "None", "not", "in", "and", "or", "is", "if", "else":
		check(fail(t.pos, "cannot assign to %s", t.text))
	case "loop":
		if loop {
			check(fail(t.pos, "cannot assign to loop in a for"))
		}
	}
	p.next()
	out := target{pos: t.pos, name: t.text}
	if !loop && p.cur().isOp(".") {
		p.next()
		f := p.cur()
		if f.kind != tokName {
			check(p.unexpected("expected a name after ."))
		}
		p.next()
		out.field = f.text
	}
	return out
}

func (p *parser) setStatement(pos int) stmt {
	t := p.target(false)
	if p.accept("=") {
		x := p.tuple()
		p.endTag()
		return &setS{pos, t, x}
	}
	s := &captureS{pos: pos, target: t}
	for p.accept("|") {
		s.filter = p.filter(s.filter)
	}
	if p.cur().kind != tokBlockEnd {
		check(p.unexpected("expected = or %}"))
	}
	p.endTag()
	s.body, _ = p.block("set", pos, "endset")
	p.endTag()
	return s
}

func (p *parser) withStatement(pos int) stmt {
	s := &withS{pos: pos}
	for p.cur().kind != tokBlockEnd {
		if len(s.targets) > 0 {
			p.expect(",")
		}
		t := p.oneTarget(false)
		p.expect("=")
		x := p.expression()
		s.targets, s.values = append(s.targets, t), append(s.values, x)
	}
	p.endTag()
	s.body, _ = p.block("with", pos, "endwith")
	p.endTag()
	return s
}
