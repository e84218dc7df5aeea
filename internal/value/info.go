package value

import (
	"cmp"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// hooks says which marshalers a type has.
type hooks uint8

const (
	hookJSON hooks = 1 << iota
	hookValuer
	hookText
)

// info is what is known about a type. It is immutable once stored.
type info struct {
	basic     bool // a number, string or bool without marshalers
	hooks     hooks
	addrHooks hooks // those of the pointer to the type
	fields    []field
	byName    map[string]int
}

type field struct {
	name   string
	path   []int
	basic  reflect.Kind // of a text, number or bool without marshalers, else Invalid
	quoted bool
	tagged bool
}

// index is where the field of that name is, or -1. Looking at each of a few beats
// a map.
func (in *info) index(name string) int {
	if len(in.fields) <= scanMax {
		for i := range in.fields {
			if in.fields[i].name == name {
				return i
			}
		}
		return -1
	}
	if i, ok := in.byName[name]; ok {
		return i
	}
	return -1
}

var infos sync.Map // reflect.Type to *info

func infoOf(t reflect.Type) *info {
	if in, ok := infos.Load(t); ok {
		return in.(*info)
	}
	in := &info{hooks: hooksOf(t)}
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		in.addrHooks = hooksOf(reflect.PointerTo(t))
	}
	in.basic = in.hooks|in.addrHooks == 0 && isBasic(t.Kind())
	if t.Kind() == reflect.Struct && in.hooks|in.addrHooks == 0 {
		in.fields = dominant(collect(t))
		in.byName = make(map[string]int, len(in.fields))
		for i, f := range in.fields {
			in.byName[f.name] = i
		}
	}
	kept, _ := infos.LoadOrStore(t, in)
	return kept.(*info)
}

func isBasic(k reflect.Kind) bool {
	return k == reflect.String || k == reflect.Bool ||
		k >= reflect.Int && k <= reflect.Uintptr || k == reflect.Float32 || k == reflect.Float64
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	valuer        = reflect.TypeFor[driver.Valuer]()
)

func hooksOf(t reflect.Type) (h hooks) {
	if t == timeType || t == reflect.PointerTo(timeType) || t.Kind() == reflect.Interface {
		return 0
	}
	if t.Implements(jsonMarshaler) {
		h |= hookJSON
	}
	if t.Implements(valuer) {
		h |= hookValuer
	}
	if t.Implements(textMarshaler) {
		h |= hookText
	}
	return h
}

// collect lists the fields of a struct and of the structs embedded in it,
// breadth first, each type once.
func collect(t reflect.Type) []field {
	type level struct {
		t    reflect.Type
		path []int
	}
	var out []field
	seen := map[reflect.Type]bool{}
	for next := []level{{t: t}}; len(next) > 0; {
		now := next
		next = nil
		counted := map[reflect.Type]bool{}
		for _, l := range now {
			if seen[l.t] && !counted[l.t] {
				continue
			}
			seen[l.t], counted[l.t] = true, true
			for i := range l.t.NumField() {
				sf := l.t.Field(i)
				path := append(slices.Clone(l.path), i)
				if inner, ok := embedded(sf); ok {
					next = append(next, level{inner, path})
					continue
				}
				if f, ok := newField(sf, path); ok {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// embedded returns the struct whose fields are promoted through sf.
func embedded(sf reflect.StructField) (reflect.Type, bool) {
	if !sf.Anonymous || tagName(sf) != "" || sf.Tag.Get("json") == "-" {
		return nil, false
	}
	t := deref(sf.Type)
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	return t, true
}

func newField(sf reflect.StructField, path []int) (field, bool) {
	if !sf.IsExported() || sf.Tag.Get("json") == "-" {
		return field{}, false
	}
	switch sf.Type.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return field{}, false
	}
	f := field{name: tagName(sf), path: path}
	f.tagged = f.name != ""
	if !f.tagged {
		f.name = sf.Name
	}
	_, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
	f.quoted = slices.Contains(strings.Split(options, ","), "string") &&
		isBasic(deref(sf.Type).Kind())
	if !f.quoted && sf.Type != numberType && infoOf(sf.Type).basic {
		f.basic = sf.Type.Kind()
	}
	return f, true
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func tagName(sf reflect.StructField) string {
	name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	for _, c := range name {
		known := strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c)
		if !known && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return ""
		}
	}
	return name
}

// dominant keeps, of the fields that share a name, the one that Go's embedding
// rules and the tags choose, or none.
func dominant(all []field) []field {
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(strings.Compare(a.name, b.name),
			cmp.Compare(len(a.path), len(b.path)), rank(b)-rank(a))
	})
	var out []field
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].name == all[i].name {
			j++
		}
		if j == i+1 || len(all[i+1].path) > len(all[i].path) || all[i].tagged && !all[i+1].tagged {
			out = append(out, all[i])
		}
		i = j
	}
	slices.SortFunc(out, func(a, b field) int { return slices.Compare(a.path, b.path) })
	return out
}

func rank(f field) int {
	if f.tagged {
		return 1
	}
	return 0
}
