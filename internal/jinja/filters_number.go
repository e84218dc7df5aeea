package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/docevent/webhook/internal/value"
)

func numberFilters() map[string]*builtin {
	return map[string]*builtin{
		"abs":            def("x", absOf),
		"int":            def("value default=0 base=10", filterInt),
		"float":          def("value default=0.0", filterFloat),
		"round":          def("value precision=0 method='common'", filterRound),
		"filesizeformat": def("value binary=false", fileSize),
	}
}

func absOf(_ *run, a []any) (any, error) {
	if !value.IsNumber(a[0]) {
		if b, ok := a[0].(bool); ok {
			return value.Arith(value.OpAdd, b, int64(0))
		}
		return nil, typeError("cannot take the absolute value of %s", a[0])
	}
	if order, _, _ := value.Compare(a[0], int64(0)); order < 0 {
		return value.Negate(a[0])
	}
	if f, ok := value.Float64(a[0]); ok && value.IsFloat(a[0]) {
		return math.Abs(f), nil
	}
	return value.Arith(value.OpAdd, a[0], int64(0))
}

func filterInt(_ *run, a []any) (any, error) {
	if value.IsUndefined(a[0]) {
		return nil, typeError("%s", a[0])
	}
	if s, ok := value.Text(a[0]); ok {
		base, err := intArg(a[2])
		if err != nil || base != 0 && base < 2 || base > 36 {
			return nil, errors.New("needs a base from 2 to 36")
		}
		if v, ok := value.ParseInt(s, base); ok {
			return v, nil
		}
		f, ok := value.ParseFloat(s)
		if !ok || math.IsNaN(f) {
			return a[1], nil
		}
		return truncate(f)
	}
	if f, ok := value.Float64(a[0]); ok {
		if math.IsNaN(f) {
			return a[1], nil
		}
		return truncate(a[0])
	}
	return a[1], nil
}

func truncate(v any) (any, error) {
	whole, ok := value.Truncate(v)
	if !ok {
		return nil, errors.New("cannot make an integer of infinity")
	}
	return whole, nil
}

func filterFloat(_ *run, a []any) (any, error) {
	if value.IsUndefined(a[0]) {
		return nil, typeError("%s", a[0])
	}
	if s, ok := value.Text(a[0]); ok {
		if f, ok := value.ParseFloat(s); ok {
			return f, nil
		}
		return a[1], nil
	}
	if f, ok := value.Float64(a[0]); ok {
		return f, nil
	}
	return a[1], nil
}

func filterRound(_ *run, a []any) (any, error) {
	n, err := intArg(a[1])
	if err != nil {
		return nil, err
	}
	method, _ := value.Text(a[2])
	if method == "common" {
		return roundTo(a[0], n)
	}
	if method != "ceil" && method != "floor" {
		return nil, errors.New("method must be common, ceil or floor")
	}
	f, ok := value.Float64(a[0])
	if !ok {
		return nil, typeError("cannot round %s", a[0])
	}
	scale := math.Pow(10, float64(n))
	if method == "ceil" {
		f = (math.Ceil(f*scale) + 0) / scale
	} else {
		f = (math.Floor(f*scale) + 0) / scale
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, errors.New("number is too large to round")
	}
	return f, nil
}

// roundTo rounds to n digits after the point, halves to even, as Python does:
// integers stay integers.
func roundTo(v any, n int) (any, error) {
	if b, ok := v.(bool); ok {
		v, _ = value.Arith(value.OpAdd, b, int64(0))
	}
	if value.IsInteger(v) {
		return roundInt(v, n)
	}
	f, ok := value.Float64(v)
	if !ok {
		return nil, typeError("cannot round %s", v)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) || n > 323 {
		return f, nil
	}
	if n >= 0 {
		return strconv.ParseFloat(strconv.FormatFloat(f, 'f', n, 64), 64)
	}
	if n < -308 {
		return math.Copysign(0, f), nil
	}
	scale := math.Pow(10, float64(-n))
	return math.RoundToEven(f/scale) * scale, nil
}

func roundInt(v any, n int) (any, error) {
	if n >= 0 {
		return value.Arith(value.OpAdd, v, int64(0))
	}
	if n < -5000 {
		return int64(0), nil
	}
	whole, _ := value.BigInt(v)
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n)), nil)
	q, m := new(big.Int).DivMod(whole, scale, new(big.Int))
	if c := new(big.Int).Lsh(m, 1).Cmp(scale); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return value.Arith(value.OpAdd, q.Mul(q, scale), int64(0))
}

func fileSize(_ *run, a []any) (any, error) {
	size, err := pythonFloat(nil, a[:1])
	if err != nil {
		return nil, err
	}
	n := size.(float64)
	base, suffix := 1000.0, "B"
	prefixes := []string{"k", "M", "G", "T", "P", "E", "Z", "Y"}
	if value.Truth(a[1]) {
		base, suffix, prefixes[0] = 1024, "iB", "K"
	}
	switch {
	case n == 1:
		return "1 Byte", nil
	case n < base:
		return fmt.Sprintf("%d Bytes", int64(n)), nil
	}
	unit := base
	for i, p := range prefixes {
		unit *= base
		if n < unit || i == len(prefixes)-1 {
			return fmt.Sprintf("%.1f %s%s", base*n/unit, p, suffix), nil
		}
	}
	return nil, nil
}
