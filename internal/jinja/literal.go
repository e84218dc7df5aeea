package jinja

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// quoted reads a string and decodes Python's escapes.
func (l *lexer) quoted(quote byte) {
	start := l.pos
	var b strings.Builder
	for l.pos++; l.pos < len(l.src); {
		switch c := l.src[l.pos]; c {
		case quote:
			l.emit(tokString, b.String(), start)
			l.pos++
			return
		case '\\':
			l.escape(&b, l.src[l.pos:])
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	refuse(start, "close it with "+string(quote), "string is not closed")
}

const (
	escapeLetters = `\'"abfnrtv`
	escapeBytes   = "\\'\"\a\b\f\n\r\t\v"
)

// escape decodes the escape at the start of s. What Python does not know as an
// escape stays as it is.
func (l *lexer) escape(b *strings.Builder, s string) {
	if len(s) < 2 {
		refuse(l.pos, "", "string is not closed")
	}
	n := 2
	switch c := s[1]; {
	case c == '\n':
	case strings.IndexByte(escapeLetters, c) >= 0:
		b.WriteByte(escapeBytes[strings.IndexByte(escapeLetters, c)])
	case c == 'x' || c == 'u' || c == 'U':
		n = map[byte]int{'x': 4, 'u': 6, 'U': 10}[c]
		b.WriteRune(l.codePoint(s, n))
	case c >= '0' && c <= '7':
		for n < 4 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		code, _ := strconv.ParseInt(s[1:n], 8, 32)
		b.WriteRune(rune(code))
	default:
		b.WriteByte('\\')
		n = 1
	}
	l.pos += n
}

// codePoint reads the hexadecimal digits of an escape of n bytes.
func (l *lexer) codePoint(s string, n int) rune {
	code, err := strconv.ParseUint(s[2:max(2, min(n, len(s)))], 16, 32)
	if len(s) < n || err != nil || code > utf8.MaxRune {
		refuse(l.pos, "", "escape \\%c needs %d hexadecimal digits", s[1], n-2)
	}
	return rune(code)
}

var (
	floats = regexp.MustCompile(
		`^(\d+(_\d+)*((\.\d+(_\d+)*)?[eE][+-]?\d+(_\d+)*|\.\d+(_\d+)*)|\.\d+(_\d+)*([eE][+-]?\d+(_\d+)*)?)`)
	ints = regexp.MustCompile(
		`^(0[bB](_?[01])+|0[oO](_?[0-7])+|0[xX](_?[\da-fA-F])+|[1-9](_?\d)*|0(_?0)*)`)

	endInPoint = regexp.MustCompile(`^\d+(_\d+)*\.([eE][+-]?\d+(_\d+)*)?`)
)

// pointFirst reports whether a number without digits before its point begins
// here, as Python has it: .5
func (l *lexer) pointFirst() bool {
	rest := l.src[l.pos:]
	if len(rest) < 2 || rest[0] != '.' || !isDigit(rest[1]) {
		return false
	}
	if len(l.out) == 0 {
		return true
	}
	switch t := l.out[len(l.out)-1]; t.kind {
	case tokName:
		return slices.Contains([]string{"and", "or", "not", "in", "is", "if", "else"}, t.text)
	case tokOp:
		return !strings.Contains(")]}.", t.text)
	}
	return false
}

// number reads an integer or a float. After a point only an integer can stand:
// doc.rows.0.1 has two of them. A bare float may end in its point.
func (l *lexer) number(bare bool) {
	kind, text := tokFloat, floats.FindString(l.src[l.pos:])
	member := l.pos > 0 && l.src[l.pos-1] == '.'
	if member || text == "" {
		kind, text = tokInt, ints.FindString(l.src[l.pos:])
	}
	if whole := endInPoint.FindString(l.src[l.pos:]); bare && !member && len(whole) > len(text) {
		kind, text = tokFloat, whole
	}
	l.emit(kind, strings.ReplaceAll(text, "_", ""), l.pos)
	l.pos += len(text)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// literal makes the value of a number token.
func literal(t token) any {
	v, ok := value.ParseInt(t.text, 0)
	if t.kind == tokFloat {
		f, err := strconv.ParseFloat(t.text, 64)
		v, ok = f, err == nil || f != 0
	}
	if !ok {
		refuse(t.pos, "", "number %s is not one", builtin.Clip(t.text))
	}
	return v
}
