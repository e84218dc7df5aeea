package value

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ErrNotFinite says that a number is NaN or infinite, which JSON cannot spell.
var ErrNotFinite = errors.New("number is not finite")

// ErrTooLong says that an encoding would be longer than allowed.
var ErrTooLong = fmt.Errorf("JSON %w", ErrTooLarge)

// maxJSON bounds what one encoding writes, in bytes: a value may hold one list
// many times.
const maxJSON = 64 << 20

var compact = style{
	null: "null", yes: "true", no: "false", tooLong: ErrTooLong,
	quote: AppendQuoted, float: appendGoFloat, number: appendSpelled, leaf: jsonLeaf,
	brackets: func(any, int) (string, string) { return "[", "]" },
}

// AppendJSON appends v as compact JSON: no spaces, the keys of Go maps sorted,
// raw JSON in its own order, numbers as they are spelled and Go floats as
// encoding/json spells them. The characters <, >, & and U+2028 stay as they
// are, invalid UTF-8 becomes U+FFFD, times are RFC 3339 and Undefined is null.
// On an error what was appended is not JSON.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	return AppendJSONWithin(dst, v, len(dst)+maxJSON)
}

// AppendJSONWithin is AppendJSON that fails with ErrTooLong soon after dst has
// become longer than end, and before a long string is added to it.
func AppendJSONWithin(dst []byte, v any, end int) ([]byte, error) {
	return compact.append(dst, v, min(end, len(dst)+maxJSON))
}

// jsonLeaf writes marked text, and Undefined as null.
func jsonLeaf(w *writer, v any) bool {
	s, ok := Text(v)
	switch {
	case ok:
		w.dst = w.quote(w.dst, s)
	case IsUndefined(v):
		w.text(w.null)
	default:
		return false
	}
	return true
}

// appendGoFloat spells a float as encoding/json does.
func appendGoFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		check(ErrNotFinite)
	}
	if i := int64(f); float64(i) == f && i != 0 && i > -1e15 && i < 1e15 {
		return strconv.AppendInt(dst, i, 10)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && string(dst[n-4:n-1]) == "e-0" {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendSpelled writes a json.Number as it is spelled; the empty one is 0, as in
// encoding/json.
func appendSpelled(dst []byte, n json.Number) []byte {
	if n == "" {
		n = "0"
	}
	if !isNumberLiteral(string(n)) {
		check(fmt.Errorf("encode number: %w", errNotJSON))
	}
	return append(dst, n...)
}

// isNumberLiteral reports whether s is a number in JSON's grammar.
func isNumberLiteral(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	start := i
	i = digits(s, i)
	if i == start || s[start] == '0' && i > start+1 {
		return false
	}
	if i < len(s) && s[i] == '.' {
		from := i + 1
		if i = digits(s, from); i == from {
			return false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from := i
		if i = digits(s, from); i == from {
			return false
		}
	}
	return i == len(s)
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
