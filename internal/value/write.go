package value

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A style is how values are spelled: as JSON, as Python's JSON, as Python.
type style struct {
	null, yes, no string
	spaced        bool // blanks stand behind commas and colons
	quote         func(dst []byte, s string) []byte
	float         func(dst []byte, f float64) []byte
	number        func(dst []byte, n json.Number) []byte
	tooLong       error
	// leaf writes what is of no common kind and holds no other values, or
	// reports false.
	leaf func(w *writer, v any) bool
	// brackets are those of a sequence; they may be refused.
	brackets func(v any, n int) (open, end string)
	// ordered lists the members of a mapping; nil leaves them as they are.
	ordered func(v any) []Entry
	// pretty sets line breaks, with so much white space for each level.
	pretty bool
	indent string
}

// writer walks through a value and appends it in a style. It ends with a
// failure.
type writer struct {
	*style
	dst   []byte
	max   int // how long dst may become, about
	depth int
	keys  []string // a stack of sorted keys, for maps within maps
}

// writers are kept for reuse, since what calls through a style is allocated.
var writers = sync.Pool{New: func() any { return new(writer) }}

// append appends v in the style. On an error the result is not complete.
func (s *style) append(dst []byte, v any, max int) (out []byte, err error) {
	w := writers.Get().(*writer)
	w.style, w.dst, w.max, w.depth, w.keys = s, dst, max, 0, w.keys[:0]
	defer func() {
		out = w.dst
		if clear(w.keys[:cap(w.keys)]); cap(w.keys) > 256 {
			w.keys = nil
		}
		w.dst = nil
		writers.Put(w)
	}()
	defer caught(&err)
	w.value(v)
	return nil, nil
}

func (w *writer) text(s string) { w.dst = append(w.dst, s...) }

// quoted writes text in quotes, unless it is too long.
func (w *writer) quoted(s string) {
	if len(w.dst)+len(s) > w.max {
		check(w.tooLong)
	}
	w.dst = w.quote(w.dst, s)
}

func (w *writer) value(v any) {
	if len(w.dst) > w.max {
		check(w.tooLong)
	}
	switch v := v.(type) {
	case nil:
		w.text(w.null)
	case string:
		w.quoted(v)
	case bool:
		if v {
			w.text(w.yes)
		} else {
			w.text(w.no)
		}
	case int:
		w.dst = strconv.AppendInt(w.dst, int64(v), 10)
	case int64:
		w.dst = strconv.AppendInt(w.dst, v, 10)
	case float64:
		w.dst = w.float(w.dst, v)
	case json.Number:
		w.dst = w.number(w.dst, v)
	case *big.Int:
		w.dst = v.Append(w.dst, 10)
	case map[string]any, []any, *Object, *Record:
		w.nested(v)
	case time.Time, Date:
		w.dst = w.quote(w.dst, must(Str(v)))
	default:
		if !w.leaf(w, v) {
			w.rare(v)
		}
	}
}

func (w *writer) rare(v any) {
	switch {
	case IsMapping(v) || IsSequence(v):
		w.nested(v)
	case settled(v):
		check(fmt.Errorf("write %s: %w", TypeName(v), errUnsupported))
	default:
		w.value(w.settle(v))
	}
}

// settle brings a value into the form of this package. What belongs to the
// engine cannot be written.
func (w *writer) settle(v any) any {
	x := must(Of(v))
	if _, ok := x.(Opaque); ok {
		check(fmt.Errorf("write %s: %w", TypeName(v), errUnsupported))
	}
	return x
}

func (w *writer) nested(v any) {
	if w.depth++; w.depth > MaxDepth {
		check(ErrDepth)
	}
	switch {
	case isNil(v):
		w.text(w.null)
	case IsMapping(v):
		w.dst = append(w.dst, '{')
		w.end(w.members(v), "}")
	default:
		w.sequence(v)
	}
	w.depth--
}

func (w *writer) sequence(v any) {
	items, ok := v.([]any)
	if !ok {
		items = must(Items(v))
	}
	open, end := w.brackets(v, len(items))
	w.text(open)
	for i, x := range items {
		w.next(i)
		w.value(x)
	}
	w.end(len(items), end)
}

// members writes the members of a mapping, and returns how many.
func (w *writer) members(v any) (n int) {
	if w.ordered != nil {
		for _, e := range w.ordered(v) {
			n += w.entry(n, e.Key, e.Value)
		}
		return n
	}
	switch v := v.(type) {
	case map[string]any:
		base := len(w.keys)
		w.keys = sortedKeys(v, w.keys)
		for _, k := range w.keys[base:] {
			n += w.member(n, k, v[k])
		}
		w.keys = w.keys[:base]
	case *Object:
		for _, e := range v.entries {
			n += w.entry(n, e.Key, e.Value)
		}
	case *Record:
		for i := range v.info.fields {
			n += w.member(n, v.info.fields[i].name, must(v.field(i)))
		}
	}
	return n
}

// entry writes a member under a key of any kind.
func (w *writer) entry(n int, key, v any) int {
	if name, ok := key.(string); ok {
		return w.member(n, name, v)
	}
	w.next(n)
	w.oddKey(key)
	w.colon()
	w.value(v)
	return 1
}

// oddKey writes a key that is no text: in JSON as text.
func (w *writer) oddKey(key any) {
	if w.style == &repr {
		w.value(key)
		return
	}
	w.dst = w.quote(w.dst, jsonKey(key))
}

// jsonKey spells a key as json.dumps does.
func jsonKey(key any) string {
	switch k := key.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(k)
	}
	if s, ok := Text(key); ok {
		return s
	}
	if _, ok := numberOf(key); !ok {
		check(fmt.Errorf("encode %s as a JSON key: %w", TypeName(key), errUnsupported))
	}
	return string(appendNumber(nil, key))
}

// member writes a member and returns 1, or 0 when it is a channel or function,
// which documents do not show.
func (w *writer) member(n int, name string, v any) int {
	if !settled(v) {
		if v = w.settle(v); IsUndefined(v) {
			return 0
		}
	}
	w.next(n)
	w.quoted(name)
	w.colon()
	w.value(v)
	return 1
}

// next begins the element n.
func (w *writer) next(n int) {
	if n > 0 {
		w.dst = append(w.dst, ',')
	}
	if w.pretty {
		w.newline(w.depth)
	} else if n > 0 && w.spaced {
		w.dst = append(w.dst, ' ')
	}
}

func (w *writer) colon() {
	if w.dst = append(w.dst, ':'); w.spaced {
		w.dst = append(w.dst, ' ')
	}
}

// end closes what has n elements.
func (w *writer) end(n int, bracket string) {
	if w.pretty && n > 0 {
		w.newline(w.depth - 1)
	}
	w.text(bracket)
}

func (w *writer) newline(depth int) {
	w.text("\n")
	for range depth {
		w.text(w.indent)
	}
}

// sortedKeys appends the keys of m to the stack, sorted.
func sortedKeys(m map[string]any, stack []string) []string {
	base := len(stack)
	for k := range m {
		stack = append(stack, k)
	}
	slices.Sort(stack[base:])
	return stack
}
