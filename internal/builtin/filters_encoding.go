package builtin

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

func encodingFilters() table {
	return table{
		"tojson":    def("value indent=none", filterJSON),
		"json":      def("value indent=1", asJSON),
		"urlencode": def("value", urlEncode),
		"xmlattr":   def("d autospace=true", xmlAttributes),
	}
}

// asJSON is Frappe's as_json: one blank of indent, and rows without empty fields.
func asJSON(c call) any {
	return c.json(value.PyJSON{Pretty: true, Indent: c.indent(1), DropNulls: true})
}

func filterJSON(c call) any { return c.dump(value.PyJSON{HTMLSafe: true}) }

// dumpJSON is json.dumps, with the keys sorted.
func dumpJSON(c call) any { return c.dump(value.PyJSON{}) }

// loadJSON is json.loads, for fields that hold JSON as text.
func loadJSON(c call) any {
	s, ok := value.Text(c.a[0])
	if !ok {
		mistyped("needs text, not %s", c.a[0])
	}
	c.Grow(len(s))
	v, err := value.LoadJSON(s)
	if err != nil {
		refuse("text is no JSON")
	}
	return v
}

// dump writes the first argument as JSON, in lines if the second is an indent.
func (c call) dump(opts value.PyJSON) any {
	if c.a[1] != nil {
		opts.Pretty, opts.Indent = true, c.indent(1)
	}
	return c.json(opts)
}

// indent reads white space, or how many blanks of it.
func (c call) indent(i int) string {
	if s, ok := value.Text(c.a[i]); ok {
		c.Grow(len(s))
		return s
	}
	n := c.int(i)
	if n > 100 {
		refuse("indent must be at most 100")
	}
	return strings.Repeat(" ", max(n, 0))
}

func (c call) json(opts value.PyJSON) any {
	out := Must(opts.Append(nil, c.a[0]))
	c.Grow(len(out))
	return value.JSON(out)
}

const upperHex = "0123456789ABCDEF"

// quoteURL percent-encodes as urllib.parse.quote, leaving the safe characters.
func quoteURL(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		low := c | 0x20
		if low >= 'a' && low <= 'z' || isDigit(c) || strings.IndexByte("_.-~"+safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}

func urlEncode(c call) any {
	_, text := value.Text(c.a[0])
	if text || !value.IsMapping(c.a[0]) && !value.IsSequence(c.a[0]) {
		s := c.str(0)
		c.Grow(3 * len(s))
		return value.Encoded(quoteURL(s, "/"))
	}
	part := func(v any) string {
		s := c.Str(v)
		c.Grow(3 * len(s))
		return strings.ReplaceAll(quoteURL(s, ""), "%20", "+")
	}
	var b builder
	for i, e := range c.pairs(c.a[0]) {
		if i > 0 {
			b.add("&")
		}
		b.add(part(e.Key), "=", part(e.Value))
	}
	return value.Encoded(b.String())
}

// xmlAttributes writes the members of a mapping as attributes.
func xmlAttributes(c call) any {
	if !value.IsMapping(c.a[0]) {
		mistyped("needs a mapping, not %s", c.a[0])
	}
	var b builder
	for _, e := range entries(c.a[0]) {
		if e.Value == nil || value.IsUndefined(e.Value) {
			continue
		}
		key := textOf(e.Key)
		if strings.ContainsAny(key, " \t\n\f\r/>=") {
			refuse("a key has a character that no attribute may have")
		}
		if b.Len() > 0 || c.truth(1) {
			b.add(" ")
		}
		b.add(c.escapeHTML(key), `="`, c.escapeHTML(c.Str(e.Value)), `"`)
	}
	return c.built(&b)
}
