package jinja

import (
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/builtin"
)

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
	// doS is evaluated and writes nothing.
	doS struct {
		x expr
	}
	ifS struct {
		pos       int
		test      expr
		key       string // spells the test
		then, els []stmt
	}
	forS struct {
		pos    int
		target target
		iter   expr
		key    string // spells iter
		cond   expr   // may be nil
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
		p.stray(end)
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
				refuse(pos, "close it with {% "+ends[len(ends)-1]+" %}", "%s is not closed", opener)
			}
			return out, t
		case tokData:
			out = append(out, &textS{t.pos, t.text})
		case tokOutputBegin:
			out = append(out, p.output())
		case tokBlockBegin:
			name := p.next()
			if name.kind == tokName && slices.Contains(ends, name.text) {
				return out, name
			}
			out = append(out, p.statement(name))
		}
	}
}

func (p *parser) output() stmt {
	pos := p.cur().pos
	if p.cur().kind == tokOutputEnd {
		refuse(pos, "write a value between {{ and }}", "output is empty")
	}
	x := p.tuple()
	if p.cur().kind != tokOutputEnd {
		p.unexpected("expected }}")
	}
	p.next()
	if s, any := commas(x); any {
		return s
	}
	if call := silenced(x); call != nil {
		return &doS{call}
	}
	return &outS{x.info().pos, x}
}

// silent are the methods that change a list or dict and give None.
var silent = []string{"append", "extend", "insert", "remove", "clear", "reverse", "sort", "update"}

// silenced returns the call of an output that is there for what it does and
// writes nothing: {{ rows.append(d) or "" }}. Nil if x is another output.
func silenced(x expr) expr {
	either, ok := x.(*boolX)
	if !ok || !either.or {
		return nil
	}
	if s, ok := spelledText(either.r); !ok || s != "" {
		return nil
	}
	call, ok := either.l.(*callX)
	if !ok {
		return nil
	}
	if method, ok := call.fn.(*attrX); ok && slices.Contains(silent, method.name) {
		return call
	}
	return nil
}

// commas returns an output of nothing but commas, which templates for JSON put
// between the rounds of a loop, as the text it stands for: {{ "," if not
// loop.last }}. Such a comma is a part of the template and not a value to be
// quoted. Nil if x is another output; any says that there is a comma, not white
// space alone.
func commas(x expr) (s stmt, any bool) {
	pos := x.info().pos
	switch x := x.(type) {
	case *constX:
		if text, ok := x.v.(string); ok && separates(text) {
			return &textS{pos, text}, strings.Contains(text, ",")
		}
	case *boolX: // loop.last and "" or ","
		choice, ok := x.l.(*boolX)
		if !ok || !x.or || choice.or {
			return nil, false
		}
		if text, ok := spelledText(choice.r); ok && text != "" {
			return commas(&condX{spot: x.spot, test: choice.l, then: choice.r, els: x.r})
		}
	case *condX:
		then, one := commas(x.then)
		if then == nil {
			return nil, false
		}
		s := &ifS{pos: pos, test: x.test, then: []stmt{then}}
		if x.els == nil {
			return s, one
		}
		if els, other := commas(x.els); els != nil {
			s.els = []stmt{els}
			return s, one || other
		}
	}
	return nil, false
}

// separates reports whether text is commas and white space, or nothing.
func separates(text string) bool { return strings.Trim(text, ", \t\r\n") == "" }

// given is what a name of the template is given.
type given uint8

const (
	aComma given = 1 << iota // spelled out
	somethingElse
)

// give notes what a target is given; a nil x is something else.
func (p *parser) give(t target, x expr) {
	for _, sub := range t.tuple {
		p.give(sub, nil)
	}
	key := t.name
	if t.field != "" {
		key += "." + t.field
	}
	switch text, ok := spelledText(x); {
	case !ok || !separates(text):
		p.given[key] |= somethingElse
	case text != "":
		p.given[key] |= aComma
	}
	call, ok := x.(*callX)
	if !ok {
		return
	}
	if fn, ok := call.fn.(*nameX); !ok || fn.name != "namespace" {
		return
	}
	for _, a := range call.args { // namespace(comma="")
		if a.name != "" {
			p.give(target{name: t.name, field: a.name}, a.x)
		}
	}
}

// tuple reads expressions with commas between, which make a tuple.
func (p *parser) tuple() expr { return p.series(p.expression) }

// series reads one item, or several with commas between, which make a tuple.
func (p *parser) series(item func() expr) expr {
	x := item()
	if !p.cur().isOp(",") {
		return x
	}
	items := []expr{x}
	for p.accept(",") {
		t := p.cur()
		if t.kind == tokOutputEnd || t.kind == tokBlockEnd || t.kind == tokEOF || t.isName("if") {
			break
		}
		items = append(items, item())
	}
	return node(x.info().pos, &listX{items: items, tuple: true})
}

// opened ends a tag that a body follows, behind which Jinja lets a colon stand.
func (p *parser) opened() {
	p.accept(":")
	p.endTag()
}

func (p *parser) endTag() {
	if p.cur().kind != tokBlockEnd {
		p.unexpected("expected %}")
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
	p.stray(name)
	return nil
}

// stray complains about a tag that is none, stands in the wrong place, or is
// one of Jinja's that this engine refuses.
func (p *parser) stray(name token) {
	if name.kind != tokName {
		refuse(name.pos, "", "unexpected %s, expected a tag", builtin.Clip(name.describe()))
	}
	if hint, ok := refusedTags[name.text]; ok {
		refuse(name.pos, hint, "tag %s is not supported", name.text)
	}
	switch name.text {
	case "else", "elif", "endif", "endfor", "endset", "endwith", "endraw":
		refuse(name.pos, "nothing is open that it could belong to", "unexpected tag %s", name.text)
	case "elseif", "elsif":
		refuse(name.pos, "write elif", "unknown tag %s", name.text)
	case "end":
		refuse(name.pos, "write endif, endfor, endset or endwith", "unknown tag end")
	}
	known := strings.Fields("if elif else endif for endfor set endset with endwith raw")
	refuse(name.pos, builtin.DidYouMean(name.text, known),
		"unknown tag %q", builtin.Clip(name.text))
}

const (
	alone  = "a webhook's template stands alone; use set and for"
	choose = "give the for a condition: {% for x in xs if ... %}"
)

// refusedTags are the tags of Jinja2 that this engine does not have, and what
// to write instead.
var refusedTags = map[string]string{
	"macro": alone, "call": alone, "include": alone, "import": alone, "from": alone,
	"extends": alone, "block": alone, "trans": "", "autoescape": "",
	"filter": "write {% set x %}...{% endset %}{{ x|name }}", "do": "write {% set _ = ... %}",
	"break": choose, "continue": choose,
}

func (p *parser) ifStatement(pos int) stmt {
	s, start := &ifS{pos: pos}, p.i
	s.test = p.series(p.or) // as in Jinja2, no if within the if
	s.key = p.spelling(start)
	p.opened()
	var end token
	s.then, end = p.block("if", pos, "elif", "else", "endif")
	switch end.text {
	case "elif":
		p.enter()
		defer p.leave()
		s.els = []stmt{p.ifStatement(end.pos)}
		return s
	case "else":
		p.opened()
		s.els, _ = p.block("if", pos, "endif")
	}
	p.endTag()
	return s
}

func (p *parser) forStatement(pos int) stmt {
	s := &forS{pos: pos}
	s.target = p.target(true)
	p.give(s.target, nil)
	if !p.acceptName("in") {
		p.unexpected("expected in")
	}
	start := p.i
	s.iter = p.series(p.or) // an if behind it is the loop's
	s.key = p.spelling(start)
	if p.acceptName("if") {
		s.cond = p.expression()
	}
	if t := p.cur(); t.isName("recursive") {
		refuse(t.pos, "", "recursive loops are not supported")
	}
	p.opened()
	var end token
	s.body, end = p.block("for", pos, "else", "endfor")
	if end.text == "else" {
		p.opened()
		s.els, _ = p.block("for", pos, "endfor")
	}
	p.endTag()
	return s
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
		all.tuple = append(all.tuple, p.oneTarget(loop))
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
	p.expectName("expected a name")
	switch t.text {
	case "true", "false", "none", "True", "False", "None", "not", "in", "and", "or", "is", "if", "else":
		refuse(t.pos, "", "cannot assign to %s", t.text)
	case "loop":
		if loop {
			refuse(t.pos, "", "cannot assign to loop in a for")
		}
	}
	out := target{pos: t.pos, name: t.text}
	if !loop && p.accept(".") {
		out.field = p.expectName("expected a name after .").text
	} else {
		p.bound[t.text] = true
	}
	return out
}

func (p *parser) setStatement(pos int) stmt {
	t := p.target(false)
	if p.accept("=") {
		x := p.tuple()
		p.endTag()
		p.give(t, x)
		return &setS{pos, t, x}
	}
	p.give(t, nil)
	s := &captureS{pos: pos, target: t}
	for p.accept("|") {
		s.filter = p.filter(s.filter)
	}
	if t := p.cur(); t.kind != tokBlockEnd && !t.isOp(":") {
		p.unexpected("expected = or %}")
	}
	p.opened()
	s.body, _ = p.block("set", pos, "endset")
	p.endTag()
	return s
}

func (p *parser) withStatement(pos int) stmt {
	s := &withS{pos: pos}
	for t := p.cur(); t.kind != tokBlockEnd && !t.isOp(":"); t = p.cur() {
		if len(s.targets) > 0 {
			p.expect(",")
		}
		t := p.target(false)
		p.expect("=")
		x := p.expression()
		p.give(t, x)
		s.targets, s.values = append(s.targets, t), append(s.values, x)
	}
	p.opened()
	s.body, _ = p.block("with", pos, "endwith")
	p.endTag()
	return s
}
