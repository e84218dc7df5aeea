package jinja

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

func encodingFilters() map[string]*builtin {
	return map[string]*builtin{
		"tojson": def("value indent=none", filterJSON),
		// Frappe's as_json: one blank of indent, and rows without empty fields.
		"json": def("value indent=1", func(c call) any {
			return c.json(value.PyJSON{Pretty: true, Indent: c.indent(1), DropNulls: true})
		}),
		"urlencode": def("value", urlEncode),
	}
}

func filterJSON(c call) any {
	opts := value.PyJSON{HTMLSafe: true}
	if c.a[1] != nil {
		opts.Pretty, opts.Indent = true, c.indent(1)
	}
	return c.json(opts)
}

// indent reads white space, or how many blanks of it.
func (c call) indent(i int) string {
	if s, ok := value.Text(c.a[i]); ok {
		return s
	}
	n := c.int(i)
	if n > 100 {
		refuse("indent must be at most 100")
	}
	return strings.Repeat(" ", max(n, 0))
}

func (c call) json(opts value.PyJSON) any {
	out := must(opts.Append(nil, c.a[0]))
	c.room(len(out))
	return value.JSON(out)
}

const upperHex = "0123456789ABCDEF"

// quoteURL percent-encodes as urllib.parse.quote, leaving the safe characters.
func quoteURL(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if low := c | 0x20; low >= 'a' && low <= 'z' || isDigit(c) || strings.IndexByte("_.-~"+safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}

func urlEncode(c call) any {
	if _, text := value.Text(c.a[0]); text || !value.IsMapping(c.a[0]) && !value.IsSequence(c.a[0]) {
		s := c.str(0)
		c.room(3 * len(s))
		return quoteURL(s, "/")
	}
	part := func(v any) string {
		s := c.spell(v)
		c.room(3 * len(s))
		return strings.ReplaceAll(quoteURL(s, ""), "%20", "+")
	}
	var parts []string
	for _, e := range c.pairs(c.a[0]) {
		parts = append(parts, part(e.Key)+"="+part(e.Value))
	}
	return strings.Join(parts, "&")
}
