package jinja

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/docevent/webhook/internal/value"
)

var (
	errorType    = reflect.TypeFor[error]()
	hostTimeType = reflect.TypeFor[time.Time]()
)

// hostFunction wraps a function of the host.
func hostFunction(fn any) (*builtin, error) {
	rv := reflect.ValueOf(fn)
	if rv.Kind() != reflect.Func || rv.IsNil() {
		return nil, errors.New("is no function")
	}
	t := rv.Type()
	if n := t.NumOut(); n != 1 && (n != 2 || t.Out(1) != errorType) {
		return nil, errors.New("must return one value, or one and an error")
	}
	b := &builtin{rest: t.IsVariadic()}
	for i := range t.NumIn() {
		b.params = append(b.params, param{name: fmt.Sprintf("argument %d", i+1)})
	}
	b.min = b.fixed()
	b.fn = func(c call) any {
		// How long it takes is the host's affair, so the clock is read each time.
		check(c.run.check())
		return must(callHost(rv, c.a))
	}
	return b, nil
}

// callHost converts the arguments, calls, and turns a panic into an error that
// does not show what the panic said.
func callHost(fn reflect.Value, a []any) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, errors.New("panicked")
		}
	}()
	t := fn.Type()
	var in []reflect.Value
	for i, x := range a {
		if t.IsVariadic() && i == t.NumIn()-1 {
			for _, more := range x.(value.Tuple) {
				rv, err := hostArg(more, t.In(i).Elem())
				if err != nil {
					return nil, err
				}
				in = append(in, rv)
			}
			break
		}
		rv, err := hostArg(x, t.In(i))
		if err != nil {
			return nil, err
		}
		in = append(in, rv)
	}
	out := fn.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		return nil, out[1].Interface().(error)
	}
	return value.Of(out[0].Interface())
}

// hostArg converts a value to the type of a parameter.
func hostArg(v any, t reflect.Type) (reflect.Value, error) {
	if value.IsUndefined(v) {
		v = nil
	}
	if v == nil {
		return reflect.Zero(t), nil
	}
	if rv := reflect.ValueOf(v); rv.Type().AssignableTo(t) && t.Kind() != reflect.Interface {
		return rv, nil
	}
	switch t.Kind() {
	case reflect.Interface:
		if plain := plainGo(v); reflect.TypeOf(plain).AssignableTo(t) {
			return reflect.ValueOf(plain), nil
		}
	case reflect.String:
		if s, ok := value.Text(v); ok {
			return reflect.ValueOf(s).Convert(t), nil
		}
	case reflect.Bool:
		return reflect.ValueOf(value.Truth(v)).Convert(t), nil
	case reflect.Float32, reflect.Float64:
		if f, ok := value.Float64(v); ok {
			return reflect.ValueOf(f).Convert(t), nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return hostInt(v, t)
	case reflect.Struct:
		if d, ok := v.(value.Date); ok && t == hostTimeType {
			return reflect.ValueOf(d.Time), nil
		}
	case reflect.Slice:
		return hostSlice(v, t)
	}
	return reflect.Value{}, fmt.Errorf("cannot take a %s where Go wants %s", value.TypeName(v), t)
}

func hostInt(v any, t reflect.Type) (reflect.Value, error) {
	whole, ok := value.Truncate(v)
	if i, fits := value.Int64(whole); ok && fits {
		out := reflect.New(t).Elem()
		if out.CanInt() && !out.OverflowInt(i) || out.CanUint() && i >= 0 && !out.OverflowUint(uint64(i)) {
			return reflect.ValueOf(i).Convert(t), nil
		}
	}
	return reflect.Value{}, fmt.Errorf("cannot take this %s where Go wants %s", value.TypeName(v), t)
}

func hostSlice(v any, t reflect.Type) (reflect.Value, error) {
	items, err := value.Items(v)
	if err != nil {
		return reflect.Value{}, err
	}
	out := reflect.MakeSlice(t, len(items), len(items))
	for i, item := range items {
		x, err := hostArg(item, t.Elem())
		if err != nil {
			return reflect.Value{}, err
		}
		out.Index(i).Set(x)
	}
	return out, nil
}

// plainGo turns what only the engine knows into plain Go values.
func plainGo(v any) any {
	switch v := v.(type) {
	case *value.List:
		return v.Items
	case value.Tuple:
		return []any(v)
	case value.Date:
		return v.Time
	}
	if s, ok := value.Text(v); ok {
		return s
	}
	if value.IsSequence(v) {
		items, err := value.Items(v)
		if err == nil {
			return items
		}
	}
	return v
}
