package value

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
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
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case json.Number:
		return appendNumber(dst, v), nil
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
func AppendRepr(dst []byte, v any) ([]byte, error) { return repr.append(dst, v, len(dst)+MaxText) }

var repr = style{
	null: "None", yes: "True", no: "False", spaced: true, tooLong: ErrTooLarge,
	quote: appendPyQuoted, float: AppendFloat, leaf: reprLeaf, brackets: reprBrackets,
	number: func(dst []byte, n json.Number) []byte { return appendNumber(dst, n) },
}

func reprLeaf(w *writer, v any) bool {
	switch v := v.(type) {
	case Undefined:
		w.text("Undefined")
	case Safe, Markup, JSON:
		s, _ := Text(v)
		w.dst = append(appendPyQuoted(append(w.dst, "Markup("...), s), ')')
	case Encoded:
		w.dst = appendPyQuoted(w.dst, string(v))
	case time.Duration:
		w.text(timedelta(v))
	case Range:
		w.text(v.String())
	case fmt.Stringer:
		if _, ok := v.(Opaque); !ok {
			return false
		}
		w.text(v.String())
	default:
		return false
	}
	return true
}

func reprBrackets(v any, n int) (open, end string) {
	switch v := v.(type) {
	case Tuple, *Group:
		if n == 1 {
			return "(", ",)"
		}
		return "(", ")"
	case *View:
		return v.Name + "([", "])"
	}
	return "[", "]"
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
