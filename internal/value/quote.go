package value

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// plainByte marks the bytes that stand for themselves in a JSON string.
var plainByte = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string in double quotes.
func AppendQuoted(dst []byte, s string) []byte {
	return append(AppendEscaped(append(dst, '"'), s), '"')
}

// AppendEscaped appends s as it stands inside a JSON string, without quotes.
func AppendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) && plainWord(s[i:i+8]) {
			i += 8
			continue
		}
		c := s[i]
		if plainByte[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = appendEscape(append(dst, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), "\ufffd"...)
			start = i + 1
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// plainWord reports whether eight bytes are all plain, by looking at all of
// them at once. In special, the highest bit of a byte is set if the byte is not
// ASCII, if taking 0x20 from it borrows (a control character), or if taking 1
// borrows from the zero that xor with a quote or a backslash leaves of it. A
// borrow can spread to the next byte, so that the answer may be no for plain
// bytes: then they are looked at one by one.
func plainWord(s string) bool {
	const ones = 0x0101010101010101
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	special := x | (x - ' '*ones) | ((x ^ '"'*ones) - ones) | ((x ^ '\\'*ones) - ones)
	return special&(0x80*ones) == 0
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendPyQuoted appends s as Python's repr of a str.
func appendPyQuoted(dst []byte, s string) []byte {
	quote := byte('\'')
	for i := range len(s) {
		if s[i] == '"' {
			quote = '\''
			break
		}
		if s[i] == '\'' {
			quote = '"'
		}
	}
	dst = append(dst, quote)
	for i, c := range s {
		dst = appendPyRune(dst, s[i:], c, quote)
	}
	return append(dst, quote)
}

func appendPyRune(dst []byte, rest string, c rune, quote byte) []byte {
	switch {
	case c == rune(quote) || c == '\\':
		return append(dst, '\\', byte(c))
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c == '\t':
		return append(dst, `\t`...)
	case c == utf8.RuneError && rest[0] != 0xef:
		return append(dst, '\\', 'x', hexDigits[rest[0]>>4], hexDigits[rest[0]&15])
	case c == ' ' || unicode.IsPrint(c):
		return utf8.AppendRune(dst, c)
	case c < 0x100:
		return fmt.Appendf(dst, `\x%02x`, c)
	case c < 0x10000:
		return fmt.Appendf(dst, `\u%04x`, c)
	}
	return fmt.Appendf(dst, `\U%08x`, c)
}
