package jinja

import (
	"errors"

	"github.com/docevent/webhook/internal/value"
)

// globals are Jinja's own functions, and changed.
func globals() map[string]*builtin {
	return map[string]*builtin{
		"range":     def("*args", rangeOf),
		"dict":      def("*args **kwargs", dictOf),
		"namespace": def("*args **kwargs", namespaceOf),
		"cycler": def("*items", func(_ *run, a []any) (any, error) {
			items := a[0].(value.Tuple)
			if len(items) == 0 {
				return nil, errors.New("needs something to cycle through")
			}
			return &cycler{items: items}, nil
		}),
		"joiner":  def("sep=',_'", func(_ *run, a []any) (any, error) { return &joiner{sep: a[0]}, nil }),
		"changed": def("*fields", changed),
	}
}

// rangeOf is range(stop), range(start, stop), range(start, stop, step).
func rangeOf(r *run, a []any) (any, error) {
	args := a[0].(value.Tuple)
	if len(args) < 1 || len(args) > 3 {
		return nil, errors.New("takes 1 to 3 arguments")
	}
	n := [3]int64{0, 0, 1}
	for i, x := range args {
		v, ok := value.Int64(x)
		if !ok {
			return nil, typeError("needs integers, not %s", x)
		}
		n[i] = v
	}
	if len(args) == 1 {
		n[0], n[1] = 0, n[0]
	}
	if n[2] == 0 {
		return nil, errors.New("step cannot be zero")
	}
	rng := value.Range{Start: n[0], Stop: n[1], Step: n[2]}
	if rng.Len() > MaxRange {
		return nil, errRange
	}
	return rng, nil
}

func dictOf(r *run, a []any) (any, error) {
	d := value.NewObject()
	args := a[0].(value.Tuple)
	if len(args) > 1 {
		return nil, errors.New("takes one mapping, or names")
	}
	for _, x := range args {
		if err := r.fill(d, x); err != nil {
			return nil, err
		}
	}
	return d, r.fill(d, a[1])
}

// fill sets the members of x, a mapping or a list of pairs, in d.
func (r *run) fill(d *value.Object, x any) error {
	pairs, err := r.pairsOf(x)
	if err != nil {
		return err
	}
	for _, e := range pairs {
		d.Set(e.Key, e.Value)
	}
	return r.growItems(d.Len())
}

// pairsOf lists the members of a mapping, or a list of pairs.
func (r *run) pairsOf(x any) ([]value.Entry, error) {
	if value.IsMapping(x) {
		return value.Entries(x)
	}
	items, err := r.items(x)
	if err != nil {
		return nil, err
	}
	out := make([]value.Entry, len(items))
	for i, item := range items {
		pair, err := r.items(item)
		if err != nil {
			return nil, err
		}
		if len(pair) != 2 || !value.Hashable(pair[0]) {
			return nil, errors.New("needs pairs of a key and a value")
		}
		out[i] = value.Entry{Key: pair[0], Value: pair[1]}
	}
	return out, nil
}

func namespaceOf(r *run, a []any) (any, error) {
	d, err := dictOf(r, a)
	if err != nil {
		return nil, err
	}
	return &namespace{d.(*value.Object)}, nil
}

// changed reports whether one of the fields differs from what it was before, or
// with no names whether any does. Without a previous document all is changed.
func changed(r *run, a []any) (any, error) {
	if !r.s.HasPrevious {
		return true, nil
	}
	doc, err := r.s.document()
	if err != nil {
		return nil, err
	}
	before, err := r.s.before()
	if err != nil {
		return nil, err
	}
	fields := a[0].(value.Tuple)
	if len(fields) == 0 {
		same, err := value.Equal(doc, before)
		return !same, err
	}
	for _, f := range fields {
		name, err := textArg(f)
		if err != nil {
			return nil, err
		}
		now, _, err := value.Get(doc, name)
		if err != nil {
			return nil, err
		}
		then, _, err := value.Get(before, name)
		if err != nil {
			return nil, err
		}
		if same, err := value.Equal(now, then); err != nil || !same {
			return err == nil, err
		}
	}
	return false, nil
}

// newDocMethods are the methods of doc beyond those of a mapping.
func newDocMethods() map[string]*builtin {
	return map[string]*builtin{
		"has_value_changed":   def("fieldname", func(r *run, a []any) (any, error) { return changed(r, []any{value.Tuple{a[0]}}) }),
		"get_doc_before_save": def("", func(r *run, _ []any) (any, error) { return r.s.before() }),
	}
}

// pythonFunctions are those of Python's functions that conditions know.
func pythonFunctions() map[string]*builtin {
	return map[string]*builtin{
		"any":    def("iterable", func(r *run, a []any) (any, error) { return r.anyOf(a[0], true) }),
		"all":    def("iterable", func(r *run, a []any) (any, error) { return r.anyOf(a[0], false) }),
		"len":    def("obj", length),
		"sum":    def("iterable start=0", func(r *run, a []any) (any, error) { return r.sum(a[0], nil, a[1]) }),
		"min":    def("*args", func(r *run, a []any) (any, error) { return r.extreme(a[0].(value.Tuple), "<") }),
		"max":    def("*args", func(r *run, a []any) (any, error) { return r.extreme(a[0].(value.Tuple), ">") }),
		"sorted": def("iterable reverse=false", func(r *run, a []any) (any, error) { return r.sorted(a[0], value.Truth(a[1]), identity) }),
		"abs":    def("x", absOf),
		"str":    def("object=''", func(r *run, a []any) (any, error) { return r.str(a[0]) }),
		"int":    def("x=0 base=10", pythonInt),
		"float":  def("x=0.0", pythonFloat),
		"round":  def("number ndigits=none", pythonRound),
		"bool":   def("x=false", func(_ *run, a []any) (any, error) { return value.Truth(a[0]), nil }),
		"list":   def("iterable=-", func(r *run, a []any) (any, error) { return r.list(a[0]) }),
	}
}

// anyOf looks for an element whose truth is want.
func (r *run) anyOf(v any, want bool) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	for _, x := range items {
		if value.Truth(x) == want {
			return want, nil
		}
	}
	return !want, nil
}

// extreme is min(a, b, ...) and min([a, b, ...]).
func (r *run) extreme(args value.Tuple, op string) (any, error) {
	items := []any(args)
	if len(args) == 1 {
		var err error
		if items, err = r.items(args[0]); err != nil {
			return nil, err
		}
	}
	if len(items) == 0 {
		return nil, errors.New("sequence is empty")
	}
	return r.best(items, op, identity)
}

func identity(x any) (any, error) { return x, nil }

func pythonInt(_ *run, a []any) (any, error) {
	base, err := intArg(a[1])
	if err != nil || base < 2 || base > 36 {
		return nil, errors.New("needs a base from 2 to 36")
	}
	if s, ok := value.Text(a[0]); ok {
		if v, ok := value.ParseInt(s, base); ok {
			return v, nil
		}
		return nil, errors.New("text is no integer")
	}
	if v, ok := value.Truncate(a[0]); ok {
		return v, nil
	}
	return nil, typeError("cannot make an integer of %s", a[0])
}

func pythonFloat(_ *run, a []any) (any, error) {
	if s, ok := value.Text(a[0]); ok {
		if f, ok := value.ParseFloat(s); ok {
			return f, nil
		}
		return nil, errors.New("text is no number")
	}
	if f, ok := value.Float64(a[0]); ok {
		return f, nil
	}
	return nil, typeError("cannot make a number of %s", a[0])
}

func pythonRound(_ *run, a []any) (any, error) {
	if a[1] == nil {
		v, err := roundTo(a[0], 0)
		if err != nil {
			return nil, err
		}
		whole, ok := value.Truncate(v)
		if !ok {
			return nil, errors.New("number is not finite")
		}
		return whole, nil
	}
	n, err := intArg(a[1])
	if err != nil {
		return nil, err
	}
	return roundTo(a[0], n)
}
