package builtin_test

import "testing"

var compareExamples = []example{
	{src: "1 == 1.0", want: "True"},
	{src: `"1" == 1`, want: "False"},
	{src: "[1, [2]] == [1.0, [2]]", want: "True"},
	{src: "(1,) == [1]", want: "False"},
	{src: `{"a": 1, "b": 2} == {"b": 2, "a": 1}`, want: "True"},
	{src: "1 < 2 <= 2 < 1", want: "False"},
	{src: `"a" < "b"`, want: "True"},
	{src: "[1, 2] < [1, 3]", want: "True"},
	{src: "none < 1", wantErr: "operator < does not take None"},
	{src: "1 >= 'a'", wantErr: "unsupported operand for >=: int and str"},
	{src: "[1] > [{}]", wantErr: "unsupported operand for >: int and dict"},
	{src: "{} < {}", wantErr: "unsupported operand for <: dict and dict"},
	{src: `"b" in doc.tags`, want: "True"},
	{src: `"code" in doc.rows[0]`, want: "True"},
	{src: `"" in "abc"`, want: "True"},
	{src: `1 in "1"`, wantErr: "in needs text on its left to look in text, not int"},
	{src: "[] in {}", wantErr: "a key cannot be a list"},
	{src: "1 not in (2, 3)", want: "True"},
	{src: "none in [none]", want: "True"},
	{src: "true == 1", want: "True"},
	{src: "0.1 + 0.2 == 0.3", want: "False"},
	{src: "2 ** 63 > 9.2e18", want: "True"},
}

func TestCompare(t *testing.T) { requireAnswers(t, compareExamples) }
