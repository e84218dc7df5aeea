package jinja_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

func renderGo(t testing.TB, src string, scope *jinja.Scope) (string, error) {
	t.Helper()
	tmpl, err := newEnv(t).Template("body", src, jinja.GoTemplate)
	if err != nil {
		return "", err
	}
	out := jinja.NewText(nil, 0)
	err = tmpl.Render(context.Background(), scope, out)
	return string(out.Bytes()), err
}

func TestGoTemplate(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"text", "a {{/* c */}}b", "a b"},
		{"fields", "{{.doc.customer}} {{$.doc.status}} {{.event.type}} {{.previous.status}}",
			"ACME Corp Submitted on_update Draft"},
		{"missing prints nothing", "[{{.doc.missing}}]", "[]"},
		{"python spelling", "{{true}} {{.doc.total}} {{15000.0}}", "True None 15000.0"},
		{"tolerant comparison", "{{gt .doc.grand_total 10000}} {{eq 1 1.0}} " +
			"{{lt .doc.total 5}} {{lt .doc.missing 5}}", "True True False False"},
		{"eq with many", `{{eq .doc.status "Paid" "Submitted"}}`, "True"},
		{"if", "{{if eq .doc.status `Open`}}a{{else if .doc.items}}b{{else}}c{{end}}", "b"},
		{"with", "{{with .doc.items}}{{len .}}{{end}}{{with .doc.missing}}x{{else}}none{{end}}", "2none"},
		{"range", "{{range $i, $e := .doc.items}}{{$i}}={{.item_code}}{{$e.qty}};{{end}}", "0=A6.0;1=B2.0;"},
		{"range else", "{{range .doc.missing}}x{{else}}none{{end}}", "none"},
		{"range number", "{{range $i := 3}}{{$i}}{{end}}", "012"},
		{"range map", "{{range $k, $v := .previous}}{{$k}}={{$v}};{{end}}", "customer=ACME Corp;status=Draft;"},
		{"break and continue", "{{range $i := 9}}{{if eq $i 1}}{{continue}}{{end}}" +
			"{{if eq $i 4}}{{break}}{{end}}{{$i}}{{end}}", "023"},
		{"variables", "{{$x := 1}}{{range 3}}{{$x = .}}{{end}}{{$x}}", "2"},
		{"pipeline", `{{.doc.customer | upper | printf "%s-%05d" "x" | len}}`, ""},
		{"printf", `{{printf "%05.1f|%-4s|%d|%q|%v" 3.14159 "ab" 7.0 "q" true}}`, `003.1|ab  |7|"q"|True`},
		{"index and slice", `{{index .doc.items 1 "item_code"}}{{slice .doc.customer 0 4}}`, "BACME"},
		{"and or not", "{{and 1 0}}{{or 0 `x`}}{{not 1}}", "0xFalse"},
		{"short circuit", "{{or true (index .doc.items 99)}}", "True"},
		{"escapes", "{{html `<a>`}}{{urlquery `a b`}}{{js `'`}}", `&lt;a&gt;a+b\'`},
		{"print", "{{print 1 2 `x` 3}}|{{println 1 `x`}}", "1 2x3|1 x\n"},
		{"filters take the pipe first", "{{.doc.missing | default `d`}} {{`a,b` | replace `,` `;`}}", "d a;b"},
		{"helpers", "{{nowdate}} {{add_days `2024-01-31` 1}} {{if changed `status`}}c{{end}}",
			"2026-01-31 2024-02-01 c"},
		{"trim", "a {{- 1 -}} b", "a1b"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := renderGo(t, tc.src, orderScope())
			if tc.name == "pipeline" {
				require.Error(t, err) // %05d of text
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// Where both are defined, text/template itself says what is right.
func TestGoTemplateAgainstTextTemplate(t *testing.T) {
	data := map[string]any{"doc": map[string]any{
		"a": "x", "n": 3, "list": []any{"p", "q", "r"}, "m": map[string]any{"k": "v", "j": "w"},
		"empty": []any{}, "s": "hello",
	}}
	for _, src := range []string{
		"{{.doc.a}}-{{.doc.n}}", "{{range .doc.list}}[{{.}}]{{end}}",
		"{{range $i, $x := .doc.list}}{{$i}}{{$x}}{{else}}e{{end}}",
		"{{range $k, $v := .doc.m}}{{$k}}{{$v}}{{end}}",
		"{{range .doc.empty}}x{{else}}none{{end}}", "{{with .doc.a}}{{.}}{{$.doc.n}}{{end}}",
		"{{with .doc.empty}}x{{else with .doc.s}}{{.}}{{end}}", "{{if and .doc.a (gt .doc.n 2)}}y{{else}}n{{end}}",
		"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}",
		`{{printf "%5d|%-5s|%05d|%x|%q|%6.2f" .doc.n .doc.a 7 255 "a" 2.5}}`,
		"{{len .doc.list}}{{len .doc.s}}{{index .doc.list 1}}{{slice .doc.s 1 3}}",
		"{{range $i := 5}}{{if eq $i 3}}{{break}}{{end}}{{if eq $i 1}}{{continue}}{{end}}" +
			"{{$i}}{{end}}", "{{print 1 2 .doc.a .doc.a 3 4}}",
		"{{html .doc.s}}{{js `<a>`}}{{urlquery `a&b c`}}", "{{(index .doc.m `k`)}}{{.doc.m.k}}",
		"{{ .doc.s | printf `%s!` | html }}",
		"{{range .doc.list}}{{$y := .}}{{range $.doc.list}}{{$y}}{{.}}{{end}}{{end}}",
		"{{if eq 1 2 1}}t{{end}}{{if ne 1 2}}n{{end}}{{if le 1 1}}l{{end}}",
	} {
		var want bytes.Buffer
		require.NoError(t, template.Must(template.New("x").Parse(src)).Execute(&want, data), src)
		got, err := renderGo(t, src, &jinja.Scope{Doc: data["doc"]})
		require.NoError(t, err, src)
		require.Equal(t, want.String(), got, src)
	}
}

type leaky struct{ Total float64 }

func (leaky) Secret() string { return "leaked" }

func TestGoTemplateRefuses(t *testing.T) {
	tests := []struct {
		name, src, wantMsg string
		line               int
	}{
		{"define", "{{define `x`}}a{{end}}", "define and block are not supported", 1},
		{"block", "a\n{{block `x` .}}a{{end}}", "define and block are not supported", 2},
		{"template", "{{template `x`}}", "template and block are not supported", 1},
		{"unknown function", "{{uper .doc.a}}", `unknown function "uper"`, 1},
		{"unknown root", "{{.dok.a}}", `unknown name ".dok"`, 1},
		{"syntax", "a\nb\n{{if}}", "missing value for if", 3},
		{"method", "{{.doc.name.Len 1}}", ".doc.name.Len is not a function", 1},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newEnv(t).Template("b", tc.src, jinja.GoTemplate)
			var e *jinja.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Msg, tc.wantMsg)
			require.Equal(t, tc.line, e.Line)
			require.Equal(t, "b", e.Name)
		})
	}
}

func TestNoTemplateReachesAMethod(t *testing.T) {
	scope := &jinja.Scope{Doc: map[string]any{
		"s": leaky{1}, "p": &leaky{1}, "t": time.Unix(0, 0).UTC(), "n": json.Number("7"),
		"f": 1.5,
	}}
	tests := []struct {
		src     string
		lang    jinja.Lang
		wantMsg string
	}{
		{"{{.doc.s.Secret}}", jinja.GoTemplate, "dict has no field Secret, and no methods can be called"},
		{"{{.doc.p.Secret}}", jinja.GoTemplate, "dict has no field Secret, and no methods can be called"},
		{"{{.doc.s.Total.Secret}}", jinja.GoTemplate, "float has no field Secret, and no methods can be called"},
		{"{{.doc.t.Unix}}", jinja.GoTemplate, "datetime has no field Unix, and no methods can be called"},
		{"{{.doc.t.Format `2006`}}", jinja.GoTemplate, ".doc.t.Format is not a function"},
		{"{{.doc.n.Int64}}", jinja.GoTemplate, "int has no field Int64, and no methods can be called"},
		{"{{$n := .doc.n}}{{$n.String}}", jinja.GoTemplate, "int has no field String, and no methods can be called"},
		{"{{with .doc.s}}{{.Secret}}{{end}}", jinja.GoTemplate,
			"dict has no field Secret, and no methods can be called"},
		{"{{call .doc.s.Secret}}", jinja.GoTemplate, `unknown function "call"`},
		{"{{.doc.s.Secret 1}}", jinja.GoTemplate, ".doc.s.Secret is not a function"},
		{"{{ doc.s.Secret() }}", jinja.Jinja, `unknown method "Secret"`},
		{"{{ doc.s.get.Secret() }}", jinja.Jinja, `unknown method "Secret"`},
		{"{{ doc.t.Unix() }}", jinja.Jinja, `unknown method "Unix"`},
		{"{{ doc.t.Format('2006') }}", jinja.Jinja, `unknown method "Format"`},
		{"{{ doc.n.Int64() }}", jinja.Jinja, `unknown method "Int64"`},
		{"{{ doc.f.upper() }}", jinja.Jinja, "float has no such method"},
		{"{{ doc.t.upper() }}", jinja.Jinja, "datetime has no such method"},
		{"{{ doc.s.upper() }}", jinja.Jinja, "dict has no such method"},
	}
	for _, tc := range tests {
		t.Run(tc.src, func(t *testing.T) {
			start := time.Now()
			_, err := render(t, newEnv(t), tc.src, tc.lang, scope)
			require.ErrorContains(t, err, tc.wantMsg)
			requireSoon(t, start)
		})
	}
}

func TestGoFieldsByTheirJSONName(t *testing.T) {
	type order struct {
		GrandTotal float64 `json:"grand_total"`
		Status     string
	}
	scope := &jinja.Scope{Doc: &order{12, "Open"}}
	got, err := renderGo(t, "{{.doc.grand_total}} {{.doc.Status}}{{.doc.nope}}", scope)
	require.NoError(t, err)
	require.Equal(t, "12.0 Open", got)
	_, err = renderGo(t, "{{.doc.Grand_total}}", scope)
	require.ErrorContains(t, err, "did you mean grand_total?")
}

// requireSoon asserts that a template which must not run for long has not. It
// should take under 10 ms; the bound leaves room for a busy machine.
func requireSoon(t *testing.T, start time.Time) {
	t.Helper()
	took := time.Since(start)
	t.Logf("took %v", took)
	require.Less(t, took, 5*time.Second)
}

func TestGoTemplateEndsFast(t *testing.T) {
	for _, src := range []string{
		"{{range 1000000000}}{{end}}",
		`{{printf "%999999999d" 1}}`, `{{printf "%.999999999f" 1.0}}`, `{{printf "%*d" 9 1}}`,
		"{{range 99999}}{{range 99999}}{{end}}{{end}}",
		strings.Repeat("{{if true}}", 1000) + strings.Repeat("{{end}}", 1000),
		"{{.doc" + strings.Repeat(".a", 100_000) + "}}", "{{1" + strings.Repeat("|len", 60_000) + "}}",
		"{{if 1}}" + strings.Repeat("{{else if 1}}", 18_000) + "{{end}}", "{{" + nested("(", "1", ")", 120_000) + "}}",
		"{{" + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000) + "}}",
	} {
		start := time.Now()
		_, err := renderGo(t, src, orderScope())
		var e *jinja.Error
		require.ErrorAs(t, err, &e, src[:20])
		t.Logf("%.30s: %s", src, e.Msg)
		requireSoon(t, start)
	}
}

func TestGoCondition(t *testing.T) {
	env := newEnv(t)
	for src, want := range map[string]bool{
		"{{gt .doc.grand_total 10000}}":        true,
		"gt .doc.grand_total 10000":            true,
		" {{ eq .doc.status `Open` }}\n":       false,
		"{{if .doc.items}}yes{{end}}":          true,
		"{{if .doc.missing}}yes{{end}}":        false,
		"and (changed `status`) .doc.customer": true,
	} {
		c, err := env.Condition("c", src, jinja.GoTemplate)
		require.NoError(t, err, src)
		got, err := c.Eval(context.Background(), orderScope())
		require.NoError(t, err, src)
		require.Equal(t, want, got, src)
	}
	_, err := env.Condition("c", "gt .dok.total 1", jinja.GoTemplate)
	var e *jinja.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 4, e.Column)
	require.Equal(t, "gt .dok.total 1", e.SourceLine)
}
