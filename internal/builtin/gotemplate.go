package builtin

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/docevent/webhook/internal/value"
)

// goFunctions are the functions that text/template has, but for call: no
// template calls a Go value. Comparisons take numbers of any kind, and treat
// what is missing as None.
func goFunctions() table {
	return table{
		"not":      def("arg", func(c call) any { return !c.truth(0) }),
		"len":      def("item", goLen),
		"index":    def("item *indexes", goIndex),
		"slice":    def("item *indexes", goSlice),
		"print":    def("*args", func(c call) any { return c.sprint(false) }),
		"println":  def("*args", func(c call) any { return c.sprint(true) }),
		"printf":   def("format *args", goPrintf),
		"html":     escaper(template.HTMLEscapeString),
		"js":       escaper(template.JSEscapeString),
		"urlquery": def("*args", goURLQuery),
		"eq":       def("arg1 *others", goEq),
		"ne":       goCompares(NotEqual),
		"lt":       goCompares(Less),
		"le":       goCompares(LessEqual),
		"gt":       goCompares(Greater),
		"ge":       goCompares(GreaterEqual),
	}
}

func noneFor(v any) any {
	if value.IsUndefined(v) {
		return nil
	}
	return v
}

func goCompares(op Comparison) *Func {
	return def("arg1 arg2", func(c call) any {
		return c.Compare(op, noneFor(c.a[0]), noneFor(c.a[1]))
	})
}

func goEq(c call) any {
	others := c.rest(1)
	if len(others) == 0 {
		refuse("missing argument for comparison")
	}
	return slices.ContainsFunc(others, func(x any) bool {
		return c.equal(noneFor(c.a[0]), noneFor(x))
	})
}

func goLen(c call) any {
	if c.a[0] == nil {
		return int64(0)
	}
	return length(c)
}

func goIndex(c call) any {
	v := c.a[0]
	for _, key := range c.rest(1) {
		if i, ok := value.Int64(key); ok && value.IsSequence(v) {
			if n, err := value.Len(v); err == nil && (i < 0 || i >= int64(n)) {
				refuse("index out of range: %d", i)
			}
		}
		v = c.Item(v, key, value.Undefined{Name: "the indexed item"})
	}
	return v
}

func goSlice(c call) any {
	indexes := c.rest(1)
	if len(indexes) > 2 {
		refuse("takes at most two indexes")
	}
	n, err := value.Len(c.a[0])
	if err != nil {
		mistyped("cannot slice %s", c.a[0])
	}
	bounds := [3]any{int64(0), int64(n), nil}
	for i, x := range indexes {
		at, ok := value.Int64(x)
		if !ok || at < 0 || at > int64(n) || i == 1 && at < bounds[0].(int64) {
			refuse("index out of range")
		}
		bounds[i] = at
	}
	return c.Slice(c.a[0], bounds)
}

// sprint joins the last argument's as fmt.Sprint does: a blank between two that
// are no text, or between all with a line end.
func (c call) sprint(line bool) string {
	args := c.rest(0)
	var b builder
	for i, x := range args {
		s := c.Str(x)
		if i > 0 {
			_, before := value.Text(args[i-1])
			_, text := value.Text(x)
			if line || !before && !text {
				b.add(" ")
			}
		}
		b.add(s)
	}
	if line {
		b.add("\n")
	}
	return c.built(&b)
}

func escaper(escape func(string) string) *Func {
	return def("*args", func(c call) any {
		s := c.sprint(false)
		c.Grow(6 * len(s))
		return escape(s)
	})
}

func goURLQuery(c call) any {
	s := c.sprint(false)
	c.Grow(3 * len(s))
	return value.Encoded(template.URLQueryEscaper(s))
}

// goPrintf is printf, with widths bounded and numbers brought to the kind that
// the verb wants.
func goPrintf(c call) any {
	format, args := c.text(0), c.rest(1)
	var b builder
	for format != "" {
		text, rest, found := strings.Cut(format, "%")
		if b.add(text); !found {
			break
		}
		c.Tick(1)
		var part string
		part, format, args = c.goDirective(rest, args)
		b.add(part)
	}
	if len(args) > 0 {
		refuse("not all arguments are used by the format")
	}
	return c.built(&b)
}

// maxWidth bounds the width and precision of printf.
const maxWidth = 10_000

var goDirectives = regexp.MustCompile(`(?s)^([-+# 0]*)(\d*)\.?(\d*)([a-zA-Z%])`)

// goDirective formats one directive; s stands behind its %.
func (c call) goDirective(s string, args value.Tuple) (string, string, value.Tuple) {
	m := goDirectives.FindStringSubmatch(s)
	if m == nil {
		refuse("format is not complete, or uses * or [n]")
	}
	if max(sizeOf(m[2]), sizeOf(m[3])) > maxWidth {
		Check(Limit("width of a format must be at most 10000"))
	}
	rest, verb := s[len(m[0]):], m[4]
	if verb == "%" {
		return "%", rest, args
	}
	if len(args) == 0 {
		refuse("not enough arguments for the format")
	}
	x := c.goOperand(verb[0], args[0])
	if verb == "v" {
		verb = "s"
	}
	out := fmt.Sprintf("%"+strings.TrimSuffix(m[0], m[4])+verb, x)
	c.Grow(len(out))
	return out, rest, args[1:]
}

// goOperand brings an argument to the Go type that a verb prints.
func (c call) goOperand(verb byte, v any) any {
	switch verb {
	case 'v', 's', 'q':
		return c.Str(v)
	case 't':
		return value.Truth(v)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if f, ok := value.Float64(v); ok {
			return f
		}
	case 'x', 'X':
		if s, ok := value.Text(v); ok {
			return s
		}
		fallthrough
	case 'd', 'b', 'o', 'O', 'c', 'U':
		f, ok := value.Float64(v)
		whole, ok2 := value.Truncate(v)
		if ok && ok2 && f == math.Trunc(f) {
			return whole
		}
	default:
		refuse("format has no %%%c", verb)
	}
	mistyped("verb %%"+string(rune(verb))+" cannot print %s", v)
	return nil
}
