package builtin_test

import "testing"

var functionsExamples = []example{
	{src: "range(3)|list", want: "[0, 1, 2]"},
	{src: "range(1, 9, 3)|list", want: "[1, 4, 7]"},
	{src: "range(3, 0, -1)|list", want: "[3, 2, 1]"},
	{src: "range(0)|length", want: "0"},
	{src: "range(1.5)", wantErr: "range(): needs integers, not float"},
	{src: "range()", wantErr: "range(): takes 1 to 3 arguments"},
	{src: "range(1, 2, 0)", wantErr: "range(): step cannot be zero"},
	{src: "dict(a=1, b=2)", want: "{'a': 1, 'b': 2}"},
	{src: `dict({"a": 1}, b=2)`, want: "{'a': 1, 'b': 2}"},
	{src: `dict([("x", 1)])`, want: "{'x': 1}"},
	{src: "dict(doc.nope)", wantErr: "dict(): 'doc.nope' is undefined"},
	{src: "dict([1])", wantErr: "dict(): cannot walk over int"},
	{src: "dict(1)", wantErr: "dict(): cannot walk over int"},
	{src: "namespace(a=1).a", want: "1"},
	{src: `namespace({"a": 2}).a`, want: "2"},
	{src: "dict(a=1).a", want: "1"},
}

func TestFunctions(t *testing.T) { requireAnswers(t, functionsExamples) }
