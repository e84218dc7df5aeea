package builtin_test

import "testing"

var filtersOrderExamples = []example{
	{src: "[3, 1, 2]|sort", want: "[1, 2, 3]"},
	{src: `["b", "A", "a"]|sort`, want: "['A', 'a', 'b']"},
	{src: `["b", "A", "a"]|sort(case_sensitive=true)`, want: "['A', 'a', 'b']"},
	{src: "[2, 1]|sort(reverse=true)", want: "[2, 1]"},
	{src: `doc.rows|sort(attribute="qty")|map(attribute="qty")|list`, want: "[1, 2, 5]"},
	{src: `doc.rows|sort(attribute="code,qty")|map(attribute="qty")|list`, want: "[1, 2, 5]"},
	{src: `[1, "a"]|sort`, wantErr: "sort: unsupported operand for <: str and int"},
	{src: `"cab"|sort`, want: "['a', 'b', 'c']"},
	{src: "doc.tags|unique|list", want: "['b', 'A']"},
	{src: "doc.tags|unique(true)|list", want: "['b', 'A', 'a']"},
	{src: `[1, 1.0, true, "1"]|unique|list`, want: "[1, '1']"},
	{src: "[[1]]|unique|list", wantErr: "unique: a key cannot be a list"},
	{src: "[1, 3, 2]|max", want: "3"},
	{src: `["a", "B"]|max`, want: "B"},
	{src: `["a", "B"]|min(true)`, want: "B"},
	{src: `doc.rows|max(attribute="qty")`, want: "{'code': 'y', 'qty': 5}"},
	{src: "[]|max is defined", want: "False"},
	{src: "doc.m|dictsort", want: "[('a', {'c': [1, 2]}), ('b', 1)]"},
	{src: `{"b": 1, "A": 2}|dictsort(true)`, want: "[('A', 2), ('b', 1)]"},
	{src: `{"a": 2, "b": 1}|dictsort(by="value", reverse=true)`, want: "[('a', 2), ('b', 1)]"},
	{src: `{}|dictsort(by="x")`, wantErr: `dictsort: by must be "key" or "value"`},
	{src: `doc.rows|groupby("code")|map("first")|list`, want: "['x', 'y']"},
	{src: `doc.rows|groupby("code", case_sensitive=true)|map("first")|list`, want: "['X', 'x', 'y']"},
	{src: `(doc.rows|groupby("code"))[0].list|length`, want: "2"},
	{src: `[{"a": 1}, {}]|groupby("a", default=0)|map(attribute="grouper")|list`, want: "[0, 1]"},
}

func TestFiltersOrder(t *testing.T) { requireAnswers(t, filtersOrderExamples) }
