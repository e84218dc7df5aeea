package jinja

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// helpers are the functions of frappe.utils that make sense on data. They are
// known bare, under utils and under frappe.utils.
func helpers() map[string]*builtin {
	return merge(dateHelpers(), map[string]*builtin{
		"flt":       def("s precision=none rounding_method=none", flt),
		"cint":      def("s default=0", cint),
		"cstr":      def("s encoding=none", func(r *run, a []any) (any, error) { return r.cstr(a[0]) }),
		"sbool":     def("x", sbool),
		"rounded":   def("num precision=0 rounding_method=none", func(_ *run, a []any) (any, error) { return rounded(a[0], a[1]) }),
		"ceil":      def("x", func(_ *run, a []any) (any, error) { return whole(a[0], math.Ceil) }),
		"floor":     def("x", func(_ *run, a []any) (any, error) { return whole(a[0], math.Floor) }),
		"fmt_money": def("amount precision=none currency=none format=none", fmtMoney),
		"strip_html": def("text", func(r *run, a []any) (any, error) {
			return r.cleaned(a[0], func(s string) string { return anyTags.ReplaceAllString(s, "") })
		}),
		"escape_html":    def("text", func(r *run, a []any) (any, error) { return r.cleaned(a[0], html.EscapeString) }),
		"strip":          def("val chars=none", func(r *run, a []any) (any, error) { s, _ := value.Text(a[0]); return strip(s, a[1], true, true) }),
		"comma_and":      def("some_list add_quotes=true", func(r *run, a []any) (any, error) { return r.comma(a, "and") }),
		"comma_or":       def("some_list add_quotes=true", func(r *run, a []any) (any, error) { return r.comma(a, "or") }),
		"comma_sep":      def("some_list pattern add_quotes=true", func(r *run, a []any) (any, error) { return r.comma([]any{a[0], a[2]}, "and") }),
		"unique":         def("seq", func(r *run, a []any) (any, error) { return r.distinct(a[0]) }),
		"is_html":        def("text", func(_ *run, a []any) (any, error) { s, _ := value.Text(a[0]); return anyTags.MatchString(s), nil }),
		"money_in_words": refused("money_in_words", "spell the amount in the receiver"),
		"get_url":        refused("get_url", "the library does not know the host's address; write it"),
		"generate_hash":  refused("generate_hash", "a template gives the same body every time"),
		"get_fullname":   refused("get_fullname", "templates see only the document"),
		"encode":         refused("encode", "text is text already"),
	})
}

// refused is a helper of Frappe that cannot be had, with the reason.
func refused(name, why string) *builtin {
	return def("*args **kwargs", func(*run, []any) (any, error) {
		return nil, hinted{fmt.Errorf("%s is not available", name), why}
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

func flt(_ *run, a []any) (any, error) {
	f := toFloat(a[0])
	if a[1] == nil {
		return f, nil
	}
	return rounded(f, a[1])
}

// rounded rounds halves to even, as Frappe does by default, after taking away
// the noise of binary fractions.
func rounded(v, precision any) (any, error) {
	n, err := intArg(precision)
	if err != nil {
		if s, ok := value.Text(precision); ok {
			n, err = strconv.Atoi(s)
		}
		if err != nil {
			return nil, typeError("needs a precision, not %s", precision)
		}
	}
	f := toFloat(v)
	n = max(-300, min(n, 300))
	scale := math.Pow(10, float64(n))
	scaled := f * scale
	if math.IsInf(scaled, 0) || math.Abs(scaled) > 1<<52 {
		return f, nil
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
		return f, nil
	}
	return out, nil
}

func cint(_ *run, a []any) (any, error) {
	if s, ok := value.Text(a[0]); ok {
		f, ok := value.ParseFloat(s)
		if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
			return a[1], nil
		}
		return truncate(f)
	}
	if whole, ok := value.Truncate(a[0]); ok {
		return whole, nil
	}
	return a[1], nil
}

// cstr is str, with nothing for None.
func (r *run) cstr(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	return r.str(v)
}

func sbool(_ *run, a []any) (any, error) {
	s, _ := value.Text(a[0])
	switch strings.ToLower(s) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return a[0], nil
}

func whole(v any, fn func(float64) float64) (any, error) {
	out, ok := value.Truncate(fn(toFloat(v)))
	if !ok {
		return int64(0), nil
	}
	return out, nil
}

func (r *run) cleaned(v any, fn func(string) string) (any, error) {
	s, err := r.cstr(v)
	if err != nil {
		return nil, err
	}
	return fn(s), r.grow(6 * len(s))
}

// fmtMoney writes an amount with separators between thousands, and the currency
// before it.
func fmtMoney(_ *run, a []any) (any, error) {
	prec := 2
	if a[1] != nil {
		n, err := intArg(a[1])
		if err != nil || n < 0 || n > 20 {
			return nil, fmt.Errorf("needs a precision from 0 to 20")
		}
		prec = n
	}
	v, err := rounded(a[0], int64(prec))
	if err != nil {
		return nil, err
	}
	s, err := spec{verb: 'f', prec: prec, comma: ','}.number(v)
	if err != nil {
		return nil, err
	}
	if currency, ok := value.Text(a[2]); ok && currency != "" {
		s = currency + " " + s
	}
	return s, nil
}

// comma joins a list in words: 'a', 'b' and 'c'.
func (r *run) comma(a []any, word string) (any, error) {
	if !value.IsSequence(a[0]) {
		return a[0], nil
	}
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(items))
	n := 0
	for i, x := range items {
		s, err := r.str(x)
		if err != nil {
			return nil, err
		}
		if value.Truth(a[1]) {
			s = "'" + s + "'"
		}
		parts[i] = s
		n += len(s) + len(word) + 3
	}
	if err := r.grow(n); err != nil {
		return nil, err
	}
	switch len(parts) {
	case 0:
		return "", nil
	case 1:
		return parts[0], nil
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " " + word + " " + parts[last], nil
}

func (r *run) distinct(v any) (any, error) {
	out, err := uniqueItems(r, []any{v, true, nil})
	if err != nil {
		return nil, err
	}
	return r.list(out)
}
