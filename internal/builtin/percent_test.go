package builtin_test

import "testing"

var percentExamples = []example{
	{src: `"%s %s" % (1, "a")`, want: "1 a"},
	{src: `"%d %i" % (1.9, true)`, want: "1 1"},
	{src: `"%5.1f|%-6s|%06d" % (2.25, "a", -42)`, want: "  2.2|a     |-00042"},
	{src: `"%x %X %#o %e %G" % (255, 255, 8, 1234.5, 1e-10)`, want: "ff FF 0o10 1.234500e+03 1E-10"},
	{src: `"%+d % d" % (5, 5)`, want: "+5  5"},
	{src: `"%(a)s-%(b)d" % {"a": 1, "b": 2}`, want: "1-2"},
	{src: `"%r %a" % ("é", "é")`, want: `'é' '\xe9'`},
	{src: `"%c%c" % (65, "b")`, want: "Ab"},
	{src: `"%*d" % (5, 1)`, want: "    1"},
	{src: `"%*d|%-*d|%.*f|%.*f" % (-5, 1, -3, 2, 1, 2.25, -1, 2.5)`, want: "1    |2  |2.2|2"},
	{src: `"%.2s" % "abc"`, want: "ab"},
	{src: `"100%%" % ()`, want: "100%"},
	{src: `"%s" % [1, 2]`, want: "[1, 2]"},
	{src: `"a" % [1]`, want: "a"},
	{src: `"%s" % (1, 2)`, wantErr: "not all arguments are used by the format"},
	{src: `"%s %s" % 1`, wantErr: "not enough arguments for the format"},
	{src: `"%d" % "a"`, wantErr: "format %d needs an integer, not str"},
	{src: `"%y" % 1`, wantErr: "format has no %y"},
	{src: `"%" % 1`, wantErr: "format is not complete"},
	{src: `"%(a)s" % 1`, wantErr: "format needs a mapping"},
	{src: `"%(z)s" % {"a": 1}`, wantErr: `format has no value for "z"`},
	{src: `"%c" % "ab"`, wantErr: "%c needs one character"},
	{src: `"%.3d" % 5`, want: "005"},
	{src: `("<%s>" | safe) % "<x>" ~ (("%r %s %d" | e) % ("<", "&" | safe, 5)) ` +
		`~ (("%s" | safe) | format("<"))`,
		want: "<&lt;x&gt;>&#39;&lt;&#39; & 5&lt;"},
	{src: `(("%(a)s" | safe) % {"a": "<"}) + "<"`, want: "&lt;&lt;"},
	{src: `("<" | safe) * 2 + "<"`, want: "<<&lt;"},
	{src: `"%s" % none`, want: "None"},
}

func TestPercent(t *testing.T) { requireAnswers(t, percentExamples) }
