package jinja

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// onStr makes a method of text; a[0] is the text itself.
func onStr(signature string, fn func(r *run, s string, a []any) (any, error)) *builtin {
	return def("self "+signature, func(r *run, a []any) (any, error) {
		s, _ := value.Text(a[0])
		if err := r.grow(len(s)); err != nil {
			return nil, err
		}
		return fn(r, s, a)
	})
}

func onPlain(fn func(string) any) *builtin {
	return onStr("", func(_ *run, s string, _ []any) (any, error) { return fn(s), nil })
}

// every makes a method that asks something of each character.
func every(holds func(rune) bool, whenEmpty bool) *builtin {
	return onPlain(func(s string) any {
		return (s != "" || whenEmpty) && strings.IndexFunc(s, func(c rune) bool { return !holds(c) }) < 0
	})
}

func stripper(left, right bool) *builtin {
	return onStr("chars=none", func(_ *run, s string, a []any) (any, error) { return strip(s, a[1], left, right) })
}

func padder(align byte) *builtin {
	return onStr("width fillchar='_'", func(r *run, s string, a []any) (any, error) {
		fill, err := textArg(a[2])
		if err != nil || utf8.RuneCountInString(fill) != 1 {
			return nil, errors.New("fill must be one character")
		}
		return r.pad(s, a[1], fill, align)
	})
}

func finder(last, must bool) *builtin {
	return onStr("sub start=none end=none", func(_ *run, s string, a []any) (any, error) {
		sub, err := textArg(a[1])
		if err != nil {
			return nil, err
		}
		i, err := find(s, sub, a[2], a[3], last)
		if err == nil && i < 0 && must {
			err = errors.New("substring is not there")
		}
		return i, err
	})
}

func textMethods() map[string]*builtin {
	letterOrDigit := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }
	return map[string]*builtin{
		"upper": onPlain(func(s string) any { return upper(s) }), "lower": onPlain(func(s string) any { return strings.ToLower(s) }),
		"casefold":   onPlain(func(s string) any { return strings.ReplaceAll(strings.ToLower(s), "\u00df", "ss") }),
		"capitalize": onPlain(func(s string) any { return capitalize(s) }), "title": onPlain(func(s string) any { return titleCase(s) }),
		"swapcase": onPlain(func(s string) any { return strings.Map(swapCase, s) }),
		"strip":    stripper(true, true), "lstrip": stripper(true, false), "rstrip": stripper(false, true),
		"ljust": padder('<'), "rjust": padder('>'), "center": padder('^'),
		"find": finder(false, false), "rfind": finder(true, false), "index": finder(false, true), "rindex": finder(true, true),
		"isdigit": every(unicode.IsDigit, false), "isdecimal": every(unicode.IsDigit, false), "isnumeric": every(unicode.IsNumber, false),
		"isalpha": every(unicode.IsLetter, false), "isalnum": every(letterOrDigit, false), "isspace": every(unicode.IsSpace, false),
		"isascii": every(func(c rune) bool { return c < 0x80 }, true), "isprintable": every(unicode.IsPrint, true),
		"islower":   onPlain(func(s string) any { return isCased(s, unicode.IsUpper) }),
		"isupper":   onPlain(func(s string) any { return isCased(s, unicode.IsLower) }),
		"istitle":   onPlain(func(s string) any { return s == titleCase(s) && s != strings.ToLower(s) }),
		"zfill":     onStr("width", zfill),
		"split":     onStr("sep=none maxsplit=-1", func(r *run, s string, a []any) (any, error) { return r.split(s, a[1], a[2], false) }),
		"rsplit":    onStr("sep=none maxsplit=-1", func(r *run, s string, a []any) (any, error) { return r.split(s, a[1], a[2], true) }),
		"partition": onStr("sep", func(_ *run, s string, a []any) (any, error) { return partition(s, a[1], false) }),
		"rpartition": onStr("sep", func(_ *run, s string, a []any) (any, error) {
			return partition(s, a[1], true)
		}),
		"splitlines": onStr("keepends=false", func(r *run, s string, a []any) (any, error) {
			return r.texts(splitLines(s, value.Truth(a[1])))
		}),
		"join": onStr("iterable", joinText),
		"replace": onStr("old new count=-1", func(r *run, s string, a []any) (any, error) {
			from, err := textArg(a[1])
			if err != nil {
				return nil, err
			}
			to, err := textArg(a[2])
			if err != nil {
				return nil, err
			}
			return r.replace(s, from, to, a[3])
		}),
		"startswith": onStr("prefix start=none end=none", func(_ *run, s string, a []any) (any, error) {
			return affix(s, a, strings.HasPrefix)
		}),
		"endswith": onStr("suffix start=none end=none", func(_ *run, s string, a []any) (any, error) {
			return affix(s, a, strings.HasSuffix)
		}),
		"removeprefix": onStr("prefix", func(_ *run, s string, a []any) (any, error) {
			p, err := textArg(a[1])
			return strings.TrimPrefix(s, p), err
		}),
		"removesuffix": onStr("suffix", func(_ *run, s string, a []any) (any, error) {
			p, err := textArg(a[1])
			return strings.TrimSuffix(s, p), err
		}),
		"count": onStr("sub start=none end=none", func(_ *run, s string, a []any) (any, error) {
			sub, err := textArg(a[1])
			if err != nil {
				return nil, err
			}
			part, _, err := between(s, a[2], a[3])
			return int64(strings.Count(part, sub)), err
		}),
		"expandtabs": onStr("tabsize=8", func(r *run, s string, a []any) (any, error) {
			n, err := intArg(a[1])
			if err != nil {
				return nil, err
			}
			return r.expandTabs(s, max(n, 0))
		}),
		"format": onStr("*args **kwargs", func(r *run, s string, a []any) (any, error) {
			return r.format(s, a[1].(value.Tuple), a[2].(*value.Object))
		}),
	}
}

// texts makes a list of strings.
func (r *run) texts(parts []string) (any, error) {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return value.NewList(out), r.growItems(len(out))
}

func swapCase(c rune) rune {
	if unicode.IsUpper(c) {
		return unicode.ToLower(c)
	}
	return unicode.ToUpper(c)
}

// titleCase is str.title: a letter after anything else is a capital.
func titleCase(s string) string {
	inWord := false
	return strings.Map(func(c rune) rune {
		before := inWord
		inWord = unicode.IsLetter(c)
		if before {
			return unicode.ToLower(c)
		}
		return unicode.ToTitle(c)
	}, s)
}

func strip(s string, chars any, left, right bool) (string, error) {
	trim := unicode.IsSpace
	if chars != nil {
		set, err := textArg(chars)
		if err != nil {
			return "", err
		}
		trim = func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	if left {
		s = strings.TrimLeftFunc(s, trim)
	}
	if right {
		s = strings.TrimRightFunc(s, trim)
	}
	return s, nil
}

// pad brings text to a width, with the fill before, after or around it.
func (r *run) pad(s string, width any, fill string, align byte) (any, error) {
	w, err := intArg(width)
	if err != nil {
		return nil, err
	}
	n := w - utf8.RuneCountInString(s)
	if n <= 0 {
		return s, nil
	}
	if n > value.MaxText {
		return nil, errText
	}
	if err := r.grow(len(s) + n*len(fill)); err != nil {
		return nil, err
	}
	left := 0
	switch align {
	case '>':
		left = n
	case '^':
		left = n/2 + n&w&1
	case 'c': // as format centers: the odd one goes right
		left = n / 2
	}
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left), nil
}

func zfill(r *run, s string, a []any) (any, error) {
	sign := ""
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	w, err := intArg(a[1])
	if err != nil {
		return nil, err
	}
	out, err := r.pad(s, int64(w-len(sign)), "0", '>')
	if err != nil {
		return nil, err
	}
	return sign + out.(string), nil
}

// between cuts text to a slice and tells where in characters it begins.
func between(s string, start, end any) (string, int, error) {
	if start == nil && end == nil {
		return s, 0, nil
	}
	runes := []rune(s)
	lo, hi, _, err := sliceBounds([3]any{start, end, nil}, len(runes))
	if err != nil || lo > hi {
		return "", lo, err
	}
	return string(runes[lo:hi]), lo, nil
}

func find(s, sub string, start, end any, last bool) (int64, error) {
	part, from, err := between(s, start, end)
	if err != nil {
		return 0, err
	}
	i := strings.Index(part, sub)
	if last {
		i = strings.LastIndex(part, sub)
	}
	if i < 0 {
		return -1, nil
	}
	return int64(from + utf8.RuneCountInString(part[:i])), nil
}

func affix(s string, a []any, has func(s, fix string) bool) (any, error) {
	part, _, err := between(s, a[2], a[3])
	if err != nil {
		return nil, err
	}
	fixes := []any{a[1]}
	if t, ok := a[1].(value.Tuple); ok {
		fixes = t
	}
	for _, f := range fixes {
		fix, err := textArg(f)
		if err != nil {
			return nil, err
		}
		if has(part, fix) {
			return true, nil
		}
	}
	return false, nil
}

func partition(s string, by any, last bool) (any, error) {
	sep, err := textArg(by)
	if err != nil || sep == "" {
		return nil, errors.New("needs a separator")
	}
	i := strings.Index(s, sep)
	if last {
		i = strings.LastIndex(s, sep)
	}
	switch {
	case i >= 0:
		return value.Tuple{s[:i], sep, s[i+len(sep):]}, nil
	case last:
		return value.Tuple{"", "", s}, nil
	}
	return value.Tuple{s, "", ""}, nil
}

func joinText(r *run, sep string, a []any) (any, error) {
	items, err := r.items(a[1])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, x := range items {
		s, err := textArg(x)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(sep)
		}
		if b.WriteString(s); b.Len() > value.MaxText {
			return nil, errText
		}
	}
	return b.String(), r.grow(b.Len())
}

// split is str.split and, from the right, str.rsplit.
func (r *run) split(s string, by, most any, right bool) (any, error) {
	n, err := intArg(most)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		n = len(s) + 1
	}
	if by == nil {
		return r.texts(splitBlanks(s, n, right))
	}
	sep, err := textArg(by)
	if err != nil || sep == "" {
		return nil, errors.New("needs a separator")
	}
	if err := r.growItems(min(n, strings.Count(s, sep)) + 1); err != nil {
		return nil, err
	}
	if !right {
		return r.texts(strings.SplitN(s, sep, n+1))
	}
	var parts []string
	for ; n > 0; n-- {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return r.texts(parts)
}

func splitBlanks(s string, n int, right bool) []string {
	var parts []string
	if right {
		for s = strings.TrimRightFunc(s, unicode.IsSpace); s != "" && n > 0; n-- {
			i := strings.LastIndexFunc(s, unicode.IsSpace)
			_, size := utf8.DecodeRuneInString(s[max(i, 0):])
			if i < 0 {
				size = 0
			}
			parts = append(parts, s[max(i, 0)+size:])
			s = strings.TrimRightFunc(s[:max(i, 0)], unicode.IsSpace)
		}
		if s != "" {
			parts = append(parts, s)
		}
		slices.Reverse(parts)
		return parts
	}
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; n-- {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 || n == 0 {
			return append(parts, s)
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], unicode.IsSpace)
	}
	return parts
}

func (r *run) expandTabs(s string, size int) (any, error) {
	if err := r.grow(len(s) + strings.Count(s, "\t")*size); err != nil {
		return nil, err
	}
	var b strings.Builder
	column := 0
	for _, c := range s {
		switch {
		case c == '\t' && size > 0:
			n := size - column%size
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case c == '\t':
		case c == '\n' || c == '\r':
			b.WriteRune(c)
			column = 0
		default:
			b.WriteRune(c)
			column++
		}
	}
	return b.String(), nil
}
