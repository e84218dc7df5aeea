package jinja

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"text/template"

	"github.com/docevent/webhook/internal/value"
)

// goFunctions are the functions that text/template has, but for call: no
// template calls a Go value. Comparisons take numbers of any kind, and treat
// what is missing as None.
func goFunctions() map[string]*builtin {
	return map[string]*builtin{
		"not":      def("arg", func(_ *run, a []any) (any, error) { return !value.Truth(a[0]), nil }),
		"len":      def("item", goLen),
		"index":    def("item *indexes", goIndex),
		"slice":    def("item *indexes", goSlice),
		"print":    def("*args", func(r *run, a []any) (any, error) { return r.sprint(a[0].(value.Tuple), false) }),
		"println":  def("*args", func(r *run, a []any) (any, error) { return r.sprint(a[0].(value.Tuple), true) }),
		"printf":   def("format *args", goPrintf),
		"html":     escaper(func(s string) string { return template.HTMLEscapeString(s) }),
		"js":       escaper(template.JSEscapeString),
		"urlquery": escaper(func(s string) string { return template.URLQueryEscaper(s) }),
		"eq":       def("arg1 *others", goEq),
		"ne":       goCompares("!="), "lt": goCompares("<"), "le": goCompares("<="), "gt": goCompares(">"), "ge": goCompares(">="),
	}
}

func noneFor(v any) any {
	if value.IsUndefined(v) {
		return nil
	}
	return v
}

func goCompares(op string) *builtin {
	return def("arg1 arg2", func(r *run, a []any) (any, error) { return r.compare(op, noneFor(a[0]), noneFor(a[1])) })
}

func goEq(r *run, a []any) (any, error) {
	others := a[1].(value.Tuple)
	if len(others) == 0 {
		return nil, errors.New("missing argument for comparison")
	}
	for _, x := range others {
		if same, err := value.Equal(noneFor(a[0]), noneFor(x)); err != nil || same {
			return same, err
		}
	}
	return false, nil
}

func goLen(r *run, a []any) (any, error) {
	if a[0] == nil {
		return int64(0), nil
	}
	return length(r, a)
}

func goIndex(r *run, a []any) (any, error) {
	v := a[0]
	for _, key := range a[1].(value.Tuple) {
		if i, ok := value.Int64(key); ok && value.IsSequence(v) {
			if n, err := value.Len(v); err == nil && (i < 0 || i >= int64(n)) {
				return nil, fmt.Errorf("index out of range: %d", i)
			}
		}
		var err error
		if v, err = r.item(v, key, value.Undefined{Name: "the indexed item"}); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func goSlice(r *run, a []any) (any, error) {
	indexes := a[1].(value.Tuple)
	if len(indexes) > 2 {
		return nil, errors.New("takes at most two indexes")
	}
	n, err := value.Len(a[0])
	if err != nil || value.IsMapping(a[0]) {
		return nil, typeError("cannot slice %s", a[0])
	}
	bounds := [3]any{int64(0), int64(n), nil}
	for i, x := range indexes {
		at, ok := value.Int64(x)
		if !ok || at < 0 || at > int64(n) || i == 1 && at < bounds[0].(int64) {
			return nil, errors.New("index out of range")
		}
		bounds[i] = at
	}
	return r.slice(a[0], bounds)
}

// sprint joins arguments as fmt.Sprint does: a blank between two that are no
// text, or between all with a line end.
func (r *run) sprint(args value.Tuple, line bool) (string, error) {
	var b strings.Builder
	for i, x := range args {
		s, err := r.str(x)
		if err != nil {
			return "", err
		}
		if i > 0 {
			_, before := value.Text(args[i-1])
			_, text := value.Text(x)
			if line || !before && !text {
				b.WriteByte(' ')
			}
		}
		if b.WriteString(s); b.Len() > value.MaxText {
			return "", errText
		}
	}
	if line {
		b.WriteByte('\n')
	}
	return b.String(), r.grow(b.Len())
}

func escaper(escape func(string) string) *builtin {
	return def("*args", func(r *run, a []any) (any, error) {
		s, err := r.sprint(a[0].(value.Tuple), false)
		if err != nil {
			return nil, err
		}
		return escape(s), r.grow(6 * len(s))
	})
}

// goPrintf is printf, with widths bounded and numbers brought to the kind that
// the verb wants.
func goPrintf(r *run, a []any) (any, error) {
	format, err := textArg(a[0])
	if err != nil {
		return nil, err
	}
	args := a[1].(value.Tuple)
	var b strings.Builder
	for format != "" {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			b.WriteString(format)
			break
		}
		b.WriteString(format[:i])
		var part string
		if part, format, args, err = r.goDirective(format[i+1:], args); err != nil {
			return nil, err
		}
		if b.WriteString(part); b.Len() > value.MaxText {
			return nil, errText
		}
	}
	if len(args) > 0 {
		return nil, errors.New("not all arguments are used by the format")
	}
	return b.String(), r.grow(b.Len())
}

// maxWidth bounds the width and precision of printf.
const maxWidth = 10_000

// goDirective formats one directive; s stands behind its %.
func (r *run) goDirective(s string, args value.Tuple) (string, string, value.Tuple, error) {
	end := 0
	for end < len(s) && strings.IndexByte("+-# 0123456789.", s[end]) >= 0 {
		end++
	}
	if end == len(s) || s[end] == '*' || s[end] == '[' {
		return "", "", nil, errors.New("format is not complete, or uses * or [n]")
	}
	for _, n := range strings.FieldsFunc(s[:end], func(c rune) bool { return c < '0' || c > '9' }) {
		if n = strings.TrimLeft(n, "0"); len(n) > 5 || len(n) == 5 && n > fmt.Sprint(maxWidth) {
			return "", "", nil, limitError("width of a format must be at most 10000")
		}
	}
	verb, rest := s[end], s[end+1:]
	if verb == '%' {
		return "%", rest, args, nil
	}
	if len(args) == 0 {
		return "", "", nil, errors.New("not enough arguments for the format")
	}
	x, err := r.goOperand(verb, args[0])
	if err != nil {
		return "", "", nil, err
	}
	if verb == 'v' {
		verb = 's'
	}
	out := fmt.Sprintf("%"+s[:end]+string(rune(verb)), x)
	return out, rest, args[1:], r.grow(len(out))
}

// goOperand brings an argument to the Go type that a verb prints.
func (r *run) goOperand(verb byte, v any) (any, error) {
	switch verb {
	case 'v', 's', 'q':
		return r.str(v)
	case 't':
		return value.Truth(v), nil
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if f, ok := value.Float64(v); ok {
			return f, nil
		}
	case 'x', 'X':
		if s, ok := value.Text(v); ok {
			return s, nil
		}
		fallthrough
	case 'd', 'b', 'o', 'O', 'c', 'U':
		f, ok := value.Float64(v)
		whole, ok2 := value.Truncate(v)
		if ok && ok2 && f == math.Trunc(f) {
			return whole, nil
		}
	default:
		return nil, fmt.Errorf("format has no %%%c", verb)
	}
	return nil, typeError("verb %%"+string(rune(verb))+" cannot print %s", v)
}
