package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

var errNotJSON = errors.New("invalid JSON")

// DecodeJSON decodes one JSON value, with objects in the order of their keys
// and numbers as they are spelled. Of a repeated key the last value counts, at
// the first position.
func DecodeJSON(raw []byte) (any, error) { return decodeValid(raw, false) }

// LoadJSON is DecodeJSON for what belongs to no document: it can be changed.
func LoadJSON(text string) (any, error) { return decodeValid([]byte(text), true) }

func decodeValid(raw []byte, made bool) (any, error) {
	if !json.Valid(raw) {
		var probe any
		err := json.Unmarshal(raw, &probe)
		return nil, fmt.Errorf("decode JSON: %w", errors.Join(errNotJSON, syntaxOnly(err)))
	}
	v, err := decode(raw, made)
	if err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return v, nil
}

func decode(raw []byte, made bool) (v any, err error) {
	defer caught(&err)
	return (&decoder{src: raw, made: made}).value(0), nil
}

// syntaxOnly keeps the offset of a syntax error and drops its text, which may
// quote the document.
func syntaxOnly(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d", syntax.Offset)
	}
	return nil
}

// decoder reads JSON that is known to be valid.
type decoder struct {
	src  []byte
	pos  int
	made bool // what it gives can be changed
}

func (d *decoder) space() byte {
	for d.src[d.pos] <= ' ' {
		d.pos++
	}
	return d.src[d.pos]
}

func (d *decoder) value(depth int) any {
	if depth > MaxDepth {
		check(ErrDepth)
	}
	switch d.space() {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		return d.text()
	case 't':
		d.pos += 4
		return true
	case 'f':
		d.pos += 5
		return false
	case 'n':
		d.pos += 4
		return nil
	}
	start := d.pos
	for d.pos < len(d.src) && bytes.IndexByte([]byte("+-.0123456789eE"), d.src[d.pos]) >= 0 {
		d.pos++
	}
	return json.Number(d.src[start:d.pos])
}

func (d *decoder) object(depth int) any {
	o := &Object{fixed: !d.made}
	d.pos++
	for d.space() != '}' {
		key := d.text()
		d.space()
		d.pos++
		o.Set(key, d.value(depth+1))
		if d.space() == ',' {
			d.pos++
		}
	}
	d.pos++
	return o
}

func (d *decoder) array(depth int) any {
	items := []any{}
	d.pos++
	for d.space() != ']' {
		items = append(items, d.value(depth+1))
		if d.space() == ',' {
			d.pos++
		}
	}
	d.pos++
	if d.made {
		return NewList(items)
	}
	return items
}

// text reads a string, which may stand after white space.
func (d *decoder) text() string {
	d.space()
	start := d.pos + 1
	plain := true
	for d.pos = start; d.src[d.pos] != '"'; d.pos++ {
		if d.src[d.pos] == '\\' {
			plain = false
			d.pos++
		}
	}
	quoted := d.src[start:d.pos]
	d.pos++
	if plain && utf8.Valid(quoted) {
		return string(quoted)
	}
	return unquote(quoted)
}

func unquote(q []byte) string {
	var s string
	full := strconv.AppendQuote(nil, "")[:1]
	full = append(append(full, q...), '"')
	if err := json.Unmarshal(full, &s); err != nil {
		return string(q)
	}
	return s
}
