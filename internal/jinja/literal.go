package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"

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

// number reads an integer or a float. After a point only an integer can stand:
// doc.rows.0.1 has two of them.
func (l *lexer) number() {
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
		return
	}
	if len(text) > 1 && text[0] == '0' && strings.Trim(text, "0") != "" && text[1] <= '9' {
		refuse(start, "", "integer begins with 0")
	}
	l.emit(tokInt, text, start)
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
func literal(t token) any {
	var v any
	ok := false
	if t.kind == tokFloat {
		f, err := strconv.ParseFloat(t.text, 64)
		v, ok = f, err == nil || f != 0
	} else {
		v, ok = value.ParseInt(t.text, baseOf(t.text))
	}
	if !ok {
		refuse(t.pos, "", "number %s is not one", clip(t.text))
	}
	return v
}

func baseOf(digits string) int {
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] | 0x20 {
		case 'x':
			return 16
		case 'o':
			return 8
		case 'b':
			return 2
		}
	}
	return 10
}

// clip shortens text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}
