package jinja

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// A builtin is a filter, test, function or method: its parameters and its code.
// The code gets one value for each parameter.
type builtin struct {
	params []param
	min    int
	rest   bool // the last parameter takes the arguments that are left, as a Tuple
	kwargs bool // the last parameter takes the names that are left, as an Object
	fn     func(c call) any
}

type param struct {
	name string
	def  any
}

// unset is the default of a parameter that can tell being left out from None.
type unset struct{}

// def makes a builtin from a signature: "s width=80 fill=' '". A parameter
// without a default is required; *args and **kwargs come last; a lone dash is
// the default unset.
func def(signature string, fn func(c call) any) *builtin {
	b := &builtin{fn: fn}
	for _, f := range strings.Fields(signature) {
		name, text, optional := strings.Cut(f, "=")
		switch {
		case strings.HasPrefix(name, "**"):
			b.kwargs = true
		case strings.HasPrefix(name, "*"):
			b.rest = true
		case !optional:
			b.min++
		}
		b.params = append(b.params, param{strings.TrimLeft(name, "*"), defaultOf(text)})
	}
	return b
}

func defaultOf(text string) any {
	switch text {
	case "none", "":
		return nil
	case "true", "false":
		return text == "true"
	case "-":
		return unset{}
	}
	if s, ok := strings.CutPrefix(text, "'"); ok {
		return strings.ReplaceAll(strings.TrimSuffix(s, "'"), "_", " ")
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("jinja: bad default " + text)
	}
	if strings.Contains(text, ".") {
		return n
	}
	return int64(n)
}

// kwarg is an argument given by name.
type kwarg struct {
	name string
	v    any
}

// fixed is how many parameters are not *args or **kwargs.
func (b *builtin) fixed() int {
	n := len(b.params)
	if b.rest {
		n--
	}
	if b.kwargs {
		n--
	}
	return n
}

// accepts checks what is known of a call before it is made.
func (b *builtin) accepts(positional int, names []string) error {
	if !b.rest && positional > b.fixed() {
		return fmt.Errorf("takes at most %d arguments, not %d", b.fixed(), positional)
	}
	given := map[string]bool{}
	for i := range min(positional, b.fixed()) {
		given[b.params[i].name] = true
	}
	for _, n := range names {
		if given[n] {
			return fmt.Errorf("argument %s is given twice", n)
		}
		if !b.kwargs && b.index(n) < 0 {
			return fmt.Errorf("has no argument %s", n)
		}
		given[n] = true
	}
	for i := range b.min {
		if !given[b.params[i].name] {
			return fmt.Errorf("argument %s is missing", b.params[i].name)
		}
	}
	return nil
}

func (b *builtin) index(name string) int {
	for i := range b.fixed() {
		if b.params[i].name == name {
			return i
		}
	}
	return -1
}

// bind lays the arguments of a call out by parameter.
func (b *builtin) bind(args []any, kw []kwarg) ([]any, error) {
	names := make([]string, len(kw))
	for i := range kw {
		names[i] = kw[i].name
	}
	if err := b.accepts(len(args), names); err != nil {
		return nil, err
	}
	out := make([]any, len(b.params))
	for i, p := range b.params {
		out[i] = p.def
	}
	n := copy(out[:b.fixed()], args)
	if b.rest {
		out[b.fixed()] = value.Tuple(args[n:])
	}
	var rest *value.Object
	if b.kwargs {
		rest = value.NewObject()
		out[len(out)-1] = rest
	}
	for _, k := range kw {
		if i := b.index(k.name); i >= 0 {
			out[i] = k.v
		} else {
			rest.Set(k.name, k.v)
		}
	}
	return out, nil
}

// call binds and runs.
func (b *builtin) call(r *run, args []any, kw []kwarg) (v any, err error) {
	a, err := b.bind(args, kw)
	if err != nil {
		return nil, err
	}
	if err := r.tick(1); err != nil {
		return nil, err
	}
	defer caught(&err)
	return b.fn(call{r, a}), nil
}

// A call is one call of a builtin, with a value for each parameter. Its methods
// read arguments as what they must be, and end the call with an error if they
// are not. See failure.
type call struct {
	*run
	a []any
}

// refuse ends the call.
func refuse(format string, args ...any) { check(fmt.Errorf(format, args...)) }

func (c call) text(i int) string            { return must(textArg(c.a[i])) }
func (c call) int(i int) int                { return must(intArg(c.a[i])) }
func (c call) truth(i int) bool             { return value.Truth(c.a[i]) }
func (c call) rest(i int) value.Tuple       { return c.a[i].(value.Tuple) }
func (c call) names(i int) *value.Object    { return c.a[i].(*value.Object) }
func (c call) str(i int) string             { return c.spell(c.a[i]) }
func (c call) list(i int) []any             { return c.walk(c.a[i]) }
func (c call) spell(v any) string           { return must(c.run.str(v)) }
func (c call) walk(v any) []any             { return must(c.run.items(v)) }
func (c call) equal(a, b any) bool          { return must(value.Equal(a, b)) }
func (c call) room(bytes int)               { check(c.grow(bytes)) }
func (c call) roomFor(items int)            { check(c.growItems(items)) }
func (c call) step()                        { check(c.tick(1)) }
func (c call) entries(v any) []value.Entry  { return must(value.Entries(v)) }
func (c call) newList(items []any) any      { c.roomFor(len(items)); return value.NewList(items) }
func (c call) newGenerator(items []any) any { return value.NewGenerator(items) }

// given reports whether an argument whose default is unset was given.
func (c call) given(i int) bool {
	_, none := c.a[i].(unset)
	return !none
}

// typeError complains about the kind of a value; an undefined one by its name.
func typeError(format string, v any) error {
	if u, ok := v.(value.Undefined); ok {
		return fmt.Errorf("%s", u.Message())
	}
	return fmt.Errorf(format, value.TypeName(v))
}

// intArg reads an argument that must be an integer.
func intArg(v any) (int, error) {
	i, ok := value.Int64(v)
	if !ok {
		return 0, typeError("needs an integer, not %s", v)
	}
	return int(max(-1<<31, min(i, 1<<31-1))), nil
}

// textArg reads an argument that must be text.
func textArg(v any) (string, error) {
	s, ok := value.Text(v)
	if !ok {
		return "", typeError("needs text, not %s", v)
	}
	return s, nil
}
