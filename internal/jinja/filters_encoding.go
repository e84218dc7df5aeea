package jinja

import (
	"errors"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

func encodingFilters() map[string]*builtin {
	return map[string]*builtin{
		"tojson":    def("value indent=none", filterJSON),
		"json":      def("value indent=1", frappeJSON),
		"urlencode": def("value", urlEncode),
		"xmlattr":   def("d autospace=true", xmlAttributes),
	}
}

func filterJSON(r *run, a []any) (any, error) {
	opts := value.PyJSON{HTMLSafe: true}
	if a[1] != nil {
		opts.Pretty = true
		if s, ok := value.Text(a[1]); ok {
			opts.Indent = s
		} else {
			n, err := intArg(a[1])
			if err != nil {
				return nil, err
			}
			if n > 100 {
				return nil, errors.New("indent must be at most 100")
			}
			opts.Indent = strings.Repeat(" ", max(n, 0))
		}
	}
	return r.json(a[0], opts)
}

// frappeJSON is frappe.as_json: one blank of indent, and rows of a document
// without their empty fields.
func frappeJSON(r *run, a []any) (any, error) {
	n, err := intArg(a[1])
	if err != nil || n > 100 {
		return nil, errors.New("indent must be a number up to 100")
	}
	return r.json(a[0], value.PyJSON{Pretty: true, Indent: strings.Repeat(" ", max(n, 0)), DropNulls: true})
}

func (r *run) json(v any, opts value.PyJSON) (any, error) {
	out, err := opts.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return value.JSON(out), r.grow(len(out))
}

const upperHex = "0123456789ABCDEF"

// quoteURL percent-encodes as urllib.parse.quote, leaving the safe characters.
func quoteURL(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || strings.IndexByte("_.-~", c) >= 0 ||
			strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}

func urlEncode(r *run, a []any) (any, error) {
	if _, text := value.Text(a[0]); text || !value.IsMapping(a[0]) && !value.IsSequence(a[0]) {
		s, err := r.str(a[0])
		if err != nil {
			return nil, err
		}
		return quoteURL(s, "/"), r.grow(3 * len(s))
	}
	pairs, err := r.pairsOf(a[0])
	if err != nil {
		return nil, err
	}
	parts := make([]string, 0, len(pairs))
	for _, e := range pairs {
		k, err := r.queryPart(e.Key)
		if err != nil {
			return nil, err
		}
		v, err := r.queryPart(e.Value)
		if err != nil {
			return nil, err
		}
		parts = append(parts, k+"="+v)
	}
	return strings.Join(parts, "&"), nil
}

func (r *run) queryPart(v any) (string, error) {
	s, err := r.str(v)
	if err != nil {
		return "", err
	}
	return strings.ReplaceAll(quoteURL(s, ""), "%20", "+"), r.grow(3 * len(s))
}

func xmlAttributes(r *run, a []any) (any, error) {
	if !value.IsMapping(a[0]) {
		return nil, typeError("needs a mapping, not %s", a[0])
	}
	entries, err := value.Entries(a[0])
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, e := range entries {
		if e.Value == nil || value.IsUndefined(e.Value) {
			continue
		}
		k, err := r.str(e.Key)
		if err != nil {
			return nil, err
		}
		if strings.ContainsAny(k, " \t\n\f\r/>=") {
			return nil, errors.New("a key has a character that no attribute may have")
		}
		v, err := r.str(e.Value)
		if err != nil {
			return nil, err
		}
		parts = append(parts, escapeHTML(k)+`="`+escapeHTML(v)+`"`)
	}
	out := strings.Join(parts, " ")
	if value.Truth(a[1]) && out != "" {
		out = " " + out
	}
	return value.Markup(out), r.grow(len(out))
}
