package builtin

import (
	"html"
	"math"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// helpers are the functions of frappe.utils that make sense on data. They are
// known bare, under utils and under frappe.utils.
func helpers() table {
	cleaned := func(fn func(string) string) *Func {
		return def("text", func(c call) any {
			s := c.cstr(0)
			c.Grow(6 * len(s))
			return fn(s)
		})
	}
	whole := func(fn func(float64) float64) *Func {
		return def("x", func(c call) any {
			if out, ok := value.Truncate(fn(toFloat(c.a[0]))); ok {
				return out
			}
			return int64(0)
		})
	}
	return merge(dateHelpers(), table{
		"flt": def("s precision=none rounding_method=none", func(c call) any {
			if c.a[1] == nil {
				return toFloat(c.a[0])
			}
			return c.rounded(1)
		}),
		"as_json":     def("obj indent=1", asJSON),
		"cint":        def("s default=0", func(c call) any { return cint(c.a[0], c.a[1]) }),
		"cstr":        def("s encoding=none", func(c call) any { return c.cstr(0) }),
		"sbool":       def("x", sbool),
		"rounded":     def("num precision=0 rounding_method=none", func(c call) any { return c.rounded(1) }),
		"ceil":        whole(math.Ceil),
		"floor":       whole(math.Floor),
		"fmt_money":   def("amount precision=none currency=none format=none", fmtMoney),
		"strip_html":  cleaned(func(s string) string { return without(s, "<", ">") }),
		"escape_html": cleaned(html.EscapeString),
		"strip":       stripper(true, true),
		"comma_and":   def("some_list add_quotes=true", func(c call) any { return c.comma("and") }),
		"comma_or":    def("some_list add_quotes=true", func(c call) any { return c.comma("or") }),
		"unique":      def("seq", func(c call) any { return c.newList(c.unique(identity)) }),
		"is_html": def("text", func(c call) any {
			_, rest, _ := strings.Cut(c.cstr(0), "<")
			return strings.Contains(rest, ">")
		}),
	})
}

// toFloat is what flt reads: numbers, text with commas, else 0.
func toFloat(v any) float64 {
	if s, ok := value.Text(v); ok {
		f, _ := value.ParseFloat(strings.ReplaceAll(s, ",", ""))
		if math.IsNaN(f) {
			return 0
		}
		return f
	}
	f, _ := value.Float64(v)
	return f
}

// rounded rounds the first argument to the digits of argument i: halves to even,
// as Frappe does by default, after taking away the noise of binary fractions.
func (c call) rounded(i int) float64 {
	n, ok := value.Int64(cint(c.a[i], nil))
	if !ok {
		mistyped("needs a precision, not %s", c.a[i])
	}
	f := toFloat(c.a[0])
	scale := math.Pow(10, float64(max(-300, min(n, 300))))
	scaled := f * scale
	if math.IsInf(scaled, 0) || math.Abs(scaled) > 1<<52 {
		return f
	}
	near, _ := strconv.ParseFloat(strconv.FormatFloat(scaled, 'f', 8, 64), 64)
	floor := math.Floor(near)
	switch diff := near - floor; {
	case n == 0 && diff == 0.5 || math.Abs(diff-0.5) < 1e-9:
		if math.Mod(floor, 2) != 0 {
			floor++
		}
	default:
		floor = math.RoundToEven(near)
	}
	out := floor / scale
	if math.IsNaN(out) {
		return f
	}
	return out
}

func cint(v, fallback any) any {
	if s, ok := value.Text(v); ok {
		v, ok = value.ParseFloat(s)
		if !ok {
			return fallback
		}
	}
	if whole, ok := value.Truncate(v); ok {
		return whole
	}
	return fallback
}

// cstr is str, with nothing for None.
func (c call) cstr(i int) string {
	if c.a[i] == nil {
		return ""
	}
	return c.str(i)
}

func sbool(c call) any {
	switch s, _ := value.Text(c.a[0]); {
	case s == "1" || strings.EqualFold(s, "true"):
		return true
	case s == "0" || strings.EqualFold(s, "false"):
		return false
	}
	return c.a[0]
}

// fmtMoney writes an amount with separators between thousands, and the currency
// before it.
func fmtMoney(c call) any {
	if c.a[1] == nil {
		c.a[1] = int64(2)
	}
	prec := c.int(1)
	if prec < 0 || prec > 20 {
		refuse("needs a precision from 0 to 20")
	}
	s := spec{verb: 'f', prec: prec, comma: ','}.number(c.rounded(1))
	if currency, ok := value.Text(c.a[2]); ok && currency != "" {
		return currency + " " + s
	}
	return s
}

// comma joins a list in words: 'a', 'b' and 'c'.
func (c call) comma(word string) any {
	if !value.IsSequence(c.a[0]) {
		return c.a[0]
	}
	var parts []string
	n := 0
	for _, x := range c.list(0) {
		s := c.Str(x)
		if c.truth(1) {
			s = "'" + s + "'"
		}
		parts = append(parts, s)
		if n += len(s) + len(word) + 3; n > value.MaxText {
			Check(ErrText)
		}
	}
	c.Grow(n)
	last := len(parts) - 1
	if last < 1 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:last], ", ") + " " + word + " " + parts[last]
}
