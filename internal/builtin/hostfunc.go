package builtin

import (
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/docevent/webhook/internal/value"
)

var (
	errorType    = reflect.TypeFor[error]()
	hostTimeType = reflect.TypeFor[time.Time]()
)

// hostFunction wraps a function of the host.
func hostFunction(fn any) (*Func, error) {
	rv := reflect.ValueOf(fn)
	if rv.Kind() != reflect.Func || rv.IsNil() {
		return nil, errors.New("is no function")
	}
	t := rv.Type()
	if n := t.NumOut(); n != 1 && (n != 2 || t.Out(1) != errorType) {
		return nil, errors.New("must return one value, or one and an error")
	}
	b := &Func{rest: t.IsVariadic()}
	for i := range t.NumIn() {
		b.params = append(b.params, param{name: strconv.Itoa(i + 1)})
	}
	b.min = b.fixed()
	b.fn = func(c call) any {
		in := hostArgs(t, c.a)
		// How long it takes is the host's affair, so the clock is read each time.
		c.look()
		return Must(callHost(rv, in))
	}
	return b, nil
}

func hostArgs(t reflect.Type, a []any) []reflect.Value {
	var in []reflect.Value
	for i, x := range a {
		if t.IsVariadic() && i == t.NumIn()-1 {
			for _, more := range x.(value.Tuple) {
				in = append(in, hostArg(more, t.In(i).Elem()))
			}
			break
		}
		in = append(in, hostArg(x, t.In(i)))
	}
	return in
}

// callHost calls, and turns a panic into an error that does not show what the
// panic said.
func callHost(fn reflect.Value, in []reflect.Value) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, errors.New("panicked")
		}
	}()
	out := fn.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		return nil, out[1].Interface().(error)
	}
	return value.Of(out[0].Interface())
}

// hostArg converts a value to the type of a parameter.
func hostArg(v any, t reflect.Type) reflect.Value {
	if v == nil || value.IsUndefined(v) {
		return reflect.Zero(t)
	}
	if rv := reflect.ValueOf(v); rv.Type().AssignableTo(t) && t.Kind() != reflect.Interface {
		return rv
	}
	switch t.Kind() {
	case reflect.Interface:
		if plain := reflect.ValueOf(plainGo(v)); plain.Type().AssignableTo(t) {
			return plain
		}
	case reflect.String:
		if s, ok := value.Text(v); ok {
			return reflect.ValueOf(s).Convert(t)
		}
	case reflect.Bool:
		return reflect.ValueOf(value.Truth(v)).Convert(t)
	case reflect.Float32, reflect.Float64:
		if f, ok := value.Float64(v); ok {
			return reflect.ValueOf(f).Convert(t)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return hostInt(v, t)
	case reflect.Struct:
		if d, ok := v.(value.Date); ok && t == hostTimeType {
			return reflect.ValueOf(d.Time)
		}
	case reflect.Slice:
		items := Must(value.Items(v))
		out := reflect.MakeSlice(t, len(items), len(items))
		for i, item := range items {
			out.Index(i).Set(hostArg(item, t.Elem()))
		}
		return out
	}
	refuse("cannot take a %s where Go wants %s", value.TypeName(v), t)
	return reflect.Value{}
}

func hostInt(v any, t reflect.Type) reflect.Value {
	whole, ok := value.Truncate(v)
	i, fits := value.Int64(whole)
	out := reflect.New(t).Elem()
	if !ok || !fits || out.CanInt() && out.OverflowInt(i) ||
		out.CanUint() && (i < 0 || out.OverflowUint(uint64(i))) {
		refuse("cannot take this %s where Go wants %s", value.TypeName(v), t)
	}
	return reflect.ValueOf(i).Convert(t)
}

// plainGo turns what only the engine knows into plain Go values.
func plainGo(v any) any {
	switch v := v.(type) {
	case *value.List:
		return plainItems(v.Items)
	case value.Tuple:
		return plainItems(v)
	case value.Date:
		return v.Time
	}
	if s, ok := value.Text(v); ok {
		return s
	}
	if value.IsSequence(v) {
		items, err := value.Items(v)
		if err == nil {
			return plainItems(items)
		}
	}
	return v
}

// plainItems returns items that are not nil: an empty list is no None when it
// comes back.
func plainItems(items []any) []any {
	if items == nil {
		return []any{}
	}
	return items
}
