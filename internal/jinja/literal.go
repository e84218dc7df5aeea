package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// quoted reads a string and decodes Python's escapes.
func (l *lexer) quoted(quote byte) error {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.src); {
		switch c := l.src[i]; c {
		case quote:
			l.emit(tokString, b.String(), start)
			l.pos = i + 1
			return nil
		case '\\':
			n, err := unescape(&b, l.src[i:], i)
			if err != nil {
				return err
			}
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return fail(start, "string is not closed").with("close it with " + string(quote))
}

const (
	escapeLetters = `\'"abfnrtv`
	escapeBytes   = "\\'\"\a\b\f\n\r\t\v"
)

// unescape decodes the escape at the start of s and returns its length. What
// Python does not know as an escape stays as it is.
func unescape(b *strings.Builder, s string, pos int) (int, error) {
	if len(s) < 2 {
		return 0, fail(pos, "string is not closed")
	}
	if i := strings.IndexByte(escapeLetters, s[1]); i >= 0 {
		b.WriteByte(escapeBytes[i])
		return 2, nil
	}
	switch s[1] {
	case '\n':
		return 2, nil
	case 'x':
		return hexEscape(b, s, 4, pos)
	case 'u':
		return hexEscape(b, s, 6, pos)
	case 'U':
		return hexEscape(b, s, 10, pos)
	}
	n := 1
	for n < 4 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	if n > 1 {
		code, _ := strconv.ParseInt(s[1:n], 8, 32)
		b.WriteRune(rune(code))
		return n, nil
	}
	b.WriteByte('\\')
	return 1, nil
}

func hexEscape(b *strings.Builder, s string, n, pos int) (int, error) {
	if len(s) < n {
		return 0, fail(pos, "escape \\%c is not complete", s[1])
	}
	code, err := strconv.ParseUint(s[2:n], 16, 32)
	if err != nil || code > utf8.MaxRune {
		return 0, fail(pos, "escape \\%c needs %d hexadecimal digits", s[1], n-2)
	}
	b.WriteRune(rune(code))
	return n, nil
}

// number reads an integer or a float. After a point only an integer can stand:
// doc.rows.0.1 has two of them.
func (l *lexer) number() error {
	start := l.pos
	afterPoint := len(l.out) > 0 && l.out[len(l.out)-1].isOp(".") && l.out[len(l.out)-1].pos == start-1
	end, float := l.digits(start), false
	prefixed := l.src[start] == '0' && end == start+1 && end < len(l.src)
	if prefixed && strings.IndexByte("xXoObB", l.src[end]) >= 0 {
		end = l.prefixed(end + 1)
	} else if !afterPoint {
		end, float = l.fraction(end)
	}
	l.pos = end
	text := strings.ReplaceAll(l.src[start:end], "_", "")
	if float {
		l.emit(tokFloat, text, start)
		return nil
	}
	if len(text) > 1 && text[0] == '0' && strings.Trim(text, "0") != "" && text[1] <= '9' {
		return fail(start, "integer begins with 0")
	}
	l.emit(tokInt, text, start)
	return nil
}

func (l *lexer) digits(i int) int {
	for i < len(l.src) && isDigit(l.src[i]) || i+1 < len(l.src) && l.src[i] == '_' && isDigit(l.src[i+1]) {
		i++
	}
	return i
}

func (l *lexer) prefixed(i int) int {
	for i < len(l.src) && (strings.IndexByte("0123456789abcdefABCDEF_", l.src[i]) >= 0) {
		i++
	}
	return i
}

// fraction reads what makes an integer a float.
func (l *lexer) fraction(i int) (int, bool) {
	end, float := i, false
	if i+1 < len(l.src) && l.src[i] == '.' && isDigit(l.src[i+1]) {
		end, float = l.digits(i+1), true
	}
	if end < len(l.src) && (l.src[end] == 'e' || l.src[end] == 'E') {
		j := end + 1
		if j < len(l.src) && (l.src[j] == '+' || l.src[j] == '-') {
			j++
		}
		if j < len(l.src) && isDigit(l.src[j]) {
			end, float = l.digits(j), true
		}
	}
	return end, float
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// literal makes the value of a number token.
func literal(t token) (any, error) {
	if t.kind == tokFloat {
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil && f == 0 {
			return nil, fail(t.pos, "number %s is not one", clip(t.text))
		}
		return f, nil
	}
	base := 10
	if len(t.text) > 2 && t.text[0] == '0' {
		switch t.text[1] | 0x20 {
		case 'x':
			base = 16
		case 'o':
			base = 8
		case 'b':
			base = 2
		}
	}
	v, ok := value.ParseInt(t.text, base)
	if !ok {
		return nil, fail(t.pos, "number %s is not one", clip(t.text))
	}
	return v, nil
}

// clip shortens text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}
