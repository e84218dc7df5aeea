package jinja_test

import (
	"context"
	"errors"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// FuzzTemplate proves that no source panics or goes beyond the limits, in
// either language, as a template or as a condition; that errors have a place
// within the source; and that the same comes out twice.
func FuzzTemplate(f *testing.F) {
	for _, source := range []string{
		"{{ doc.name }}", "{% for i in range(3) %}{{ loop.index }}{% endfor %}", "{{ 'x' * 100000 * 100000 }}", "{{ 9 ** 99999 }}",
		"{% set x = [1] %}{% for i in range(99999) %}{% set _ = x.extend(x) %}{% endfor %}", "{{ '%99999999d' % 1 }}", "{{ '{:>99999999}'.format(1) }}",
		"((((((((((", "{{ [[[[[[[[", "{{ - - - - 1 }}", "{{ doc.items | map(attribute='a.b.c') | list }}", "{{ 'abc'[::-1][-1:0:-1] }}",
		"[x for x in doc.items if x.qty > 1]", "eval: doc.name", "{{range 1000000000}}{{end}}", `{{printf "%999999999d" 1}}`, "{{.doc.name | printf \"%s\"}}",
		"{%- raw -%}{{{% endraw %}", "{{ 'a' | center(99999999) }}", "{{ 'a b' | wordwrap(0) }}", "{{ doc | tojson(99999999) }}", "{{ 1 if 2 else 3 if 4 }}",
		"{{ doc.items | batch(0) | list }}", "{{ 'x' | indent(99999999) }}", "{{ range(-9223372036854775808, 9223372036854775807) }}", "{{ add_days(doc.name, 1e308) }}",
		"{{ 1 // 0 }}{{ -9223372036854775808 // -1 }}{{ -9223372036854775808 % -1 }}", "{{ 'x' | truncate(-5) }}", "{{ ''.join(doc.items) }}", "{{ 1e308 * 10 | int }}",
	} {
		f.Add(source, false)
		f.Add(source, true)
	}
	env, err := jinja.NewEnv(nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, source string, gotemplate bool) {
		lang := jinja.Jinja
		if gotemplate {
			lang = jinja.GoTemplate
		}
		begun := time.Now()
		if tmpl, err := env.Template("fuzz", source, lang); err != nil {
			requirePlace(t, source, err)
		} else {
			requireBounded(t, tmpl)
		}
		if c, err := env.Condition("fuzz", source, lang); err != nil {
			requirePlace(t, source, err)
		} else {
			_, err = c.Eval(context.Background(), fuzzScope())
			requirePlace(t, source, err)
		}
		require.Less(t, time.Since(begun), 5*time.Second)
	})
}

func fuzzScope() *jinja.Scope {
	return &jinja.Scope{
		Doc: map[string]any{"name": "SO-1", "n": 3, "f": 1.5, "none": nil, "items": []any{map[string]any{"qty": 2}, map[string]any{"qty": 1.5}}},
		Now: time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC),
	}
}

func requireBounded(t *testing.T, tmpl *jinja.Template) {
	t.Helper()
	var outputs []string
	for range 2 {
		text := jinja.NewText(nil, 0)
		err := tmpl.Render(context.Background(), fuzzScope(), text)
		require.LessOrEqual(t, len(text.Bytes()), jinja.MaxOutput)
		if err != nil {
			return
		}
		outputs = append(outputs, string(text.Bytes()))
	}
	require.Equal(t, outputs[0], outputs[1])
}

// requirePlace requires that err, if any, is an Error within the source and
// reads as text.
func requirePlace(t *testing.T, source string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *jinja.Error
	require.True(t, errors.As(err, &e), "%T", err)
	require.GreaterOrEqual(t, e.Line, 1)
	require.LessOrEqual(t, e.Line, 1+len(source))
	require.LessOrEqual(t, e.Column, 1+len(source)+1)
	require.True(t, !utf8.ValidString(source) || utf8.ValidString(err.Error()), "%q", err)
}
