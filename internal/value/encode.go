package value

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// ErrNotFinite says that a number is NaN or infinite, which JSON cannot spell.
var ErrNotFinite = errors.New("number is not finite")

// errAbsent says that a value is a channel or function.
var errAbsent = errors.New("value is a channel or function")

// maxJSON bounds what one encoding writes, in bytes: a value may hold one list
// many times.
const maxJSON = 64 << 20

// AppendJSON appends v as compact JSON: no spaces, the keys of Go maps sorted,
// raw JSON in its own order, numbers as they are spelled and Go floats as
// encoding/json spells them. The characters <, >, & and U+2028 stay as they
// are, invalid UTF-8 becomes U+FFFD, times are RFC 3339 and Undefined is null.
// On an error what was appended is not JSON.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	return AppendJSONWithin(dst, v, len(dst)+maxJSON)
}

// ErrTooLong says that an encoding would be longer than allowed.
var ErrTooLong = fmt.Errorf("JSON %w", ErrTooLarge)

// AppendJSONWithin is AppendJSON that fails with ErrTooLong soon after dst has
// become longer than end, and before a long string is added to it.
func AppendJSONWithin(dst []byte, v any, end int) ([]byte, error) {
	e := encoder{dst: dst, max: min(end, len(dst)+maxJSON)}
	err := e.value(v)
	return e.dst, err
}

type encoder struct {
	dst   []byte
	max   int
	depth int
	keys  []string // a stack of sorted keys, for maps within maps
}

func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case nil:
		e.dst = append(e.dst, "null"...)
	case string:
		if len(e.dst)+len(v) > e.max {
			return ErrTooLong
		}
		e.dst = AppendQuoted(e.dst, v)
	case bool:
		e.dst = strconv.AppendBool(e.dst, v)
	case int:
		e.dst = strconv.AppendInt(e.dst, int64(v), 10)
	case int64:
		e.dst = strconv.AppendInt(e.dst, v, 10)
	case float64:
		return e.float(v)
	case json.Number:
		return e.number(v)
	case map[string]any:
		return e.nested(v)
	case []any:
		return e.nested(v)
	default:
		return e.rare(v)
	}
	return nil
}

func (e *encoder) rare(v any) error {
	switch v := v.(type) {
	case time.Time:
		e.dst = append(v.AppendFormat(append(e.dst, '"'), time.RFC3339Nano), '"')
		return nil
	case *big.Int:
		e.dst = v.Append(e.dst, 10)
		return nil
	case Undefined:
		e.dst = append(e.dst, "null"...)
		return nil
	case Date:
		e.dst = append(v.Time.AppendFormat(append(e.dst, '"'), time.DateOnly), '"')
		return nil
	}
	if s, ok := Text(v); ok {
		e.dst = AppendQuoted(e.dst, s)
		return nil
	}
	if IsMapping(v) || IsSequence(v) {
		return e.nested(v)
	}
	if settled(v) {
		return fmt.Errorf("encode %s: %w", TypeName(v), errUnsupported)
	}
	return e.unsettled(v)
}

func (e *encoder) unsettled(v any) error {
	x, err := Of(v)
	if err != nil {
		return err
	}
	if _, opaque := x.(Opaque); opaque {
		return fmt.Errorf("encode %s: %w", TypeName(v), errUnsupported)
	}
	if IsUndefined(x) {
		return errAbsent
	}
	return e.value(x)
}

func (e *encoder) nested(v any) error {
	if e.depth++; e.depth > MaxDepth {
		return ErrDepth
	}
	defer func() { e.depth-- }()
	switch v := v.(type) {
	case map[string]any:
		return e.plainMap(v)
	case []any:
		return e.items(v)
	case *Object:
		return e.object(v)
	case *Record:
		return e.record(v)
	}
	items, err := Items(v)
	if err != nil {
		return err
	}
	return e.items(items)
}

func (e *encoder) plainMap(m map[string]any) error {
	if m == nil {
		e.dst = append(e.dst, "null"...)
		return nil
	}
	base := len(e.keys)
	if e.keys == nil {
		e.keys = make([]string, 0, 64)
	}
	e.keys = sortedTail(e.keys, m)
	keys := e.keys[base:]
	e.dst = append(e.dst, '{')
	for _, k := range keys {
		if err := e.member(k, m[k]); err != nil {
			return err
		}
	}
	e.keys = e.keys[:base]
	e.dst = append(e.dst, '}')
	return nil
}

func sortedTail(stack []string, m map[string]any) []string {
	base := len(stack)
	for k := range m {
		stack = append(stack, k)
	}
	slices.Sort(stack[base:])
	return stack
}

// member writes one member, or nothing when it is a channel or function.
func (e *encoder) member(key string, v any) error {
	start := len(e.dst)
	if start+len(key) > e.max {
		return ErrTooLong
	}
	if e.dst[start-1] != '{' {
		e.dst = append(e.dst, ',')
	}
	e.dst = append(AppendQuoted(e.dst, key), ':')
	err := e.value(v)
	if err == errAbsent {
		e.dst, err = e.dst[:start], nil
	}
	return err
}

func (e *encoder) object(o *Object) error {
	e.dst = append(e.dst, '{')
	for _, en := range o.entries {
		key, ok := en.Key.(string)
		if !ok {
			var err error
			if key, err = jsonKey(en.Key); err != nil {
				return err
			}
		}
		if err := e.member(key, en.Value); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '}')
	return nil
}

func (e *encoder) record(r *Record) error {
	e.dst = append(e.dst, '{')
	for i := range r.info.fields {
		x, err := r.field(i)
		if err != nil {
			return err
		}
		if err := e.member(r.info.fields[i].name, x); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '}')
	return nil
}

func (e *encoder) items(items []any) error {
	if items == nil {
		e.dst = append(e.dst, "[]"...)
		return nil
	}
	e.dst = append(e.dst, '[')
	for i, x := range items {
		if len(e.dst) > e.max {
			return ErrTooLong
		}
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		if err := e.value(x); err == errAbsent {
			e.dst = append(e.dst, "null"...)
		} else if err != nil {
			return err
		}
	}
	e.dst = append(e.dst, ']')
	return nil
}

// float spells a float as encoding/json does.
func (e *encoder) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return ErrNotFinite
	}
	if i := int64(f); float64(i) == f && i != 0 && i > -1e15 && i < 1e15 {
		e.dst = strconv.AppendInt(e.dst, i, 10)
		return nil
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	e.dst = strconv.AppendFloat(e.dst, f, format, -1, 64)
	if n := len(e.dst); format == 'e' && n >= 4 && string(e.dst[n-4:n-1]) == "e-0" {
		e.dst[n-2] = e.dst[n-1]
		e.dst = e.dst[:n-1]
	}
	return nil
}

// number writes a json.Number as it is spelled; the empty one is 0, as in
// encoding/json.
func (e *encoder) number(n json.Number) error {
	if n == "" {
		n = "0"
	}
	if !isNumberLiteral(string(n)) {
		return fmt.Errorf("encode number: %w", errNotJSON)
	}
	e.dst = append(e.dst, n...)
	return nil
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
