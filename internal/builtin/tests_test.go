package builtin_test

import "testing"

var testsExamples = []example{
	{src: "doc.nope is defined", want: "False"},
	{src: "doc.none is none", want: "True"},
	{src: "true is boolean", want: "True"},
	{src: "1 is boolean", want: "False"},
	{src: "1 is integer and 1.0 is float and true is number", want: "True"},
	{src: `"a" is string`, want: "True"},
	{src: "doc.m is mapping", want: "True"},
	{src: "doc.tags is sequence", want: "True"},
	{src: "doc.m is sequence", want: "True"},
	{src: "5 is iterable", want: "False"},
	{src: `"abc" is lower and "ABC" is upper`, want: "True"},
	{src: `"1" is lower`, want: "False"},
	{src: "5 is odd and 4 is even", want: "True"},
	{src: "9 is divisibleby 3", want: "True"},
	{src: "9 is divisibleby 0", wantErr: "is divisibleby: division by zero"},
	{src: `"a" is even`, wantErr: "is even: needs a number, not str"},
	{src: "1 is sameas 1.0", want: "False"},
	{src: "none is sameas none", want: "True"},
	{src: "[] is sameas []", want: "False"},
	{src: "2 is in [1, 2]", want: "True"},
	{src: "1 is eq 1.0", want: "True"},
	{src: "2 is gt 1 and 1 is le 1", want: "True"},
	{src: `"a" is lt 1`, wantErr: "is lt: unsupported operand for <: str and int"},
	{src: `"x"|e is escaped`, want: "True"},
	{src: `"x"|safe is escaped`, want: "True"},
	{src: `"x" is escaped`, want: "False"},
	{src: `"upper" is filter`, want: "True"},
	{src: `"even" is test`, want: "True"},
	{src: "5 is filter", want: "False"},
	{src: "[] is test", wantErr: "is test: a key cannot be a list"},
}

func TestTests(t *testing.T) { requireAnswers(t, testsExamples) }
