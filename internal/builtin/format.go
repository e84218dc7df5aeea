package builtin

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// format is str.format: fields in braces, with Python's format specifications. In
// marked text the values are escaped.
func (r *Run) format(text any, args value.Tuple, kw *value.Object) any {
	s, _ := value.Text(text)
	f := formatter{Run: r, args: args, kw: kw, markup: isMarked(text)}
	return marked(text, f.fill(s, 2))
}

// formatter walks over the arguments of a format.
type formatter struct {
	*Run
	args value.Tuple
	kw   *value.Object
	next int  // the argument that {} means
	told bool // a field has told which argument it means

	markup bool // what is not marked is escaped
}

// fill replaces the fields of s. The format specification of a field may hold
// fields too, but theirs may not.
func (f *formatter) fill(s string, depth int) string {
	if depth == 0 {
		refuse("fields nest too deep")
	}
	var b builder
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			b.add(s)
			break
		}
		b.add(s[:i])
		if i+1 < len(s) && s[i] == s[i+1] && depth == 2 {
			b.add(s[i : i+1])
			s = s[i+2:]
			continue
		}
		f.Tick(1)
		end := fieldEnd(s[i:])
		b.add(f.one(s[i+1:i+end], depth))
		s = s[i+end+1:]
	}
	return f.built(&b)
}

// fieldEnd is where the brace closes that s begins with.
func fieldEnd(s string) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
		if open <= 0 {
			break
		}
	}
	refuse("brace stands alone; double it to write it")
	return 0
}

// one formats what stands between two braces: name!r:layout.
func (f *formatter) one(field string, depth int) string {
	name, layout, _ := strings.Cut(field, ":")
	name, conversion, converted := strings.Cut(name, "!")
	if name == "" || name[0] == '.' || name[0] == '[' {
		name = strconv.Itoa(f.next) + name
		f.next++
	} else if isDigit(name[0]) {
		f.told = true
	}
	if f.told && f.next > 0 {
		refuse("fields either all have numbers or none")
	}
	v := f.value(name)
	if converted {
		switch conversion {
		case "s":
			v = f.Str(v)
		case "r":
			v = f.repr(v)
		case "a":
			v = ascii(f.repr(v))
		default:
			refuse("a field cannot have !%s", Clip(conversion))
		}
	}
	if strings.Contains(layout, "{") {
		layout = f.fill(layout, depth-1)
	}
	if f.markup && !isMarked(v) {
		return f.escapeHTML(f.formatOne(v, layout))
	}
	return f.formatOne(v, layout)
}

// value is what a field names: an argument, and below it attributes and
// elements: 0.name[key].
func (f *formatter) value(path string) any {
	name, rest := cutPath(path)
	v, ok := f.kw.Get(name)
	if n, err := strconv.Atoi(name); err == nil && !ok {
		if n < 0 || n >= len(f.args) {
			refuse("not enough arguments for the format")
		}
		v, ok = f.args[n], true
	}
	if !ok {
		refuse("format has no value for %q", Clip(name))
	}
	for rest != "" {
		name, rest = cutPath(rest[1:])
		name = strings.TrimSuffix(name, "]")
		var key any = name
		if n, err := strconv.ParseInt(name, 10, 64); err == nil {
			key = n
		}
		v = f.Item(v, key, value.Undefined{Name: name})
	}
	return v
}

func cutPath(path string) (name, rest string) {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// repr is repr(v), bounded.
func (r *Run) repr(v any) string {
	b := Must(value.AppendRepr(nil, v))
	r.Grow(len(b))
	return string(b)
}

// ascii spells the characters of a repr beyond ASCII as escapes.
func ascii(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		case c < 0x100:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	return b.String()
}

// formatOne is format(v, layout).
func (r *Run) formatOne(v any, layout string) string {
	if layout == "" {
		return r.Str(v)
	}
	if t, ok := value.TimeOf(v); ok {
		r.Grow(8 * len(layout))
		return strftime(t, layout)
	}
	f := parseSpec(layout)
	if s, ok := value.Text(v); ok {
		if f.verb != 0 && f.verb != 's' || f.align == '=' || f.sign != 0 || f.comma != 0 {
			refuse("format is for numbers, not text")
		}
		return f.place(r, cut(s, f.prec), false)
	}
	if _, isBool := v.(bool); !value.IsNumber(v) && !isBool {
		mistyped("a %s takes no format", v)
	}
	switch {
	case f.verb == 's':
		refuse("format is for text, not numbers")
	case f.verb == 0 && value.IsInteger(v):
		f.verb = 'd'
	}
	if f.zero {
		f.align = '='
	}
	if f.verb == 'n' && f.comma != 0 {
		refuse("n separates digits itself")
	}
	whole := strings.IndexByte("dxXobc", f.verb) >= 0 || f.verb == 'n' && value.IsInteger(v)
	if f.verb != 0 && whole && f.prec >= 0 {
		refuse("precision is for floats, not integers")
	}
	return f.place(r, f.number(v), true)
}

// specs are format specifications: *^+#012,.3f.
var specs = regexp.MustCompile(
	`(?s)^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d*)([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$`)

func parseSpec(s string) spec {
	m := specs.FindStringSubmatch(s)
	if m == nil {
		refuse("unknown format %q", Clip(s))
	}
	f := spec{fill: m[1], prec: -1, alt: m[4] != "", width: sizeOf(m[6])}
	for i, p := range map[int]*byte{2: &f.align, 3: &f.sign, 7: &f.comma, 9: &f.verb} {
		if m[i] != "" {
			*p = m[i][0]
		}
	}
	if m[5] != "" && f.fill == "" {
		f.fill = "0"
		f.zero = f.align == 0
	}
	if m[8] != "" {
		f.prec = sizeOf(m[8])
	}
	return f
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
