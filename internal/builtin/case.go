package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// capitals are the letters of modern scripts whose capital is several (Unicode,
// SpecialCasing.txt).
var capitals = map[rune]string{
	'\u00df': "SS", '\u0149': "\u02bcN", '\u01f0': "J\u030c", '\u0587': "\u0535\u0552",
	'\u0390': "\u0399\u0308\u0301", '\u03b0': "\u03a5\u0308\u0301",
	'\u1e96': "H\u0331", '\u1e97': "T\u0308", '\u1e98': "W\u030a",
	'\u1e99': "Y\u030a", '\u1e9a': "A\u02be",
	'\ufb00': "FF", '\ufb01': "FI", '\ufb02': "FL", '\ufb03': "FFI",
	'\ufb04': "FFL", '\ufb05': "ST", '\ufb06': "ST",
	'\ufb13': "\u0544\u0546", '\ufb14': "\u0544\u0535", '\ufb15': "\u0544\u053b",
	'\ufb16': "\u054e\u0546", '\ufb17': "\u0544\u053d",
}

// recased is a text with each of its characters written by a rule. at is where
// the character begins.
func recased(s string, rule func(at int, c rune) string) string {
	var b builder
	for i, c := range s {
		b.add(rule(i, c))
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// upper is str.upper.
func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return recased(s, func(_ int, c rune) string { return capital(c) })
}

func capital(c rune) string {
	if several, ok := capitals[c]; ok {
		return several
	}
	return string(unicode.ToUpper(c))
}

// initial is a character as the first one of a title: of several capitals only
// the first letter stays one.
func initial(c rune) string {
	several, ok := capitals[c]
	if !ok {
		return string(unicode.ToTitle(c))
	}
	end := strings.IndexFunc(several, hasCase)
	_, n := utf8.DecodeRuneInString(several[end:])
	return several[:end+n] + strings.ToLower(several[end+n:])
}

// lower is str.lower.
func lower(s string) string {
	if !strings.ContainsAny(s, "\u03a3\u0130") {
		return strings.ToLower(s)
	}
	return recased(s, func(at int, c rune) string { return smallAt(s, at, c) })
}

// smallAt is the small form of a character of s. That of two letters is not one
// letter alone, or depends on where it stands (Unicode, SpecialCasing.txt).
func smallAt(s string, at int, c rune) string {
	switch {
	case c == '\u0130':
		return "i\u0307"
	case c == '\u03a3' && endsWord(s[:at], s[at+utf8.RuneLen(c):]):
		return "\u03c2"
	}
	return string(unicode.ToLower(c))
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

func isCapital(c rune) bool { return unicode.IsUpper(c) || unicode.Is(unicode.Other_Uppercase, c) }
func isSmall(c rune) bool   { return unicode.IsLower(c) || unicode.Is(unicode.Other_Lowercase, c) }
func hasCase(c rune) bool   { return isCapital(c) || isSmall(c) || unicode.IsTitle(c) }

// ignoresCase reports whether a character belongs to the word around it without
// having a case: marks, modifiers and apostrophes.
func ignoresCase(c rune) bool {
	return unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:\u00b7\u2018\u2019\u2024\u2027", c)
}

// foldCase is str.casefold.
func foldCase(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return recased(s, func(_ int, c rune) string {
		switch c {
		case '\u0130':
			return "i\u0307"
		case '\u0131': // whose capital is that of i
			return string(c)
		case '\u1e9e':
			return "ss"
		}
		return strings.Map(unicode.ToLower, capital(c))
	})
}

// capitalize is str.capitalize.
func capitalize(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	small := lower(s)
	return initial(first) + small[len(lower(s[:n])):]
}

func swapCase(s string) string {
	return recased(s, func(at int, c rune) string {
		switch {
		case isCapital(c):
			return smallAt(s, at, c)
		case isSmall(c):
			return capital(c)
		}
		return string(c)
	})
}

// titleCase is str.title: a letter after what has no case is a capital.
func titleCase(s string) string {
	inWord := false
	return recased(s, func(at int, c rune) string {
		before := inWord
		inWord = hasCase(c)
		if before {
			return smallAt(s, at, c)
		}
		return initial(c)
	})
}

// isTitled is str.istitle.
func isTitled(s string) bool {
	inWord, any := false, false
	for _, c := range s {
		if hasCase(c) && isSmall(c) != inWord {
			return false
		}
		inWord = hasCase(c)
		any = any || inWord
	}
	return any
}

// isCased reports whether s has letters with case and none of the wrong one.
func isCased(s string, wrong func(rune) bool) bool {
	cased := false
	for _, c := range s {
		if wrong(c) || unicode.IsTitle(c) {
			return false
		}
		cased = cased || hasCase(c)
	}
	return cased
}

// titleWords is the title filter: words begin after blanks, dashes and opening
// brackets.
func titleWords(s string) string {
	var b builder
	for s != "" {
		n := strings.IndexFunc(s, partsWords)
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			_, first := utf8.DecodeRuneInString(s)
			b.add(upper(s[:first]), lower(s[first:n]))
		} else {
			_, n = utf8.DecodeRuneInString(s)
			b.add(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func partsWords(c rune) bool { return strings.ContainsRune("-({[<", c) || unicode.IsSpace(c) }
