package jsonbody_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
	"github.com/docevent/webhook/internal/jsonbody"
)

// bodies print doc.v in every position that a body has, in both languages.
var bodies = []struct {
	name, source string
	lang         jinja.Lang
}{
	{"inside", `{"a": "{{ doc.v }}", "b": "x{{ doc.v }}{{ doc.v }}y"}`, jinja.Jinja},
	{"outside", `{"a": {{ doc.v }}, "b": [{{ doc.v }}, {{ doc.list }}], "c": {{ doc.map }}}`, jinja.Jinja},
	{"key", `{"k{{ doc.v }}": 1, {{ "p" ~ doc.v }}: {"q": 2}}`, jinja.Jinja},
	{"fragment", `{"a": {{ doc.v | tojson }}, "b": "{{ doc.v | tojson }}", "c": "{{ doc.map | json }}"}`, jinja.Jinja},
	{"whole", `{{ doc.v }}`, jinja.Jinja},
	{"in a list in a string", `{"a": "{{ doc.list }}", "b": "{{ doc.map }}"}`, jinja.Jinja},
	{"loop", `[{% for x in doc.list %}"{{ x }}"{% if not loop.last %}, {% endif %}{% endfor %}]`, jinja.Jinja},
	{"joiner", `{% set comma = joiner(", ") %}[{% for x in doc.list %}{{ comma() }}` +
		`{"x": "{{ x }}{{ comma() }}"}{% endfor %}]`, jinja.Jinja},
	{"fragments",
		`[{{ doc.list | map("tojson") | join(", ") }}, "{{ doc.list | map("json") | join(",") }}"]`,
		jinja.Jinja},
	{"set", `{% set x = doc.v ~ doc.v %}{% set y %}{{ doc.v }}{% endset %}` +
		`{"a": "{{ x }}", "b": "{{ y }}", "c": {{ y }}}`, jinja.Jinja},
	{"filters", `{"a": "{{ doc.v | upper | trim }}", "b": ` +
		`{{ doc.v | replace("a", "b") }}, "c": "{{ "%s" | format(doc.v) }}"}`, jinja.Jinja},
	{"escaped for HTML", `{"a": "{{ doc.v | e }}", "b": {{ doc.v | e }}}`, jinja.Jinja},
	{"go", `{"a": "{{.doc.v}}", "b": {{.doc.v}}, "c": {{.doc.list}}, "d": "{{printf "%s" .doc.v}}"}`, jinja.GoTemplate},
	{"go loop", `[{{range $i, $x := .doc.list}}{{if $i}}, {{end}}{"x": "{{$x}}", "y": ` +
		`{{$x}}}{{end}}]`, jinja.GoTemplate},
}

func render(t *jinja.Template, memo *jsonbody.Memo, doc any) (string, error) {
	w := memo.Writer(nil, noLimit)
	scope := &jinja.Scope{Doc: doc, Now: time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)}
	if err := t.Render(context.Background(), scope, w); err != nil {
		return "", err
	}
	err := w.Close()
	return string(w.Bytes()), err
}

func documentWith(s string) map[string]any {
	return map[string]any{"v": s, "list": []any{s, s}, "map": map[string]any{"k" + s: s}}
}

// TestHostileDocumentsInTemplates proves that no text in a document changes
// the structure of a body, whatever the template does with it.
func TestHostileDocumentsInTemplates(t *testing.T) {
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	for _, body := range bodies {
		t.Run(body.name, func(t *testing.T) {
			tmpl, err := env.Template(body.name, body.source, body.lang)
			require.NoError(t, err)
			var memo jsonbody.Memo
			plain, err := render(tmpl, &memo, documentWith("x"))
			require.NoError(t, err)
			for _, s := range hostile {
				got, err := render(tmpl, &memo, documentWith(s))
				require.NoError(t, err, "%q", s)
				require.True(t, json.Valid([]byte(got)) && utf8.ValidString(got), "%q gave %q", s, got)
				require.Equal(t, shape(t, plain), shape(t, got), "%q gave %q", s, got)
			}
		})
	}
}

// TestManyGoroutines renders one template with one memo from many goroutines.
func TestManyGoroutines(t *testing.T) {
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	for _, body := range bodies {
		tmpl, err := env.Template(body.name, body.source, body.lang)
		require.NoError(t, err)
		var memo jsonbody.Memo
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for j := range 20 {
					s := hostile[(i+j)%len(hostile)]
					want, wantErr := render(tmpl, new(jsonbody.Memo), documentWith(s))
					got, err := render(tmpl, &memo, documentWith(s))
					assert.NoError(t, wantErr)
					assert.NoError(t, err)
					assert.Equal(t, want, got)
				}
			})
		}
		group.Wait()
	}
}

// TestIdioms renders what templates for JSON do with lists.
func TestIdioms(t *testing.T) {
	env, err := jinja.NewEnv(template.FuncMap{"replaced": strings.ToUpper})
	require.NoError(t, err)
	hosted, err := jinja.NewEnv(template.FuncMap{"tojson": func(s string) string { return s }})
	require.NoError(t, err)
	tests := []struct {
		name, source string
		env          *jinja.Env
		want         string
	}{
		{"fragments", `[{{ doc.list | map("tojson") | join(", ") }}]`, env, `["\"", "\""]`},
		{"fragments in a string", `"[{{ doc.list | map("json") | join(",") }}]"`, env, `"[\"\\\"\",\"\\\"\"]"`},
		{"no fragments", `[{{ [] | map("tojson") | join(",") }}]`, env, `[]`},
		{"other separator", `[{{ [1, 2] | map("tojson") | join("-") }}]`, env, `["1-2"]`},
		{"other filter", `[{{ ["a", "b"] | map("replaced") | join(",") }}]`, env, `["A,B"]`},
		{"filter of the host", `[{{ ["1", "2"] | map("tojson") | join(",") }}]`, hosted, `["1,2"]`},
		{"changed and silent", `{% set l = [] %}{% for x in doc.list %}` +
			`{{ l.append(x) or "" }}{% endfor %}{{ l }}`, env, `["\"","\""]`},
		{"comma of a choice", `[{% for x in [1, 2] %}` +
			`{{ x }}{{ not loop.last and "," or "" }}{% endfor %}]`, env, `[1,2]`},
		{"comma of a namespace", `{% set ns = namespace(sep="") %}` +
			`[{% for x in doc.list %}{{ ns.sep }}{{ x }}{% set ns.sep = ", " %}{% endfor %}]`, env, `["\"", "\""]`},
		{"comma of a name", `{% set sep = "," %}[{{ 1 }}{{ sep }}{{ 2 }}]`, env, `[1,2]`},
		{"name of more than commas", `{% set a = "," %}{% set a = doc.v %}{% set b = "" %}[{{ a }}, {{ b }}]`, env,
			`["\"", ""]`},
		{"field of more than commas", `{% set ns = namespace(a=doc.v) %}` +
			`[{{ ns.a }}{% set ns.a = "," %}]`, env, `["\""]`},
		{"field of a dict", `{% set a = dict(sep=",") %}[{{ a.sep }}]`, env, `[","]`},
		{"name of a loop", `{% set a = "," %}` +
			`[{% for a in doc.list %}{{ a }}{{ "," if not loop.last }}{% endfor %}]`, env, `["\"","\""]`},
		{"or nothing", `[{{ doc.v or "" }}, {{ none or "" }}, {{ "".strip() or "" }}]`, env, `["\"", "", ""]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tmpl, err := tt.env.Template("body", tt.source, jinja.Jinja)
			require.NoError(t, err)
			got, err := render(tmpl, new(jsonbody.Memo), documentWith(`"`))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// TestTrialOfTemplates proves that what no document can make JSON is found
// without one, and that nothing else is refused.
func TestTrialOfTemplates(t *testing.T) {
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	newState := func() jinja.TrialState { return jsonbody.NewTrial() }
	for _, body := range bodies {
		tmpl, err := env.Template(body.name, body.source, body.lang)
		require.NoError(t, err)
		ok, broken, first := tmpl.Try(newState)
		require.Positive(t, ok, "%s: %v", body.name, first)
		require.Zero(t, broken, "%s: %v", body.name, first)
	}
	for _, sound := range []string{
		`[{% for x in doc.list %}{{ x }}{% if loop.nextitem is defined %},{% endif %}{% endfor %}]`,
		`[{% for x in doc.list %}{% if loop.previtem is not undefined %},{% endif %}{{ x }}{% endfor %}]`,
	} {
		tmpl, err := env.Template("body", sound, jinja.Jinja)
		require.NoError(t, err)
		_, broken, first := tmpl.Try(newState)
		require.Zero(t, broken, "%s: %v", sound, first)
	}
	tests := []struct {
		name, source string
		some         bool   // whether some paths are sound
		want         string // of the first broken one
	}{
		{"comma too many", `{"a": {{ doc.v }},}`, false,
			`1:19: the body is not JSON: expected a key in quotes, found "}" (there is a comma too many)`},
		{"comma after every row", "[\n{% for x in doc.list %}{{ x }},{% endfor %}\n]", true, "3:1: "},
		{"no comma between rows", `[{% for x in doc.list %}{{ x }} {% endfor %}]`, true, `found a value`},
		{"branch", `{"a": {% if doc.v %}1{% endif %}}`, true, `expected a value, found "}"`},
		{"value for punctuation", `{"a"{{ ":" }}{{ doc.v }}}`, false, `found a value`},
		{"never closed", `{"a": "{{ doc.v }}`, false, `the closing quote`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tmpl, err := env.Template("body", tt.source, jinja.Jinja)
			require.NoError(t, err)
			ok, broken, first := tmpl.Try(newState)
			require.Equal(t, tt.some, ok > 0)
			require.Positive(t, broken)
			require.ErrorContains(t, first, tt.want)
		})
	}
}

// FuzzBody proves that whatever a template is and prints, what comes out is
// JSON or an error.
func FuzzBody(f *testing.F) {
	for i, body := range bodies {
		f.Add(body.source, body.lang == jinja.GoTemplate, hostile[i])
	}
	f.Add(`{"a": {{ "[1" | safe }}, 2]}`, false, "")
	f.Add(`[{% for x in doc.list %}{{ x | safe }},{% endfor %}0]`, false, "1")
	f.Add(`{"a": -{{ doc.v | int }}.5e{{ doc.v | length }}}`, false, "7")
	f.Add("\"{{ doc.v | e }}\\{{ doc.v | safe }}\"", false, `"`)
	env, err := jinja.NewEnv(nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, source string, gotemplate bool, s string) {
		lang := jinja.Jinja
		if gotemplate {
			lang = jinja.GoTemplate
		}
		tmpl, err := env.Template("fuzz", source, lang)
		if err != nil {
			return
		}
		var memo jsonbody.Memo
		first, firstErr := render(tmpl, &memo, documentWith(s))
		second, secondErr := render(tmpl, &memo, documentWith(s))
		if firstErr != nil || secondErr != nil {
			return // one may have run out of time
		}
		require.Equal(t, first, second)
		require.True(t, json.Valid([]byte(first)) && utf8.ValidString(first), "%q", first)
	})
}
