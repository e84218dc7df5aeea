package builtin_test

import "testing"

var filtersListExamples = []example{
	{src: `doc.nope|default("d")`, want: "d"},
	{src: `doc.empty|default("d")`, want: ""},
	{src: `doc.empty|default("d", true)`, want: "d"},
	{src: "doc.none|d(boolean=true, default_value=1)", want: "1"},
	{src: "doc.tags|length", want: "3"},
	{src: "doc.uni|count", want: "2"},
	{src: "5|length", wantErr: "length: int has no length"},
	{src: "doc.tags|first", want: "b"},
	{src: `"abc"|last`, want: "c"},
	{src: "[]|first is defined", want: "False"},
	{src: `"ab"|list`, want: "['a', 'b']"},
	{src: `{"a": 1}|list`, want: "['a']"},
	{src: "none|list", wantErr: "list: cannot walk over None"},
	{src: "doc.m|items|list", want: "[('b', 1), ('a', {'c': [1, 2]})]"},
	{src: `doc.rows|join("-", attribute="code")`, want: "x-y-X"},
	{src: `[1, none, "a"]|join(", ")`, want: "1, None, a"},
	{src: `"abc"|join("-")`, want: "a-b-c"},
	{src: "doc.tags|reverse|list", want: "['a', 'A', 'b']"},
	{src: `"abc"|reverse`, want: "cba"},
	{src: "[1, 2.5]|sum", want: "3.5"},
	{src: `doc.rows|sum(attribute="qty")`, want: "8"},
	{src: "[[1], [2]]|sum(start=[])", want: "[1, 2]"},
	{src: `["a"]|sum`, wantErr: "sum: unsupported operand for +: int and str"},
	{src: "[1, 2, 3]|batch(2)|list", want: "[[1, 2], [3]]"},
	{src: `[1, 2, 3]|batch(2, "-")|list`, want: "[[1, 2], [3, '-']]"},
	{src: "[1, 2, 3]|slice(2)|list", want: "[[1, 2], [3]]"},
	{src: `[1, 2, 3]|slice(2, "-")|list`, want: "[[1, 2], [3, '-']]"},
	{src: "[1]|slice(0)|list", wantErr: "slice: division by zero"},
	{src: `doc|attr("name")`, want: "SO-1"},
	{src: `doc.m|attr("a") is defined`, want: "False"},
}

func TestFiltersList(t *testing.T) { requireAnswers(t, filtersListExamples) }
