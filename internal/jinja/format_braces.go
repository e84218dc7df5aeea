package jinja

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// format is str.format: fields in braces, with Python's format specifications.
func (r *run) format(s string, args value.Tuple, kw *value.Object) (any, error) {
	f := &formatter{r: r, args: args, kw: kw}
	out, err := f.expand(s, 0)
	if err != nil {
		return nil, err
	}
	return out, r.grow(len(out))
}

type formatter struct {
	r     *run
	args  value.Tuple
	kw    *value.Object
	next  int  // the field that {} means
	named bool // {0} was seen, so that {} may not be
}

func (f *formatter) expand(s string, depth int) (string, error) {
	if depth > 2 {
		return "", errors.New("fields nest too deep")
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		if i+1 < len(s) && s[i] == s[i+1] {
			b.WriteByte(s[i])
			s = s[i+2:]
			continue
		}
		end := fieldEnd(s[i:])
		if s[i] == '}' || end < 0 {
			return "", errors.New("brace stands alone; double it to write it")
		}
		text, err := f.field(s[i+1:i+end], depth)
		if err != nil {
			return "", err
		}
		if b.WriteString(text); b.Len() > value.MaxText {
			return "", errText
		}
		s = s[i+end+1:]
	}
	return b.String(), nil
}

// fieldEnd finds the brace that closes the one at the start of s.
func fieldEnd(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// field formats what stands between braces: name!r:spec.
func (f *formatter) field(s string, depth int) (string, error) {
	name, layout := s, ""
	if i := strings.IndexByte(s, ':'); i >= 0 {
		name, layout = s[:i], s[i+1:]
	}
	name, conversion, _ := strings.Cut(name, "!")
	v, err := f.lookup(name)
	if err != nil {
		return "", err
	}
	if layout, err = f.expand(layout, depth+1); err != nil {
		return "", err
	}
	switch conversion {
	case "":
	case "s", "r", "a":
		if v, err = f.r.textOf(v, conversion != "s"); err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("unknown conversion !%s", clip(conversion))
	}
	return f.r.formatOne(v, layout)
}

// lookup finds the argument that a field names: 0.rows[1].
func (f *formatter) lookup(name string) (any, error) {
	head := name
	if i := strings.IndexAny(name, ".["); i >= 0 {
		head = name[:i]
	}
	rest := name[len(head):]
	v, err := f.argument(head)
	for steps := 0; err == nil && rest != ""; steps++ {
		if steps > MaxNesting {
			return nil, errNesting
		}
		missing := value.Undefined{Name: clip(name)}
		if rest[0] == '[' {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, errors.New("index is not closed with ]")
			}
			var key any = rest[1:end]
			if n, bad := strconv.ParseInt(rest[1:end], 10, 64); bad == nil {
				key = n
			}
			v, err = f.r.item(v, key, missing)
			rest = rest[end+1:]
			continue
		}
		end := strings.IndexAny(rest[1:], ".[") + 1
		if end == 0 {
			end = len(rest)
		}
		v, err = f.r.attr(v, rest[1:end], missing)
		rest = rest[end:]
	}
	return v, err
}

func (f *formatter) argument(head string) (any, error) {
	n, err := strconv.Atoi(head)
	switch {
	case head == "":
		n = f.next
		f.next++
		if f.named {
			return nil, errors.New("fields are numbered, or not, but not both")
		}
	case err == nil:
		if f.named = true; f.next > 0 {
			return nil, errors.New("fields are numbered, or not, but not both")
		}
	default:
		if v, ok := f.kw.Get(head); ok {
			return v, nil
		}
		return nil, fmt.Errorf("format has no value for %q", clip(head))
	}
	if n < 0 || n >= len(f.args) {
		return nil, errors.New("not enough arguments for the format")
	}
	return f.args[n], nil
}

// formatOne is format(v, layout).
func (r *run) formatOne(v any, layout string) (string, error) {
	if layout == "" {
		return r.str(v)
	}
	if t, ok := asTime(v); ok {
		return strftime(t, layout), r.grow(8 * len(layout))
	}
	f, err := parseSpec(layout)
	if err != nil {
		return "", err
	}
	if s, ok := value.Text(v); ok {
		if f.verb != 0 && f.verb != 's' || f.align == '=' || f.sign != 0 || f.comma != 0 {
			return "", errors.New("format is for numbers, not text")
		}
		return f.place(r, cut(s, f.prec), false)
	}
	if _, isBool := v.(bool); !value.IsNumber(v) && !isBool {
		return "", typeError("a %s takes no format", v)
	}
	switch {
	case f.verb == 's':
		return "", errors.New("format is for text, not numbers")
	case f.verb == 0 && value.IsInteger(v):
		f.verb = 'd'
	}
	if strings.IndexByte("dxXobcn", f.verb) >= 0 && f.verb != 0 && f.prec >= 0 {
		return "", errors.New("precision is for floats, not integers")
	}
	s, err := f.number(v)
	if err != nil {
		return "", err
	}
	return f.place(r, s, true)
}

// parseSpec reads a format specification: *^+#012,.3f.
func parseSpec(s string) (spec, error) {
	f := spec{prec: -1}
	whole := s
	if _, n := utf8.DecodeRuneInString(s); len(s) > n && strings.IndexByte("<>=^", s[n]) >= 0 {
		f.fill, f.align, s = s[:n], s[n], s[n+1:]
	} else if s != "" && strings.IndexByte("<>=^", s[0]) >= 0 {
		f.align, s = s[0], s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		f.sign, s = s[0], s[1:]
	}
	if strings.HasPrefix(s, "#") {
		f.alt, s = true, s[1:]
	}
	if strings.HasPrefix(s, "0") {
		if s = s[1:]; f.fill == "" && f.align == 0 {
			f.fill, f.align = "0", '='
		}
	}
	var err error
	if f.width, s, err = digitsOf(s); err != nil {
		return f, err
	}
	if s != "" && (s[0] == ',' || s[0] == '_') {
		f.comma, s = s[0], s[1:]
	}
	if strings.HasPrefix(s, ".") {
		if len(s) < 2 || !isDigit(s[1]) {
			return f, errors.New("precision is missing behind the point")
		}
		if f.prec, s, err = digitsOf(s[1:]); err != nil {
			return f, err
		}
		if f.prec > maxPrecision {
			return f, errors.New("precision must be at most 1000")
		}
	}
	if s != "" {
		f.verb, s = s[0], s[1:]
	}
	if s != "" || f.verb != 0 && strings.IndexByte("bcdeEfFgGnosxX%", f.verb) < 0 {
		return f, fmt.Errorf("unknown format %q", clip(whole))
	}
	return f, nil
}
