package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// upper is str.upper.
func upper(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "\u00df", "SS")) }

// lower is str.lower, which knows two letters whose small form is not one letter
// alone (Unicode, SpecialCasing.txt).
func lower(s string) string {
	if !strings.ContainsAny(s, "\u03a3\u0130") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, c := range s {
		switch {
		case c == '\u0130':
			b.WriteString("i\u0307")
		case c == '\u03a3' && endsWord(s[:i], s[i+utf8.RuneLen(c):]):
			b.WriteRune('\u03c2')
		default:
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}

// endsWord reports whether a letter between these texts is the last of a word of
// several (Unicode, Final_Sigma).
func endsWord(before, after string) bool {
	before = strings.TrimRightFunc(before, ignoresCase)
	after = strings.TrimLeftFunc(after, ignoresCase)
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	return hasCase(last) && !hasCase(next)
}

func hasCase(c rune) bool { return unicode.IsUpper(c) || unicode.IsLower(c) || unicode.IsTitle(c) }

// ignoresCase reports whether a character belongs to the word around it without
// having a case: marks, modifiers and apostrophes.
func ignoresCase(c rune) bool {
	return unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:\u00b7\u2018\u2019\u2024\u2027", c)
}

// capitalize is str.capitalize.
func capitalize(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	small := lower(s)
	return string(unicode.ToTitle(first)) + small[len(lower(s[:n])):]
}

func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsUpper(c) {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, s)
}

// titleCase is str.title: a letter after anything else is a capital.
func titleCase(s string) string {
	inWord := false
	return strings.Map(func(c rune) rune {
		before := inWord
		inWord = unicode.IsLetter(c)
		if before {
			return unicode.ToLower(c)
		}
		return unicode.ToTitle(c)
	}, s)
}

// titleWords is the title filter: words begin after blanks, dashes and opening
// brackets.
func titleWords(s string) string {
	var b strings.Builder
	start := true
	for _, c := range s {
		switch {
		case c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || unicode.IsSpace(c):
			b.WriteRune(c)
			start = true
		case start:
			b.WriteString(upper(string(c)))
			start = false
		default:
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}
