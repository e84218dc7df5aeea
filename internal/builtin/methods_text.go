package builtin

import (
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
		return marked(c.a[0], c.strip(left, right))
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
		part, _, within := c.between()
		fixes, several := c.a[1].(value.Tuple)
		if !several {
			fixes = value.Tuple{c.a[1]}
		}
		return slices.ContainsFunc(fixes, func(f any) bool {
			return has(part, textOf(f)) && within
		})
	})
}

func textMethods() table {
	return table{
		"upper":      onText(upper),
		"lower":      onText(lower),
		"casefold":   onText(foldCase),
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
		"isdigit":    every(isDigitLike),
		"isdecimal":  every(unicode.IsDigit),
		"istitle":    def("self", func(c call) any { return isTitled(c.str(0)) }),
		"isnumeric":  every(unicode.IsNumber),
		"isalpha":    every(unicode.IsLetter),
		"isalnum": every(func(c rune) bool {
			return unicode.IsLetter(c) || unicode.IsNumber(c)
		}),
		"isspace": every(unicode.IsSpace),
		"isidentifier": def("self", func(c call) any {
			s := c.str(0)
			return s != "" && !unicode.IsDigit([]rune(s)[0]) && strings.IndexFunc(s, notInNames) < 0
		}),
		"isprintable": def("self", func(c call) any {
			return strings.IndexFunc(c.str(0), func(c rune) bool { return !unicode.IsPrint(c) }) < 0
		}),
		"islower": def("self", func(c call) any { return isCased(c.str(0), isCapital) }),
		"isupper": def("self", func(c call) any { return isCased(c.str(0), isSmall) }),
		"zfill": def("self width", func(c call) any {
			s, sign := c.str(0), 0
			if s != "" && strings.IndexByte("-+", s[0]) >= 0 {
				sign = 1
			}
			return s[:sign] + c.pad(s[sign:], c.int(1)-sign, "0", '>')
		}),
		"split":     def("self sep=none maxsplit=-1", func(c call) any { return c.split(false) }),
		"rsplit":    def("self sep=none maxsplit=-1", func(c call) any { return c.split(true) }),
		"partition": def("self sep", partition),
		"rpartition": def("self sep", func(c call) any {
			s, sep := c.str(0), c.separator()
			i := strings.LastIndex(s, sep)
			if i < 0 {
				return c.three("", "", s)
			}
			return c.three(s[:i], sep, s[i+len(sep):])
		}),
		"expandtabs": def("self tabsize=8", expandTabs),
		"rindex":     finder(true, true),
		"isascii": def("self", func(c call) any {
			return utf8.RuneCountInString(c.str(0)) == len(c.str(0))
		}),
		"splitlines": def("self keepends=false", func(c call) any {
			s, out := c.str(0), []string(nil)
			for line, end := range lines(s) {
				if !c.truth(1) {
					end = ""
				}
				out = c.appendPart(out, line+end)
			}
			return c.texts(out)
		}),
		"join": def("self iterable", joinText),
		"replace": def("self old new count=-1", func(c call) any {
			return marked(c.a[0], c.replace(c.text(1), c.beside(2)))
		}),
		"startswith": affix(strings.HasPrefix),
		"endswith":   affix(strings.HasSuffix),

		"removeprefix": def("self fix", func(c call) any {
			return strings.TrimPrefix(c.str(0), c.text(1))
		}),
		"removesuffix": def("self fix", func(c call) any {
			return strings.TrimSuffix(c.str(0), c.text(1))
		}),

		"count": def("self sub start=none end=none", func(c call) any {
			part, _, within := c.between()
			if n := strings.Count(part, c.text(1)); within {
				return int64(n)
			}
			return int64(0)
		}),
		"format": def("self *args **kwargs", func(c call) any {
			return c.format(c.a[0], c.rest(1), c.names(2))
		}),
	}
}

// beside is an argument as text that joins the first: if that is marked, it is
// escaped, whatever it is.
func (c call) beside(i int) string {
	if isMarked(c.a[0]) {
		return c.escaped(c.soft(i))
	}
	return c.text(i)
}

// texts makes a list of parts of the first argument, which are marked as it is.
func (c call) texts(parts []string) any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = marked(c.a[0], p)
	}
	return c.newList(out)
}

// strip is str.strip of the characters in the second argument.
func (c call) strip(left, right bool) string {
	s, trim := c.str(0), isBlank
	if c.a[1] != nil {
		chars, set := c.text(1), map[rune]bool{}
		c.Grow(len(chars))
		for _, r := range chars {
			set[r] = true
		}
		trim = func(r rune) bool { return set[r] }
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
// tells where in characters it begins. Where the slice is not within the text
// nothing is found in it, not even the empty text.
func (c call) between() (part string, from int, within bool) {
	s := c.str(0)
	if c.a[2] == nil && c.a[3] == nil {
		return s, 0, true
	}
	runes := []rune(s)
	lo, hi, _ := sliceBounds([3]any{c.a[2], c.a[3], nil}, len(runes))
	within = lo <= hi && (c.a[2] == nil || intOf(c.a[2]) <= len(runes))
	return string(runes[lo:max(lo, hi)]), lo, within
}

func (c call) find(last bool) int64 {
	part, from, within := c.between()
	i := strings.Index(part, c.text(1))
	if last {
		i = strings.LastIndex(part, c.text(1))
	}
	if i < 0 || !within {
		return -1
	}
	return int64(from + utf8.RuneCountInString(part[:i]))
}

func partition(c call) any {
	before, after, found := strings.Cut(c.str(0), c.separator())
	if !found {
		return c.three(before, "", "")
	}
	return c.three(before, c.text(1), after)
}

// three are what a text is parted into.
func (c call) three(before, sep, after string) any {
	return value.Tuple{marked(c.a[0], before), marked(c.a[0], sep), marked(c.a[0], after)}
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
	var b builder
	for i, x := range c.list(1) {
		if i > 0 {
			b.add(c.str(0))
		}
		b.add(call{c.Run, []any{c.a[0], x}}.beside(1))
	}
	return marked(c.a[0], c.built(&b))
}

// split is str.split and, from the right, str.rsplit.
func (c call) split(right bool) any {
	s, n := c.str(0), c.int(2)
	if n < 0 {
		n = len(s) + 1
	}
	if c.a[1] == nil {
		return c.texts(c.splitBlanks(s, n, right))
	}
	sep := c.separator()
	if !right {
		c.GrowItems(min(n, strings.Count(s, sep)) + 1)
		return c.texts(strings.SplitN(s, sep, n+1))
	}
	var parts []string
	for i := strings.LastIndex(s, sep); i >= 0 && len(parts) < n; i = strings.LastIndex(s, sep) {
		parts = c.appendPart(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return c.texts(parts)
}

// splitBlanks splits at white space, at most n times.
func (c call) splitBlanks(s string, n int, right bool) (parts []string) {
	cut, trim := cutBlank, strings.TrimLeftFunc
	if right {
		cut, trim = cutLastBlank, strings.TrimRightFunc
	}
	for s = trim(s, isBlank); s != "" && len(parts) < n; s = trim(s, isBlank) {
		var part string
		part, s = cut(s)
		parts = c.appendPart(parts, part)
	}
	if s != "" {
		parts = append(parts, s)
	}
	if right {
		slices.Reverse(parts)
	}
	return parts
}

// appendPart appends to the parts of a text, of which there may be only so many.
func (c call) appendPart(parts []string, part string) []string {
	if len(parts) == value.MaxItems {
		Check(errItems)
	}
	return append(parts, part)
}

// digitsBeside are the characters that Python takes for digits beside those of
// decimal numbers: raised and lowered ones, and those in circles.
var digitsBeside = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0xb2, Hi: 0xb3, Stride: 1}, {Lo: 0xb9, Hi: 0xb9, Stride: 1},
		{Lo: 0x2070, Hi: 0x2070, Stride: 1}, {Lo: 0x2074, Hi: 0x2079, Stride: 1},
		{Lo: 0x2080, Hi: 0x2089, Stride: 1}, {Lo: 0x2460, Hi: 0x2468, Stride: 1},
		{Lo: 0x2474, Hi: 0x247c, Stride: 1}, {Lo: 0x2488, Hi: 0x2490, Stride: 1},
		{Lo: 0x24ea, Hi: 0x24ea, Stride: 1}, {Lo: 0x24f5, Hi: 0x24fd, Stride: 1},
		{Lo: 0x24ff, Hi: 0x24ff, Stride: 1}, {Lo: 0x2776, Hi: 0x277e, Stride: 1},
		{Lo: 0x2780, Hi: 0x2788, Stride: 1}, {Lo: 0x278a, Hi: 0x2792, Stride: 1},
	},
	LatinOffset: 2,
}

func isDigitLike(c rune) bool { return unicode.IsDigit(c) || unicode.Is(digitsBeside, c) }

// notInNames reports whether a character cannot stand in the name of a variable.
func notInNames(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }

func isBlank(c rune) bool { return unicode.IsSpace(c) || c >= 0x1c && c <= 0x1f }

// cutBlank cuts a text before its first blank, cutLastBlank behind its last: it
// returns the word and what is left.
func cutBlank(s string) (word, rest string) {
	if i := strings.IndexFunc(s, isBlank); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func cutLastBlank(s string) (word, rest string) {
	word = s[strings.LastIndexFunc(s, isBlank)+1:]
	for word != "" && !utf8.RuneStart(word[0]) { // of a longer blank
		word = word[1:]
	}
	return word, s[:len(s)-len(word)]
}
