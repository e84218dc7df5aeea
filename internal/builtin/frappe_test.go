package builtin_test

import "testing"

// What Frappe's helpers give at the edges; package jinja has the common cases.
func TestFrappe(t *testing.T) {
	requireAnswers(t, []example{
		{src: `flt("1,234.5") ~ " " ~ flt("nan") ~ " " ~ flt([]) ~ " " ~ flt(true)`, want: "1234.5 0.0 0.0 1.0"},
		{src: `flt(1.005, 2) ~ " " ~ flt(2.675, 2) ~ " " ~ flt(-2.5, 0) ~ " " ~ flt(1e300, 2)`, want: "1.0 2.68 -2.0 1e+300"},
		{src: `cint("12.9") ~ " " ~ cint("x", 5) ~ " " ~ cint(none) ~ " " ~ cint("1e400")`, want: "12 5 0 0"},
		{src: `sbool("True") ~ sbool("0") ~ sbool("x") ~ sbool(5)`, want: "TrueFalsex5"},
		{src: `ceil(1.2) ~ floor(-1.2) ~ ceil("x")`, want: "2-20"},
		{src: `fmt_money(1234.5) ~ " " ~ fmt_money("1,000", 0) ~ " " ~ fmt_money(-5, currency="EUR")`, want: "1,234.50 1,000 EUR -5.00"},
		{src: `fmt_money(1, 99)`, wantErr: "fmt_money(): needs a precision from 0 to 20"},
		{src: `comma_and([]) ~ comma_and(["a"]) ~ comma_or(["a", 1], false) ~ comma_and("x")`, want: "'a'a or 1x"},
		{src: `strip_html("<p>a<br>b</p> c < d") ~ is_html("a < b") ~ is_html("<i>")`, want: "ab c < dFalseTrue"},
		{src: `escape_html(none) ~ escape_html("<a href='x'>")`, want: "&lt;a href=&#39;x&#39;&gt;"},
		{src: `unique([2, 1, 2.0]) | list`, want: "[2, 1]"},
	})
}
