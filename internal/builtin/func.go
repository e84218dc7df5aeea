package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// A Func is a filter, test, function or method: its parameters and its code. The
// code gets one value for each parameter.
type Func struct {
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

// def makes a Func from a signature: "s width=80 fill=' '". A parameter
// without a default is required; *args and **kwargs come last; a lone dash is
// the default unset.
func def(signature string, fn func(c call) any) *Func {
	b := &Func{fn: fn}
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
		panic("builtin: bad default " + text)
	}
	if strings.Contains(text, ".") {
		return n
	}
	return int64(n)
}

// A Named is an argument given by name.
type Named struct {
	Name string
	V    any
}

// fixed is how many parameters are not *args or **kwargs.
func (b *Func) fixed() int {
	n := len(b.params)
	if b.rest {
		n--
	}
	if b.kwargs {
		n--
	}
	return n
}

// Accepts checks what is known of a call before it is made.
func (b *Func) Accepts(positional int, names []string) error {
	if !b.rest && positional > b.fixed() {
		return fmt.Errorf("has too many arguments, by %d", positional-b.fixed())
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

func (b *Func) index(name string) int {
	for i := range b.fixed() {
		if b.params[i].name == name {
			return i
		}
	}
	return -1
}

// bind lays the arguments of a call out by parameter.
func (b *Func) bind(args []any, kw []Named) []any {
	var names []string
	for _, k := range kw {
		names = append(names, k.Name)
	}
	Check(b.Accepts(len(args), names))
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
		if i := b.index(k.Name); i >= 0 {
			out[i] = k.V
		} else {
			rest.Set(k.Name, k.V)
		}
	}
	return out
}

// Call binds the arguments and runs.
func (b *Func) Call(r *Run, args []any, kw []Named) any {
	a := b.bind(args, kw)
	r.Tick(1)
	for _, v := range args {
		r.read(v)
	}
	return b.fn(call{r, a})
}

// A call is one call of a Func, with a value for each parameter. Its methods
// read arguments as what they must be, and end the call if they are not.
type call struct {
	*Run
	a []any
}

func (c call) text(i int) string            { return textOf(c.a[i]) }
func (c call) int(i int) int                { return intOf(c.a[i]) }
func (c call) truth(i int) bool             { return value.Truth(c.a[i]) }
func (c call) rest(i int) value.Tuple       { return c.a[i].(value.Tuple) }
func (c call) names(i int) *value.Object    { return c.a[i].(*value.Object) }
func (c call) str(i int) string             { return c.Str(c.a[i]) }
func (c call) list(i int) []any             { return c.Items(c.a[i]) }
func (c call) newList(items []any) any      { c.GrowItems(len(items)); return value.NewList(items) }
func (c call) newGenerator(items []any) any { return value.NewGenerator(items) }

// given reports whether an argument whose default is unset was given.
func (c call) given(i int) bool {
	_, none := c.a[i].(unset)
	return !none
}

func (r *Run) equal(a, b any) bool { return Must(value.Equal(a, b, r)) }

func entries(v any) []value.Entry { return Must(value.Entries(v)) }

// intOf reads what must be an integer.
func intOf(v any) int {
	i, ok := value.Int64(v)
	if !ok {
		mistyped("needs an integer, not %s", v)
	}
	return int(max(-1<<31, min(i, 1<<31-1)))
}

// textOf reads what must be text.
func textOf(v any) string {
	s, ok := value.Text(v)
	if !ok {
		mistyped("needs text, not %s", v)
	}
	return s
}
