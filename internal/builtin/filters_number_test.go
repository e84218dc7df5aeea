package builtin_test

import "testing"

var filtersNumberExamples = []example{
	{src: "(-3)|abs", want: "3"},
	{src: "(-2.5)|abs", want: "2.5"},
	{src: `"a"|abs`, wantErr: "abs: unsupported operand for +: int and str"},
	{src: `"12"|int`, want: "12"},
	{src: `" 1_000 "|int`, want: "1000"},
	{src: `"x"|int`, want: "0"},
	{src: `"٣"|int ~ ("１２"|int) ~ ("٣.٥"|float) ~ ("𝟗𝟘"|int)`, want: "3123.590"},
	{src: `"x"|int(5)`, want: "5"},
	{src: `"3.9"|int`, want: "3"},
	{src: `"ff"|int(0, 16)`, want: "255"},
	{src: `"0b11"|int(0, 2)`, want: "3"},
	{src: "1e22|int", want: "10000000000000000000000"},
	{src: "none|int", want: "0"},
	{src: "[]|int(2)", want: "2"},
	{src: `"1.5"|float`, want: "1.5"},
	{src: `""|float(1.5)`, want: "1.5"},
	{src: "true|float", want: "1.0"},
	{src: "2.5|round", want: "2.0"},
	{src: "2.675|round(2)", want: "2.67"},
	{src: "15|round(-1)", want: "20"},
	{src: `1.21|round(1, "ceil")`, want: "1.3"},
	{src: "-1.29|round(1)|string", want: "-1.3"},
	{src: `1.29|round(1, "floor")`, want: "1.2"},
	{src: `1|round(0, "up")`, wantErr: "round: method must be common, ceil or floor"},
	{src: `"2"|round`, wantErr: "round: cannot round str"},
	{src: "999|filesizeformat", want: "999 Bytes"},
	{src: "(-(10**20))|filesizeformat ~ -1.5|filesizeformat", want: "-100000000000000000000 Bytes-1 Bytes"},
	{src: "1500|filesizeformat", want: "1.5 kB"},
	{src: "1048576|filesizeformat(true)", want: "1.0 MiB"},
	{src: "1|filesizeformat", want: "1 Byte"},
	{src: `"x"|filesizeformat`, wantErr: "filesizeformat: text is no number"},
}

func TestFiltersNumber(t *testing.T) { requireAnswers(t, filtersNumberExamples) }
