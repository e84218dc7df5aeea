package builtin_test

import "testing"

var filtersTextExamples = []example{
	{src: `"straße"|upper`, want: "STRASSE"},
	{src: `"ÀB"|lower`, want: "àb"},
	{src: `"hELLO wORLD"|capitalize`, want: "Hello world"},
	{src: `"o'neil x-y (z) 1a"|title`, want: "O'neil X-Y (Z) 1a"},
	{src: `"  a b "|trim`, want: "a b"},
	{src: `"xxaxx"|trim("x")`, want: "a"},
	{src: `"aaa"|replace("a", "b", 2)`, want: "bba"},
	{src: `"ab"|replace("", "-")`, want: "-a-b-"},
	{src: `12|replace(1, "x")`, want: "x2"},
	{src: `"ab"|center(5)`, want: "  ab "},
	{src: `"a\nb\n\nc"|indent(2)`, want: "a\n  b\n\n  c"},
	{src: `"a\n\nb"|indent(2, true, true)`, want: "  a\n  \n  b"},
	{src: `"a\nb"|indent("> ")`, want: "a\n> b"},
	{src: `"a\r\nb"|indent(1)`, want: "a\n b"},
	{src: `"foo bar baz qux"|truncate(9)`, want: "foo..."},
	{src: `"foo bar baz qux"|truncate(9, true, "..")`, want: "foo bar.."},
	{src: `"foo bar"|truncate(5)`, want: "foo bar"},
	{src: `"foo"|truncate(2)`, wantErr: `truncate: length must be at least that of "..."`},
	{src: `"don't stop_it 1"|wordcount`, want: "4"},
	{src: "doc.html|escape", want: "&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;&lt;/b&gt;"},
	{src: "doc.html|e|e", want: "&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;&lt;/b&gt;"},
	{src: "doc.html|e|forceescape", want: "&amp;lt;b&amp;gt;&amp;#34;x&amp;#34; &amp;amp; " +
		"&amp;#39;y&amp;#39;&amp;lt;/b&amp;gt;"},
	{src: `"<b>"|safe|upper`, want: "<B>"},
	{src: `"<p>a <!-- x > --> b&amp;</p>\n c <"|striptags`, want: "a b& c <"},
	{src: "5|string", want: "5"},
	{src: "none|string", want: "None"},
	{src: `"%s-%03d"|format("a", 7)`, want: "a-007"},
	{src: `"%(a)s"|format(a=1)`, want: "1"},
	{src: `"%s"|format`, wantErr: "format: not enough arguments for the format"},
	{src: "5|upper", want: "5"},
	{src: `"<"|e ~ "<"`, want: "&lt;<"},
	{src: `["<", "&"|e]|join("<")`, want: "<<&amp;"},
}

func TestFiltersText(t *testing.T) { requireAnswers(t, filtersTextExamples) }
