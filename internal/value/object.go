package value

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strings"
)

// An Entry is one member of an Object.
type Entry struct {
	Key   any
	Value any
}

// An Object is a mapping that keeps the order of its keys: an object from raw
// JSON, a Go map with its keys sorted, or a dict that a template made. Only the
// last can be changed.
type Object struct {
	entries []Entry
	index   map[any]int // nil while a scan is faster
	fixed   bool
	label   string
}

// scanMax is the size up to which looking at each key beats a map.
const scanMax = 8

// NewObject returns an empty Object that can be changed.
func NewObject() *Object { return &Object{} }

// Fixed reports whether the Object belongs to a document.
func (o *Object) Fixed() bool { return o.fixed }

// Len returns the number of members.
func (o *Object) Len() int { return len(o.entries) }

// Entries returns the members in order. The slice belongs to the Object.
func (o *Object) Entries() []Entry { return o.entries }

// Get returns the member of that name.
func (o *Object) Get(name string) (any, bool) {
	if o.index != nil {
		i, ok := o.index[name]
		if !ok {
			return nil, false
		}
		return o.entries[i].Value, true
	}
	for i := range o.entries {
		if k, ok := o.entries[i].Key.(string); ok && k == name {
			return o.entries[i].Value, true
		}
	}
	return nil, false
}

// Find returns the member under a key of any kind; 1, 1.0 and true are the
// same key, as in Python.
func (o *Object) Find(key any) (any, bool) {
	if i := o.at(hashKey(key)); i >= 0 {
		return o.entries[i].Value, true
	}
	return nil, false
}

func (o *Object) at(h any) int {
	if o.index != nil {
		if i, ok := o.index[h]; ok {
			return i
		}
		return -1
	}
	for i := range o.entries {
		if hashKey(o.entries[i].Key) == h {
			return i
		}
	}
	return -1
}

// Set replaces or adds a member. It is only for an Object that is not fixed.
func (o *Object) Set(key, v any) {
	h := hashKey(key)
	if i := o.at(h); i >= 0 {
		o.entries[i].Value = v
		return
	}
	o.entries = append(o.entries, Entry{key, v})
	if o.index != nil {
		o.index[h] = len(o.entries) - 1
	} else if len(o.entries) > scanMax {
		o.reindex()
	}
}

// Delete removes a member and returns what it was.
func (o *Object) Delete(key any) (any, bool) {
	i := o.at(hashKey(key))
	if i < 0 {
		return nil, false
	}
	v := o.entries[i].Value
	o.entries = slices.Delete(o.entries, i, i+1)
	o.reindex()
	return v, true
}

// Clear removes every member.
func (o *Object) Clear() { o.entries, o.index = nil, nil }

func (o *Object) reindex() {
	o.index = nil
	if len(o.entries) <= scanMax {
		return
	}
	o.index = make(map[any]int, len(o.entries))
	for i, e := range o.entries {
		o.index[hashKey(e.Key)] = i
	}
}

func (o *Object) sortKeys() {
	slices.SortFunc(o.entries, func(a, b Entry) int {
		return strings.Compare(a.Key.(string), b.Key.(string))
	})
}

// Hashable reports whether v may be a key.
func Hashable(v any) bool { return hashable(v, 0) }

func hashable(v any, depth int) bool {
	switch v := v.(type) {
	case Tuple:
		for _, e := range v {
			if depth > MaxDepth || !hashable(e, depth+1) {
				return false
			}
		}
	case *List, []any, map[string]any, *Object, *Record:
		return false
	}
	return true
}

type tupleKey string

// hashKey maps keys that Python holds equal to one comparable Go value.
func hashKey(key any) any {
	switch k := key.(type) {
	case string, nil:
		return k
	case bool, int, int64, float64, json.Number, *big.Int:
		return hashNumber(k)
	case Tuple:
		text, err := AppendRepr(nil, k)
		if err != nil {
			return &k
		}
		return tupleKey(text)
	}
	if s, ok := Text(key); ok {
		return s
	}
	text, err := AppendRepr(nil, key)
	if err != nil {
		return tupleKey("?")
	}
	return tupleKey(text)
}

func hashNumber(k any) any {
	n, ok := numberOf(k)
	switch {
	case !ok:
		return tupleKey("?")
	case n.kind == isBig:
		return tupleKey(n.b.String())
	case n.kind == isFloat:
		if n.f == math.Trunc(n.f) && math.Abs(n.f) < 1<<62 {
			return int64(n.f)
		}
		return n.f
	}
	return n.i
}

// Label returns what o prints as; "" when it prints as the mapping it is.
func (o *Object) Label() string { return o.label }

// NewLabeled returns an Object of a document that prints as its label.
func NewLabeled(label string, entries ...Entry) *Object {
	o := &Object{entries: entries, fixed: true, label: label}
	o.reindex()
	return o
}
