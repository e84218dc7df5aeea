package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// How statements are written here: {name} is a table of the store, {prefix}
// begins the names of its tables and indexes, {by name} says which index to
// use, {open} and {then} stand for pieces of SQL that the dialect gives, and ?
// is a parameter. In a statement for several rows %s stands for their list. A
// statement is made once, and kept as the database reads it; lists are padded
// to one of a few lengths, so that few statements are made and prepared.

// words replaces what stands in braces in a text.
func (d *dialect) words(prefix string) *strings.Replacer {
	var pairs []string
	for _, name := range []string{
		"schema", "records", "deliveries", "states", "attempts", "lines",
	} {
		pairs = append(pairs, "{"+name+"}", prefix+name)
	}
	for _, index := range []string{"id", "queue", "ready"} {
		by := strings.NewReplacer("{prefix}", prefix, "%s", index).Replace(d.by)
		pairs = append(pairs, "{by "+index+"}", by)
	}
	pairs = append(pairs,
		"{prefix}", prefix, "{open}", d.openLine,
		"{by num}", d.byNum, "{then}", cmp.Or(d.then, "CROSS JOIN"))
	return strings.NewReplacer(pairs...)
}

// A textKey names a statement: what it is made from, for how many rows, and in
// which form.
type textKey struct {
	text  string
	rows  int
	short bool
}

// text returns a statement as the database reads it.
func (s *Store) text(text string) string { return s.sized(text, 0, nil) }

// sized returns a statement for a number of rows. In the text, "%s" stands for
// what list makes of the number.
func (s *Store) sized(text string, rows int, list func(int) string) string {
	key := textKey{text: text, rows: rows}
	if made, ok := s.texts.Load(key); ok {
		return made.(string)
	}
	made := text
	if list != nil {
		made = strings.Replace(text, "%s", list(rows), 1)
	}
	made = s.dialect.number(s.tables.Replace(made))
	s.texts.Store(key, made)
	return made
}

// in returns a statement for the padded length of a list.
func (s *Store) in(text string, list []any) string { return s.sized(text, len(list), marks) }

// inPieces calls f with pieces of a list, each padded to one of the sizes by its
// last element once more.
func (s *Store) inPieces(list []any, f func([]any) error) error {
	for len(list) > 0 {
		n := min(len(list), sizes[0])
		part := slices.Clone(list[:n])
		for len(part) < padded(n) {
			part = append(part, part[n-1])
		}
		if err := f(part); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// sizes are the numbers of rows that a statement for several may take. They are
// few, so that few different statements are prepared.
var sizes = []int{256, 64, 16, 8, 4, 1}

// piece returns how many of n rows go into one statement: the largest size that
// n rows fill and that a statement may have. Where the statement is the same
// for any number, that is any number up to the bound.
func (d *dialect) piece(n int) int {
	if d.arrays {
		return min(n, d.maxRows)
	}
	for _, size := range sizes {
		if size <= min(n, d.maxRows) {
			return size
		}
	}
	return 0
}

// padded returns the smallest size that holds n rows.
func padded(n int) int {
	for i := len(sizes) - 1; i >= 0; i-- {
		if sizes[i] >= n {
			return sizes[i]
		}
	}
	return n
}

// number replaces each ? by what the dialect calls that parameter.
func (d *dialect) number(text string) string {
	if !d.numbered {
		return text
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(text, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// marks returns n parameters, "?, ?, ?".
func marks(n int) string { return strings.Repeat("?, ", n-1) + "?" }

// tuples returns n rows of width parameters each.
func tuples(n, width int) string {
	one := "(" + marks(width) + ")"
	return strings.Repeat(one+", ", n-1) + one
}

// anys returns values as the parameters of a statement.
func anys[T any](values []T) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// one returns what a query of one column says in its first row, and whether it
// has one.
func one[T any](ctx context.Context, q Tx, text string, args ...any) (v T, ok bool, err error) {
	vs, err := all[T](ctx, q, text, args...)
	if len(vs) > 0 {
		v = vs[0]
	}
	return v, len(vs) > 0, err
}

// all returns what a query of one column says.
func all[T any](ctx context.Context, q Tx, text string, args ...any) ([]T, error) {
	var vs []T
	err := each(ctx, q, text, args, func(r *sql.Rows) error {
		var v T
		err := r.Scan(&v)
		vs = append(vs, v)
		return err
	})
	return vs, err
}

// each calls f for each row that a query finds, until f fails.
func each(ctx context.Context, q Tx, text string, args []any, f func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
