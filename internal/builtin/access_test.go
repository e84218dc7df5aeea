package builtin_test

import "testing"

var accessExamples = []example{
	{src: "doc.m.a.c[1]", want: "2"},
	{src: `doc.m["a"]["c"][-1]`, want: "2"},
	{src: "doc.rows.0.code", want: "x"},
	{src: "doc.tags[9] is defined", want: "False"},
	{src: "doc.nope is defined", want: "False"},
	{src: "doc.nope.x", wantErr: "'doc.nope' is undefined"},
	{src: "doc.none.x is defined", want: "False"},
	{src: "doc.name[0]", want: "S"},
	{src: "doc.uni[-1]", want: "東"},
	{src: "doc.tags[1:]", want: "['A', 'a']"},
	{src: "doc.name[::-1]", want: "1-OS"},
	{src: "doc.tags[5:1:-2]", want: "['a']"},
	{src: "(1, 2, 3)[:2]", want: "(1, 2)"},
	{src: "range(9)[2:8:3]|list", want: "[2, 5]"},
	{src: "doc.m[1:]", wantErr: "cannot slice dict"},
	{src: "doc.tags[::0]", wantErr: "slice step cannot be zero"},
	{src: `doc.tags["x":]`, wantErr: "needs an integer, not str"},
	{src: `{1: "one"}[1.0]`, want: "one"},
	{src: `{"get": 5}["get"]`, want: "5"},
	{src: `doc.m.a.nope|default("-")`, want: "-"},
}

func TestAccess(t *testing.T) { requireAnswers(t, accessExamples) }
