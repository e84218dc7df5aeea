package value

import (
	"errors"
	"slices"
)

// ErrNoLen says that a value has no length; ErrNotIterable that it cannot be
// walked.
var (
	ErrNoLen       = errors.New("value has no length")
	ErrNotIterable = errors.New("value is not a sequence")
)

// IsMapping reports whether v has named members.
func IsMapping(v any) bool {
	switch v.(type) {
	case map[string]any, *Object, *Record:
		return true
	}
	return false
}

// IsSequence reports whether v is a list of any kind; text is none.
func IsSequence(v any) bool {
	switch v.(type) {
	case []any, *List, Tuple, Range, *View, *Group, *Generator:
		return true
	}
	return false
}

// Get returns the member of a mapping, brought into the form of this package.
// It reports false when v is no mapping or has no such member; the error is
// that of [Of].
func Get(v any, name string) (any, bool, error) {
	var x any
	var ok bool
	switch v := v.(type) {
	case map[string]any:
		x, ok = v[name]
	case *Object:
		x, ok = v.Get(name)
	case *Record:
		return v.Get(name)
	}
	if !ok {
		return nil, false, nil
	}
	if settled(x) {
		return x, true, nil
	}
	x, err := Of(x)
	return x, err == nil && !IsUndefined(x), err
}

// Len returns the number of members, elements or characters of v.
func Len(v any) (int, error) {
	switch v := v.(type) {
	case map[string]any:
		return len(v), nil
	case *Object:
		return v.Len(), nil
	case *Record:
		return v.Len(), nil
	case []any:
		return len(v), nil
	case *List:
		return len(v.Items), nil
	case Tuple:
		return len(v), nil
	case *View:
		return len(v.Items), nil
	case *Group:
		return 2, nil
	case Range:
		return v.Len(), nil
	case Undefined:
		return 0, nil
	}
	if s, ok := Text(v); ok {
		return runeLen(s), nil
	}
	return 0, ErrNoLen
}

// Items returns what walking over v gives: the elements of a sequence, the
// keys of a mapping, the characters of a text, nothing for Undefined. The
// slice may be the value's own and must not be changed.
func Items(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return settle(v)
	case *List:
		return v.Items, nil
	case Tuple:
		return v, nil
	case *View:
		return v.Items, nil
	case *Group:
		return []any{v.Grouper, v.List}, nil
	case *Generator:
		return v.take()
	case Range:
		return v.items()
	case Undefined:
		return nil, nil
	}
	if s, ok := Text(v); ok {
		return characters(s)
	}
	if IsMapping(v) {
		return Keys(v), nil
	}
	return nil, ErrNotIterable
}

func settle(items []any) ([]any, error) {
	for i, x := range items {
		if settled(x) {
			continue
		}
		out := slices.Clone(items)
		for j := i; j < len(out); j++ {
			var err error
			if out[j], err = Of(out[j]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return items, nil
}

func (r Range) items() ([]any, error) {
	n := r.Len()
	if n > MaxItems {
		return nil, ErrTooLarge
	}
	out := make([]any, n)
	for i := range out {
		out[i] = r.Start + int64(i)*r.Step
	}
	return out, nil
}

func characters(s string) ([]any, error) {
	if n := runeLen(s); n > MaxText {
		return nil, ErrTooLarge
	}
	out := make([]any, 0, len(s))
	for _, c := range s {
		out = append(out, string(c))
	}
	return out, nil
}

// Element returns the element i of a sequence or the character i of a text,
// counted from the end when negative. It reports false when there is none.
func Element(v any, i int64) (any, bool, error) {
	n, err := Len(v)
	if err != nil || IsMapping(v) || IsUndefined(v) {
		return nil, false, nil
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return nil, false, nil
	}
	switch v := v.(type) {
	case []any:
		x, err := Of(v[i])
		return x, err == nil, err
	case *List:
		return v.Items[i], true, nil
	case Tuple:
		return v[i], true, nil
	case Range:
		return v.Start + i*v.Step, true, nil
	case *Group:
		if i == 0 {
			return v.Grouper, true, nil
		}
		return v.List, true, nil
	}
	s, ok := Text(v)
	if !ok {
		return nil, false, nil
	}
	return runeAt(s, int(i)), true, nil
}

// Keys returns the keys of a mapping in its order: Go maps sorted, structs in
// the order of their fields, raw JSON as it came. A member that is a channel or
// function is no member.
func Keys(v any) []any {
	switch v := v.(type) {
	case map[string]any:
		keys := sortedKeys(v, nil)
		out := make([]any, len(keys))
		for i, k := range keys {
			out[i] = k
		}
		return out
	case *Object:
		out := make([]any, len(v.entries))
		for i, e := range v.entries {
			out[i] = e.Key
		}
		return out
	case *Record:
		out := make([]any, len(v.info.fields))
		for i := range out {
			out[i] = v.info.fields[i].name
		}
		return out
	}
	return nil
}

// Entries returns the members of a mapping in its order.
func Entries(v any) ([]Entry, error) {
	if o, ok := v.(*Object); ok && !o.fixed {
		return o.entries, nil
	}
	keys := Keys(v)
	out := make([]Entry, 0, len(keys))
	for _, k := range keys {
		name, _ := k.(string)
		x, ok, err := Get(v, name)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, Entry{k, x})
		}
	}
	return out, nil
}

func runeLen(s string) int {
	n := 0
	for range s {
		n++
	}
	return n
}

func runeAt(s string, i int) string {
	if i < len(s) && isASCII(s[:i+1]) {
		return s[i : i+1]
	}
	for _, c := range s {
		if i == 0 {
			return string(c)
		}
		i--
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
