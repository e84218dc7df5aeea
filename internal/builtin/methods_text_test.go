package builtin_test

import "testing"

var methodsTextExamples = []example{
	{src: `"a,b,,c".split(",")`, want: "['a', 'b', '', 'c']"},
	{src: `"a,b,c".split(",", 1)`, want: "['a', 'b,c']"},
	{src: `"a,b,c".rsplit(",", 1)`, want: "['a,b', 'c']"},
	{src: `" a  b c ".split()`, want: "['a', 'b', 'c']"},
	{src: `" a  b c ".split(none, 1)`, want: "['a', 'b c ']"},
	{src: `" a  b c ".rsplit(none, 1)`, want: "[' a  b', 'c']"},
	{src: `"a b".split("")`, wantErr: "split(): needs a separator"},
	{src: `"a\nb\r\nc\n".splitlines()`, want: "['a', 'b', 'c']"},
	{src: `"a\nb".splitlines(true)`, want: `['a\n', 'b']`},
	{src: `"abc".find("c")`, want: "2"},
	{src: `"abc".find("z")`, want: "-1"},
	{src: `"abcabc".rfind("c")`, want: "5"},
	{src: `"abc".find("b", 2)`, want: "-1"},
	{src: `"abc".find("", 3) ~ "abc".find("", 4) ~ "abc".rfind("", 4) ~ "abc".find("", 2, 1) ` +
		`~ "abc".rfind("", -9)`,
		want: "3-1-1-13"},
	{src: `"abc".count("", 3) ~ "abc".count("", 4) ~ "abc".startswith("", 3) ` +
		`~ "abc".startswith("", 4) ~ "abc".endswith("", 1, 0)`,
		want: "10TrueFalseFalse"},
	{src: `"abc".index("", 4)`, wantErr: "index(): substring is not there"},
	{src: `"abc".index("z")`, wantErr: "index(): substring is not there"},
	{src: `"aXbX".partition("X")`, want: "('a', 'X', 'bX')"},
	{src: `"aXbX".rpartition("X")`, want: "('aXb', 'X', '')"},
	{src: `"abc".startswith(("x", "a"))`, want: "True"},
	{src: `"abc".endswith("c", 0, 2)`, want: "False"},
	{src: `"abab".count("ab")`, want: "2"},
	{src: `"a".center(4, "*")`, want: "*a**"},
	{src: `"a".ljust(3) ~ "|"`, want: "a  |"},
	{src: `"a".rjust(3, "ab")`, wantErr: "rjust(): fill must be one character"},
	{src: `"-5".zfill(4)`, want: "-005"},
	{src: `"--5".zfill(6) ~ "|" ~ "+".zfill(3) ~ "|" ~ " 5".zfill(4) ~ "|" ~ "é".zfill(3) ` +
		`~ "|" ~ "-5".zfill(1) ~ "".zfill(2)`,
		want: "-000-5|+00|00 5|00é|-500"},
	{src: `" xa ".strip()`, want: "xa"},
	{src: `"xax".lstrip("x")`, want: "ax"},
	{src: `"abc".strip("")`, want: "abc"},
	{src: `"-".join(["a", "b"])`, want: "a-b"},
	{src: `"-".join([1])`, wantErr: "join(): needs text, not int"},
	{src: `"aXa".replace("a", "b", 1)`, want: "bXa"},
	{src: `"hello world".title()`, want: "Hello World"},
	{src: `"Ab1".swapcase()`, want: "aB1"},
	{src: `"ab".isalpha() and "1".isdigit() and " ".isspace() and "a1".isalnum()`, want: "True"},
	{src: `"".isdigit()`, want: "False"},
	{src: `"Ab".islower() or "AB".isupper()`, want: "True"},
	{src: `"Ab Cd".istitle()`, want: "True"},
	{src: `"abc".removeprefix("a").removesuffix("c")`, want: "b"},
	{src: `"ΌΣΟΣ ΑΣ. Σ Α'Σ".lower() ~ "ΑΣ".capitalize() ~ "İ".lower() ~ ("ΑΣ" | lower) ` +
		`~ "ΣΑ".lower()`,
		want: "όσος ας. σ α'ςΑςi̇αςσα"},
	{src: `"ﬁnN ßX ŉa և".upper() ~ "|" ~ "ﬁnN ßX ŉa և".title() ~ "|" ~ "ßX".capitalize() ` +
		`~ "ﬂ".capitalize()`,
		want: "FINN SSX ʼNA ԵՒ|Finn Ssx ʼNa Եւ|SsxFl"},
	{src: `"東京abc ÉCOLE ΑΣ ªb".title() ~ "|" ~ "aßİΑΣⅧǅé".swapcase() ~ "|" ~ "".title()`,
		want: "東京Abc École Ας ªb|ASSi̇ασⅷǅÉ|"},
	{src: `"ΑΣ ς ẞß İı ﬁ µ É".casefold()`, want: "ασ σ ssss i̇ı fi μ é"},
	{src: `"Ⅷ".isupper() ~ "ⅷ".islower() ~ "ǅ".isupper() ~ "aª".islower() ~ ("Ⅷ" is upper) ` +
		`~ ("1" is lower)`,
		want: "TrueTrueFalseTrueTrueFalse"},
	{src: `"ǅa É1Bc".istitle() ~ "aB".istitle() ~ "AB".istitle() ~ "1".istitle() ~ "A a".istitle()`,
		want: "TrueFalseFalseFalseFalse"},
	{src: `"ΟΔΟΣ (ﬁn-ßa {x" | title`, want: "Οδος (FIn-SSa {X"},
	{src: `"²③".isdigit() and "٣".isdecimal() and not "²".isdecimal() and not "½".isdigit()`, want: "True"},
	{src: `"a_1é".isidentifier() ~ "1a".isidentifier() ~ "".isidentifier() ` +
		`~ "a b".isprintable() ~ "a\n".isprintable() ` +
		`~ "".isprintable()`,
		want: "TrueFalseFalseTrueFalseTrue"},
	{src: `(2.0).is_integer() ~ (2.5).is_integer() ~ doc.f.is_integer()`, want: "TrueFalseFalse"},
	{src: `("<a>,b" | safe).split(",") ~ ("a\nb" | safe).splitlines() ~ ("a-b" | safe).partition("-")`,
		want: "[Markup('<a>'), Markup('b')][Markup('a'), Markup('b')](Markup('a'), Markup('-'), Markup('b'))"},
	// MarkupSafe before 3 escapes what is looked for too; these have nothing to
	// escape in it.
	{src: `("&lt;a" | safe).replace("a", ">") ~ ("a" | e).replace("a", "<") ` +
		`~ ("a" | e).replace("a", "<" | safe)`,
		want: "&lt;&gt;&lt;<"},
	{src: `("<i>" | safe).join(["<a>", "b" | safe, "<c>" | e])`, want: "&lt;a&gt;<i>b<i>&lt;c&gt;"},
	{src: `"a".upper(1)`, wantErr: "upper(): has too many arguments, by 1"},
	{src: `"a".nope()`, wantErr: `unknown method "nope"`},
}

func TestMethodsText(t *testing.T) { requireAnswers(t, methodsTextExamples) }
