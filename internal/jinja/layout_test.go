package jinja_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// What few templates need: the answers are those of Jinja2 3.1.
func TestSeldomUsed(t *testing.T) {
	tests := []struct{ src, want string }{
		{`{{ "The quick well-known fox" | wordwrap(7) }}`, "The\nquick\nwell-\nknown\nfox"},
		{`{{ "aa-bb-cc-dd ee" | wordwrap(6) }}`, "aa-bb-\ncc-dd\nee"},
		{`{{ "jumps over" | wordwrap(3) }}`, "jum\nps \nove\nr"},
		{`{{ "jumps over" | wordwrap(3, false, wrapstring="|") }}`, "jumps|over"},
		{`{{ {"b": 1, "a": [1, (2,)]} | pprint }}`, "{'a': [1, (2,)], 'b': 1}"},
		{`{{ ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"] | pprint }}`,
			"['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',\n 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb']"},
		{`{{ {"a": 1, "b": none, "c": "<x>"} | xmlattr }}`, ` a="1" c="&lt;x&gt;"`},
		{`{% set c = cycler("a", "b") %}{{ c.next() }}{{ c.next() }}{{ c.current }}` +
			`{{ c.next() }}{{ c.reset() }}{{ c.current }}`, "abaaNonea"},
		{`{% set j = joiner("|") %}{% for i in [1, 2, 3] %}{{ j() }}{{ i }}{% endfor %}`, "1|2|3"},
		{`{{ "a\tbb\tc".expandtabs(4) }}`, "a   bb  c"},
		{`{{ "a-b-c".rpartition("-") }}`, "('a-b', '-', 'c')"},
		{`{{ "{0[0]} {a.b!r:>5} {1:{w}.{p}f}|".format([1], 3.14159, a={"b": "x"}, w=7, p=2) }}`, "1   'x'    3.14|"},
		{`{% if (1 if doc.missing else 0) %}a{% else %}b{% endif %}{% if true: %}a` +
			`{% elif false: %}{% else: %}{% endif %}{% for i in []: %}{% else: %}` +
			`b{% endfor %}`, "bab"},
		{`{% set x: %}c{% endset %}{% with y = 1: %}{{ x }}{{ y }}{% endwith %}{% with: %}d{% endwith %}`, "c1d"},
		{"{%\u00a0if\u00a0true\u00a0%}a{%\u00a0endif\u00a0%}" +
			"{{\u00a0'b\u00a0c'\u00a0|\u3000upper\u00a0}}{%\u00a0raw\u00a0%}" +
			"{{{%\u2003endraw\u00a0%}", "aB\u00a0C{{"},
		{`{{ nowdate is defined }} {{ range is undefined }} {{ dict is callable }} ` +
			`{{ frappe is not defined }} {{ doc.x is callable }}`, "True False True False True"},
		{`{% set now = 1 %}{{ now is callable }} {{ now | default(2) }}`, "False 1"},
		{`{{ "%a" % "\u00e9" }}`, `'\xe9'`},
	}
	env := newEnv(t)
	for _, tc := range tests {
		t.Run(tc.src, func(t *testing.T) {
			got, err := render(t, env, tc.src, jinja.Jinja, &jinja.Scope{})
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}
