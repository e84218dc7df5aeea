package jinja_test

import (
	"context"
	"errors"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

func TestHelpers(t *testing.T) {
	tests := []struct{ src, want string }{
		{`nowdate()`, "2024-06-01"},
		{`utils.today()`, "2024-06-01"},
		{`frappe.utils.now()`, "2024-06-01 15:00:00.000000"},
		{`now_datetime().hour`, "15"},
		{`getdate("2024-01-31 10:00:00")`, "2024-01-31"},
		{`getdate()`, "2024-06-01"},
		{`getdate("2024-03-01") - getdate("2024-02-28")`, "2 days, 0:00:00"},
		{`(getdate("2024-03-01") - getdate("2024-02-28")).days`, "2"},
		{`get_datetime("2024-01-31 10:20:30").minute`, "20"},
		{`add_days("2024-02-28", 2)`, "2024-03-01"},
		{`add_days(nowdate(), -1)`, "2024-05-31"},
		{`add_months("2024-01-31", 1)`, "2024-02-29"},
		{`add_months("2024-03-31", -1)`, "2024-02-29"},
		{`add_years("2024-02-29", 1)`, "2025-02-28"},
		{`add_to_date("2024-01-01", months=1, days=1)`, "2024-02-02"},
		{`date_diff("2024-03-01", "2024-02-28")`, "2"},
		{`time_diff_in_hours("2024-01-01 12:00:00", "2024-01-01 10:30:00")`, "1.5"},
		{`get_first_day("2024-02-10")`, "2024-02-01"},
		{`get_last_day("2024-02-10")`, "2024-02-29"},
		{`formatdate("2024-02-10", "dd/MM/yyyy")`, "10/02/2024"},
		{`format_date("2024-02-10 08:59:30", "dd.mm.YYYY")`, "10.02.2024"},
		{`format_datetime("2024-02-10 08:59:30", "dd.MM.yyyy HH:mm")`, "10.02.2024 08:59"},
		{`getdate("2024-02-10").strftime("%d %b %Y")`, "10 Feb 2024"},
		{`flt("1,234.567", 2)`, "1234.57"},
		{`flt(none) ~ flt("abc")`, "0.00.0"},
		{`flt("12")`, "12.0"},
		{`cint("12.9") ~ cint(none) ~ cint("x")`, "1200"},
		{`cstr(none) ~ cstr(1.0)`, "1.0"},
		{`rounded(2.5) ~ " " ~ rounded(3.5) ~ " " ~ rounded(1.005, 2)`, "2.0 4.0 1.0"},
		{`fmt_money(1234567.891)`, "1,234,567.89"},
		{`fmt_money(-5, currency="EUR")`, "EUR -5.00"},
		{`strip_html("<p>a <b>b</b></p>")`, "a b"},
		{`escape_html("<a>")`, "&lt;a&gt;"},
		{`comma_and(["a", "b", "c"])`, "'a', 'b' and 'c'"},
		{`comma_and(["a", "b"], false)`, "a and b"},
		{`unique([1, 2, 1])`, "[1, 2]"},
		{`doc.d == "2024-06-01" and doc.d < "2024-06-02" and doc.d <= nowdate()`, "True"},
		{`doc.d == getdate("2024-06-01") and doc.d >= now_datetime()`, "False"},
		{`date_diff(doc.d, "2024-05-01")`, "31"},
		{`doc.as_dict() | json`,
			"{\n \"a\": null,\n \"d\": \"2024-06-01T00:00:00Z\",\n" +
				" \"rows\": [\n  {\n   \"x\": 1,\n   \"y\": null\n  }\n ]\n}"},
		{`doc.as_dict(no_nulls=true) | json(0)`,
			"{\n\"d\": \"2024-06-01T00:00:00Z\",\n\"rows\": [\n{\n\"x\": 1\n}\n]\n}"},
		{`doc | json(0)`, "{\n\"d\": \"2024-06-01T00:00:00Z\",\n\"rows\": [\n{\n\"x\": 1\n}\n]\n}"},
		{`doc.as_json(0)`, "{\n\"a\": null,\n\"d\": \"2024-06-01T00:00:00Z\",\n" +
			"\"rows\": [\n{\n\"x\": 1,\n\"y\": null\n}\n]\n}"},
		{`doc.rows[0].as_json(0)`, "{\n\"x\": 1,\n\"y\": null\n}"},
	}
	scope := &jinja.Scope{
		Timeout: time.Minute,
		Doc: map[string]any{"d": time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC), "a": nil,
			"rows": []any{map[string]any{"x": 1, "y": nil}}},
		Now: time.Date(2024, 6, 1, 9, 30, 0, 0, time.UTC), Location: time.FixedZone("IST", 5*3600+1800),
	}
	env := newEnv(t)
	for _, tc := range tests {
		t.Run(tc.src, func(t *testing.T) {
			got, err := render(t, env, "{{ "+tc.src+" }}", jinja.Jinja, scope)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestHelpersRefuse(t *testing.T) {
	for _, src := range []string{
		`get_url()`, `frappe.get_doc("User", "x")`, `frappe.db.get_value("a")`, `utils.nowdate`,
		`getdate("soon")`, `generate_hash()`,
	} {
		_, err := render(t, newEnv(t), "{{ "+src+" }}", jinja.Jinja, &jinja.Scope{})
		require.Error(t, err, src)
	}
}

func TestHostFunctions(t *testing.T) {
	env, err := jinja.NewEnv(template.FuncMap{
		"double": func(n int) int { return 2 * n },
		"upper":  func(s string) string { return "UP:" + s },
		"sum2":   func(a, b float64) (float64, error) { return a + b, nil },
		"many":   func(xs ...string) int { return len(xs) },
		"refuse": func() (string, error) { return "", errors.New("not today") },
		"boom":   func() string { panic("secret") },
		"tags":   func(xs []string) any { return map[string]any{"n": len(xs)} },
	})
	require.NoError(t, err)
	scope := &jinja.Scope{Doc: map[string]any{"tags": []any{"a", "b"}, "n": 21.0}}
	for src, want := range map[string]string{
		`{{ double(doc.n) }} {{ 4|double }} {{ "x"|upper }} {{ sum2(1, 2.5) }} {{ many() }}` +
			`{{ many("a", "b") }} {{ tags(doc.tags).n }}`: "42 8 UP:x 3.5 02 2",
		`{{ [1, 2]|map("double")|list }}`: "[2, 4]",
	} {
		got, err := render(t, env, src, jinja.Jinja, scope)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := render(t, env, "{{double .doc.n}} {{`x` | upper}} {{sum2 1 2}}", jinja.GoTemplate, scope)
	require.NoError(t, err)
	require.Equal(t, "42 UP:x 3.0", got)
	_, err = render(t, env, `{{ boom() }}`, jinja.Jinja, scope)
	require.ErrorContains(t, err, "panicked")
	require.NotContains(t, err.Error(), "secret")
	_, err = render(t, env, `{{ refuse() }}`, jinja.Jinja, scope)
	require.ErrorContains(t, err, "not today")
	_, err = render(t, env, `{{ double("x") }}`, jinja.Jinja, scope)
	require.Error(t, err)
	_, err = jinja.NewEnv(template.FuncMap{"bad": 1})
	require.ErrorContains(t, err, "function bad")
	_, err = env.Condition("c", "double()", jinja.Jinja)
	require.ErrorContains(t, err, "argument 1 is missing")
	c, err := env.Condition("c", "double(doc.n) == 42", jinja.Jinja)
	require.NoError(t, err)
	ok, err := c.Eval(context.Background(), scope)
	require.NoError(t, err)
	require.True(t, ok)
}

func TestUnsupportedTagsAreRefusedByName(t *testing.T) {
	for _, tag := range []string{
		"macro m()", "call m()", "filter upper", "include 'x'", "import 'x' as y",
		"from 'x' import y", "extends 'x'", "block b", "trans", "do x", "autoescape true",
		"break",
	} {
		_, err := newEnv(t).Template("t", "{{ 1 }}\n{% "+tag+" %}", jinja.Jinja)
		var e *jinja.Error
		require.ErrorAs(t, err, &e, tag)
		require.Contains(t, e.Msg, "is not supported", tag)
		require.Equal(t, [2]int{2, 4}, [2]int{e.Line, e.Column}, tag)
		require.NotEmpty(t, e.Hint+e.Msg, tag)
	}
}
