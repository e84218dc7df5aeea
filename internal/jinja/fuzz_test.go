package jinja_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/docevent/webhook/internal/jinja"
)

var fuzzDoc = json.RawMessage(`{"name":"SO-1","total":1500.0,"n":3,"none":null,"yes":true,"tags":["a","b"],
"items":[{"qty":2,"code":"A"},{"qty":5.5,"code":"b"}],"m":{"z":1,"a":{"b":"c"}},"s":"He said \"hi\" <b>\\ \u2028"}`)

var fuzzEnv = sync.OnceValue(func() *jinja.Env {
	env, err := jinja.NewEnv(nil)
	if err != nil {
		panic(err)
	}
	return env
})

// checkRun renders and judges a source in every way, and fails when a limit
// does not hold.
func checkRun(t *testing.T, src string, lang jinja.Lang) {
	t.Helper()
	env := fuzzEnv()
	start := time.Now()
	if tmpl, err := env.Template("fuzz", src, lang); err == nil {
		out := jinja.NewText(nil, 0)
		checkError(t, tmpl.Render(context.Background(), fuzzScope(), out))
		if len(out.Bytes()) > jinja.MaxOutput {
			t.Fatalf("wrote %d bytes", len(out.Bytes()))
		}
		again := jinja.NewText(nil, 0)
		if tmpl.Render(context.Background(), fuzzScope(), again) == nil &&
			string(again.Bytes()) != string(out.Bytes()) {
			t.Fatalf("two renderings differ: %q, %q", out.Bytes(), again.Bytes())
		}
		var paths []string
		tmpl.Try(func() jinja.TrialState { return &jsonTrial{paths: &paths} })
	} else {
		checkError(t, err)
	}
	if cond, err := env.Condition("fuzz", src, lang); err == nil {
		_, err := cond.Eval(context.Background(), fuzzScope())
		checkError(t, err)
	} else {
		checkError(t, err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("took %v", took)
	}
}

func fuzzScope() *jinja.Scope {
	return &jinja.Scope{Doc: fuzzDoc, Now: time.Unix(1_717_200_000, 0).UTC(), Event: jinja.Event{Type: "on_update"}}
}

// checkError wants every error to say where.
func checkError(t *testing.T, err error) {
	t.Helper()
	var e *jinja.Error
	if err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Column < 0 || e.Msg == "" || e.Error() == "") {
		t.Fatalf("error without a place: %#v", err)
	}
}

func FuzzJinja(f *testing.F) {
	for _, seed := range []string{
		seedBody, `{{ doc.items|map(attribute="qty")|sum }}`,
		`{% set ns = namespace(a=1) %}{% for i in range(3) %}{% set ns.a = ns.a * 2 %}{% endfor %}{{ ns.a }}`,
		`{{ "%5.2f|%-5s" % (doc.total, doc.name) }}{{ "{:>{w}}".format(1, w=5) }}`,
		`any(d.qty > 5 for d in doc.items)`, `eval: doc.n in [1, 3] and not doc.none`,
		`{% raw %}{{{% endraw %}{# c #}{%- if doc.yes -%} x {%- endif -%}`,
		`{{ [x for x in doc.tags] }}`, `{{ doc.s|tojson }}{{ doc.m|tojson(indent=2) }}{{ doc.m }}`,
		`{{ doc.s[::-1] ~ doc.tags[1:] }}{{ doc.items|groupby("code") }}`,
		`{{ -2 ** 2 // 3 % 4 }}{{ 2 ** 63 }}`,
		`{{ getdate("2024-01-31") }}{{ add_months("2024-01-31", 1) }}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) { checkRun(t, src, jinja.Jinja) })
}

func FuzzGoTemplate(f *testing.F) {
	for _, seed := range []string{
		`{{range $i, $e := .doc.items}}{{if $i}},{{end}}{{.code | printf "%5s" | upper}}` +
			`{{else}}x{{end}}`, `{{with $x := .doc.m.a}}{{$x.b}}{{end}}`,
		`{{if and (gt .doc.total 10) (eq .doc.name "SO-1")}}{{index .doc.tags 0}}` +
			`{{slice .doc.name 1 2}}{{end}}`, `gt .doc.n 2`, `{{range 3}}{{.}}{{break}}{{end}}`,
		`{{$x := 1}}{{$x = .doc.m}}{{len $x}}{{html .doc.s}}{{printf "%v %d %t" 1 2 3}}`,
		`{{define "x"}}{{end}}`, `{{.doc.items | tojson}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) { checkRun(t, src, jinja.GoTemplate) })
}
