package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// harmful reports whether a character could do something to a terminal, or to
// its reader, other than show itself: control characters of both sets, and those
// that turn the direction of text or break lines.
func harmful(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\u2028' || r == '\u2029'
}

// clean makes a text fit for one line: harmful characters and bytes that are
// not UTF-8 are spelled out, as in Go.
func clean(s string) string {
	return rewrite(s, func(r rune, raw string) string {
		switch {
		case r == utf8.RuneError && len(raw) == 1:
			return fmt.Sprintf(`\x%02x`, raw[0])
		case r == '\n':
			return `\n`
		case r == '\r':
			return `\r`
		case r == '\t':
			return `\t`
		case r < 0x80:
			return fmt.Sprintf(`\x%02x`, r)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
}

// cleanText makes a text fit for several lines: line breaks and tabs stay, what
// is harmful beside them becomes one replacement character, so that what stands
// below each other still does.
func cleanText(s string) string {
	return rewrite(s, func(r rune, raw string) string {
		if r == '\n' || r == '\t' {
			return raw
		}
		return string(utf8.RuneError)
	})
}

// cleanJSON escapes what encoding/json leaves in strings as it is.
func cleanJSON(s string) string {
	s = unescapeHTML.Replace(s)
	return rewrite(s, func(r rune, raw string) string {
		if r < ' ' {
			return raw // line breaks of the form; those in strings are escaped
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
}

// unescapeHTML undoes what json.Marshal does for browsers: conditions are hard to
// read with it. An escaped backslash comes first, so that what follows it is
// left alone.
var unescapeHTML = strings.NewReplacer(`\\`, `\\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

func cleanAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = clean(s)
	}
	return out
}

// rewrite replaces what is harmful, and bytes that are not UTF-8, one by one.
func rewrite(s string, spell func(r rune, raw string) string) string {
	first := strings.IndexFunc(s, func(r rune) bool { return harmful(r) || r == utf8.RuneError })
	if first < 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:first])
	for i := first; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if raw := s[i : i+n]; harmful(r) || r == utf8.RuneError && n == 1 {
			b.WriteString(spell(r, raw))
		} else {
			b.WriteString(raw)
		}
		i += n
	}
	return b.String()
}
