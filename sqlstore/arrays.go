package sqlstore

import (
	"strconv"
	"strings"
)

// PostgreSQL takes rows as one array for each column: however many there are,
// the statement is the same, and its parameters are few. Arrays are spelled as
// text, which every driver can send. A column that is the same in all rows, as
// most are, is an array of one. Bytes are sent in one piece for all rows, and
// cut to pieces by the server, so that they need no spelling.

// unnested returns the rows as a query. The bytes are its last parameter: a
// driver that makes one message of them all has to grow it the least then.
func (t *table) unnested() string {
	var values, arrays, names []string
	array := func(name, kind string) (parameter string) {
		parameter = "$" + strconv.Itoa(len(arrays)+1)
		names, arrays = append(names, name), append(arrays, parameter+"::"+kind+"[]")
		return parameter
	}
	for i := range t.shape {
		c := &t.shape[i]
		switch {
		case c.kind == "bytea":
			array(c.name+"_at", "integer")
			array(c.name+"_size", "integer")
			values = append(values,
				"substring($bytes::bytea FROM "+c.name+"_at FOR "+c.name+"_size)")
		case c.null:
			array(c.name, c.kind)
			values = append(values, c.name)
		default:
			parameter := array(c.name, c.kind)
			values = append(values, "COALESCE("+c.name+", ("+parameter+"::"+c.kind+"[])[1])")
		}
	}
	query := "SELECT " + strings.Join(values, ", ") +
		" FROM unnest(" + strings.Join(arrays, ", ") + ") AS u (" + strings.Join(names, ", ") + ")"
	return strings.ReplaceAll(query, "$bytes", "$"+strconv.Itoa(len(arrays)+1))
}

// arrays returns the parameters of unnested.
func (t *table) arrays() []any {
	args := make([]any, 0, len(t.shape)+3)
	var spelled []byte // of one column after the other
	n := t.bytes()
	whole := make([]byte, 0, max(n, 0))
	for i := range t.shape {
		if t.shape[i].kind != "bytea" {
			spelled = t.array(spelled[:0], i)
			args = append(args, string(spelled))
			continue
		}
		var at, size string
		whole, at, size = t.pieces(whole, i)
		args = append(args, at, size)
	}
	if n < 0 {
		return args
	}
	return append(args, whole)
}

// bytes returns how many bytes there are in all; -1 if the shape has none.
func (t *table) bytes() int {
	n := -1
	for i := range t.shape {
		if t.shape[i].kind != "bytea" {
			continue
		}
		n = max(n, 0)
		for at := i; at < len(t.values); at += len(t.shape) {
			piece, _ := t.values[at].([]byte)
			n += len(piece)
		}
	}
	return n
}

// array appends the values of a column as an array is spelled. To unnest, the
// elements that an array lacks at its end are NULL: so one value is enough
// where all rows have the same, and none where that is NULL. The first column,
// the key of the rows, says how many there are.
func (t *table) array(b []byte, column int) []byte {
	n := t.rows()
	if column > 0 && t.alike(column) {
		switch {
		case t.values[column] == nil:
			n = 0
		case !t.shape[column].null:
			n = 1
		}
	}
	b = append(b, '{')
	for row := range n {
		if row > 0 {
			b = append(b, ',')
		}
		b = appendElement(b, t.values[row*len(t.shape)+column])
	}
	return append(b, '}')
}

// alike reports whether all rows have the same value in a column.
func (t *table) alike(column int) bool {
	for at := column + len(t.shape); at < len(t.values); at += len(t.shape) {
		if t.values[at] != t.values[column] {
			return false
		}
	}
	return true
}

// pieces appends the bytes of a column, and spells as arrays where those of
// each row begin, from 1, and how many they are: both NULL for nil, and the
// arrays empty if all rows have nil.
func (t *table) pieces(whole []byte, column int) (all []byte, at, size string) {
	begin, length := make([]byte, 0, 8*t.rows()), make([]byte, 0, 8*t.rows())
	none, sep := true, byte('{')
	for i := column; i < len(t.values); i += len(t.shape) {
		begin, length = append(begin, sep), append(length, sep)
		sep = ','
		if piece, ok := t.values[i].([]byte); ok {
			none = false
			begin = strconv.AppendInt(begin, int64(len(whole)+1), 10)
			length = strconv.AppendInt(length, int64(len(piece)), 10)
			whole = append(whole, piece...)
		} else {
			begin, length = append(begin, "NULL"...), append(length, "NULL"...)
		}
	}
	if none {
		return whole, "{}", "{}"
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
