package builtin_test

import "testing"

var formatExamples = []example{
	{src: `"{} {}".format(1, "a")`, want: "1 a"},
	{src: `"{1}{0}".format("a", "b")`, want: "ba"},
	{src: `"{a[b]}{a.b}".format(a={"b": 1})`, want: "11"},
	{src: `"{0.name}".format(doc)`, want: "SO-1"},
	{src: `"{{{}}}".format(1)`, want: "{1}"},
	{src: `"{:>5}|{:<5}|{:^5}".format("a", "b", "c")`, want: "    a|b    |  c  "},
	{src: `"{:%} {:.0%} {:.3n} {:n} {:n}".format(1e307, -1e307, 1234.5, 2.5, 7)`, want: "inf% -inf% 1.23e+03 2.5 7"},
	{src: `"{:,n}".format(1)`, wantErr: "format(): n separates digits itself"},
	{src: `"{:.2n}".format(1)`, wantErr: "format(): precision is for floats, not integers"},
	{src: `"{:*^7}".format("x")`, want: "***x***"},
	{src: `"{:05d} {:+d} {: d}".format(42, 42, 42)`, want: "00042 +42  42"},
	{src: `"{:,} {:_} {:,.2f}".format(1234567, 1234567, 1234.5)`, want: "1,234,567 1_234_567 1,234.50"},
	{src: `"{:012,d} {:012,.2f} {:020,.3f} {:+09_d} {:#010_x} {:010,}"` +
		`.format(1234567, 1234567.891, -1234.5, 12345, 255255, 1.5)`,
		want: "0,001,234,567 1,234,567.89 -000,000,001,234.500 +0_012_345 0x003_e517 0,000,001.5"},
	{src: `"{:*=12,d} {:<012,d}|{:,} {:,.0f} {:_b}".format(12345, 12345, 1e20, 1e6, 300)`,
		want: "******12,345 12,345000000|1e+20 1,000,000 1_0010_1100"},
	{src: `"{:,d} {:,} {:+,}".format(-999, 999, 1000)`, want: "-999 999 +1,000"},
	{src: `"{:x} {:#X} {:o} {:#b} {:c}".format(255, 255, 8, 5, 65)`, want: "ff 0XFF 10 0b101 A"},
	{src: `"{:.2f} {:e} {:g} {:%}".format(2.345, 12345.678, 1e-5, 0.5)`, want: "2.35 1.234568e+04 1e-05 50.000000%"},
	{src: `"{:{}.{}f}".format(3.14159, 8, 2)`, want: "    3.14"},
	{src: `"{!r:>5} {!s} {!a}".format("a", "b", "é")`, want: `  'a' b '\xe9'`},
	{src: `"{:.2}".format("abc")`, want: "ab"},
	{src: `("<{}>{}{:>3}" | safe).format("<x>", "<" | safe, "&")`, want: "<&lt;x&gt;><  &amp;"},
	{src: `"{}".format()`, wantErr: "format(): not enough arguments for the format"},
	{src: `"{} {0}".format(1)`, wantErr: "format(): fields either all have numbers or none"},
	{src: `"{".format()`, wantErr: "format(): brace stands alone; double it to write it"},
	{src: `"{:d}".format("a")`, wantErr: "format(): format is for numbers, not text"},
	{src: `"{:d}".format(1.5)`, wantErr: "format(): format %d needs an integer, not float"},
	{src: `"{:.2d}".format(1)`, wantErr: "format(): precision is for floats, not integers"},
	{src: `"{x}".format()`, wantErr: `format(): format has no value for "x"`},
	{src: `"{:y}".format(1)`, wantErr: `format(): unknown format "y"`},
	{src: `"{:}".format(none)`, want: "None"},
	{src: `"{:5}".format(none)`, wantErr: "format(): a None takes no format"},
}

func TestFormat(t *testing.T) { requireAnswers(t, formatExamples) }
