package sqlstore

import (
	"strconv"
	"strings"
)

// PostgreSQL takes rows as one array for each column: however many there are, the
// statement is the same, and its parameters are few. Arrays are spelled as text,
// which every driver can send. Bytes are sent in one piece for all rows, and cut
// to pieces by the server, so that they need no spelling.

// unnested returns the rows as a query.
func (t *table) unnested() string {
	var values, arrays, names []string
	array := func(name, kind string) {
		names, arrays = append(names, name), append(arrays, "?::"+kind+"[]")
	}
	for i := range t.shape {
		c := &t.shape[i]
		switch {
		case !t.given(c):
			values = append(values, c.literal+"::"+c.kind)
		case c.kind == "bytea":
			values = append(values, "substring(?::bytea FROM "+c.name+"_at FOR "+c.name+"_size)")
			array(c.name+"_at", "integer")
			array(c.name+"_size", "integer")
		default:
			values = append(values, c.name)
			array(c.name, c.kind)
		}
	}
	return "SELECT " + strings.Join(values, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") AS u (" +
		strings.Join(names, ", ") + ")"
}

// arrays returns the parameters of unnested: the bytes come first.
func (t *table) arrays() []any {
	var bytes, arrays []any
	var spelled []byte // of one column after the other
	for i := range t.shape {
		c := &t.shape[i]
		switch {
		case !t.given(c):
		case c.kind == "bytea":
			whole, at, size := t.pieces(i)
			bytes, arrays = append(bytes, whole), append(arrays, at, size)
		default:
			spelled = t.array(spelled[:0], i)
			arrays = append(arrays, string(spelled))
		}
	}
	return append(bytes, arrays...)
}

// array appends the values of a column as they are spelled.
func (t *table) array(b []byte, column int) []byte {
	sep := byte('{')
	for at := column; at < len(t.values); at += len(t.shape) {
		b = appendElement(append(b, sep), t.values[at])
		sep = ','
	}
	return append(b, '}')
}

// pieces joins the bytes of a column, and spells where each row's begin, from 1,
// and how many they are; NULL for nil.
func (t *table) pieces(column int) (whole []byte, at, size string) {
	n := 0
	for i := column; i < len(t.values); i += len(t.shape) {
		piece, _ := t.values[i].([]byte)
		n += len(piece)
	}
	whole = make([]byte, 0, n)
	begin, length := make([]byte, 0, 8*t.rows()), make([]byte, 0, 8*t.rows())
	sep := byte('{')
	for i := column; i < len(t.values); i += len(t.shape) {
		begin, length = append(begin, sep), append(length, sep)
		sep = ','
		if piece, ok := t.values[i].([]byte); ok {
			begin = strconv.AppendInt(begin, int64(len(whole)+1), 10)
			length = strconv.AppendInt(length, int64(len(piece)), 10)
			whole = append(whole, piece...)
		} else {
			begin, length = append(begin, "NULL"...), append(length, "NULL"...)
		}
	}
	return whole, string(append(begin, '}')), string(append(length, '}'))
}

// appendElement appends a value as an element of an array.
func appendElement(b []byte, value any) []byte {
	switch v := value.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case string:
		b = append(b, '"')
		for i := range len(v) {
			if v[i] == '"' || v[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, v[i])
		}
		return append(b, '"')
	}
	return append(b, "NULL"...)
}
