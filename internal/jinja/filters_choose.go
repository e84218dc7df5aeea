package jinja

import (
	"errors"
	"fmt"

	"github.com/docevent/webhook/internal/value"
)

// chooserFilters apply another filter or a test to each element.
func chooserFilters() map[string]*builtin {
	choose := func(want, byAttribute bool) *builtin {
		return def("value *args **kwargs", func(r *run, a []any) (any, error) {
			return r.choose(a[0], a[1].(value.Tuple), a[2].(*value.Object), want, byAttribute)
		})
	}
	return map[string]*builtin{
		"map":        def("value *args **kwargs", mapItems),
		"select":     choose(true, false),
		"reject":     choose(false, false),
		"selectattr": choose(true, true),
		"rejectattr": choose(false, true),
	}
}

func kwargsOf(o *value.Object) []kwarg {
	var out []kwarg
	for _, e := range o.Entries() {
		name, _ := value.Text(e.Key)
		out = append(out, kwarg{name, e.Value})
	}
	return out
}

func mapItems(r *run, a []any) (any, error) {
	if !value.Truth(a[0]) {
		return value.NewGenerator(nil), nil
	}
	apply, err := r.mapper(a[1].(value.Tuple), a[2].(*value.Object))
	if err != nil {
		return nil, err
	}
	items, err := r.items(a[0])
	if err != nil {
		return nil, err
	}
	if err := r.growItems(len(items)); err != nil {
		return nil, err
	}
	out := make([]any, len(items))
	for i, x := range items {
		if out[i], err = apply(x); err != nil {
			return nil, err
		}
	}
	return value.NewGenerator(out), nil
}

// mapper is what map applies: map(attribute="a", default=0) or map("upper").
func (r *run) mapper(args value.Tuple, kw *value.Object) (func(any) (any, error), error) {
	if len(args) > 0 {
		name, err := textArg(args[0])
		if err != nil {
			return nil, err
		}
		f, ok := r.env.filter(name)
		if !ok {
			return nil, fmt.Errorf("unknown filter %q", clip(name))
		}
		named := kwargsOf(kw)
		return func(x any) (any, error) {
			return f.call(r, append([]any{x}, args[1:]...), named)
		}, nil
	}
	attribute, ok := kw.Get("attribute")
	if !ok {
		return nil, errors.New("needs a filter or an attribute")
	}
	fallback, _ := kw.Get("default")
	for _, e := range kw.Entries() {
		if e.Key != "attribute" && e.Key != "default" {
			return nil, fmt.Errorf("has no argument %v", e.Key)
		}
	}
	return r.getter(attribute, true, fallback)
}

// choose keeps the elements whose test gives want.
func (r *run) choose(v any, args value.Tuple, kw *value.Object, want, byAttribute bool) (any, error) {
	if !value.Truth(v) {
		return value.NewGenerator(nil), nil
	}
	get := identity
	if byAttribute {
		if len(args) == 0 {
			return nil, errors.New("needs the name of an attribute")
		}
		var err error
		if get, err = r.getter(args[0], true, nil); err != nil {
			return nil, err
		}
		args = args[1:]
	}
	holds, err := r.tester(args, kw)
	if err != nil {
		return nil, err
	}
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, x := range items {
		field, err := get(x)
		if err != nil {
			return nil, err
		}
		ok, err := holds(field)
		if err != nil {
			return nil, err
		}
		if ok == want {
			out = append(out, x)
		}
	}
	return value.NewGenerator(out), nil
}

func (r *run) tester(args value.Tuple, kw *value.Object) (func(any) (bool, error), error) {
	if len(args) == 0 {
		return func(x any) (bool, error) { return value.Truth(x), r.tick(1) }, nil
	}
	name, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	test, ok := r.env.tests[name]
	if !ok {
		return nil, fmt.Errorf("unknown test %q", clip(name))
	}
	named := kwargsOf(kw)
	return func(x any) (bool, error) {
		v, err := test.call(r, append([]any{x}, args[1:]...), named)
		return err == nil && value.Truth(v), err
	}, nil
}
