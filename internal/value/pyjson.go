package value

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// PyJSON says how Python's json.dumps is to spell: keys sorted, ", " and ": "
// between, ASCII only.
type PyJSON struct {
	// Indent is the white space of one level; with none all is on one line.
	Indent string
	// Pretty sets line breaks even when Indent is empty.
	Pretty bool
	// HTMLSafe spells <, >, & and ' as \u003c and so on, as Jinja2's tojson.
	HTMLSafe bool
	// DropNulls leaves out the null members of a document's rows.
	DropNulls bool
}

// Append appends v as JSON in this spelling.
func (o PyJSON) Append(dst []byte, v any) ([]byte, error) {
	s := style{
		null: "null", yes: "true", no: "false", spaced: true, tooLong: ErrTooLarge,
		quote: o.quote, float: finite, leaf: pyLeaf, brackets: pyBrackets, ordered: o.sorted,
		number: pyNumber, pretty: o.Pretty || o.Indent != "", indent: o.Indent,
	}
	return s.append(dst, v, len(dst)+MaxText)
}

func finite(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		check(ErrNotFinite)
	}
	return AppendFloat(dst, f)
}

func pyNumber(dst []byte, n json.Number) []byte {
	if f, ok := numberOf(n); ok && f.kind == isFloat {
		return finite(dst, f.f)
	}
	return appendNumber(dst, n)
}

func pyLeaf(w *writer, v any) bool {
	if u, ok := v.(Undefined); ok {
		check(fmt.Errorf("encode as JSON: %s", u.Message()))
	}
	return jsonLeaf(w, v)
}

func pyBrackets(v any, _ int) (open, end string) {
	if !IsList(v) && !isTuple(v) {
		check(fmt.Errorf("%s is not JSON; add |list", TypeName(v)))
	}
	return "[", "]"
}

// sorted lists the members by key as Python's sort_keys: keys of one kind only.
func (o PyJSON) sorted(v any) (entries []Entry) {
	entries = slices.Clone(must(Entries(v)))
	if made, ok := v.(*Object); o.DropNulls && (!ok || made.fixed) {
		entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.Value == nil })
	}
	var failed error
	slices.SortStableFunc(entries, func(a, b Entry) int {
		as, aText := Text(a.Key)
		bs, bText := Text(b.Key)
		if aText && bText {
			return strings.Compare(as, bs)
		}
		c, err := Order(a.Key, b.Key, nil)
		failed = cmp.Or(failed, err)
		return c
	})
	check(failed)
	return entries
}

func (o PyJSON) quote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c < ' ' || c == '"' || c == '\\':
			dst = appendEscape(dst, byte(c))
		case o.HTMLSafe && (c == '<' || c == '>' || c == '&' || c == '\''),
			c >= 0x7f && c < 0x10000:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		case c >= 0x10000:
			c -= 0x10000
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			dst = append(dst, byte(c))
		}
	}
	return append(dst, '"')
}
