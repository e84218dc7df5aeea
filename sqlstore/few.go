package sqlstore

import (
	"context"
	"slices"
	"strings"
)

// In a transaction of the host's it is mostly one delivery that is inserted, or a
// few, and what counts is how often the server is asked: where it can go on from
// the rows that it inserted, both tables get theirs by one statement.

// fewRows are as many as one statement inserts into both tables. It joins the two
// by their ids, without an index.
const fewRows = 8

// bothShape is what is written of rows: what both tables have stands there once.
var bothShape = append(slices.Clone(deliveryShape), restShape...)

// What {deliveries} has too stands first in stateShape.
var (
	inBoth    = stateShape[:3]
	restShape = stateShape[len(inBoth):]
)

// rest appends what goes into the columns of restShape.
func (r *row) rest(to []any) []any { return append(to, r.state(nil)[len(inBoth):]...) }

// insertFew inserts rows and says which are fresh, in as few statements as can be.
func insertFew(s *Store, ctx context.Context, q Tx, rows []*row) error {
	if len(rows) > fewRows {
		return insertReturning(s, ctx, q, rows)
	}
	for _, r := range rows {
		r.whole = true
	}
	if len(rows) == 1 {
		text, args := s.oneOfBoth(rows[0])
		return numberRows(ctx, q, rows, text, args...)
	}
	delivery, both, rest := deliveryShape.names(), inBoth.names(), restShape.names()
	text, args := s.filled("WITH u ({columns}) AS ({rows}), "+
		"d AS (INSERT INTO {deliveries} ("+delivery+") SELECT "+delivery+" FROM u ON CONFLICT (id) DO NOTHING RETURNING num, id AS fresh), "+
		"s AS (INSERT INTO {states} ("+both+", "+rest+") SELECT "+both+", "+rest+" FROM d JOIN u ON u.id = d.fresh) "+
		"SELECT num, fresh FROM d",
		tableOfRows(bothShape, rows, func(r *row, to []any) []any { return r.rest(r.values(to)) }))
	return numberRows(ctx, q, rows, text, args...)
}

// oneOfBoth returns the statement for one row, which needs neither arrays nor a
// join, and its parameters.
func (s *Store) oneOfBoth(r *row) (string, []any) {
	delivery, rest := tableOf(deliveryShape, r.values(nil)), tableOf(restShape, r.rest(nil))
	key := textKey{"one of both", 1, rest.short}
	if delivery.short {
		key.text += ", short"
	}
	made, ok := s.texts.Load(key)
	if !ok {
		both := inBoth.names()
		made = s.dialect.number(s.tables.Replace("WITH d AS (INSERT INTO {deliveries} (" + deliveryShape.names() + ") " + delivery.list() +
			" ON CONFLICT (id) DO NOTHING RETURNING id, " + both + "), " +
			"s AS (INSERT INTO {states} (" + both + ", " + restShape.names() + ") SELECT " + both + ", " + rest.typed() + " FROM d) " +
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
