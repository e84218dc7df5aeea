package value

import (
	"database/sql/driver"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// errUnsupported says that encoding/json could not encode a value of this type.
var errUnsupported = errors.New("unsupported type")

// Of brings a Go value into the form that this package describes, one level
// deep. Maps with string keys and slices of any are returned as they are, nil
// ones as nil;
// json.RawMessage is decoded with its key order and number spelling; structs,
// other maps and other slices are wrapped. Channels and functions are
// Undefined. The error is that of a marshaler, or that of its panic.
func Of(x any) (any, error) {
	switch x := x.(type) {
	case nil, string, bool, int, int64, float64, json.Number, time.Time, *Object:
		return x, nil
	case map[string]any, []any:
		if isNil(x) {
			return nil, nil
		}
		return x, nil
	case json.RawMessage:
		return decodeMessage(x)
	}
	return ofRare(x)
}

// settled reports whether Of would return x as it is.
func settled(x any) bool {
	switch x.(type) {
	case nil, string, bool, int, int64, float64, json.Number, *big.Int, time.Time, Date,
		*Object, *Record, Tuple, *List, *View, *Group, *Generator, Range,
		Undefined, Safe, Markup, JSON, Encoded:
		return true
	case map[string]any, []any:
		return !isNil(x)
	}
	return false
}

// isNil reports whether x is a nil map or slice, which encoding/json writes as
// null.
func isNil(x any) bool {
	switch x := x.(type) {
	case map[string]any:
		return x == nil
	case []any:
		return x == nil
	}
	return false
}

func ofRare(x any) (any, error) {
	switch x := x.(type) {
	case float32:
		return widen(x), nil
	case int32:
		return int64(x), nil
	case uint64:
		return ofUint(x), nil
	case *time.Time:
		if x == nil {
			return nil, nil
		}
		return *x, nil
	case *big.Int:
		if x == nil {
			return nil, nil
		}
		return small(x), nil
	case time.Duration:
		return int64(x), nil
	case Opaque:
		return x, nil
	}
	if settled(x) {
		return x, nil
	}
	return ofReflect(reflect.ValueOf(x))
}

// An Opaque value belongs to the template engine; Of leaves it alone.
type Opaque interface{ OpaqueValue() }

func decodeMessage(raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, nil
	}
	return DecodeJSON(raw)
}

// widen turns a float32 into the float64 that has the same shortest spelling,
// which is what encoding/json writes.
func widen(f float32) float64 {
	wide, _ := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	return wide
}

func ofUint(u uint64) any {
	if u > 1<<63-1 {
		return new(big.Int).SetUint64(u)
	}
	return int64(u)
}

// ofReflect is Of for what a type switch cannot name. The order of the steps
// is encoding/json's, with driver.Valuer before encoding.TextMarshaler.
func ofReflect(rv reflect.Value) (any, error) {
	for range MaxDepth {
		if !rv.IsValid() {
			return nil, nil
		}
		in := infoOf(rv.Type())
		if in.basic {
			return ofBasic(rv), nil
		}
		if in.hooks != 0 {
			return ofHook(rv, in.hooks)
		}
		if in.addrHooks != 0 && rv.CanAddr() {
			return ofHook(rv.Addr(), in.addrHooks)
		}
		if rv.Kind() != reflect.Pointer && rv.Kind() != reflect.Interface {
			return ofShape(rv, in)
		}
		if rv.IsNil() {
			return nil, nil
		}
		rv = rv.Elem()
		t := rv.Type()
		if rv.Kind() == reflect.Interface || t == rawType || t == timeType || t == objectType {
			return Of(rv.Interface())
		}
	}
	return nil, ErrDepth
}

var (
	rawType    = reflect.TypeFor[json.RawMessage]()
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
	objectType = reflect.TypeFor[Object]()
)

func ofBasic(rv reflect.Value) any {
	switch rv.Kind() {
	case reflect.String:
		if rv.Type() == numberType {
			return json.Number(rv.String())
		}
		return rv.String()
	case reflect.Bool:
		return rv.Bool()
	case reflect.Float32:
		return widen(float32(rv.Float()))
	case reflect.Float64:
		return rv.Float()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int()
	}
	return ofUint(rv.Uint())
}

func ofShape(rv reflect.Value, in *info) (any, error) {
	switch rv.Kind() {
	case reflect.Struct:
		if rv.Type() == timeType {
			return rv.Interface(), nil
		}
		return &Record{rv: rv, info: in}, nil
	case reflect.Map:
		return ofMap(rv)
	case reflect.Slice:
		return ofSlice(rv)
	case reflect.Array:
		return ofElements(rv)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return Undefined{Name: rv.Type().String()}, nil
	}
	return nil, fmt.Errorf("read %s: %w", rv.Type(), errUnsupported)
}

func ofSlice(rv reflect.Value) (any, error) {
	switch {
	case rv.IsNil():
		return nil, nil
	case rv.Type() == rawType:
		return decodeMessage(rv.Bytes())
	case rv.Type().Elem().Kind() == reflect.Uint8 &&
		infoOf(reflect.PointerTo(rv.Type().Elem())).hooks == 0:
		return base64.StdEncoding.EncodeToString(rv.Bytes()), nil
	}
	return ofElements(rv)
}

// ofElements copies a slice or array. Structs without marshalers become records
// that point into it; everything else is left for a later look.
func ofElements(rv reflect.Value) (any, error) {
	n := rv.Len()
	items := make([]any, n)
	elem := rv.Type().Elem()
	in := infoOf(elem)
	if elem.Kind() == reflect.Struct && in.hooks|in.addrHooks == 0 && elem != timeType {
		records := make([]Record, n)
		for i := range items {
			records[i] = Record{rv: rv.Index(i), info: in}
			items[i] = &records[i]
		}
		return items, nil
	}
	for i := range items {
		el := rv.Index(i)
		if in.basic {
			items[i] = ofBasic(el)
		} else if in.addrHooks != 0 && el.CanAddr() {
			items[i] = el.Addr().Interface()
		} else {
			items[i] = el.Interface()
		}
	}
	return items, nil
}

// ofMap copies the keys of a map, sorted as encoding/json sorts them.
func ofMap(rv reflect.Value) (any, error) {
	if rv.IsNil() {
		return nil, nil
	}
	if m, ok := rv.Interface().(map[string]any); ok {
		return m, nil
	}
	if rv.Type().ConvertibleTo(plainMapType) {
		return rv.Convert(plainMapType).Interface(), nil
	}
	o := &Object{fixed: true, entries: make([]Entry, 0, rv.Len())}
	for it := rv.MapRange(); it.Next(); {
		key, err := mapKey(it.Key())
		if err != nil {
			return nil, err
		}
		if absent(it.Value()) {
			continue
		}
		o.entries = append(o.entries, Entry{Key: key, Value: it.Value().Interface()})
	}
	o.sortKeys()
	o.reindex()
	return o, nil
}

var plainMapType = reflect.TypeFor[map[string]any]()

func mapKey(k reflect.Value) (string, error) {
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if infoOf(k.Type()).hooks&hookText != 0 {
		s, err := ofHook(k, hookText)
		text, _ := s.(string)
		return text, err
	}
	switch k.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(k.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", fmt.Errorf("read map with %s keys: %w", k.Type(), errUnsupported)
}

// absent reports whether a value is a channel or function, which documents do
// not show.
func absent(rv reflect.Value) bool {
	if rv.Kind() == reflect.Interface {
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	}
	return false
}

// ofHook asks a marshaler. A panic in it is its error.
func ofHook(rv reflect.Value, h hooks) (v any, err error) {
	if rv.Kind() == reflect.Pointer && rv.IsNil() {
		return nil, nil
	}
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, fmt.Errorf("read %s: its marshaler panicked", rv.Type())
		}
	}()
	x := rv.Interface()
	switch {
	case h&hookJSON != 0:
		raw, err := x.(json.Marshaler).MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", rv.Type(), err)
		}
		return DecodeJSON(raw)
	case h&hookValuer != 0:
		dv, err := x.(driver.Valuer).Value()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", rv.Type(), err)
		}
		return ofDriver(dv)
	}
	text, err := x.(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", rv.Type(), err)
	}
	return string(text), nil
}

// ofDriver takes what a driver.Valuer gave; bytes are text there.
func ofDriver(dv driver.Value) (any, error) {
	switch dv := dv.(type) {
	case []byte:
		if dv == nil {
			return nil, nil
		}
		return string(dv), nil
	case nil, int64, float64, bool, string, time.Time:
		return dv, nil
	}
	return nil, fmt.Errorf("read driver value of %T: %w", dv, errUnsupported)
}
