package value

import "reflect"

// A Record is a struct, read field by field under the names that encoding/json
// gives them. A field with omitempty is there all the same.
type Record struct {
	rv   reflect.Value
	info *info
}

// Len returns the number of fields.
func (r *Record) Len() int { return len(r.info.fields) }

// Get returns the field of that name, as it is in the struct.
func (r *Record) Get(name string) (any, bool, error) {
	i := r.info.index(name)
	if i < 0 {
		return nil, false, nil
	}
	v, err := r.field(i)
	return v, err == nil, err
}

// A Scratch is where a text or float of a struct is put to be looked at, which
// spares allocating it. It holds one at a time.
type Scratch struct {
	text  string
	float float64
}

// Peek is Get for what is looked at and not kept: a text is a *string and a float
// a *float64, good until the next Peek; [Kept] makes a value of them. It returns
// nil for anything but a text, number or bool.
func (r *Record) Peek(name string, s *Scratch) any {
	i := r.info.index(name)
	if i < 0 || r.info.fields[i].basic == reflect.Invalid {
		return nil
	}
	f := &r.info.fields[i]
	rv, ok := r.at(f)
	switch {
	case !ok:
		return nil
	case f.basic == reflect.String:
		s.text = rv.String()
		return &s.text
	case f.basic == reflect.Float64:
		s.float = rv.Float()
		return &s.float
	}
	return ofBasic(rv)
}

// Kept returns what Peek gave as a value of this package, and any other v as it
// is.
func Kept(v any) any {
	switch v := v.(type) {
	case *string:
		return *v
	case *float64:
		return *v
	}
	return v
}

// at finds a field. It reports false when an embedded pointer to it is nil.
func (r *Record) at(f *field) (reflect.Value, bool) {
	rv := r.rv
	for _, step := range f.path {
		if rv.Kind() == reflect.Pointer {
			if rv.IsNil() {
				return rv, false
			}
			rv = rv.Elem()
		}
		rv = rv.Field(step)
	}
	return rv, true
}

func (r *Record) field(i int) (any, error) {
	f := &r.info.fields[i]
	rv, ok := r.at(f)
	switch {
	case !ok:
		return nil, nil
	case f.basic != reflect.Invalid:
		return ofBasic(rv), nil
	}
	v, err := ofField(rv)
	if f.quoted && err == nil && v != nil {
		text, err := AppendJSON(nil, v)
		return string(text), err
	}
	return v, err
}

func ofField(rv reflect.Value) (any, error) {
	if rv.Kind() == reflect.Interface {
		if rv.IsNil() {
			return nil, nil
		}
		return Of(rv.Interface())
	}
	return ofReflect(rv)
}
