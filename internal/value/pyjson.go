package value

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// PyJSON says how Python's json.dumps is to spell.
type PyJSON struct {
	// Indent is the white space of one level; with none all is on one line.
	Indent string
	// Pretty sets line breaks even when Indent is empty.
	Pretty bool
	// HTMLSafe spells <, >, & and ' as \u003c and so on.
	HTMLSafe bool
	// DropNulls leaves out the null members of a document's rows.
	DropNulls bool
}

// AppendPyJSON appends v as Jinja2's tojson spells it: keys sorted, ", " and
// ": " between, ASCII only, and <, >, & and ' as escapes.
func AppendPyJSON(dst []byte, v any) ([]byte, error) {
	return PyJSON{HTMLSafe: true}.Append(dst, v)
}

// Append appends v as JSON in this spelling.
func (o PyJSON) Append(dst []byte, v any) ([]byte, error) {
	p := pyEncoder{printer: printer{dst: dst, max: len(dst) + MaxText}, opts: o}
	err := p.value(v)
	return p.dst, err
}

type pyEncoder struct {
	printer
	opts PyJSON
}

func (p *pyEncoder) value(v any) error {
	if len(p.dst) > p.max {
		return ErrTooLarge
	}
	switch v := v.(type) {
	case nil:
		p.dst = append(p.dst, "null"...)
		return nil
	case bool:
		p.dst = fmt.Append(p.dst, v)
		return nil
	case Undefined:
		return fmt.Errorf("encode as JSON: %s", v.Message())
	case time.Time, Date:
		text, err := Str(v)
		p.quote(text)
		return err
	}
	if s, ok := Text(v); ok {
		p.quote(s)
		return nil
	}
	if n, ok := numberOf(v); ok {
		if n.kind == isFloat && (math.IsNaN(n.f) || math.IsInf(n.f, 0)) {
			return ErrNotFinite
		}
		p.dst = appendNumber(p.dst, v)
		return nil
	}
	return p.nested(v)
}

func (p *pyEncoder) nested(v any) error {
	if p.depth++; p.depth > MaxDepth {
		return ErrDepth
	}
	defer func() { p.depth-- }()
	switch v := v.(type) {
	case []any, *List, Tuple, *Group:
		items, err := Items(v)
		if err != nil {
			return err
		}
		return p.each(len(items), '[', ']', func(i int) error { return p.value(items[i]) })
	}
	if IsMapping(v) {
		return p.mapping(v)
	}
	if settled(v) {
		return fmt.Errorf("%s is not JSON; add |list", TypeName(v))
	}
	x, err := Of(v)
	if err != nil {
		return err
	}
	if _, ok := x.(Opaque); ok {
		return fmt.Errorf("encode %T as JSON: %w", v, errUnsupported)
	}
	return p.value(x)
}

func (p *pyEncoder) mapping(v any) error {
	entries, err := Entries(v)
	if err != nil {
		return err
	}
	entries = slices.Clone(entries)
	if o, made := v.(*Object); p.opts.DropNulls && (!made || o.fixed) {
		entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.Value == nil })
	}
	if err := sortEntries(entries); err != nil {
		return err
	}
	return p.each(len(entries), '{', '}', func(i int) error {
		key, err := jsonKey(entries[i].Key)
		if err != nil {
			return err
		}
		p.quote(key)
		p.dst = append(p.dst, ": "...)
		return p.value(entries[i].Value)
	})
}

// sortEntries sorts by key as Python's sort_keys: keys of one kind only.
func sortEntries(entries []Entry) (err error) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		as, aText := Text(a.Key)
		bs, bText := Text(b.Key)
		if aText && bText {
			return strings.Compare(as, bs)
		}
		c, e := Order(a.Key, b.Key)
		err = cmp.Or(err, e)
		return c
	})
	return err
}

// jsonKey spells a key as json.dumps does.
func jsonKey(k any) (string, error) {
	switch k := k.(type) {
	case nil:
		return "null", nil
	case bool:
		return fmt.Sprint(k), nil
	}
	if s, ok := Text(k); ok {
		return s, nil
	}
	if _, ok := numberOf(k); ok {
		return string(appendNumber(nil, k)), nil
	}
	return "", fmt.Errorf("encode %s as a JSON key: %w", TypeName(k), errUnsupported)
}

func (p *pyEncoder) each(n int, open, end byte, one func(i int) error) error {
	p.dst = append(p.dst, open)
	pretty := p.opts.Indent != "" || p.opts.Pretty
	for i := range n {
		if i > 0 {
			p.dst = append(p.dst, ',')
		}
		if pretty {
			p.newline(p.depth)
		} else if i > 0 {
			p.dst = append(p.dst, ' ')
		}
		if err := one(i); err != nil {
			return err
		}
	}
	if pretty && n > 0 {
		p.newline(p.depth - 1)
	}
	p.dst = append(p.dst, end)
	return nil
}

func (p *pyEncoder) newline(depth int) {
	p.dst = append(p.dst, '\n')
	for range depth {
		p.dst = append(p.dst, p.opts.Indent...)
	}
}

func (p *pyEncoder) quote(s string) {
	p.dst = append(p.dst, '"')
	for _, c := range s {
		switch {
		case c < ' ' || c == '"' || c == '\\':
			p.dst = appendEscape(p.dst, byte(c))
		case p.opts.HTMLSafe && (c == '<' || c == '>' || c == '&' || c == '\''), c >= 0x7f && c < 0x10000:
			p.dst = fmt.Appendf(p.dst, `\u%04x`, c)
		case c >= 0x10000:
			c -= 0x10000
			p.dst = fmt.Appendf(p.dst, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			p.dst = append(p.dst, byte(c))
		}
	}
	p.dst = append(p.dst, '"')
}
