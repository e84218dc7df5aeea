package builtin_test

import "testing"

var layoutExamples = []example{
	{src: `"The quick brown fox"|wordwrap(10)`, want: "The quick\nbrown fox"},
	{src: `"abcdefgh ij"|wordwrap(3)`, want: "abc\ndef\ngh\nij"},
	{src: `"abcdefgh ij"|wordwrap(3, false)`, want: "abcdefgh\nij"},
	{src: `"a-b well-known"|wordwrap(6)`, want: "a-b\nwell-\nknown"},
	{src: `"well-known"|wordwrap(6, break_on_hyphens=false)`, want: "well-k\nnown"},
	{src: `"a b"|wordwrap(1, wrapstring="/")`, want: "a/b"},
	{src: `"a\n\nb"|wordwrap(5)`, want: "a\n\nb"},
	{src: `"a"|wordwrap(0)`, wantErr: "wordwrap: width must be above 0"},
	{src: `"a\tbc\td".expandtabs(4)`, want: "a   bc  d"},
	{src: `"a\t".expandtabs(0)`, want: "a"},
	{src: `[1, "a", none]|pprint`, want: "[1, 'a', None]"},
	{src: `{"b": 1, "a": 2}|pprint`, want: "{'a': 2, 'b': 1}"},
	{src: "(1,)|pprint", want: "(1,)"},
	{src: `["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccc"]|pprint`,
		want: "['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',\n 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',\n 'cccccccccccccccccc']"},
}

func TestLayout(t *testing.T) { requireAnswers(t, layoutExamples) }
