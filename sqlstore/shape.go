package sqlstore

import "strings"

// A shape has the columns of a statement that writes several rows. In most such
// statements many columns have the same, usual value in all rows. Then these
// values are written into the statement, so that the driver and the database
// have fewer parameters to carry.
type shape []column

// A column is one of a shape.
type column struct {
	name    string
	kind    string // its type, where the database has to be told
	null    bool   // it may be NULL
	usual   any    // the value it mostly has
	literal string // that value in SQL; "" if there is none
}

// A table holds the rows that a statement writes.
type table struct {
	shape  shape
	values []any // row by row
	short  bool  // all rows have the usual values
}

// tableOf returns rows as a table. values has those of one row after the
// other's.
func tableOf(sh shape, values []any) *table {
	return &table{shape: sh, values: values, short: sh.short(values)}
}

func (sh shape) short(values []any) bool {
	for i, c := range sh {
		if c.literal == "" {
			continue
		}
		for at := i; at < len(values); at += len(sh) {
			if values[at] != c.usual {
				return false
			}
		}
	}
	return true
}

// rows returns how many there are.
func (t *table) rows() int { return len(t.values) / len(t.shape) }

// given reports whether the values of a column are parameters.
func (t *table) given(c *column) bool { return !t.short || c.literal == "" }

// names returns the columns.
func (sh shape) names() string {
	names := make([]string, len(sh))
	for i, c := range sh {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// args returns the parameters of a list of VALUES, in the place of the values.
func (t *table) args() []any {
	if !t.short {
		return t.values
	}
	args := t.values[:0]
	for i, v := range t.values {
		if t.given(&t.shape[i%len(t.shape)]) {
			args = append(args, v)
		}
	}
	return args
}

// list returns the rows as a list of VALUES.
func (t *table) list() string {
	values := make([]string, len(t.shape))
	for i := range t.shape {
		c := &t.shape[i]
		if values[i] = c.literal; t.given(c) {
			values[i] = "?"
		}
	}
	one := "(" + strings.Join(values, ", ") + ")"
	return "VALUES " + one + strings.Repeat(", "+one, t.rows()-1)
}

// assignments returns what sets the columns to the values of one row.
func (t *table) assignments() string {
	sets := make([]string, len(t.shape))
	for i := range t.shape {
		c := &t.shape[i]
		value := c.literal
		if t.given(c) {
			value = "?"
		}
		sets[i] = c.name + " = " + value
	}
	return strings.Join(sets, ", ")
}

// filled returns a statement for a table, and its parameters. In the text,
// "{columns}" stands for the names of the columns, "{rows}" for the rows, and
// "{sets}" for the assignments.
func (s *Store) filled(text string, t *table) (string, []any) {
	key := textKey{text, t.rows(), t.short}
	if s.dialect.arrays {
		key = textKey{text: text}
	}
	made, ok := s.texts.Load(key)
	if !ok {
		rows := t.list
		if s.dialect.arrays {
			rows = t.unnested
		}
		text = strings.NewReplacer(
			"{columns}", t.shape.names(), "{rows}", rows(), "{sets}", t.assignments(),
		).Replace(text)
		made = s.dialect.number(s.tables.Replace(text))
		s.texts.Store(key, made)
	}
	if s.dialect.arrays {
		return made.(string), t.arrays()
	}
	return made.(string), t.args()
}
