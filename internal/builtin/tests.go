package builtin

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// is makes a test that cannot fail.
func is(holds func(v any) bool) *Func {
	return def("value", func(c call) any { return holds(c.a[0]) })
}

// compares makes a test of an operator.
func compares(op Comparison) *Func {
	return def("a b", func(c call) any { return c.Compare(op, c.a[0], c.a[1]) })
}

func newTests() table {
	t := table{
		"defined":   is(func(v any) bool { return !value.IsUndefined(v) }),
		"undefined": is(value.IsUndefined),
		"none":      is(func(v any) bool { return v == nil }),
		"boolean":   is(func(v any) bool { _, ok := v.(bool); return ok }),
		"true":      is(func(v any) bool { return v == true }),
		"false":     is(func(v any) bool { return v == false }),
		"integer":   is(func(v any) bool { return value.IsNumber(v) && value.IsInteger(v) }),
		"float":     is(value.IsFloat),
		"number":    is(func(v any) bool { _, ok := v.(bool); return ok || value.IsNumber(v) }),
		"string":    is(func(v any) bool { _, ok := value.Text(v); return ok }),
		"mapping":   is(value.IsMapping),
		"callable":  is(value.IsUndefined), // which Jinja2 lets be called, to fail
		"escaped":   is(isMarked),
		"filter":    def("name", func(c call) any { return c.knows(Filter) }),
		"test":      def("name", func(c call) any { return c.knows(Test) }),
		"sequence":  is(isIndexable),
		"iterable":  is(isIterable),
		"lower":     def("value", func(c call) any { return isCased(c.str(0), isCapital) }),
		"upper":     def("value", func(c call) any { return isCased(c.str(0), isSmall) }),
		"sameas":    def("value other", func(c call) any { return c.same(c.a[0], c.a[1]) }),
		"in":        def("value seq", func(c call) any { return c.contains(c.a[1], c.a[0]) }),

		"divisibleby": def("value num", func(c call) any { return c.remainderIs(c.a[1], 0) }),
		"even":        def("value", func(c call) any { return c.remainderIs(int64(2), 0) }),
		"odd":         def("value", func(c call) any { return c.remainderIs(int64(2), 1) }),
	}
	for _, alias := range []string{"None", "True", "False"} {
		t[alias] = t[strings.ToLower(alias)]
	}
	for op, names := range map[Comparison][]string{
		Equal: {"==", "eq", "equalto"}, NotEqual: {"!=", "ne"}, Less: {"<", "lt", "lessthan"},
		LessEqual: {"<=", "le"}, Greater: {">", "gt", "greaterthan"}, GreaterEqual: {">=", "ge"},
	} {
		for _, name := range names {
			t[name] = compares(op)
		}
	}
	return t
}

// knows reports whether the argument is a name of that kind.
func (c call) knows(k Kind) bool {
	c.CheckKey(c.a[0])
	name, ok := value.Text(c.a[0])
	return ok && c.Find(k, name) != nil
}

func isIndexable(v any) bool {
	switch v.(type) {
	case *value.View, *value.Generator:
		return false
	}
	_, err := value.Len(v)
	return err == nil
}

func isIterable(v any) bool {
	if _, ok := v.(*value.Generator); ok {
		return true
	}
	_, err := value.Len(v)
	return err == nil
}

// same is Python's is, for what can be told apart: kinds count.
func (c call) same(a, b any) bool {
	if _, ok := a.(*value.List); ok {
		return a == b
	}
	if value.IsMapping(a) {
		return identical(a, b)
	}
	return value.TypeName(a) == value.TypeName(b) && c.equal(a, b)
}

func (c call) remainderIs(by any, want int64) bool {
	if _, ok := value.Float64(c.a[0]); !ok {
		mistyped("needs a number, not %s", c.a[0])
	}
	return c.equal(c.Arith(value.OpMod, c.a[0], by), want)
}
