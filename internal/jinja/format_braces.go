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
// A field is a number, a name or nothing.
func (r *run) format(s string, args value.Tuple, kw *value.Object) (any, error) {
	var b strings.Builder
	next := 0 // the argument that {} means
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
		end := strings.IndexByte(s[i:], '}')
		if end < 1 {
			return nil, errors.New("brace stands alone; double it to write it")
		}
		name, layout, _ := strings.Cut(s[i+1:i+end], ":")
		if name == "" {
			name = strconv.Itoa(next)
			next++
		}
		v, err := formatArgument(name, args, kw)
		if err != nil {
			return nil, err
		}
		text, err := r.formatOne(v, layout)
		if err != nil {
			return nil, err
		}
		if b.WriteString(text); b.Len() > value.MaxText {
			return nil, errText
		}
		s = s[i+end+1:]
	}
	return b.String(), r.grow(b.Len())
}

func formatArgument(name string, args value.Tuple, kw *value.Object) (any, error) {
	if n, err := strconv.Atoi(name); err == nil {
		if n < 0 || n >= len(args) {
			return nil, errors.New("not enough arguments for the format")
		}
		return args[n], nil
	}
	if v, ok := kw.Get(name); ok {
		return v, nil
	}
	if i := strings.IndexAny(name, ".[!{"); i >= 0 {
		return nil, hinted{fmt.Errorf("a field cannot have %q", name[i]), "give what it means as an argument"}
	}
	return nil, fmt.Errorf("format has no value for %q", clip(name))
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
