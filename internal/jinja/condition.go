package jinja

import (
	"context"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// A Condition is a compiled condition. It is immutable and safe for concurrent
// use, each use with its own Scope.
type Condition struct {
	t    *Template
	pred predFn // nil when t is rendered
}

// Condition compiles a condition: a template, a bare expression as in Python,
// or one behind eval:. White space alone holds always. A template that is one
// output is its expression, judged by its truth; any other is rendered, and is
// false when what it writes, trimmed, spells nothing. Errors are of type *Error.
func (e *Env) Condition(name, src string, lang Lang) (*Condition, error) {
	c, err := e.condition(name, src, lang)
	if err != nil {
		return nil, locate(name, sourceFor(src, lang), 0, err)
	}
	return c, nil
}

func (e *Env) condition(name, src string, lang Lang) (*Condition, error) {
	if len(src) > MaxSource {
		return nil, errSource
	}
	t := &Template{name: name, src: sourceFor(src, lang), env: e, noneOrders: true}
	if strings.TrimSpace(src) == "" {
		return &Condition{t, func(*run) (bool, error) { return true, nil }}, nil
	}
	if lang == GoTemplate {
		return e.goCondition(t)
	}
	if !isTemplate(src) {
		return e.bare(t)
	}
	body, err := parseTemplate(src)
	if err != nil {
		return nil, err
	}
	out, ok := onlyOutput(body)
	if !ok {
		if t, err = e.lowered(name, src, body, true); err != nil {
			return nil, err
		}
		return &Condition{t: t}, nil
	}
	return e.single(t, out.x)
}

func isTemplate(src string) bool {
	return strings.Contains(src, "{{") || strings.Contains(src, "{%") || strings.Contains(src, "{#")
}

// onlyOutput returns the output of a template that has nothing else in it but
// white space.
func onlyOutput(body []stmt) (out *outS, ok bool) {
	for _, s := range body {
		switch s := s.(type) {
		case *textS:
			if strings.TrimSpace(s.s) != "" {
				return nil, false
			}
		case *outS:
			if out != nil {
				return nil, false
			}
			out = s
		default:
			return nil, false
		}
	}
	return out, out != nil
}

// bare compiles an expression without {{ }}. An eval: before it is blanked, so
// that places stay where they are.
func (e *Env) bare(t *Template) (*Condition, error) {
	src := t.src
	if rest, ok := strings.CutPrefix(strings.TrimSpace(src), "eval:"); ok {
		if strings.TrimSpace(rest) == "" {
			return nil, fail(len(t.src), "nothing stands behind eval:")
		}
		src = strings.Replace(src, "eval:", "     ", 1)
	}
	toks, err := lexExpression(src)
	if err != nil {
		return nil, err
	}
	x, err := parseBare(toks)
	if err != nil {
		return nil, err
	}
	return e.single(t, x)
}

func parseBare(toks []token) (x expr, err error) {
	defer caught(&err)
	p := &parser{toks: toks, python: true}
	x = p.tuple()
	if p.cur().kind != tokEOF {
		check(p.unexpected(""))
	}
	return x, nil
}

// single compiles the expression of a condition.
func (e *Env) single(t *Template, x expr) (c *Condition, err error) {
	defer caught(&err)
	l := newLowerer(e, []stmt{&outS{x.at(), x}}, true)
	l.push()
	pred := l.pred(x)
	t.slots = l.slots
	return &Condition{t, pred}, nil
}

// Eval reports whether the condition holds. The error is an *Error, or that of
// ctx when it ended before the start.
func (c *Condition) Eval(ctx context.Context, s *Scope) (bool, error) {
	if c.pred == nil {
		return c.rendered(ctx, s)
	}
	r, err := s.begin(ctx, c.t, nil)
	if err != nil {
		return false, err
	}
	ok, err := c.pred(r)
	if err != nil {
		return false, c.t.locate(err)
	}
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

// truthOf is the condition of a Go template that is one pipeline.
func truthOf(get evalFn) predFn {
	return func(r *run) (bool, error) {
		v, err := get(r)
		return err == nil && value.Truth(v), err
	}
}
