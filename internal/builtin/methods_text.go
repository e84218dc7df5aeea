package builtin

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// every makes a method that asks something of each character.
func every(holds func(rune) bool) *Func {
	return def("self", func(c call) any {
		s := c.str(0)
		return s != "" && strings.IndexFunc(s, func(c rune) bool { return !holds(c) }) < 0
	})
}

func stripper(left, right bool) *Func {
	return def("self chars=none", func(c call) any {
		return marked(c.a[0], strip(c.str(0), c.a[1], left, right))
	})
}

func padder(align byte) *Func {
	return def("self width fillchar='_'", func(c call) any {
		fill := c.text(2)
		if utf8.RuneCountInString(fill) != 1 {
			refuse("fill must be one character")
		}
		return c.pad(c.str(0), c.int(1), fill, align)
	})
}

func finder(last, must bool) *Func {
	return def("self sub start=none end=none", func(c call) any {
		i := c.find(last)
		if i < 0 && must {
			refuse("substring is not there")
		}
		return i
	})
}

func affix(has func(s, fix string) bool) *Func {
	return def("self affix start=none end=none", func(c call) any {
		part, _ := c.between()
		fixes, several := c.a[1].(value.Tuple)
		if !several {
			fixes = value.Tuple{c.a[1]}
		}
		return slices.ContainsFunc(fixes, func(f any) bool { return has(part, textOf(f)) })
	})
}

func textMethods() table {
	return table{
		"upper":      onText(upper),
		"lower":      onText(strings.ToLower),
		"casefold":   onText(func(s string) string { return strings.ToLower(upper(s)) }),
		"swapcase":   onText(swapCase),
		"capitalize": onText(capitalize),
		"title":      onText(titleCase),
		"strip":      stripper(true, true),
		"lstrip":     stripper(true, false),
		"rstrip":     stripper(false, true),
		"ljust":      padder('<'),
		"rjust":      padder('>'),
		"center":     padder('^'),
		"find":       finder(false, false),
		"rfind":      finder(true, false),
		"index":      finder(false, true),
		"isdigit":    every(unicode.IsDigit),
		"isdecimal":  every(unicode.IsDigit),
		"istitle": def("self", func(c call) any {
			s := c.str(0)
			return s == titleCase(s) && strings.IndexFunc(s, unicode.IsUpper) >= 0
		}),
		"isnumeric": every(unicode.IsNumber),
		"isalpha":   every(unicode.IsLetter),
		"isalnum":   every(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }),
		"isspace":   every(unicode.IsSpace),
		"islower":   def("self", func(c call) any { return isCased(c.str(0), unicode.IsUpper) }),
		"isupper":   def("self", func(c call) any { return isCased(c.str(0), unicode.IsLower) }),
		"zfill": def("self width", func(c call) any {
			return spec{fill: "0", align: '=', width: c.int(1)}.place(c.Run, c.str(0), true)
		}),
		"split":     def("self sep=none maxsplit=-1", func(c call) any { return c.split(false) }),
		"rsplit":    def("self sep=none maxsplit=-1", func(c call) any { return c.split(true) }),
		"partition": def("self sep", partition),
		"rpartition": def("self sep", func(c call) any {
			s, sep := c.str(0), c.separator()
			i := strings.LastIndex(s, sep)
			if i < 0 {
				return value.Tuple{"", "", s}
			}
			return value.Tuple{s[:i], sep, s[i+len(sep):]}
		}),
		"expandtabs": def("self tabsize=8", expandTabs),
		"rindex":     finder(true, true),
		"isascii": def("self", func(c call) any {
			return utf8.RuneCountInString(c.str(0)) == len(c.str(0))
		}),
		"splitlines": def("self keepends=false", func(c call) any {
			return c.texts(splitLines(c.str(0), c.truth(1)))
		}),
		"join": def("self iterable", joinText),
		"replace": def("self old new count=-1", func(c call) any {
			return c.replace(c.text(1), c.text(2))
		}),
		"startswith": affix(strings.HasPrefix),
		"endswith":   affix(strings.HasSuffix),

		"removeprefix": def("self fix", func(c call) any { return strings.TrimPrefix(c.str(0), c.text(1)) }),
		"removesuffix": def("self fix", func(c call) any { return strings.TrimSuffix(c.str(0), c.text(1)) }),

		"count": def("self sub start=none end=none", func(c call) any {
			part, _ := c.between()
			return int64(strings.Count(part, c.text(1)))
		}),
		"format": def("self *args **kwargs", func(c call) any {
			return c.format(c.str(0), c.rest(1), c.names(2))
		}),
	}
}

// texts makes a list of strings.
func (c call) texts(parts []string) any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return c.newList(out)
}

func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsUpper(c) {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, s)
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

func strip(s string, chars any, left, right bool) string {
	trim := unicode.IsSpace
	if chars != nil {
		set := textOf(chars)
		trim = func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	if left {
		s = strings.TrimLeftFunc(s, trim)
	}
	if right {
		s = strings.TrimRightFunc(s, trim)
	}
	return s
}

// between cuts the text to the slice that the last two arguments give, and
// tells where in characters it begins.
func (c call) between() (string, int) {
	s := c.str(0)
	if c.a[2] == nil && c.a[3] == nil {
		return s, 0
	}
	runes := []rune(s)
	lo, hi, _ := sliceBounds([3]any{c.a[2], c.a[3], nil}, len(runes))
	return string(runes[lo:max(lo, hi)]), lo
}

func (c call) find(last bool) int64 {
	part, from := c.between()
	i := strings.Index(part, c.text(1))
	if last {
		i = strings.LastIndex(part, c.text(1))
	}
	if i < 0 {
		return -1
	}
	return int64(from + utf8.RuneCountInString(part[:i]))
}

func partition(c call) any {
	before, after, found := strings.Cut(c.str(0), c.separator())
	if !found {
		return value.Tuple{before, "", ""}
	}
	return value.Tuple{before, c.text(1), after}
}

// separator reads the text that splits.
func (c call) separator() string {
	sep := c.text(1)
	if sep == "" {
		refuse("needs a separator")
	}
	return sep
}

func joinText(c call) any {
	var b strings.Builder
	for i, x := range c.list(1) {
		if i > 0 {
			b.WriteString(c.str(0))
		}
		if b.WriteString(textOf(x)); b.Len() > value.MaxText {
			break
		}
	}
	return c.bounded(&b)
}

var wordSpans = regexp.MustCompile(`[^\s\v\x1c-\x1f\x{85}\p{Z}]+`)

// split is str.split and, from the right, str.rsplit.
func (c call) split(right bool) any {
	s, n := c.str(0), c.int(2)
	if n < 0 {
		n = len(s) + 1
	}
	if c.a[1] == nil {
		return c.texts(splitBlanks(s, n, right))
	}
	sep := c.separator()
	c.GrowItems(min(n, strings.Count(s, sep)) + 1)
	if !right {
		return c.texts(strings.SplitN(s, sep, n+1))
	}
	parts := strings.Split(s, sep)
	if extra := len(parts) - 1 - n; extra > 0 {
		parts = append([]string{strings.Join(parts[:extra+1], sep)}, parts[extra+1:]...)
	}
	return c.texts(parts)
}

// splitBlanks splits at white space, at most n times.
func splitBlanks(s string, n int, right bool) []string {
	spans := wordSpans.FindAllStringIndex(s, -1)
	parts := make([]string, len(spans))
	for i, at := range spans {
		parts[i] = s[at[0]:at[1]]
	}
	last := len(spans) - 1
	switch {
	case last < n:
	case right:
		return append([]string{s[:spans[last-n][1]]}, parts[last-n+1:]...)
	default:
		return append(parts[:n], s[spans[n][0]:])
	}
	return parts
}
