package builtin_test

import "testing"

// What Frappe's helpers give at the edges; package jinja has the common cases.
func TestFrappe(t *testing.T) {
	requireAnswers(t, []example{
		{src: `flt("1,234.5") ~ " " ~ flt("nan") ~ " " ~ flt([]) ~ " " ~ flt(true)`, want: "1234.5 0.0 0.0 1.0"},
		{src: `flt(1.005, 2) ~ " " ~ flt(2.675, 2) ~ " " ~ flt(-2.5, 0) ~ " " ~ flt(1e300, 2)`,
			want: "1.0 2.68 -2.0 1e+300"},
		{src: `cint("12.9") ~ " " ~ cint("x", 5) ~ " " ~ cint(none) ~ " " ~ cint("1e400")`, want: "12 5 0 0"},
		{src: `rounded(3.4999999999) ~ " " ~ rounded(-0.5) ~ " " ~ rounded(-0.4) ~ " " ` +
			`~ rounded(1234.5, -2)`,
			want: "3.0 0.0 0.0 1200.0"},
		{src: `rounded(2.665, 2, "Banker's Rounding (legacy)") ~ " " ` +
			`~ rounded(2.5, 0, "Banker's Rounding (legacy)") ~ " " ` +
			`~ flt("0.285", 2)`,
			want: "2.67 2.0 0.28"},
		{src: `rounded(2.5, rounding_method="Commercial Rounding") ` +
			`~ flt(-1.005, 2, "Commercial Rounding") ` +
			`~ rounded(0, 1, "Commercial Rounding")`,
			want: "3.0-1.010.0"},
		{src: `rounded(1, 0, "x")`, wantErr: `rounded(): unknown rounding method "x"`},
		{src: `sbool("True") ~ sbool("0") ~ sbool("x") ~ sbool(5)`, want: "TrueFalsex5"},
		{src: `ceil(1.2) ~ floor(-1.2) ~ ceil("x")`, want: "2-20"},
		{src: `fmt_money(1234.5) ~ " " ~ fmt_money("1,000", 0) ~ " " ` +
			`~ fmt_money(-5, currency="EUR")`,
			want: "1,234.50 1,000 EUR -5.00"},
		{src: `fmt_money(2.675) ~ " " ~ fmt_money("2.675") ~ " " ~ fmt_money(none) ~ " " ` +
			`~ fmt_money(999) ~ " " ` +
			`~ fmt_money(-1234567.891)`,
			want: "2.67 2.68 0.00 999.00 -1,234,567.89"},
		{src: `fmt_money(1234567.891, format="#.###,##") ~ " " ` +
			`~ fmt_money(1234567.891, format="#,##,###.##") ~ " " ` +
			`~ fmt_money(1234.5, format="#.###")`,
			want: "1.234.567,89 12,34,567.89 1.234"},
		{src: `fmt_money(1234.5, 3) ~ " " ~ fmt_money(1.23456, 4) ~ " " ~ fmt_money(1.2345, 6) ` +
			`~ " " ~ fmt_money(0.5, 3, "EUR") ~ " " ~ fmt_money(1.5, format="#,###.###")`,
			want: "1,234.50 1.2346 1.2345 EUR 0.50 1.500"},
		{src: `fmt_money("inf")`, wantErr: "fmt_money(): needs a finite amount"},
		{src: `fmt_money(1, 99)`, wantErr: "fmt_money(): needs a precision from 0 to 20"},
		{src: `comma_and([]) ~ comma_and(["a"]) ~ comma_or(["a", 1], false) ~ comma_and("x")`, want: "aa or 1x"},
		{src: `comma_and(["it's"]) ~ " " ~ comma_or(("a", "b")) ~ " " ~ comma_and(["a", "b", "c"])`,
			want: "it's 'a' or 'b' 'a', 'b' and 'c'"},
		{src: `is_html("<>x") ~ is_html("a < b") ~ is_html("a <b") ~ is_html("<> <i>") ~ is_html("")`,
			want: "FalseFalseFalseTrueFalse"},
		{src: `cint("9007199254740993") ~ " " ~ cint("-12345678901234567890") ~ " " ~ cint(" 1_000 ") ~ cint("0x1f")`,
			want: "9007199254740993 -12345678901234567890 10000"},
		{src: `strip_html("<p>a<br>b</p> c < d") ~ is_html("a < b") ~ is_html("<i>")`, want: "ab c < dFalseTrue"},
		{src: `escape_html(none) ~ escape_html("<a href='x'>")`, want: "None&lt;a href=&apos;x&apos;&gt;"},
		{src: `strip_html("<p>a<!-- > --></p>b") ~ escape_html('"&"')`, want: "ab&quot;&amp;&quot;"},
		{src: `compare(5, ">", 3) ~ compare("5", "=", 5, "Int") ~ compare("abc", "^", "ab") ` +
			`~ compare(1, "in", [1]) ~ compare(none, "None", 0) ` +
			`~ compare("a", "~", "a")`,
			want: "TrueTrueTrueTrueTrueFalse"},
		{src: `compare("1,5", "=", 15, "Float") ~ compare(none, "=", "", "Data") ` +
			`~ compare("2024-01-05", "<", "2024-01-05 10:00:00", "Date") ` +
			`~ compare("", "=", none, "Datetime")`,
			want: "TrueTrueFalseFalse"},
		{src: `evaluate_filters(doc, {"name": "SO-1", "n": [">", 5]}) ` +
			`~ evaluate_filters(doc, [["n", "<", 5]]) ` +
			`~ evaluate_filters(doc, [["DocType", "nope", "=", none]])`,
			want: "TrueFalseTrue"},
		{src: `evaluate_filters(doc, [["n", 5]])`,
			wantErr: "evaluate_filters(): a filter is a field, an operator and a value"},
		{src: `json.dumps({"b": "<é>", "a": none}) ~ json.dumps([1], indent=1) ~ _("Hello") ` +
			`~ frappe._("x") ~ frappe.utils.data.cint("5")`,
			want: "{\"a\": null, \"b\": \"<\\u00e9>\"}[\n 1\n]Hellox5"},
		{src: `{"a": none, "b": 1}.as_dict(no_nulls=true) ` +
			`~ doc.rows[0].as_dict(convert_dates_to_str=true) ~ doc.rows[0].as_json()`,
			want: "{'b': 1}{'code': 'x', 'qty': 2}{\n \"code\": \"x\",\n \"qty\": 2\n}"},
		{src: `{% set json = {"dumps": 1} %}{{ json.dumps }}{% set _ = 2 %}{{ _ }}`, want: "12"},
		{src: `{% set o = json.loads('{"b": [1.50, {"n": null}], "a": "\u00e9"}') %}` +
			`{% set _ = o.update(c=2) or o.b.append(3) %}{{ o.b[0] }}{{ o.a }}{{ o | json(0) }}`,
			want: "1.5é{\n\"a\": \"\\u00e9\",\n\"b\": [\n1.5,\n{\n\"n\": null\n},\n3\n],\n\"c\": 2\n}"},
		{src: `frappe.parse_json("[1]")[0] + frappe.parse_json({"a": 1}).a`, want: "2"},
		{src: `json.loads("{'a': 1}")`, wantErr: "json.loads(): text is no JSON"},
		{src: `json.loads(none)`, wantErr: "json.loads(): needs text, not None"},
		{src: `json.load("1")`, wantErr: `unknown method "load"`},
		{src: `doc.get_formatted("n")`, wantErr: "method get_formatted is not supported"},
		{src: `format_time("9:05:30") ~ format_time("14:05", "hh:mm a") ` +
			`~ format_time("2024-02-29 08:00:00", "HH") ` +
			`~ format_time(none)`,
			want: "09:05:3002:05 PM08"},
		{src: `global_date_format("2024-02-09") ~ global_date_format(none)`, want: "February 9, 2024"},
		{src: `unique([2, 1, 2.0]) | list`, want: "[2, 1]"},
	})
}

func TestDocStatus(t *testing.T) {
	requireAnswers(t, []example{
		{src: `(0).is_draft() ~ (1).is_draft() ~ (1).is_submitted() ~ (2).is_cancelled() ~ doc.n.is_submitted()`,
			want: "TrueFalseTrueTrueFalse"},
		{src: `"1".is_submitted()`, wantErr: "is_submitted(): str has no such method"},
	})
}

// The get of a document picks the rows of a table, as Frappe's does.
func TestGetWithFilters(t *testing.T) {
	codes := ` | map(attribute="code") | join`
	requireAnswers(t, []example{
		{src: `doc.get("rows", {"code": "x"})` + codes, want: "x"},
		{src: `doc.get("rows", {"qty": [">", 1]})` + codes, want: "xy"},
		{src: `doc.get("rows", {"qty": ("in", [1, 5]), "code": ["!=", "y"]})` + codes, want: "X"},
		{src: `doc.get("rows", {"code": "^x"})` + codes, want: "x"},
		{src: `doc.get("rows", {"qty": true}, 2)` + codes, want: "xy"},
		{src: `doc.get("rows", {"nope": false}, limit=1)` + codes, want: "x"},
		{src: `doc.get("rows", filters={"nope": true}) | length`, want: "0"},
		{src: `doc.get("rows", {}) | length ~ doc.get("rows", none, 2) | length`, want: "32"},
		{src: `doc.get("rows", limit=9) | length ~ doc.get("n", {"a": 1}) ~ doc.get("nope", {"a": 1})`,
			want: "37{'a': 1}"},
		{src: `doc.get("nope", 0) ~ doc.get("nope", default=3) ~ doc.get("nope") ~ doc.get("none", 5)`,
			want: "03NoneNone"},
		{src: `doc.get("rows", {"code": [">", 1]})`, wantErr: "get(): unsupported operand for >: str and int"},
		{src: `{"rows": [{"a": 1}]}.get("rows", {"a": 2})`, want: "[{'a': 1}]"},
	})
}
