package jinja

import (
	"context"
	"strings"

	"github.com/docevent/webhook/internal/builtin"
)

// A Condition is a compiled condition. It is immutable and safe for concurrent
// use, each use with its own Scope.
type Condition struct {
	t     *Template
	holds predFn // nil when t is rendered
}

// Condition compiles a condition: a template, a bare expression as in Python,
// or one behind eval:. A condition of white space alone always holds. A
// template that is one output is its expression, judged by its truth; any other
// is rendered, and is false when what it writes, trimmed, spells nothing. A
// source that is no valid template, and whose marks of one all stand in
// strings, is an expression. Errors are of type *Error.
func (e *Env) Condition(name, src string, lang Lang) (*Condition, error) {
	c, err := e.condition(name, src, lang, isTemplate(src))
	if err != nil && lang == Jinja && isTemplate(src) && marksInStrings(src) {
		if bare, bareErr := e.condition(name, src, lang, false); bareErr == nil {
			return bare, nil
		}
	}
	return c, err
}

func (e *Env) condition(name, src string, lang Lang, template bool) (*Condition, error) {
	c := &Condition{t: e.newTemplate(name, src, lang)}
	c.t.tolerant = true
	if err := c.compile(lang, template); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Condition) compile(lang Lang, template bool) (err error) {
	t := c.t
	defer t.caught(&err)
	t.checkSource()
	switch {
	case strings.TrimSpace(t.src) == "":
		c.holds = func(*run) bool { return true }
	case lang == GoTemplate:
		c.compileGo(!strings.Contains(t.src, "{{"))
	case template:
		p := newParser(strings.TrimSuffix(t.src, "\n"), false)
		body := p.template()
		if x := onlyOutput(body); x != nil {
			c.single(p, x)
		} else {
			t.lower(p, body, builtin.ConditionFunction)
		}
	default:
		p := newParser(t.withoutEval(), true)
		x := p.tuple()
		if p.cur().kind != tokEOF {
			p.unexpected("")
		}
		c.single(p, x)
	}
	return nil
}

// single compiles the expression of a condition.
func (c *Condition) single(p *parser, x expr) {
	comp := c.t.newCompiler(p, builtin.ConditionFunction)
	comp.push()
	c.holds = comp.pred(x)
	c.t.slots = comp.slots
}

// compileGo compiles a condition in the language of Go templates, or with bare a
// pipeline without its braces.
func (c *Condition) compileGo(bare bool) {
	g, root := newGoLowerer(c.t.env, bare), parseGo(c.t.src, bare)
	if pipe := onlyAction(root); pipe != nil {
		c.holds = g.pred(g.pipe(pipe))
		c.t.slots = g.slots
		return
	}
	c.t.lowerGo(g, root)
}

func isTemplate(src string) bool {
	return strings.Contains(src, "{{") || strings.Contains(src, "{%") || strings.Contains(src, "{#")
}

// marksInStrings reports whether a template's marks stand nowhere but in strings,
// as Python has them: '{%d}' % doc.qty.
func marksInStrings(src string) bool {
	for {
		i := strings.IndexAny(src, `'"`)
		if i < 0 {
			return !isTemplate(src)
		}
		if isTemplate(src[:i]) {
			return false
		}
		quote := src[i]
		for i++; i < len(src) && src[i] != quote; i++ {
			if src[i] == '\\' {
				i++
			}
		}
		src = src[min(i+1, len(src)):]
	}
}

// onlyOutput returns the output of a template that has nothing else in it but
// white space.
func onlyOutput(body []stmt) (x expr) {
	for _, s := range body {
		switch s := s.(type) {
		case *textS:
			if strings.TrimSpace(s.s) != "" {
				return nil
			}
		case *outS:
			if x != nil {
				return nil
			}
			x = s.x
		default:
			return nil
		}
	}
	return x
}

// withoutEval is the source with an eval: before it blanked, so that places
// stay where they are.
func (t *Template) withoutEval() string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(t.src), "eval:")
	if !ok {
		return t.src
	}
	if strings.TrimSpace(rest) == "" {
		refuse(len(t.src), "", "nothing stands behind eval:")
	}
	return strings.Replace(t.src, "eval:", "     ", 1)
}

// Eval reports whether the condition holds. The error is an *Error, or that of
// ctx when it ended before the start.
func (c *Condition) Eval(ctx context.Context, s *Scope) (ok bool, err error) {
	if c.holds == nil {
		return c.rendered(ctx, s)
	}
	r, err := s.begin(ctx, c.t, nil)
	if err != nil {
		return false, err
	}
	defer c.t.rescue(r, &err)
	ok = c.holds(r)
	r.done = true
	return ok, nil
}

func (c *Condition) rendered(ctx context.Context, s *Scope) (bool, error) {
	text := NewText(nil, 0)
	if err := c.t.Render(ctx, s, text); err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(string(text.Bytes()))) {
	case "", "false", "none", "null", "0", "0.0", "[]", "{}":
		return false, nil
	}
	return true, nil
}
