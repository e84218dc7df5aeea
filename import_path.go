package webhook

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// readInto reads JSON into a value as encoding/json does, but exactly: members
// are matched with their case, one may stand there once, and those that the
// value does not have are handed to unknown. Its errors are fieldErrors that
// name the member; what does not fit is not repeated, as it may be a secret.
func readInto(raw json.RawMessage, v reflect.Value, path string,
	unknown func(string, json.RawMessage) error) error {
	switch {
	case string(raw) == "null" && v.Kind() != reflect.Struct:
		return nil
	case v.Type() == reflect.TypeFor[RetryPolicy]():
		if err := readInto(raw, reflect.ValueOf(new(retryJSON)).Elem(), path, unknown); err != nil {
			return err
		}
	case readsItself(v):
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return readInto(raw, v.Elem(), path, unknown)
	case v.Kind() == reflect.Struct:
		return readMembers(raw, v, path, unknown)
	case v.Kind() == reflect.Slice:
		return readElements(raw, v, path, unknown)
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return &fieldError{field: path, err: misfit(err)}
	}
	return nil
}

// readsItself reports whether a value has a JSON form of its own.
func readsItself(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

func readMembers(raw json.RawMessage, v reflect.Value, path string,
	unknown func(string, json.RawMessage) error) error {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = v.Field(i)
	}
	if path != "" {
		path += "."
	}
	seen := map[string]bool{}
	return eachMember(raw, func(name string, raw json.RawMessage) error {
		if seen[name] {
			return fieldErrorf(path+name, "stands there twice")
		}
		seen[name] = true
		if field, ok := fields[name]; ok {
			return readInto(raw, field, path+name, unknown)
		}
		return unknown(path+name, raw)
	}, strings.TrimSuffix(path, "."))
}

// eachMember calls f for the members of an object, which stands at a path.
func eachMember(raw json.RawMessage, f func(string, json.RawMessage) error, path string) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return &fieldError{field: path, err: errors.New("not an object")}
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := f(name.(string), value); err != nil {
			return err
		}
	}
	return nil
}

func readElements(raw json.RawMessage, v reflect.Value, path string,
	unknown func(string, json.RawMessage) error) error {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return &fieldError{field: path, err: misfit(err)}
	}
	if len(elements) > maxRows {
		return fieldErrorf(path, "more than %d", maxRows)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, e := range elements {
		if err := readInto(e, v.Index(i), fmt.Sprintf("%s[%d]", path, i), unknown); err != nil {
			return err
		}
	}
	return nil
}

// misfit says what encoding/json found, in the words of JSON and without the
// value.
func misfit(err error) error {
	var te *json.UnmarshalTypeError
	if !errors.As(err, &te) {
		return err
	}
	found, _, _ := strings.Cut(te.Value, " ")
	want := map[reflect.Kind]string{
		reflect.String: "a string", reflect.Bool: "true or false",
		reflect.Int: "an integer", reflect.Int64: "an integer", reflect.Float64: "a number",
		reflect.Slice: "an array", reflect.Struct: "an object",
		reflect.Pointer: "a string", // of what reads itself from text
	}[te.Type.Kind()]
	if want == "" {
		return err
	}
	return fmt.Errorf("%s where %s belongs", found, want)
}
