package builtin

import (
	"fmt"
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
	zero    bool // zeros go behind the sign of a number
}

// maxPrecision bounds the digits asked for.
const maxPrecision = 1000

// sizeOf reads a width or precision, which may be left out.
func sizeOf(digits string) int {
	if digits == "" {
		return 0
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > value.MaxText {
		Check(ErrText)
	}
	return n
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
		body = f.float(math.Abs(x))
	}
	sign := ""
	switch {
	case negative:
		sign = "-"
	case f.verb != 'c' && (f.sign == '+' || f.sign == ' '):
		sign = string(f.sign)
	}
	if f.alt && strings.IndexByte("xXob", f.verb) >= 0 {
		sign += "0" + string(f.verb)
	}
	return sign + f.group(body, f.width-len(sign))
}

// integer spells an integer without its sign and base.
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
	return body, whole.Sign() < 0
}

// float spells a float that is not negative.
func (f spec) float(x float64) string {
	if f.verb == '%' {
		x *= 100
	}
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
	prec, verb, end := f.prec, string(f.verb), ""
	if prec < 0 {
		prec = 6
	}
	switch {
	case f.verb == 0 && f.prec < 0:
		return string(value.AppendFloat(nil, x))
	case f.verb == 0:
		return general(x, max(prec, 1))
	case f.verb == '%':
		verb, end = "f", "%"
	}
	if f.alt {
		return fmt.Sprintf("%#.*"+verb, prec, x) + end
	}
	return fmt.Sprintf("%.*"+verb, prec, x) + end
}

// general is %g as a format without a verb has it: an exponent when fewer than
// prec digits stand before the point, and at least one digit behind it.
func general(x float64, prec int) string {
	trimmed := func(s string) string {
		if strings.Contains(s, ".") {
			return strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(x, 'e', prec-1, 64), "e")
	exp, _ := strconv.Atoi(power)
	if x != 0 && (exp < -4 || exp >= prec-1) {
		return trimmed(mantissa) + "e" + power
	}
	s := trimmed(strconv.FormatFloat(x, 'f', max(prec-1-exp, 0), 64))
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// group puts separators between the digits before the point. Zeros that fill up
// to the width are digits too, and none of them follows a leading separator.
func (f spec) group(s string, width int) string {
	if f.comma == 0 || s == "" || !isDigit(s[0]) && strings.IndexByte("xX", f.verb) < 0 {
		return s
	}
	size, end := 3, len(s)
	if f.verb != 0 && strings.IndexByte("xXbo", f.verb) >= 0 {
		size = 4
	} else if i := strings.IndexAny(s, ".eE%"); i >= 0 {
		end = i
	}
	digits := end
	if f.align == '=' && f.fill == "0" {
		for digits+(digits-1)/size+len(s)-end < width {
			digits++
		}
	}
	var b strings.Builder
	for i := digits; i > 0; i-- {
		if i > end {
			b.WriteByte('0')
		} else {
			b.WriteByte(s[end-i])
		}
		if i > 1 && (i-1)%size == 0 {
			b.WriteByte(f.comma)
		}
	}
	return b.String() + s[end:]
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
		Check(ErrText)
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
