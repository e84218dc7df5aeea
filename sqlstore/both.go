package sqlstore

import (
	"context"
	"slices"
	"strings"
)

// In PostgreSQL a statement can go on with the rows that it inserted, so one
// statement writes both tables: what counts in a transaction of the host's is
// how often the server is asked.

// bothShape has the columns of both tables, those that are in both once.
var bothShape = append(slices.Clone(deliveryShape), restShape...)

// The statement for any number of rows: in a transaction, and as a transaction
// of its own. The latter itself bounds how long it waits for a host that has
// inserted one of the rows.
var (
	bothInTx  = bothOf("")
	bothAlone = bothOf("(SELECT set_config('lock_timeout', '" + lockTimeout + "', true)) t, ")
)

// bothOf returns the statement; first is put into it, to be done before the
// rest. The statement takes the numbers of its rows from the table's sequence
// itself. So it finds the rows that it inserted by number: it need not compare
// ids one by one, as it would have to in our transactions, which do without
// hash joins.
func bothOf(first string) string {
	delivery, state := deliveryShape.names(), stateShape.names()
	return "WITH u (num, {columns}) AS " +
		"(SELECT nextval('{deliveries}_num_seq'), r.* FROM " + first + "({rows}) r), " +
		"d AS (INSERT INTO {deliveries} (num, " + delivery + ") " +
		"SELECT num, " + delivery + " FROM u ON CONFLICT (id) DO NOTHING RETURNING num, id), " +
		"s AS (INSERT INTO {states} (" + state + ") " +
		"SELECT " + state + " FROM u WHERE num = ANY (ARRAY(SELECT num FROM d))) " +
		"SELECT num, id FROM d"
}

// insertBoth inserts rows and says which are fresh.
func insertBoth(s *Store, ctx context.Context, q Tx, rows []*row) error {
	text := bothInTx
	switch {
	case q == Tx(s.db):
		text = bothAlone
	case len(rows) == 1:
		text, args := s.oneOfBoth(rows[0])
		return numberRows(ctx, q, rows, text, args...)
	}
	whole := func(r *row, to []any) []any { return r.rest(r.values(to)) }
	text, args := s.filled(text, tableOfRows(bothShape, rows, whole))
	return numberRows(ctx, q, rows, text, args...)
}

// A bothKey names the statement for one row of both tables: it says for which
// of the tables the row has the usual values.
type bothKey struct{ delivery, rest bool }

// oneOfBoth returns the statement for one row, which needs neither arrays nor a
// join, and its parameters.
func (s *Store) oneOfBoth(r *row) (string, []any) {
	delivery, rest := tableOf(deliveryShape, r.values(nil)), tableOf(restShape, r.rest(nil))
	key := bothKey{delivery.short, rest.short}
	made, ok := s.texts.Load(key)
	if !ok {
		both := inBoth.names()
		made = s.dialect.number(s.tables.Replace("WITH " +
			"d AS (INSERT INTO {deliveries} (" + deliveryShape.names() + ") " + delivery.list() +
			" ON CONFLICT (id) DO NOTHING RETURNING id, " + both + "), " +
			"s AS (INSERT INTO {states} (" + both + ", " + restShape.names() + ") " +
			"SELECT " + both + ", " + rest.typed() + " FROM d) " +
			"SELECT num, id FROM d"))
		s.texts.Store(key, made)
	}
	return made.(string), append(slices.Clone(delivery.args()), rest.args()...)
}

// typed returns the values of one row as a list, each with its type.
func (t *table) typed() string {
	values := make([]string, len(t.shape))
	for i := range t.shape {
		c := &t.shape[i]
		values[i] = c.literal + "::" + c.kind
		if t.given(c) {
			values[i] = "?::" + c.kind
		}
	}
	return strings.Join(values, ", ")
}
