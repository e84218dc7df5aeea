package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

// Delivery implements [webhook.Store].
func (s *Store) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	rows, err := s.read(ctx, "SELECT "+columns+
		" FROM {deliveries} d CROSS JOIN {states} s WHERE d.id = ? AND s.num = d.num", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, webhook.ErrNotFound
	}
	return rows[0].Delivery, nil
}

// place returns where a delivery, found by a query for num, is in the order of
// Deliveries: of the same Created, the one stored last is the newest.
func (s *Store) place(ctx context.Context, text string, args ...any) (
	created, num int64, found bool, err error) {
	num, found, err = one[int64](ctx, s.db, s.text(text), args...)
	if err != nil || !found {
		return 0, 0, false, err
	}
	created, found, err = one[int64](ctx, s.db,
		s.text("SELECT created FROM {deliveries} WHERE num = ?"), num)
	return created, num, found, err
}

// Deliveries implements [webhook.Store]. It goes through all deliveries, or
// those of one webhook, by Created, and leaves out what does not match. Where
// the query asks only for states that few deliveries are in, it goes through
// those.
func (s *Store) Deliveries(ctx context.Context, q webhook.DeliveryQuery) (
	[]webhook.Delivery, error) {
	q = q.WithDefaults()
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	w, err := s.way(ctx, q.States)
	if err != nil {
		return nil, err
	}
	w.conditions(&q)
	if q.After != "" {
		const byID = "SELECT num FROM {deliveries} WHERE id = ?"
		created, num, found, err := s.place(ctx, byID, q.After)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, webhook.ErrNotFound
		}
		w.add("%s.created <= ? AND (%s.created < ? OR %s.num < ?)", created, created, num)
	}
	rows, err := s.read(ctx, w.text(), append(w.args, q.Limit)...)
	if err != nil {
		return nil, err
	}
	ds := make([]webhook.Delivery, len(rows))
	for i, r := range rows {
		ds[i] = *r.Delivery
	}
	return ds, nil
}

// A way says which of the two tables a query for deliveries goes through; it
// looks up the other part of each row in the other table.
type way struct {
	first  string // d or s
	tables string
	where  []string
	args   []any
}

// fewPending is the number of pending deliveries up to which they are read and
// sorted, rather than searched for among all others.
const fewPending = 10_000

// way chooses the way by the states that are asked for. Most deliveries are
// delivered; all states but that and Pending have an index of their own.
func (s *Store) way(ctx context.Context, states []webhook.State) (*way, error) {
	all := &way{
		first:  "d",
		tables: "{deliveries} d CROSS JOIN {states} s",
		where:  []string{"s.num = d.num"},
	}
	few := &way{
		first:  "s",
		tables: "{states} s CROSS JOIN {deliveries} d",
		where:  []string{"d.num = s.num"},
	}
	pending := slices.Contains(states, webhook.Pending)
	switch {
	case len(states) == 0, slices.Contains(states, webhook.Delivered), pending && len(states) > 1:
		return all, nil
	case !pending:
		few.add("s.state NOT IN ('pending', 'delivered')")
		return few, nil
	}
	n, _, err := one[int](ctx, s.db, s.text("SELECT COUNT(*) FROM "+
		"(SELECT num FROM {states} WHERE queue_place IS NOT NULL LIMIT ?) few"), fewPending)
	if err != nil || n == fewPending {
		return all, err
	}
	few.add("s.queue_place IS NOT NULL")
	return few, nil
}

// add adds a condition. In it "%s" stands for the first table.
func (w *way) add(condition string, values ...any) {
	w.where = append(w.where, strings.ReplaceAll(condition, "%s", w.first))
	w.args = append(w.args, values...)
}

// text returns the query, but for its parameters.
func (w *way) text() string {
	return "SELECT " + columns + " FROM " + w.tables + " WHERE " + strings.Join(w.where, " AND ") +
		" ORDER BY " + w.first + ".created DESC, " + w.first + ".num DESC LIMIT ?"
}

// conditions adds what a query selects by, After and Limit apart.
func (w *way) conditions(q *webhook.DeliveryQuery) {
	for _, c := range []struct{ column, value string }{
		{"%s.webhook", q.Webhook}, {"d.doctype", q.DocType},
		{"d.doc_name", q.DocName}, {"d.tenant", q.Tenant},
	} {
		if c.value != "" {
			w.add(c.column+" = ?", c.value)
		}
	}
	if len(q.States) > 0 {
		states := make([]any, len(q.States))
		for i, st := range q.States {
			states[i] = string(st)
		}
		w.add("s.state IN ("+marks(len(states))+")", states...)
	}
	if !q.Since.IsZero() {
		w.add("%s.created >= ?", ceil(q.Since))
	}
	if !q.Until.IsZero() {
		w.add("%s.created < ?", ceil(q.Until))
	}
}

// ceil returns a bound as it compares with stored times, which are rounded down.
func ceil(t time.Time) int64 { return micros(t.Add(time.Microsecond - 1)) }

// read returns the rows of a query for columns.
func (s *Store) read(ctx context.Context, text string, args ...any) ([]*row, error) {
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	return readRows(ctx, s.db, s.text(text), args)
}
