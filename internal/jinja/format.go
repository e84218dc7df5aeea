package jinja

import (
	"errors"
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
}

// maxPrecision bounds the digits asked for.
const maxPrecision = 1000

// digitsOf reads a bounded number at the start of s.
func digitsOf(s string) (n int, rest string, err error) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == 0 {
		return 0, s, nil
	}
	n, err = strconv.Atoi(s[:i])
	if err != nil || n > value.MaxText {
		return 0, s, errText
	}
	return n, s[i:], nil
}

// number formats an integer or a float.
func (f spec) number(v any) (string, error) {
	var body string
	var negative bool
	if f.verb == 'n' && value.IsFloat(v) {
		f.verb = 'g'
	}
	switch f.verb {
	case 'd', 'n', 'x', 'X', 'o', 'b', 'c':
		whole, ok := value.BigInt(v)
		if !ok {
			return "", typeError("format %%"+string(f.verb)+" needs an integer, not %s", v)
		}
		if f.verb == 'c' {
			if !whole.IsInt64() || whole.Int64() < 0 || whole.Int64() > utf8.MaxRune {
				return "", errors.New("no character has this number")
			}
			return string(rune(whole.Int64())), nil
		}
		negative = whole.Sign() < 0
		base := map[byte]int{'d': 10, 'n': 10, 'x': 16, 'X': 16, 'o': 8, 'b': 2}[f.verb]
		body = strings.TrimPrefix(whole.Text(base), "-")
		if f.percent && f.prec > len(body) {
			body = strings.Repeat("0", min(f.prec, maxPrecision)-len(body)) + body
		}
		if f.verb == 'X' {
			body = strings.ToUpper(body)
		}
		if f.comma != 0 {
			body = group(body, f.comma, f.verb)
		}
		if f.alt && f.verb != 'd' {
			body = "0" + string(f.verb) + body
		}
	default:
		x, ok := value.Float64(v)
		if !ok {
			return "", typeError("format needs a number, not %s", v)
		}
		negative = math.Signbit(x) && !math.IsNaN(x)
		body = f.float(math.Abs(x))
		if f.comma != 0 {
			body = group(body, f.comma, 'd')
		}
	}
	switch {
	case negative:
		return "-" + body, nil
	case f.sign == '+' || f.sign == ' ':
		return string(f.sign) + body, nil
	}
	return body, nil
}

// float spells a float that is not negative.
func (f spec) float(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		s := strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'g', -1, 64)), "+")
		if f.verb >= 'A' && f.verb <= 'Z' {
			s = strings.ToUpper(s)
		}
		if f.verb == '%' {
			s += "%"
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
	if x == 0 || exp >= -4 && exp < max(limit, 1) && !(noVerb && exp >= limit) {
		s = strconv.FormatFloat(x, 'f', max(prec-1-exp, 0), 64)
		if strings.Contains(s, ".") && !keepZeros {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if noVerb && !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa := s[:i]
	if strings.Contains(mantissa, ".") && !keepZeros {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return mantissa + s[i:]
}

// group puts separators between the digits before the point.
func group(s string, sep, verb byte) string {
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
func (f spec) place(r *run, s string, isNumber bool) (string, error) {
	align := f.align
	if align == 0 {
		align = '<'
		if isNumber || f.percent {
			align = '>'
		}
	}
	fill := f.fill
	if fill == "" {
		fill = " "
	}
	if align != '=' {
		if align == '^' {
			align = 'c'
		}
		return r.pad(s, f.width, fill, align)
	}
	head := 0
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, " ") {
		head = 1
	}
	if f.alt && len(s) > head+1 && s[head] == '0' && strings.IndexByte("xXob", s[head+1]) >= 0 {
		head += 2
	}
	out, err := r.pad(s[head:], f.width-head, fill, '>')
	return s[:head] + out, err
}

// percent is text % values.
func (r *run) percent(s string, args any) (any, error) {
	p := percenter{r: r, args: args, tuple: value.Tuple{args}}
	if t, ok := args.(value.Tuple); ok {
		p.tuple = t
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		part, rest, err := p.directive(s[i+1:])
		if err != nil {
			return nil, err
		}
		if b.WriteString(part); b.Len() > value.MaxText {
			return nil, errText
		}
		s = rest
	}
	if p.next < len(p.tuple) && !p.named && !value.IsMapping(args) {
		return nil, errors.New("not all arguments are used by the format")
	}
	return b.String(), r.grow(b.Len())
}

// percenter walks over the arguments of a % format.
type percenter struct {
	r     *run
	args  any
	tuple value.Tuple
	next  int
	named bool
}

func (p *percenter) take() (any, error) {
	if p.next >= len(p.tuple) {
		return nil, errors.New("not enough arguments for the format")
	}
	p.next++
	return p.tuple[p.next-1], nil
}

// directive formats one directive; s stands behind its %.
func (p *percenter) directive(s string) (out, rest string, err error) {
	f := spec{prec: -1, percent: true}
	var v any
	if strings.HasPrefix(s, "(") {
		end := strings.IndexByte(s, ')')
		if end < 0 || !value.IsMapping(p.args) {
			return "", "", errors.New("format needs a mapping")
		}
		x, ok, err := value.Get(p.args, s[1:end])
		if err != nil {
			return "", "", err
		}
		if !ok {
			return "", "", fmt.Errorf("format has no value for %q", clip(s[1:end]))
		}
		p.named, v, s = true, x, s[end+1:]
	}
	named := p.named
	zero := false
	for ; s != "" && strings.IndexByte("-+ #0", s[0]) >= 0; s = s[1:] {
		switch s[0] {
		case '-':
			f.align = '<'
		case '#':
			f.alt = true
		case '0':
			zero = true
		case '+':
			f.sign = '+'
		case ' ':
			if f.sign == 0 {
				f.sign = ' '
			}
		}
	}
	if f.width, s, err = p.size(s); err != nil {
		return "", "", err
	}
	if strings.HasPrefix(s, ".") {
		if f.prec, s, err = p.size(s[1:]); err != nil {
			return "", "", err
		}
	}
	s = strings.TrimLeft(s, "hlL")
	if s == "" {
		return "", "", errors.New("format is not complete")
	}
	f.verb, s = s[0], s[1:]
	if f.verb == '%' {
		return "%", s, nil
	}
	if !named {
		if v, err = p.take(); err != nil {
			return "", "", err
		}
	}
	if zero && f.align == 0 && strings.IndexByte("src", f.verb) < 0 {
		f.fill, f.align = "0", '='
	}
	out, err = p.verb(f, v)
	return out, s, err
}

// size reads a width or precision, or takes it from the arguments for *.
func (p *percenter) size(s string) (int, string, error) {
	if !strings.HasPrefix(s, "*") {
		return digitsOf(s)
	}
	v, err := p.take()
	if err != nil {
		return 0, s, err
	}
	n, err := intArg(v)
	if err != nil || n < 0 || n > value.MaxText {
		return 0, s, errors.New("width must be a number up to 1048576")
	}
	return n, s[1:], nil
}

func (p *percenter) verb(f spec, v any) (string, error) {
	switch f.verb {
	case 's', 'r':
		s, err := p.r.textOf(v, f.verb != 's')
		if err != nil {
			return "", err
		}
		return f.place(p.r, cut(s, f.prec), false)
	case 'c':
		if s, ok := value.Text(v); ok {
			if utf8.RuneCountInString(s) != 1 {
				return "", errors.New("%c needs one character")
			}
			return f.place(p.r, s, false)
		}
	case 'd', 'i', 'u':
		f.verb = 'd'
		if value.IsFloat(v) {
			whole, ok := value.Truncate(v)
			if !ok {
				return "", errors.New("cannot make an integer of infinity")
			}
			v = whole
		}
	case 'x', 'X', 'o', 'e', 'E', 'f', 'F', 'g', 'G':
	default:
		return "", fmt.Errorf("format has no %%%c", f.verb)
	}
	if f.prec > maxPrecision {
		return "", errors.New("precision must be at most 1000")
	}
	s, err := f.number(v)
	if err != nil {
		return "", err
	}
	return f.place(p.r, s, true)
}

func (r *run) textOf(v any, repr bool) (string, error) {
	if !repr {
		return r.str(v)
	}
	b, err := value.AppendRepr(nil, v)
	if err != nil {
		return "", err
	}
	return string(b), r.grow(len(b))
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
