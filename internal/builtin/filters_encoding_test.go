package builtin_test

import "testing"

var filtersEncodingExamples = []example{
	{src: "doc.html|tojson", want: `"\u003cb\u003e\"x\" \u0026 \u0027y\u0027\u003c/b\u003e"`},
	{src: `{"b": [1.0, none, true], "a": "é"}|tojson`, want: `{"a": "\u00e9", "b": [1.0, null, true]}`},
	{src: `[1, {"a": []}]|tojson(2)`, want: "[\n  1,\n  {\n    \"a\": []\n  }\n]"},
	{src: `(1, "x")|tojson`, want: `[1, "x"]`},
	{src: "{1: 2, none: 3}|tojson", wantErr: "tojson: unsupported operand for <: None and int"},
	{src: `"a b/c?d=é&~"|urlencode`, want: "a%20b/c%3Fd%3D%C3%A9%26~"},
	{src: `{"a b": "c&d", "n": 1}|urlencode`, want: "a+b=c%26d&n=1"},
	{src: `[("x", "y z")]|urlencode`, want: "x=y+z"},
	{src: "5|urlencode", want: "5"},
	{src: `["a b"|urlencode]`, want: "['a%20b']"},
	{src: `{"a b"|urlencode: "c d"|urlencode}|tojson`, want: `{"a%20b": "c%20d"}`},
	{src: `("a b"|urlencode) ~ "&" ~ ("a b"|urlencode)|upper`, want: "a%20b&A%20B"},
	{src: `"a b"|urlencode is string and "a b"|urlencode == "a%20b" and "a%20b"|length == "a b"|urlencode|length`,
		want: "True"},
	{src: "[1]|urlencode", wantErr: "urlencode: cannot walk over int"},
	{src: `{"id": "a\"", "x": none, "n": 1}|xmlattr`, want: ` id="a&#34;" n="1"`},
	{src: `{"id": 1}|xmlattr(false)`, want: `id="1"`},
	{src: `{"a b": 1}|xmlattr`, wantErr: "xmlattr: a key has a character that no attribute may have"},
	{src: "[1]|xmlattr", wantErr: "xmlattr: needs a mapping, not list"},
}

func TestFiltersEncoding(t *testing.T) { requireAnswers(t, filtersEncodingExamples) }
