package builtin

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// helpers are the functions of frappe.utils that make sense on data. They are
// known bare, under utils and under frappe.utils.
func helpers() table {
	whole := func(fn func(float64) float64) *Func {
		return def("x", func(c call) any {
			if out, ok := value.Truncate(fn(toFloat(c.a[0]))); ok {
				return out
			}
			return int64(0)
		})
	}
	return merge(dateHelpers(), filterHelpers(), wordHelpers(), table{
		"flt": def("s precision=none rounding_method=none", func(c call) any {
			if c.a[1] == nil {
				return toFloat(c.a[0])
			}
			return c.rounded()
		}),
		"as_json":    def("obj indent=1", asJSON),
		"json.dumps": def("obj indent=none", dumpJSON),
		"json.loads": def("s", loadJSON),
		"parse_json": def("val", func(c call) any {
			if _, ok := value.Text(c.a[0]); !ok {
				return c.a[0]
			}
			return loadJSON(c)
		}),
		// Nothing is translated.
		"_":     def("msg lang=none context=none", func(c call) any { return c.a[0] }),
		"cint":  def("s default=0", func(c call) any { return cint(c.a[0], c.a[1]) }),
		"cstr":  def("s encoding=none", func(c call) any { return c.cstr(0) }),
		"sbool": def("x", sbool),
		"rounded": def("num precision=0 rounding_method=none", func(c call) any {
			return c.rounded()
		}),
		"ceil":        whole(math.Ceil),
		"floor":       whole(math.Floor),
		"fmt_money":   def("amount precision=none currency=none format=none", fmtMoney),
		"strip_html":  def("text", func(c call) any { return stripMarkup(c.cstr(0)) }),
		"escape_html": def("text", escapeForFrappe),
		"strip":       stripper(true, true),
		"safe_div":    def("numerator denominator precision=2", safeDiv),
		"has_common":  def("l1 l2", hasCommon),
		"comma_and":   def("some_list add_quotes=true", func(c call) any { return c.comma("and") }),
		"comma_or":    def("some_list add_quotes=true", func(c call) any { return c.comma("or") }),
		"unique":      def("seq", func(c call) any { return c.newList(c.unique(identity)) }),
		"is_html": def("text", func(c call) any {
			return htmlTag.MatchString(c.cstr(0))
		}),
	})
}

var htmlTag = regexp.MustCompile(`<[^>]+>`)

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

func cint(v, fallback any) any {
	if s, ok := value.Text(v); ok {
		if whole, ok := value.ParseInt(s, 10); ok {
			return whole
		}
		if v, ok = value.ParseFloat(s); !ok {
			return fallback
		}
	}
	if whole, ok := value.Truncate(v); ok {
		return whole
	}
	return fallback
}

// safeDiv is a quotient, or zero where there is none.
func safeDiv(c call) any {
	quotient := 0.0
	if value.Truth(c.a[1]) {
		quotient = toFloat(c.a[0]) / toFloat(c.a[1])
	}
	c.a = []any{quotient, c.a[2], nil}
	return c.rounded()
}

// hasCommon reports whether two lists have an element in common.
func hasCommon(c call) any {
	set := c.Set(c.list(0))
	return slices.ContainsFunc(c.list(1), func(x any) bool { return c.contains(set, x) })
}

// cstr is str, with nothing for None.
func (c call) cstr(i int) string {
	if c.a[i] == nil {
		return ""
	}
	return c.str(i)
}

func sbool(c call) any { return boolOf(c.a[0]) }

// boolOf makes a bool of text that spells one.
func boolOf(v any) any {
	switch s, _ := value.Text(v); {
	case s == "1" || strings.EqualFold(s, "true"):
		return true
	case s == "0" || strings.EqualFold(s, "false"):
		return false
	}
	return v
}

// frappeEscaper spells quotes by their names, where Jinja2's escape has numbers.
var frappeEscaper = strings.NewReplacer(
	"&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&apos;", `"`, "&quot;")

// escapeForFrappe is escape_html, which leaves alone what is no text.
func escapeForFrappe(c call) any {
	s, ok := value.Text(c.a[0])
	if !ok {
		return c.a[0]
	}
	c.Grow(len("&quot;") * len(s))
	return frappeEscaper.Replace(s)
}

// comma joins a list in words: 'a', 'b' and 'c'. One element alone has no quotes.
func (c call) comma(word string) any {
	if !value.IsSequence(c.a[0]) {
		return c.a[0]
	}
	var parts []string
	n := 0
	items := c.list(0)
	for _, x := range items {
		s := c.Str(x)
		if c.truth(1) && len(items) > 1 {
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
