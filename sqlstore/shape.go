package sqlstore

import "strings"

// A shape is the columns of a statement that writes several rows. In most of
// these statements many columns have the same value in all rows: those are spelled
// out then, so that the driver and the database have a third fewer parameters to
// carry.
type shape []column

// A column is one of a shape.
type column struct {
	name    string
	cast    string // its type, where the database has to be told
	usual   any    // the value it mostly has
	literal string // that value in SQL; "" if there is none
}

// short reports whether all rows have the usual values.
func (sh shape) short(rows [][]any) bool {
	for i, c := range sh {
		if c.literal == "" {
			continue
		}
		for _, r := range rows {
			if r[i] != c.usual {
				return false
			}
		}
	}
	return true
}

// names returns the columns, in an order that says which form it is.
func (sh shape) names(short bool) string {
	var given, usual []string
	for _, c := range sh {
		if short && c.literal != "" {
			usual = append(usual, c.name)
		} else {
			given = append(given, c.name)
		}
	}
	return strings.Join(append(given, usual...), ", ")
}

// tuple returns the values of one row, parameters and usual ones.
func (sh shape) tuple(short, cast bool) string {
	var given, usual []string
	for _, c := range sh {
		value, to := "?", &given
		if short && c.literal != "" {
			value, to = c.literal, &usual
		}
		if cast {
			value += "::" + c.cast
		}
		*to = append(*to, value)
	}
	return "(" + strings.Join(append(given, usual...), ", ") + ")"
}

// tuples returns the values of n rows; cast says that the first tells the types.
func (sh shape) tuples(n int, short, cast bool) string {
	return sh.tuple(short, cast) + strings.Repeat(", "+sh.tuple(short, false), n-1)
}

// arguments returns the parameters of rows.
func (sh shape) arguments(rows [][]any, short bool) []any {
	args := make([]any, 0, len(rows)*len(sh))
	for _, r := range rows {
		for i, c := range sh {
			if !short || c.literal == "" {
				args = append(args, r[i])
			}
		}
	}
	return args
}
