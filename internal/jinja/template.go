package jinja

import (
	"context"
	"errors"
	"strings"
)

// A Template is a compiled template. It is immutable and safe for concurrent
// use, each use with its own Scope.
type Template struct {
	name, src string
	shift     int // bytes put before the source that the user wrote
	env       *Env
	slots     int
	body      steps
	// noneOrders: nothing is less or greater than None. So in conditions, which
	// an empty field must not fail, and in Go templates.
	noneOrders bool
}

// Template compiles a template. Its errors are of type *Error.
func (e *Env) Template(name, src string, lang Lang) (*Template, error) {
	t, err := e.template(name, src, lang)
	if err != nil {
		return nil, locate(name, sourceFor(src, lang), 0, err)
	}
	return t, nil
}

func (e *Env) template(name, src string, lang Lang) (*Template, error) {
	if len(src) > MaxSource {
		return nil, errSource
	}
	if lang == GoTemplate {
		return e.goTemplate(name, src)
	}
	body, err := parseTemplate(src)
	if err != nil {
		return nil, err
	}
	return e.lowered(name, src, body, false)
}

// sourceFor is the source as the places in it count.
func sourceFor(src string, lang Lang) string {
	if lang == GoTemplate {
		return src
	}
	return normal(src)
}

// normal brings line ends to \n, as Jinja does. It drops the last one of a
// template.
func normal(src string) string {
	if strings.IndexByte(src, '\r') >= 0 {
		src = strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
	}
	return src
}

func parseTemplate(src string) (body []stmt, err error) {
	toks, err := lex(strings.TrimSuffix(normal(src), "\n"))
	if err != nil {
		return nil, err
	}
	defer caught(&err)
	return (&parser{toks: toks}).template(), nil
}

// lowered compiles statements by way of a tree of text/template/parse.
func (e *Env) lowered(name, src string, body []stmt, condition bool) (t *Template, err error) {
	defer caught(&err)
	l := newLowerer(e, body, condition)
	list, open := l.level(body)
	l.opening(list, open, 0)
	compiled := (&builder{pieces: l.pieces}).list(list)
	return &Template{
		name: name, src: normal(src), env: e, slots: l.slots, body: compiled, noneOrders: condition,
	}, nil
}

func newLowerer(e *Env, body []stmt, python bool) *lowerer {
	c := &compiler{env: e, python: python, bound: map[string]bool{}, guarded: map[string]bool{}}
	survey(body, c)
	return &lowerer{compiler: c, loop: -1}
}

// Render writes the template to sink. The error is an *Error, or that of ctx
// when it ended before the start.
func (t *Template) Render(ctx context.Context, s *Scope, sink Sink) error {
	r, err := s.begin(ctx, t, sink)
	if err != nil {
		return err
	}
	if err := t.body.take(r); err != nil {
		return t.locate(err)
	}
	return nil
}

func (t *Template) locate(err error) *Error {
	var l *located
	if errors.As(err, &l) && t.shift > 0 {
		moved := *l
		moved.pos = max(0, l.pos-t.shift)
		err = &moved
	}
	return locate(t.name, t.src, 0, err)
}
