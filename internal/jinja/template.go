package jinja

import (
	"context"
	"strings"
	"text/template/parse"
	"unicode"

	"github.com/docevent/webhook/internal/builtin"
)

// A Template is a compiled template. It is immutable and safe for concurrent
// use, each use with its own Scope.
type Template struct {
	name, src string
	env       *Env
	slots     int
	body      steps
	// tolerant: nothing is less or greater than None, and text that spells a
	// number compares with numbers. So it is in Go templates, and in
	// conditions: neither an empty field nor a decimal that a driver returned
	// as text must make one fail.
	tolerant bool
}

// Template compiles a template. Its errors are of type *Error.
func (e *Env) Template(name, src string, lang Lang) (*Template, error) {
	t := e.newTemplate(name, src, lang)
	if err := t.compile(lang); err != nil {
		return nil, err
	}
	return t, nil
}

// newTemplate begins a template. It brings line ends to \n, as Jinja does.
func (e *Env) newTemplate(name, src string, lang Lang) *Template {
	if lang == Jinja && strings.IndexByte(src, '\r') >= 0 {
		src = strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
	}
	return &Template{name: name, src: src, env: e, tolerant: lang == GoTemplate}
}

func (t *Template) compile(lang Lang) (err error) {
	defer t.caught(&err)
	t.checkSource()
	if lang == GoTemplate {
		t.lowerGo(newGoLowerer(t.env, false), parseGo(t.src, false))
		return nil
	}
	p := newParser(strings.TrimSuffix(t.src, "\n"), false)
	t.lower(p, p.template(), builtin.Function)
	return nil
}

// checkSource refuses a source that is too long.
func (t *Template) checkSource() {
	if len(t.src) > MaxSource {
		builtin.Check(errSource)
	}
}

// newCompiler returns a compiler for what p has read.
func (t *Template) newCompiler(p *parser, functions builtin.Kind) *compiler {
	return &compiler{env: t.env, bound: p.bound, guarded: p.guarded, given: p.given, functions: functions}
}

// lower compiles statements by way of a tree of text/template/parse.
func (t *Template) lower(p *parser, body []stmt, functions builtin.Kind) {
	l := &lowerer{t.newCompiler(p, functions)}
	t.build(l.compiler, l.level(body, 0))
}

// lowerGo compiles a Go template.
func (t *Template) lowerGo(g *goLowerer, root *parse.ListNode) { t.build(g.compiler, g.list(root)) }

func (t *Template) build(c *compiler, tree *parse.ListNode) {
	t.body = (&builder{pieces: c.pieces}).list(tree)
	t.slots = c.slots
}

// Render writes the template to sink. The error is an *Error, or that of ctx
// when it ended before the start.
func (t *Template) Render(ctx context.Context, s *Scope, sink Sink) (err error) {
	r, err := s.begin(ctx, t, sink)
	if err != nil {
		return err
	}
	defer t.rescue(r, &err)
	t.body.take(r)
	r.done = true
	return nil
}

// AtEnd makes the *Error of what is wrong with the end of what was written.
func (t *Template) AtEnd(err error) error {
	if err == nil {
		return nil
	}
	end := len(strings.TrimRightFunc(t.src, unicode.IsSpace))
	return locate(t.name, t.src, place{pos: end}, err)
}

// rescue turns the failure of an evaluation that is not done into its error.
func (t *Template) rescue(r *run, err *error) {
	if r.done {
		return
	}
	here := place{}
	if r.here != nil {
		here = *r.here
	}
	t.failed(recover(), here, err)
}

// caught turns a failure of the parser or the compiler into the error of the
// function that defers it.
func (t *Template) caught(err *error) { t.failed(recover(), place{}, err) }

// failed makes the *Error of what was recovered. here is the place of an error
// that does not name its own.
func (t *Template) failed(recovered any, here place, err *error) {
	switch p := recovered.(type) {
	case nil:
	case builtin.Failure:
		*err = locate(t.name, t.src, here, p.Err)
	default:
		panic(p)
	}
}
