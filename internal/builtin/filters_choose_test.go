package builtin_test

import "testing"

var filtersChooseExamples = []example{
	{src: `[1, 2, 3, 4]|select("even")|list`, want: "[2, 4]"},
	{src: `["", 0, none, "a"]|select|list`, want: "['a']"},
	{src: `[1, 2]|reject("eq", 1)|list`, want: "[2]"},
	{src: `doc.rows|selectattr("qty", "gt", 1)|map(attribute="code")|list`, want: "['x', 'y']"},
	{src: `doc.rows|rejectattr("code", "in", ["x"])|list|length`, want: "2"},
	{src: `doc.rows|map(attribute="nope", default=0)|list`, want: "[0, 0, 0]"},
	{src: `[" a ", "b"]|map("trim")|map("upper")|join`, want: "AB"},
	{src: `["a"]|map("replace", "a", "b")|list`, want: "['b']"},
	{src: `[[3, 1], [2]]|map("sort", reverse=true)|list`, want: "[[3, 1], [2]]"},
	{src: `doc.rows|map(attribute="code.0")|list`, want: "['x', 'y', 'X']"},
	{src: "[1]|map|list", wantErr: "map: needs a filter or an attribute"},
	{src: "[1]|map(x=1)|list", wantErr: "map: needs a filter or an attribute"},
	{src: `[]|map("upper")|list`, want: "[]"},
	{src: "none|select|list", want: "[]"},
	{src: `5|map("upper")|list`, wantErr: "map: cannot walk over int"},
	{src: "[1]|selectattr|list", wantErr: "selectattr: needs the name of an attribute"},
}

func TestFiltersChoose(t *testing.T) { requireAnswers(t, filtersChooseExamples) }
