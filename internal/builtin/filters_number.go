package builtin

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/docevent/webhook/internal/value"
)

func numberFilters() table {
	return table{
		"abs":            def("x", absOf),
		"int":            def("value default=0 base=10", filterInt),
		"float":          def("value default=0.0", filterFloat),
		"round":          def("value precision=0 method='common'", filterRound),
		"filesizeformat": def("value binary=false", fileSize),
	}
}

func absOf(c call) any {
	v := Must(value.Arith(value.OpAdd, int64(0), c.a[0]))
	if f, ok := v.(float64); ok {
		return math.Abs(f)
	}
	if order, _, _ := value.Compare(v, int64(0), false, nil); order < 0 {
		return Must(value.Negate(v))
	}
	return v
}

func filterInt(c call) any {
	if value.IsUndefined(c.a[0]) {
		mistyped("%s", c.a[0])
	}
	if s, ok := value.Text(c.a[0]); ok {
		if v, ok := value.ParseInt(s, c.base(2)); ok {
			return v
		}
		if f, ok := value.ParseFloat(s); ok {
			c.a[0] = f
		}
	}
	if whole, ok := value.Truncate(c.a[0]); ok {
		return whole
	}
	return c.a[1]
}

// base reads the base of an integer's digits.
func (c call) base(i int) int {
	n := c.int(i)
	if n != 0 && n < 2 || n > 36 {
		refuse("needs a base from 2 to 36")
	}
	return n
}

// wholeOf drops the fraction of a number.
func wholeOf(v any) any {
	whole, ok := value.Truncate(v)
	if !ok {
		refuse("cannot make an integer of infinity")
	}
	return whole
}

func filterFloat(c call) any {
	if value.IsUndefined(c.a[0]) {
		mistyped("%s", c.a[0])
	}
	if s, ok := value.Text(c.a[0]); ok {
		if f, ok := value.ParseFloat(s); ok {
			return f
		}
	} else if f, ok := value.Float64(c.a[0]); ok {
		return f
	}
	return c.a[1]
}

func filterRound(c call) any {
	n, method := c.int(1), c.text(2)
	if method == "common" {
		return roundTo(c.a[0], n)
	}
	round, ok := map[string]func(float64) float64{"ceil": math.Ceil, "floor": math.Floor}[method]
	if !ok {
		refuse("method must be common, ceil or floor")
	}
	f, ok := value.Float64(c.a[0])
	if !ok {
		mistyped("cannot round %s", c.a[0])
	}
	scale := math.Pow(10, float64(n))
	f = (round(f*scale) + 0) / scale // there is no -0 in Python's ceil and floor
	if math.IsInf(f, 0) || math.IsNaN(f) {
		refuse("number is too large to round")
	}
	return f
}

// roundTo rounds to n digits after the point, halves to even, as Python does:
// integers stay integers.
func roundTo(v any, n int) any {
	_, isBool := v.(bool)
	if isBool || value.IsInteger(v) {
		return roundInt(v, n)
	}
	f, ok := value.Float64(v)
	if !ok {
		mistyped("cannot round %s", v)
	}
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f) || n > 323:
		return f
	case n >= 0:
		return Must(strconv.ParseFloat(strconv.FormatFloat(f, 'f', n, 64), 64))
	case n < -308:
		return math.Copysign(0, f)
	}
	scale := math.Pow(10, float64(-n))
	return math.RoundToEven(f/scale) * scale
}

func roundInt(v any, n int) any {
	whole, _ := value.BigInt(v)
	switch {
	case n < -5000:
		return int64(0)
	case n < 0:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n)), nil)
		q, m := new(big.Int).DivMod(whole, scale, new(big.Int))
		if c := new(big.Int).Lsh(m, 1).Cmp(scale); c > 0 || c == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
		whole = q.Mul(q, scale)
	}
	return Must(value.Arith(value.OpAdd, whole, int64(0)))
}

func fileSize(c call) any {
	n := pythonFloat(c).(float64)
	base, suffix, prefixes := 1000.0, "B", "kMGTPEZY"
	if c.truth(1) {
		base, suffix, prefixes = 1024, "iB", "KMGTPEZY"
	}
	switch {
	case n == 1:
		return "1 Byte"
	case n < base:
		return fmt.Sprintf("%.0f Bytes", math.Trunc(n))
	}
	unit, i := base*base, 0
	for ; n >= unit && i < len(prefixes)-1; i++ {
		unit *= base
	}
	return fmt.Sprintf("%.1f %c%s", base*n/unit, prefixes[i], suffix)
}
