package value

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// AppendStr appends v as Python's str spells it: 1500.0, True, None. Times are
// RFC 3339 and Undefined is nothing.
func AppendStr(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return append(dst, v...), nil
	case float64:
		return AppendFloat(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case Undefined:
		return dst, nil
	case time.Time:
		return v.AppendFormat(dst, time.RFC3339Nano), nil
	case Date:
		return v.Time.AppendFormat(dst, time.DateOnly), nil
	case *Object:
		if v.label != "" {
			return append(dst, v.label...), nil
		}
	}
	if s, ok := Text(v); ok {
		return append(dst, s...), nil
	}
	return AppendRepr(dst, v)
}

// Str returns v as Python's str spells it.
func Str(v any) (string, error) {
	if s, ok := Text(v); ok {
		return s, nil
	}
	b, err := AppendStr(nil, v)
	return string(b), err
}

// AppendRepr appends v as Python's repr spells it: text quoted, lists in
// brackets. It stops with ErrTooLarge above MaxText bytes.
func AppendRepr(dst []byte, v any) ([]byte, error) {
	p := printer{dst: dst, max: len(dst) + MaxText}
	err := p.repr(v)
	return p.dst, err
}

type printer struct {
	dst   []byte
	max   int
	depth int
}

func (p *printer) repr(v any) error {
	if len(p.dst) > p.max {
		return ErrTooLarge
	}
	switch v := v.(type) {
	case nil:
		p.dst = append(p.dst, "None"...)
	case string:
		p.dst = appendPyQuoted(p.dst, v)
	case bool:
		p.dst = appendPyBool(p.dst, v)
	case float64:
		p.dst = AppendFloat(p.dst, v)
	case int, int64, json.Number, *big.Int:
		p.dst = appendNumber(p.dst, v)
	case Undefined:
		p.dst = append(p.dst, "Undefined"...)
	case Safe, Markup, JSON:
		s, _ := Text(v)
		p.dst = append(appendPyQuoted(append(p.dst, "Markup("...), s), ')')
	case time.Time:
		p.dst = append(v.AppendFormat(append(p.dst, '\''), time.RFC3339Nano), '\'')
	case Date:
		p.dst = append(v.Time.AppendFormat(append(p.dst, '\''), time.DateOnly), '\'')
	case time.Duration:
		p.dst = append(p.dst, timedelta(v)...)
	case Range:
		p.dst = append(p.dst, v.String()...)
	default:
		return p.nested(v)
	}
	return nil
}

func (p *printer) nested(v any) error {
	if p.depth++; p.depth > MaxDepth {
		return ErrDepth
	}
	defer func() { p.depth-- }()
	switch v := v.(type) {
	case []any:
		return p.list('[', v, ']')
	case Tuple:
		return p.tuple(v)
	case *Group:
		return p.tuple([]any{v.Grouper, v.List})
	case *View:
		p.dst = append(append(p.dst, v.Name...), '(')
		err := p.list('[', v.Items, ']')
		p.dst = append(p.dst, ')')
		return err
	case fmt.Stringer:
		if _, ok := v.(Opaque); ok {
			p.dst = append(p.dst, v.String()...)
			return nil
		}
	}
	switch {
	case IsSequence(v):
		items, err := Items(v)
		if err != nil {
			return err
		}
		return p.list('[', items, ']')
	case IsMapping(v):
		return p.dict(v)
	case settled(v):
		return fmt.Errorf("print %s: %w", TypeName(v), errUnsupported)
	}
	x, err := Of(v)
	if err != nil {
		return err
	}
	if _, ok := x.(Opaque); ok {
		return fmt.Errorf("print %s: %w", TypeName(v), errUnsupported)
	}
	return p.repr(x)
}

func (p *printer) list(open byte, items []any, end byte) error {
	p.dst = append(p.dst, open)
	for i, x := range items {
		if i > 0 {
			p.dst = append(p.dst, ", "...)
		}
		if err := p.repr(x); err != nil {
			return err
		}
	}
	p.dst = append(p.dst, end)
	return nil
}

func (p *printer) tuple(items []any) error {
	if len(items) != 1 {
		return p.list('(', items, ')')
	}
	p.dst = append(p.dst, '(')
	err := p.repr(items[0])
	p.dst = append(p.dst, ",)"...)
	return err
}

func (p *printer) dict(v any) error {
	entries, err := Entries(v)
	if err != nil {
		return err
	}
	p.dst = append(p.dst, '{')
	for i, e := range entries {
		if i > 0 {
			p.dst = append(p.dst, ", "...)
		}
		if err := p.repr(e.Key); err != nil {
			return err
		}
		p.dst = append(p.dst, ": "...)
		if err := p.repr(e.Value); err != nil {
			return err
		}
	}
	p.dst = append(p.dst, '}')
	return nil
}

func (r Range) String() string {
	if r.Step == 1 {
		return fmt.Sprintf("range(%d, %d)", r.Start, r.Stop)
	}
	return fmt.Sprintf("range(%d, %d, %d)", r.Start, r.Stop, r.Step)
}

// timedelta spells a duration as Python does: 1 day, 1:01:01.
func timedelta(d time.Duration) string {
	days := d / (24 * time.Hour)
	rest := d % (24 * time.Hour)
	if rest < 0 {
		days--
		rest += 24 * time.Hour
	}
	s := fmt.Sprintf("%d:%02d:%02d", rest/time.Hour, rest/time.Minute%60, rest/time.Second%60)
	if micro := rest / time.Microsecond % 1e6; micro != 0 {
		s += fmt.Sprintf(".%06d", micro)
	}
	switch days {
	case 0:
		return s
	case 1, -1:
		return fmt.Sprintf("%d day, %s", days, s)
	}
	return fmt.Sprintf("%d days, %s", days, s)
}

func appendPyBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, "True"...)
	}
	return append(dst, "False"...)
}

func appendNumber(dst []byte, v any) []byte {
	n, ok := numberOf(v)
	if !ok {
		return append(dst, v.(json.Number)...)
	}
	switch n.kind {
	case isFloat:
		return AppendFloat(dst, n.f)
	case isBig:
		return n.b.Append(dst, 10)
	}
	return strconv.AppendInt(dst, n.i, 10)
}

// AppendFloat appends f as Python's repr spells it: the shortest digits, an
// exponent from 1e16 up and below 1e-4, and .0 on whole numbers.
func AppendFloat(dst []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && i != 0 && i > -1e15 && i < 1e15 {
		return append(strconv.AppendInt(dst, i, 10), '.', '0')
	}
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
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
