package builtin

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// spec is how one value is to be formatted, by % or by str.format.
type spec struct {
	fill    string
	align   byte // < > = ^ or 0
	sign    byte // + - blank or 0
	alt     bool
	comma   byte // , _ or 0
	width   int
	prec    int // -1 when not given
	verb    byte
	percent bool // written as % formatting, which is laxer
}

// maxPrecision bounds the digits asked for.
const maxPrecision = 1000

// digitsOf reads a bounded number at the start of s.
func digitsOf(s string) (n int, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	if len(rest) == len(s) {
		return 0, s
	}
	n, err := strconv.Atoi(s[:len(s)-len(rest)])
	if err != nil || n > value.MaxText {
		Check(errText)
	}
	return n, rest
}

// number formats an integer or a float.
func (f spec) number(v any) string {
	if f.prec > maxPrecision {
		refuse("precision must be at most 1000")
	}
	if f.verb == 'n' && value.IsFloat(v) {
		f.verb = 'g'
	}
	var body string
	var negative bool
	if f.verb != 0 && strings.IndexByte("dnxXobc", f.verb) >= 0 {
		body, negative = f.integer(v)
	} else {
		x, ok := value.Float64(v)
		if !ok {
			mistyped("format needs a number, not %s", v)
		}
		negative = math.Signbit(x) && !math.IsNaN(x)
		body = group(f.float(math.Abs(x)), f.comma, 'd')
	}
	switch {
	case negative:
		return "-" + body
	case f.verb != 'c' && (f.sign == '+' || f.sign == ' '):
		return string(f.sign) + body
	}
	return body
}

// integer spells an integer without its sign.
func (f spec) integer(v any) (body string, negative bool) {
	whole, ok := value.BigInt(v)
	if !ok {
		mistyped("format %%"+string(f.verb)+" needs an integer, not %s", v)
	}
	if f.verb == 'c' {
		if !whole.IsInt64() || whole.Int64() < 0 || whole.Int64() > utf8.MaxRune {
			refuse("no character has this number")
		}
		return string(rune(whole.Int64())), false
	}
	base := map[byte]int{'d': 10, 'n': 10, 'x': 16, 'X': 16, 'o': 8, 'b': 2}[f.verb]
	body = strings.TrimPrefix(whole.Text(base), "-")
	if f.percent && f.prec > len(body) {
		body = strings.Repeat("0", f.prec-len(body)) + body
	}
	if f.verb == 'X' {
		body = strings.ToUpper(body)
	}
	body = group(body, f.comma, f.verb)
	if f.alt && base != 10 {
		body = "0" + string(f.verb) + body
	}
	return body, whole.Sign() < 0
}

// float spells a float that is not negative.
func (f spec) float(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		s := strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'g', -1, 64)), "+")
		switch {
		case f.verb >= 'A' && f.verb <= 'Z':
			return strings.ToUpper(s)
		case f.verb == '%':
			return s + "%"
		}
		return s
	}
	prec := f.prec
	if prec < 0 {
		prec = 6
	}
	switch f.verb {
	case 'f', 'F':
		return f.point(strconv.FormatFloat(x, 'f', prec, 64))
	case 'e', 'E':
		return f.point(strconv.FormatFloat(x, f.verb, prec, 64))
	case '%':
		return f.point(strconv.FormatFloat(x*100, 'f', prec, 64)) + "%"
	case 0:
		if f.prec < 0 {
			return string(value.AppendFloat(nil, x))
		}
		return general(x, prec, 'e', false, true)
	}
	return general(x, prec, f.verb-2, f.alt, false)
}

// point keeps the point that # asks for.
func (f spec) point(s string) string {
	if f.alt && !strings.Contains(s, ".") {
		return s + "."
	}
	return s
}

// general is %g: an exponent when the number is small or has more digits than
// prec. Without a verb at least one digit stays after the point.
func general(x float64, prec int, e byte, keepZeros, noVerb bool) string {
	prec = max(prec, 1)
	s := strconv.FormatFloat(x, e, prec-1, 64)
	i := strings.IndexAny(s, "eE")
	exp, _ := strconv.Atoi(s[i+1:])
	limit := prec
	if noVerb {
		limit--
	}
	trimmed := func(s string) string {
		if strings.Contains(s, ".") && !keepZeros {
			return strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	if x != 0 && (exp < -4 || exp >= max(limit, 1) || noVerb && exp >= limit) {
		return trimmed(s[:i]) + s[i:]
	}
	s = trimmed(strconv.FormatFloat(x, 'f', max(prec-1-exp, 0), 64))
	if noVerb && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// group puts separators between the digits before the point.
func group(s string, sep, verb byte) string {
	if sep == 0 {
		return s
	}
	whole, rest := s, ""
	if i := strings.IndexAny(s, ".eE%"); i >= 0 && verb == 'd' {
		whole, rest = s[:i], s[i:]
	}
	size := 3
	if verb == 'x' || verb == 'X' || verb == 'b' || verb == 'o' {
		size = 4
	}
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%size == 0 {
			b.WriteByte(sep)
		}
		b.WriteByte(whole[i])
	}
	return b.String() + rest
}

// place brings a formatted number or text to the width.
func (f spec) place(r *Run, s string, isNumber bool) string {
	align := f.align
	switch {
	case align == '^':
		align = 'c'
	case align == 0 && (isNumber || f.percent):
		align = '>'
	case align == 0:
		align = '<'
	}
	fill := f.fill
	if fill == "" {
		fill = " "
	}
	if align != '=' {
		return r.pad(s, f.width, fill, align)
	}
	head := len(s) - len(strings.TrimLeft(s, "-+ "))
	if f.alt && len(s) > head+1 && s[head] == '0' && strings.IndexByte("xXob", s[head+1]) >= 0 {
		head += 2
	}
	return s[:head] + r.pad(s[head:], f.width-head, fill, '>')
}

// pad brings text to a width, with the fill before, after or around it.
func (r *Run) pad(s string, width int, fill string, align byte) string {
	n := width - utf8.RuneCountInString(s)
	if n <= 0 {
		return s
	}
	if n > value.MaxText {
		Check(errText)
	}
	r.Grow(len(s) + n*len(fill))
	left := 0
	switch align {
	case '>':
		left = n
	case '^':
		left = n/2 + n&width&1
	case 'c': // as format centers: the odd one goes right
		left = n / 2
	}
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left)
}

// cut keeps at most n characters; a negative n keeps all.
func cut(s string, n int) string {
	if n < 0 || n >= len(s) {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
