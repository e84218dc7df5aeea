package value

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type numberKind uint8

const (
	isInt numberKind = iota
	isFloat
	isBig
)

// number is a number of any kind, taken out of its any. Integers that fit are
// isInt.
type number struct {
	kind numberKind
	i    int64
	f    float64
	b    *big.Int
}

// numberOf reads a number. A bool is 0 or 1, as in Python.
func numberOf(v any) (number, bool) {
	switch v := v.(type) {
	case float64:
		return number{kind: isFloat, f: v}, true
	case int:
		return number{i: int64(v)}, true
	case int64:
		return number{i: v}, true
	case json.Number:
		return parseNumber(string(v))
	case bool:
		if v {
			return number{i: 1}, true
		}
		return number{}, true
	case *big.Int:
		return number{kind: isBig, b: v}, true
	}
	return number{}, false
}

// maxDigits bounds the integers read from text.
const maxDigits = 4300

// parseNumber reads a number as JSON spells it: with a point or an exponent it
// is a float.
func parseNumber(s string) (number, bool) {
	if s == "" {
		return number{}, true
	}
	if strings.IndexByte(s, '.') < 0 &&
		strings.IndexByte(s, 'e') < 0 && strings.IndexByte(s, 'E') < 0 {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return number{i: i}, s[0] != '+'
		}
		if len(s) > maxDigits {
			return number{}, false
		}
		b, ok := new(big.Int).SetString(s, 10)
		return number{kind: isBig, b: b}, ok
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return number{}, false
	}
	return number{kind: isFloat, f: f}, true
}

func (n number) float() float64 {
	switch n.kind {
	case isInt:
		return float64(n.i)
	case isBig:
		f, _ := new(big.Float).SetInt(n.b).Float64()
		return f
	}
	return n.f
}

func (n number) big() *big.Int {
	if n.kind == isBig {
		return n.b
	}
	return big.NewInt(n.i)
}

func (n number) sign() int {
	switch {
	case n.kind == isBig:
		return n.b.Sign()
	case n.kind == isFloat && n.f < 0 || n.kind == isInt && n.i < 0:
		return -1
	case n.kind == isFloat && n.f > 0 || n.kind == isInt && n.i > 0:
		return 1
	}
	return 0
}

// compare orders two numbers. It reports false when one is NaN.
func (n number) compare(m number) (int, bool) {
	if n.kind == isInt && m.kind == isInt {
		switch {
		case n.i < m.i:
			return -1, true
		case n.i > m.i:
			return 1, true
		}
		return 0, true
	}
	if n.kind != isFloat && m.kind != isFloat {
		return n.big().Cmp(m.big()), true
	}
	if exactFloat(n) && exactFloat(m) {
		a, b := n.float(), m.float()
		switch {
		case a < b:
			return -1, true
		case a > b:
			return 1, true
		}
		return 0, a == b
	}
	return compareExact(n, m)
}

// exactFloat reports whether the number survives as a float64.
func exactFloat(n number) bool {
	return n.kind == isFloat || n.kind == isInt && n.i > -1<<53 && n.i < 1<<53
}

func compareExact(n, m number) (int, bool) {
	if math.IsNaN(n.f) || math.IsNaN(m.f) {
		return 0, false
	}
	if math.IsInf(n.f, 0) || math.IsInf(m.f, 0) {
		a, b := n.float(), m.float()
		if a < b {
			return -1, true
		}
		return 1, true
	}
	return n.bigFloat().Cmp(m.bigFloat()), true
}

func (n number) bigFloat() *big.Float {
	if n.kind == isFloat {
		return big.NewFloat(n.f)
	}
	return new(big.Float).SetInt(n.big())
}

// small turns an integer into int64 when it fits.
func small(b *big.Int) any {
	if b.IsInt64() {
		return b.Int64()
	}
	return b
}

// IsNumber reports whether v is a number; a bool is none here.
func IsNumber(v any) bool {
	_, isBool := v.(bool)
	_, ok := numberOf(v)
	return ok && !isBool
}

// IsInteger reports whether v is an integer.
func IsInteger(v any) bool {
	n, ok := numberOf(v)
	return ok && n.kind != isFloat
}

// IsFloat reports whether v is a number with a fraction part, even a zero one.
func IsFloat(v any) bool {
	n, ok := numberOf(v)
	return ok && n.kind == isFloat
}

// Int64 returns an integer, or a bool as 0 or 1. It reports false for anything
// else, and for integers that do not fit.
func Int64(v any) (int64, bool) {
	n, ok := numberOf(v)
	return n.i, ok && n.kind == isInt
}

// Float64 returns a number of any kind as a float.
func Float64(v any) (float64, bool) {
	n, ok := numberOf(v)
	if !ok {
		return 0, false
	}
	return n.float(), true
}

// BigInt returns an integer of any size.
func BigInt(v any) (*big.Int, bool) {
	n, ok := numberOf(v)
	if !ok || n.kind == isFloat {
		return nil, false
	}
	return n.big(), true
}

// ParseInt reads an integer as Python's int does: signs, blanks around it and
// underscores between digits are accepted.
func ParseInt(s string, base int) (any, bool) {
	s, ok := inASCII(strings.TrimSpace(s))
	if !ok || s == "" || !underscoresInside(s) {
		return nil, false
	}
	s = strings.ReplaceAll(s, "_", "")
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" {
		return nil, false
	}
	if len(digits) > 2 && digits[0] == '0' &&
		strings.IndexByte(prefixOf(base), digits[1]|0x20) >= 0 {
		digits = digits[2:]
	}
	b, ok := new(big.Int).SetString(digits, base)
	if !ok || digits[0] == '+' || digits[0] == '-' {
		return nil, false
	}
	if s[0] == '-' {
		b.Neg(b)
	}
	return small(b), true
}

func prefixOf(base int) string {
	switch base {
	case 2:
		return "b"
	case 8:
		return "o"
	case 16:
		return "x"
	}
	return ""
}

// ParseFloat reads a float as Python's float does.
func ParseFloat(s string) (float64, bool) {
	s, ok := inASCII(strings.TrimSpace(s))
	if !ok || strings.ContainsAny(s, "xXpP") || !underscoresInside(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	return f, err == nil || math.IsInf(f, 0) && strings.ContainsAny(s, "0123456789")
}

// inASCII spells the decimal digits of all scripts in ASCII: Python reads them
// too. A text of more than maxDigits characters is no number.
func inASCII(s string) (digits string, ok bool) {
	if len(s) > utf8.UTFMax*maxDigits {
		return "", false
	}
	s = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.IsDigit(r) {
			return r
		}
		zero := r // Unicode has the ten digits of a script in a row, sometimes several rows in a row
		for unicode.IsDigit(zero - 1) {
			zero--
		}
		return '0' + (r-zero)%10
	}, s)
	return s, len(s) <= maxDigits
}

func underscoresInside(s string) bool {
	return !strings.Contains(s, "__") && !strings.HasPrefix(s, "_") && !strings.HasSuffix(s, "_")
}

// Truncate turns a number into an integer, toward zero.
func Truncate(v any) (any, bool) {
	n, ok := numberOf(v)
	switch {
	case !ok:
		return nil, false
	case n.kind == isBig:
		return n.b, true
	case n.kind == isInt:
		return n.i, true
	case math.IsNaN(n.f) || math.IsInf(n.f, 0):
		return nil, false
	case math.Abs(n.f) < 1<<62:
		return int64(n.f), true
	}
	b, _ := big.NewFloat(n.f).Int(nil)
	return small(b), true
}
