package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

// Delivery implements [webhook.Store].
func (s *Store) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	rows, err := s.read(ctx, "SELECT "+columns+" FROM {deliveries} WHERE id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, webhook.ErrNotFound
	}
	return &rows[0].Delivery, nil
}

// newestFirst is the order of Deliveries: of the same Created, the one stored last
// is the newest.
const newestFirst = " ORDER BY created DESC, num DESC"

// place returns where a delivery, found by a query for num, is in that order.
func (s *Store) place(ctx context.Context, text string, args ...any) (created, num int64, found bool, err error) {
	num, found, err = one[int64](ctx, s.db, s.text(text), args...)
	if err != nil || !found {
		return 0, 0, false, err
	}
	created, found, err = one[int64](ctx, s.db, s.text("SELECT created FROM {deliveries} WHERE num = ?"), num)
	return created, num, found, err
}

// Deliveries implements [webhook.Store].
func (s *Store) Deliveries(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
	q = q.WithDefaults()
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	where, args := conditions(&q)
	if q.After != "" {
		created, num, found, err := s.place(ctx, "SELECT num FROM {deliveries} WHERE id = ?", q.After)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, webhook.ErrNotFound
		}
		where = append(where, "created <= ? AND (created < ? OR num < ?)")
		args = append(args, created, created, num)
	}
	text := "SELECT " + columns + " FROM {deliveries}"
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	rows, err := s.read(ctx, text+newestFirst+" LIMIT ?", append(args, q.Limit)...)
	if err != nil {
		return nil, err
	}
	ds := make([]webhook.Delivery, len(rows))
	for i, r := range rows {
		ds[i] = r.Delivery
	}
	return ds, nil
}

// conditions returns what a query selects by, After and Limit apart.
func conditions(q *webhook.DeliveryQuery) (where []string, args []any) {
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	for _, c := range []struct{ column, value string }{
		{"webhook", q.Webhook}, {"doctype", q.DocType}, {"doc_name", q.DocName}, {"tenant", q.Tenant},
	} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	if len(q.States) > 0 {
		states := make([]any, len(q.States))
		for i, st := range q.States {
			states[i] = string(st)
		}
		add("state IN ("+marks(len(states))+")", states...)
	}
	if !q.Since.IsZero() {
		add("created >= ?", ceil(q.Since))
	}
	if !q.Until.IsZero() {
		add("created < ?", ceil(q.Until))
	}
	return where, args
}

// ceil returns a bound as it compares with stored times, which are rounded down.
func ceil(t time.Time) int64 { return micros(t.Add(time.Microsecond - 1)) }

// read returns the rows of a query for columns.
func (s *Store) read(ctx context.Context, text string, args ...any) ([]*row, error) {
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.text(text), args...)
	if err != nil {
		return nil, err
	}
	return scanRows(rows)
}

// Attempts implements [webhook.Store].
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]webhook.Attempt, error) {
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.text("SELECT "+attemptColumns+" FROM {attempts} WHERE delivery = "+
		"(SELECT num FROM {deliveries} WHERE id = ?) ORDER BY number"), deliveryID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var as []webhook.Attempt
	for rows.Next() {
		a, err := scanAttempt(rows)
		if err != nil {
			return nil, err
		}
		a.DeliveryID = deliveryID
		as = append(as, a)
	}
	return as, rows.Err()
}

func scanAttempt(rows *sql.Rows) (webhook.Attempt, error) {
	var a webhook.Attempt
	var num, at, next int64
	var header []byte
	err := rows.Scan(&num, &a.Number, &at, &a.Duration, &a.StatusCode, &a.Class, &a.Error, &header, &a.Body, &a.State, &next)
	a.Time, a.Next = timeOf(at), timeOf(next)
	if err == nil && header != nil {
		if err = json.Unmarshal(header, &a.Header); err != nil {
			err = fmt.Errorf("sqlstore: header of attempt %d: %w", a.Number, err)
		}
	}
	return a, err
}
