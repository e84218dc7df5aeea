package builtin_test

import "testing"

var methodsExamples = []example{
	{src: "doc.m.keys()|list", want: "['b', 'a']"},
	{src: "doc.m.values()|list", want: "[1, {'c': [1, 2]}]"},
	{src: "doc.m.items()|list", want: "[('b', 1), ('a', {'c': [1, 2]})]"},
	{src: `{"a": 1}.keys()`, want: "dict_keys(['a'])"},
	{src: `[{"a": 1, "b": 2}.keys() == {"b": 3, "a": 4}.keys(), ` +
		`{"a": 1}.keys() == {"b": 1}.keys(), {"a": 1}.keys() != {}.keys()]`,
		want: "[True, False, True]"},
	{src: `[{"a": [1]}.items() == {"a": [1.0]}.items(), ` +
		`{"a": 1}.items() == {"a": 2}.items(), {"a": 1}.keys() == {"a": 1}.items()]`,
		want: "[True, False, False]"},
	{src: `[{"a": 1}.values() == {"a": 1}.values(), {"a": 1}.keys() == ["a"], ["a"] == {"a": 1}.keys()]`,
		want: "[False, False, False]"},
	{src: `{"a": 1}.get("a")`, want: "1"},
	{src: `{"a": 1}.get("b", 2)`, want: "2"},
	{src: `{"a": 1}.get([])`, wantErr: "get(): a key cannot be a list"},
	{src: `{"a": 1}.pop("b")`, wantErr: "pop(): key is not there"},
	{src: "[1, 2, 1].count(1)", want: "2"},
	{src: "[1, 2].index(2)", want: "1"},
	{src: "[1, 2, 1, 1].index(1, 1) ~ [1, 2, 1].index(1, -1) ~ (1, 2, 1).index(1, 1, 3)", want: "222"},
	{src: "[1, 2, 1].index(1, 1, 2)", wantErr: "index(): value is not in the list"},
	{src: "[1].index(2)", wantErr: "index(): value is not in the list"},
	{src: "(1, 2).count(2)", want: "1"},
	{src: "(1, 2).append(3)", wantErr: "append(): tuple has no such method"},
	{src: "[1, 2].nope()", wantErr: `unknown method "nope"`},
	{src: "5 .foo()", wantErr: `unknown method "foo"`},
	{src: `{"a": 1}.copy() == {"a": 1}`, want: "True"},
	{src: "[3, 1].copy()", want: "[3, 1]"},
	{src: `"a".b.c`, wantErr: "'b' is undefined"},
	{src: `{"a": 1}.a()`, wantErr: `unknown method "a"`},
}

func TestMethods(t *testing.T) { requireAnswers(t, methodsExamples) }
