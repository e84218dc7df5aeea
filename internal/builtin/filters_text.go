package builtin

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// onText makes a filter or method of a function on text.
func onText(fn func(string) string) *Func {
	return def("s", func(c call) any { return marked(c.a[0], fn(c.str(0))) })
}

// marked marks s as finished markup if the value that it was made from is.
func marked(from any, s string) any {
	switch from.(type) {
	case value.Markup:
		return value.Markup(s)
	case value.Safe, value.JSON:
		return value.Safe(s)
	}
	return s
}

func textFilters() table {
	escape := def("s", func(c call) any {
		if isMarked(c.a[0]) {
			return c.a[0]
		}
		return value.Markup(c.escapeHTML(c.str(0)))
	})
	text := def("object", func(c call) any { return c.soft(0) })
	return table{
		"upper":      onText(upper),
		"lower":      onText(lower),
		"capitalize": onText(capitalize),
		"title":      onText(titleWords),
		"trim":       stripper(true, true),
		"replace": def("s old new count=none", func(c call) any {
			return c.replace(c.str(1), c.str(2))
		}),
		"center": def("value width=80", func(c call) any {
			return c.pad(c.str(0), c.int(1), " ", '^')
		}),
		"indent":   def("s width=4 first=false blank=false", filterIndent),
		"truncate": def("s length=255 killwords=false end='...' leeway=none", filterTruncate),
		"wordwrap": def(wordWrapSignature, wordWrap),
		"pprint": def("value", func(c call) any {
			c.repr(c.a[0]) // which bounds what follows
			return c.pretty(c.a[0], 0, 0)
		}),
		"wordcount": def("s", func(c call) any { return countWords(c.str(0)) }),
		"string":    text,
		"str":       text,
		"format":    def("value *args **kwargs", filterFormat),
		"escape":    escape,
		"e":         escape,
		"forceescape": def("value", func(c call) any {
			return value.Markup(c.escapeHTML(c.str(0)))
		}),
		"safe":      def("value", func(c call) any { return value.Safe(c.str(0)) }),
		"striptags": def("value", func(c call) any { return stripTags(c.str(0)) }),
	}
}

// replace is str.replace of the first argument, as often as the fourth says,
// bounded before it builds.
func (c call) replace(from, to string) string {
	s, n := c.str(0), -1
	if c.a[3] != nil {
		n = c.int(3)
	}
	hits := strings.Count(s, from)
	if n >= 0 {
		hits = min(hits, n)
	}
	if len(to) > len(from) && hits > value.MaxText/(len(to)-len(from)) {
		Check(ErrText)
	}
	c.Grow(len(s) + hits*(len(to)-len(from)))
	return strings.Replace(s, from, to, n)
}

func filterIndent(c call) any {
	s := c.text(0)
	c.Grow(len(s))
	by, isText := value.Text(c.a[1])
	if !isText {
		n := max(c.int(1), 0)
		c.Grow(n)
		by = strings.Repeat(" ", n)
	}
	var b builder
	if c.truth(2) {
		b.add(by)
	}
	first := true
	for line := range lines(s + "\n") {
		if !first {
			b.add("\n")
		}
		if !first && (c.truth(3) || line != "") {
			b.add(by)
		}
		b.add(line)
		first = false
	}
	return marked(c.a[0], c.built(&b))
}

func filterTruncate(c call) any {
	n, err := value.Len(c.a[0])
	s, ok := value.Text(c.a[0])
	length, end, leeway := c.int(1), c.text(3), 5
	if c.a[4] != nil {
		leeway = c.int(4)
	}
	keep := length - utf8.RuneCountInString(end)
	switch {
	case err != nil:
		mistyped("cannot truncate %s", c.a[0])
	case keep < 0:
		refuse("length must be at least that of %q", Clip(end))
	case leeway < 0:
		refuse("leeway must not be negative")
	case n <= length+leeway:
		return c.a[0]
	case !ok:
		mistyped("cannot truncate %s", c.a[0])
	}
	head := cut(s, keep)
	c.Grow(len(head))
	if i := strings.LastIndexByte(head, ' '); i >= 0 && !c.truth(2) {
		head = head[:i]
	}
	return head + end
}

// countWords counts runs of letters, digits and underscores.
func countWords(s string) int64 {
	n, inside := int64(0), false
	for _, c := range s {
		was := inside
		inside = c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c)
		if inside && !was {
			n++
		}
	}
	return n
}

// soft is an argument as text, which stays marked if it is.
func (c call) soft(i int) any {
	if _, ok := value.Text(c.a[i]); ok {
		return c.a[i]
	}
	return c.str(i)
}

func filterFormat(c call) any {
	args, kw := c.rest(1), c.names(2)
	switch {
	case len(args) > 0 && kw.Len() > 0:
		refuse("takes plain arguments or names, not both")
	case kw.Len() > 0:
		return c.percent(c.soft(0), kw)
	}
	return c.percent(c.soft(0), args)
}

// stripTags takes tags and comments out, joins blanks and resolves entities.
func stripTags(s string) string {
	return html.UnescapeString(strings.Join(strings.Fields(stripMarkup(s)), " "))
}

// stripMarkup takes tags and comments out.
func stripMarkup(s string) string { return without(without(s, "<!--", "-->"), "<", ">") }

// without takes out what stands from one text to the next of another.
func without(s, open, end string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, open)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(before)
		s = after
	}
}
