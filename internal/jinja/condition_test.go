package jinja_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

func newEnv(t testing.TB) *jinja.Env {
	t.Helper()
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	return env
}

func orderDoc() map[string]any {
	return map[string]any{
		"name": "SO-1", "status": "Submitted", "customer": "ACME Corp", "customer_group": "Premium",
		"grand_total": 15000.5, "total": nil, "min_qty": 5, "num": "42.5",
		"due_date": time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
		"items":    []any{map[string]any{"item_code": "A", "qty": 6.0}, map[string]any{"item_code": "B", "qty": 2.0}},
	}
}

func orderScope() *jinja.Scope {
	return &jinja.Scope{
		Timeout: time.Minute,
		Doc:     orderDoc(), Previous: map[string]any{"status": "Draft", "customer": "ACME Corp"}, DocType: "Sales Order",
		Event: jinja.Event{ID: "ev1", Type: "on_update", User: "me"},
		Now:   time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC),
	}
}

func TestCondition(t *testing.T) {
	tests := []struct {
		src  string
		want bool
	}{
		{"  \n", true},
		{`{# Only for large orders #}{{ doc.grand_total > 10000 }}`, true},
		{`{{ doc.customer_group == "Premium" }}`, true},
		{`{{ doc.status in ["Submitted", "Paid"] }}`, true},
		{`{{ doc.grand_total > 5000 and doc.customer_group == "Premium" }}`, true},
		{`doc.status == "Open"`, false},
		{`eval: doc.status == "Submitted"`, true},
		{"\n eval:doc.grand_total < 1", false},
		{"doc.status == '#1' or \\\n  # both\n  long(doc.num[:2]) == 42  # the answer", true},
		{`doc.due_date == nowdate()`, true},
		{`doc.due_date == utils.nowdate()`, true},
		{`doc.due_date <= frappe.utils.add_days(nowdate(), -1)`, false},
		{`getdate(doc.due_date) == getdate()`, true},
		{`date_diff(doc.due_date, "2026-01-01") == 30`, true},
		{`[d for d in doc.items if d.qty > 5]`, true},
		{`[d for d in doc.items if d.qty > doc.min_qty and d.item_code == "B"]`, false},
		{`any(d.qty > 5 for d in doc.items)`, true},
		{`all(d.qty > 5 for d in doc.items)`, false},
		{`sum(d.qty for d in doc.items) == 8`, true},
		{`len(doc.items) == 2 and max([d.qty for d in doc.items]) == 6`, true},
		{`max([d.qty for d in []], default=0) == 0 and min([3, 2], default=0) == 2 and max(1, 2) == 2`, true},
		{`set(d.item_code for d in doc.items) == {"A", "B"} and len(set("abba")) == 2 and not set()`, true},
		{`sorted([3, 1, 2])[0] == 1 and str(5) == "5" and int("7") == 7 and round(2.5) == 2`, true},
		{`doc.status in {"Submitted", "Paid"}`, true},
		{`"A" in {d.item_code.upper() for d in doc.items}`, true},
		{`len({d.qty > 1 for d in doc.items}) == 1 and len({"a", "a"}) == 1`, true},
		{`{d.item_code for d in doc.items} == {"B", "A"}`, true},
		{`{d.item_code for d in doc.items} == {"B"} or "C" in {d.item_code for d in doc.items}`, false},
		{`sorted({3, 1, 2, 3}) == [1, 2, 3]`, true},
		{`{d.item_code: d.qty for d in doc.items}["A"] == 6 and {k: v for k, v in [(1, 2)] if v > 2} == {}`, true},
		{`tuple([1, 2]) == (1, 2) and list() == [] and tuple() == ()`, true},
		{`-2 ** 2 == -4 and 2 ** 3 ** 2 == 512 and 2 ** -1 == .5 ` +
			`and -doc.min_qty ** 2 == -25 and (-2) ** 2 == 4`, true},
		{`2 ** -2 ** 2 == .0625 and - - 2 ** 2 == 4 and -doc.min_qty|abs == 5 and 2 * -3 ** 2 == -18`, true},
		{`{{ -2 ** 2 == 4 and 2 ** 3 ** 2 == 64 }}`, true},
		{`doc.min_qty == 5. and 1.e1 > 9 and [1.][0] == 1 and doc.items.0.qty == 6.`, true},
		{`"{%d}" % doc.min_qty == "{5}" and "a{{b".format() == 'a{b' and "it's {#" != doc.name`, true},
		{`"{{ doc.status }}" == 'Open'`, true}, // a template, which writes something
		{`.5 < doc.min_qty - 4.75 + .25e1 and [.5][0] == .5 and (.5)`, true},
		{`doc.total is None`, true},
		{`doc.min_qty - 1 is not None and (2 * doc.min_qty is None) is False`, true},
		{`not doc.total == 1 is None and doc.total is None is not True and doc.min_qty > 1 is True`, false},
		{`doc.total is None is not True and doc.min_qty == 5 is not None`, true},
		{`1 < 2 is not None and (doc.total is None) == True and not doc.total is None == True`, true},
		{`doc.total is not None`, false},
		{`doc.total > 1 or doc.total < 1 or 1 < doc.total`, false},
		{`doc.num > 42`, true},
		{`doc.missing`, false},
		{`not doc.missing and None == doc.total`, true},
		{`changed("status")`, true},
		{`changed("customer")`, false},
		{`doc.has_value_changed("status")`, true},
		{`doc.get_doc_before_save().status == "Draft"`, true},
		{`previous.status == "Draft" and doc.status != previous.status`, true},
		{`event.type == "on_update" and event.user == "me"`, true},
		{`doc.doctype == "Sales Order" and doc.get("doctype") == "Sales Order"`, true},
		{`{% if doc.grand_total > 1 %}yes{% endif %}`, true},
		{`{% if doc.grand_total < 1 %}yes{% endif %}`, false},
		{`{% if doc.status %} FALSE {% endif %}`, false},
		{`{% if true %}0.0{% endif %}`, false},
		{`{% if true %}{}{% endif %}`, false},
		{`flt("1,500.5") == 1500.5 and cint("7.9") == 7 and cstr(None) == ""`, true},
		{`0 < doc.grand_total <= 20000`, true},
		{`nothing is defined`, false},
	}
	env := newEnv(t)
	scope := orderScope()
	for _, tc := range tests {
		t.Run(tc.src, func(t *testing.T) {
			c, err := env.Condition("condition", tc.src, jinja.Jinja)
			require.NoError(t, err)
			got, err := c.Eval(context.Background(), scope)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// None is neither less nor greater in conditions, so that an empty field does
// not fail them; elsewhere only in Go templates.
func TestNoneIsNeitherLessNorGreater(t *testing.T) {
	tests := []struct {
		name, src string
		lang      jinja.Lang
		wantErr   bool // as a body
	}{
		{"less", "{{ doc.total < 1 }}", jinja.Jinja, true},
		{"right", "{{ 1 >= doc.total }}", jinja.Jinja, true},
		{"both", "{{ none <= doc.total }}", jinja.Jinja, true},
		{"chain", "{{ 0 < doc.total < 9 }}", jinja.Jinja, true},
		{"test", "{{ doc.total is gt 0 }}", jinja.Jinja, true},
		{"filter", "{{ [doc.total] | select('lt', 1) | list }}", jinja.Jinja, true},
		{"statement", "{% if doc.total > 0 %}yes{% endif %}", jinja.Jinja, true},
		{"loop", "{% for x in [doc.total] if x < 1 %}yes{% endfor %}", jinja.Jinja, true},
		{"go", "{{lt .doc.total 1}}", jinja.GoTemplate, false},
		{"go missing", "{{ge .doc.missing 1}}", jinja.GoTemplate, false},
		{"go statement", "{{if gt .doc.total 0}}yes{{end}}", jinja.GoTemplate, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, err := newEnv(t).Condition("c", tc.src, tc.lang)
			require.NoError(t, err)
			got, err := c.Eval(context.Background(), orderScope())
			require.NoError(t, err)
			require.False(t, got)

			_, err = render(t, newEnv(t), tc.src, tc.lang, orderScope())
			if tc.wantErr {
				require.ErrorContains(t, err, "does not take None")
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// Decimals that a driver made text of compare in conditions and in Go templates;
// elsewhere that is an error, as in Jinja2.
func TestTextComparesWithNumbers(t *testing.T) {
	for src, lang := range map[string]jinja.Lang{
		"{{ doc.num > 42 }}": jinja.Jinja, "{{ [doc.num] | select('gt', 42) | list }}": jinja.Jinja,
		"{% if 42 < doc.num %}yes{% endif %}": jinja.Jinja, "{{gt .doc.num 42}}": jinja.GoTemplate,
	} {
		c, err := newEnv(t).Condition("c", src, lang)
		require.NoError(t, err, src)
		got, err := c.Eval(context.Background(), orderScope())
		require.NoError(t, err, src)
		require.True(t, got, src)

		_, err = render(t, newEnv(t), src, lang, orderScope())
		if lang == jinja.GoTemplate {
			require.NoError(t, err, src)
		} else {
			require.ErrorContains(t, err, "(make a number of the text: |float)", src)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	tests := []struct {
		name, src string
		wantMsg   string
		wantHint  string
		line, col int
	}{
		{"and", `doc.a && doc.b`, "unexpected &&", "write and", 1, 7},
		{"or", `doc.a || doc.b`, "unexpected ||", "write or", 1, 7},
		{"not", `!doc.a`, "unexpected '!'", "write not", 1, 1},
		{"assign", `doc.a = 1`, "unexpected =", "write == to compare", 1, 7},
		{"is", `doc.a is not 1`, "is asks for the name of a test", "write == or != to compare", 1, 10},
		{"comprehension without brackets", `doc.a, d for d in doc.b`,
			"unexpected for", "comprehensions make lists: [x for x in xs]", 1, 10},
		{"f-string", `doc.a == f"{doc.b}"`, "unexpected a string",
			`strings have no prefix: write "%s" % x, not f"{x}"`, 1, 11},
		{"neither template nor expression", `'{%d}' % doc.a +`, "unexpected }", "", 1, 5},
		{"transposed", `doc.a.spilt()`, `unknown method "spilt"`, "did you mean split?", 1, 7},
		{"power chain", strings.Repeat("2**-", 9000) + "1", "nests deeper than 200 levels", "", 1, 400},
		{"null", "doc.a ==\n  null", `unknown name "null"`, "write none", 2, 3},
		{"root", `dok.total > 1`, `unknown name "dok"`, "did you mean doc?", 1, 1},
		{"filter", `{{ doc.a|uper }}`, `unknown filter "uper"`, "did you mean upper?", 1, 10},
		{"test", `{{ doc.a is definde }}`, `unknown test "definde"`, "did you mean defined?", 1, 13},
		{"function", `now_date() == doc.a`, `unknown function "now_date"`, "did you mean nowdate?", 1, 1},
		{"method", `doc.name.uper()`, `unknown method "uper"`, "did you mean upper?", 1, 10},
		{"two points", `doc..5`, "unexpected ., expected a name after .", "", 1, 5},
		{"point in a template", `{{ .5 }}`, "unexpected .", "", 1, 4},
		{"object", `doc.__class__.__mro__`,
			"unexpected __class__: values have no attributes of Python's objects", "", 1, 5},
		{"eval", `eval: `, "nothing stands behind eval:", "", 1, 7},
		{"field", `status == "Open"`, `unknown name "status"`, "fields are written doc.status", 1, 1},
	}
	env := newEnv(t)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := env.Condition("c", tc.src, jinja.Jinja)
			var e *jinja.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.wantMsg, e.Msg)
			require.Equal(t, tc.wantHint, e.Hint)
			require.Equal(t, tc.line, e.Line)
			require.Equal(t, tc.col, e.Column)
		})
	}
}

func TestConditionFails(t *testing.T) {
	env := newEnv(t)
	for _, src := range []string{
		`doc.missing > 1`, `doc.missing.x`, `doc.status > 1`, `doc.grand_total + "x"`, `1 / 0`,
		`doc.items.append(1)`, `max([])`, `max([1], key=2)`,
	} {
		c, err := env.Condition("c", src, jinja.Jinja)
		require.NoError(t, err, src)
		_, err = c.Eval(context.Background(), orderScope())
		var e *jinja.Error
		require.ErrorAs(t, err, &e, src)
		require.Equal(t, 1, e.Line, src)
		require.NotZero(t, e.Column, src)
	}
}

func TestErrorShowsThePlace(t *testing.T) {
	_, err := newEnv(t).Template("body", "{\n\t\"a\": {{ doc.a|uper }}\n}", jinja.Jinja)
	require.EqualError(t, err, "template: body:2:16: unknown filter \"uper\" (did you mean upper?)\n"+
		"\t\t\"a\": {{ doc.a|uper }}\n"+
		"\t\t              ^")
}

// The four conditions of the documents this library implements.
var documentConditions = []struct{ name, src string }{
	{"large", `{# Only for large orders #}{{ doc.grand_total > 10000 }}`},
	{"premium", `{{ doc.customer_group == "Premium" }}`},
	{"statuses", `{{ doc.status in ["Submitted", "Paid"] }}`},
	{"both", `{{ doc.grand_total > 5000 and doc.customer_group == "Premium" }}`},
}

func TestConditionsDoNotAllocate(t *testing.T) {
	env, scope := newEnv(t), orderScope()
	for _, tc := range documentConditions {
		c, err := env.Condition(tc.name, tc.src, jinja.Jinja)
		require.NoError(t, err)
		allocs := testing.AllocsPerRun(100, func() { _, _ = c.Eval(context.Background(), scope) })
		require.Zero(t, allocs, tc.name)
	}
}

func BenchmarkCondition(b *testing.B) {
	env, scope := newEnv(b), orderScope()
	for _, tc := range documentConditions {
		c, err := env.Condition(tc.name, tc.src, jinja.Jinja)
		require.NoError(b, err)
		ctx := context.Background()
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := c.Eval(ctx, scope); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
