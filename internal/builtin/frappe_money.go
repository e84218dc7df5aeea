package builtin

import (
	"math"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// rounded rounds the first argument to the digits of the second by the method of
// the third, which is that of a new site when it is not said: a half to even
// (frappe/utils/data.py, rounded).
func (c call) rounded() float64 {
	n, ok := value.Int64(cint(c.a[1], nil))
	if !ok {
		mistyped("needs a precision, not %s", c.a[1])
	}
	f := toFloat(c.a[0])
	switch method, _ := value.Text(c.a[2]); method {
	case "", "Banker's Rounding":
		return roundAt(f, n, toEven)
	case "Banker's Rounding (legacy)":
		return roundAt(f, n, toEvenOfIntegers)
	case "Commercial Rounding":
		return awayFromZero(f, n)
	default:
		refuse("unknown rounding method %q", Clip(method))
	}
	return 0
}

func toEven(floor float64, _ int64) float64 { return floor + math.Abs(math.Mod(floor, 2)) }

// toEvenOfIntegers rounds a half to even when nothing stays behind the point, and
// up otherwise.
func toEvenOfIntegers(floor float64, n int64) float64 {
	if n == 0 {
		return toEven(floor, n)
	}
	return floor + 1
}

// roundAt rounds to n digits, a half by a rule of its own, after taking away the
// noise of binary fractions.
func roundAt(f float64, n int64, half func(floor float64, n int64) float64) float64 {
	scale := math.Pow(10, float64(max(-300, min(n, 300))))
	scaled := f * scale
	if math.IsInf(scaled, 0) || math.Abs(scaled) > 1<<52 {
		return f
	}
	near, _ := strconv.ParseFloat(strconv.FormatFloat(scaled, 'f', 12, 64), 64)
	whole := math.Floor(near)
	if math.Abs(near-whole-0.5) < ulp(near) {
		whole = half(whole, n)
	} else {
		whole = math.RoundToEven(near) + 0 // there is no -0 among Python's integers
	}
	if out := whole / scale; !math.IsNaN(out) {
		return out
	}
	return f
}

// ulp is the least that can be told apart from f.
func ulp(f float64) float64 { return math.Exp2(math.Log2(math.Abs(f)) - 52) }

// awayFromZero rounds a half away from zero: a step of the last bit lifts those
// that a binary fraction left just below.
func awayFromZero(f float64, n int64) float64 {
	if f == 0 {
		return 0
	}
	rounded, _ := value.Float64(roundTo(f+math.Copysign(ulp(f), f), int(max(-400, min(n, 400)))))
	return rounded
}

// A numberFormat is how Frappe's number formats write a number: the point, what
// stands between thousands, the digits behind the point.
type numberFormat struct {
	point, comma string
	digits       int
}

// numberFormats are those of frappe/utils/data.py, number_format_info.
var numberFormats = map[string]numberFormat{
	"#,###.##": {".", ",", 2}, "#.###,##": {",", ".", 2},
	"# ###.##": {".", " ", 2}, "# ###,##": {",", " ", 2},
	"#'###.##": {".", "'", 2}, "#, ###.##": {".", ", ", 2},
	"#,##,###.##": {".", ",", 2}, "#,###.###": {".", ",", 3},
	"#.###": {"", ".", 0}, "#,###": {"", ",", 0}, "#.########": {".", "", 8},
}

const indianFormat = "#,##,###.##" // by hundreds beyond the thousand

// fmtMoney writes an amount in a number format, and the currency before it.
func fmtMoney(c call) any {
	format, _ := value.Text(c.a[3])
	layout, ok := numberFormats[format]
	if !ok {
		layout = numberFormats["#,###.##"]
	}
	prec := layout.digits
	if c.a[1] != nil {
		if prec = c.int(1); prec < 0 || prec > 20 {
			refuse("needs a precision from 0 to 20")
		}
	}
	amount := toFloat(c.a[0])
	if math.IsNaN(amount) || math.IsInf(amount, 0) {
		refuse("needs a finite amount")
	}
	if _, text := value.Text(c.a[0]); text {
		amount = roundAt(amount, int64(prec), toEven)
	}
	currency, _ := value.Text(c.a[2])
	prec = layout.shown(amount, prec, currency != "")
	near, _ := value.Float64(roundTo(amount, prec))
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(math.Abs(near), 'f', prec, 64), ".")
	size := 3
	if format == indianFormat {
		size = 2
	}
	var b builder
	if near < 0 {
		b.add("-")
	}
	b.addGroups(whole, layout.comma, size)
	if prec > 0 && layout.point != "" {
		b.add(layout.point, fraction)
	}
	if currency != "" {
		return currency + " " + c.built(&b)
	}
	return c.built(&b)
}

// addGroups adds digits with a comma before the last three, and before each group
// of a size in front of these.
func (b *builder) addGroups(digits, comma string, size int) {
	for i := range len(digits) {
		if left := len(digits) - i; i > 0 && left >= 3 && (left-3)%size == 0 {
			b.add(comma)
		}
		b.add(digits[i : i+1])
	}
}

// shown is how many digits to show behind the point: prec, if that is two or
// less; else as many as the amount has, if those are three or more; else two
// for a currency, or those of the format.
func (l numberFormat) shown(amount float64, prec int, money bool) int {
	if l.point == "" || prec <= 2 {
		return prec
	}
	part, _ := value.Float64(roundTo(amount-math.Floor(amount), prec))
	_, digits, _ := strings.Cut(strconv.FormatFloat(part, 'f', -1, 64), ".")
	switch {
	case len(digits) >= 3:
		return min(prec, len(digits))
	case money:
		return 2
	}
	return l.digits
}
