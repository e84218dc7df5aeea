package jinja

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"testing"
	"text/template"
	"text/template/parse"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// stockFuncs gives text/template's own executor the pieces of a lowered tree:
// {{_e17 $}} calls piece 17 with the run.
func stockFuncs(pieces []piece) template.FuncMap {
	funcs := template.FuncMap{}
	for i, p := range pieces {
		funcs[fmt.Sprintf("_e%d", i)] = func(r *run) any {
			switch {
			case p.out != nil:
				s, _ := value.Str(p.out(r))
				return s
			case p.test != nil:
				return p.test(r)
			case p.do != nil:
				p.do(r)
				return ""
			}
			return stockLoop(r, p.loop)
		}
	}
	return funcs
}

func stockLoop(r *run, head *loopPiece) iter.Seq[any] {
	_, items := head.iter(r)
	loop := &loopState{items: items}
	return func(yield func(any) bool) {
		for i, x := range items {
			head.round(r, loop, i)
			head.bind(r, x)
			if head.open != nil {
				head.open(r)
			}
			if !yield(x) {
				return
			}
		}
	}
}

// The control flow of lowered Jinja is text/template's: its executor gives the
// same text from the same tree.
func TestControlFlowAgainstTextTemplate(t *testing.T) {
	env, err := NewEnv(nil)
	require.NoError(t, err)
	scope := &Scope{Doc: map[string]any{"items": []any{1, 2, 3}, "empty": []any{}, "name": "n", "yes": true}}
	for _, src := range []string{
		"plain", "{{ doc.name }}!", "{% if doc.yes %}a{% elif doc.name %}b{% else %}c{% endif %}",
		"{% if not doc.yes %}a{% elif doc.empty %}b{% else %}c{% endif %}",
		"{% for i in doc.items %}{{ i }},{% else %}none{% endfor %}",
		"{% for i in doc.empty %}{{ i }}{% else %}none{% endfor %}",
		"{% for i in doc.items %}{% for j in doc.items %}{{ i * j }}" +
			"{% if not loop.last %},{% endif %}{% endfor %};{% endfor %}",
		"{% set x = 1 %}{% for i in doc.items %}{% set x = x + i %}{{ x }}{% endfor %}|{{ x }}",
		"{% with a = 1, b = doc.name %}{{ a }}{{ b }}{% for i in doc.items %}{{ a + i }}{% endfor %}{% endwith %}",
		"{% for k, v in {'a': 1, 'b': 2}.items() %}{{ loop.index }}{{ k }}{{ v }}{% endfor %}",
	} {
		p := newParser(src, false)
		tmpl := &Template{env: env}
		l := &lowerer{tmpl.newCompiler(p, builtin.Function)}
		body := p.template()
		list := l.level(body, 0)

		stock := template.New("stock").Funcs(stockFuncs(l.pieces))
		tree := parse.New("stock")
		tree.Root = list
		_, err = stock.AddParseTree("stock", tree)
		require.NoError(t, err, src)
		r, err := scope.begin(context.Background(), &Template{env: env, slots: l.slots}, nil)
		require.NoError(t, err)
		var want bytes.Buffer
		require.NoError(t, stock.Execute(&want, r), src)

		tmpl, err = env.Template("ours", src, Jinja)
		require.NoError(t, err, src)
		got := NewText(nil, 0)
		require.NoError(t, tmpl.Render(context.Background(), scope, got), src)
		require.Equal(t, want.String(), string(got.Bytes()), src)
	}
}
