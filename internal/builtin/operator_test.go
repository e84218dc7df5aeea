package builtin_test

import "testing"

var operatorExamples = []example{
	{src: "1 + 2.5", want: "3.5"},
	{src: `"a" + "b"`, want: "ab"},
	{src: "[1] + [2]", want: "[1, 2]"},
	{src: "(1,) + (2,)", want: "(1, 2)"},
	{src: "[1] + (2,)", wantErr: "unsupported operand for +: list and tuple"},
	{src: `"a" + 1`, wantErr: "unsupported operand for +: str and int"},
	{src: `"ab" * 2`, want: "abab"},
	{src: "2 * [1]", want: "[1, 1]"},
	{src: `"a" * -1`, want: ""},
	{src: "7 // 2", want: "3"},
	{src: "-7 // 2", want: "-4"},
	{src: "7 % -3", want: "-2"},
	{src: "-7.5 // 2", want: "-4.0"},
	{src: "2 ** 10", want: "1024"},
	{src: "2 ** -1", want: "0.5"},
	{src: "10 ** 20", want: "100000000000000000000"},
	{src: "2 ** 0.5", want: "1.4142135623730951"},
	{src: "8 / 2", want: "4.0"},
	{src: "1 / 0", wantErr: "division by zero"},
	{src: "1 % 0", wantErr: "division by zero"},
	{src: "true + true", want: "2"},
	{src: "{} + {}", wantErr: "unsupported operand for +: dict and dict"},
	{src: "none + 1", wantErr: "unsupported operand for +: None and int"},
	{src: "doc.nope + 1", wantErr: "'doc.nope' is undefined"},
	{src: `"a" - "b"`, wantErr: "unsupported operand for -: str and str"},
	{src: `"<"|e + "<"`, want: "&lt;&lt;"},
	{src: "{[]: 1}", wantErr: "a key cannot be a list"},
	{src: "{(1, 2): 3}", want: "{(1, 2): 3}"},
}

func TestOperator(t *testing.T) { requireAnswers(t, operatorExamples) }
