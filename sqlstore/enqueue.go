package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/docevent/webhook"
)

// Enqueue implements [webhook.Store]. In the host's transaction, see [WithTx],
// it runs its statements there, mostly one, and repeats none of them. ErrFull
// when the database or its disk is full.
func (s *Store) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	fresh := make([]bool, len(ds))
	if len(ds) == 0 {
		return fresh, nil
	}
	if err := checkDeliveries(ds); err != nil {
		return nil, err
	}
	rows, first := unique(ds)
	var err error
	switch tx := txFrom(ctx); {
	case tx != nil:
		if err = s.enter(ctx, tx); err == nil {
			err = s.enqueue(ctx, tx, rows)
		}
	case s.dialect.alone && s.fitting(rows) == len(rows) && len(linesOf(rows)) == 0:
		if err = s.check(ctx, s.db); err == nil {
			err = s.again(ctx, func() error { return s.enqueue(ctx, s.db, rows) })
		}
	default:
		err = s.write(ctx, func(q Tx) error { return s.enqueue(ctx, q, rows) })
	}
	if err != nil {
		if s.dialect.full(err) {
			err = fmt.Errorf("%w: %w", webhook.ErrFull, err)
		}
		return nil, err
	}
	for i, r := range rows {
		fresh[first[i]] = r.fresh
	}
	return fresh, nil
}

// maxText bounds what is stored in an indexed column. MySQL would cut off more
// than that in some of its modes, and two names could become one.
const maxText = 255

func checkDeliveries(ds []webhook.Delivery) error {
	for i := range ds {
		d := &ds[i]
		for _, t := range [...]struct{ name, text string }{
			{"ID", d.ID}, {"EventID", d.EventID}, {"Type", string(d.Type)},
			{"Webhook", d.Webhook}, {"Line", d.Line}, {"DocType", d.DocType},
			{"DocName", d.DocName}, {"Tenant", d.Tenant}, {"Method", d.Method},
		} {
			if len(t.text) > maxText {
				return fmt.Errorf("sqlstore: delivery %.255s: %s is longer than %d bytes",
					d.ID, t.name, maxText)
			}
		}
	}
	return nil
}

// unique returns the deliveries without those whose ID came earlier, and the
// place in ds of each.
func unique(ds []webhook.Delivery) (rows []*row, first []int) {
	seen := make(map[string]bool, len(ds))
	all := make([]row, len(ds))
	for i := range ds {
		if !seen[ds[i].ID] {
			seen[ds[i].ID] = true
			all[i].Delivery = &ds[i]
			rows = append(rows, &all[i])
			first = append(first, i)
		}
	}
	return rows, first
}

// enqueue stores rows and says which are fresh. Numbers are given in order, and
// to the rows of a line while the line is locked. So a number is above all
// numbers that others of the line got, whose transactions have been committed
// or rolled back.
func (s *Store) enqueue(ctx context.Context, q Tx, rows []*row) error {
	for _, r := range rows {
		r.fresh = false
	}
	if err := s.lockLines(ctx, q, rows); err != nil {
		return err
	}
	if err := s.giveNumbers(ctx, q, rows); err != nil {
		return err
	}
	for len(rows) > 0 {
		n := s.fitting(rows)
		if err := s.dialect.insert(s, ctx, q, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// fitting returns how many of the rows go into the next statement.
func (s *Store) fitting(rows []*row) int {
	n, bytes := 0, 0
	for n < len(rows) {
		bytes += rows[n].size()
		if n > 0 && bytes > s.dialect.maxBytes {
			break
		}
		n++
	}
	return s.dialect.piece(n)
}

// tableOfRows returns rows as a table.
func tableOfRows(sh shape, rows []*row, values func(*row, []any) []any) *table {
	all := make([]any, 0, len(sh)*len(rows))
	for _, r := range rows {
		all = values(r, all)
	}
	return tableOf(sh, all)
}

// numberRows notes which rows are new, by a query for their numbers and ids.
func numberRows(ctx context.Context, q Tx, rows []*row, text string, args ...any) error {
	var num int64
	var id string
	next := 0
	return each(ctx, q, text, args, func(found *sql.Rows) error {
		if err := found.Scan(&num, &id); err != nil {
			return err
		}
		// Mostly they come in the order of the rows.
		if next == len(rows) || rows[next].ID != id {
			next = slices.IndexFunc(rows, func(r *row) bool { return r.ID == id })
		}
		rows[next].num, rows[next].fresh = num, true
		next++
		return nil
	})
}

// insertStates inserts the states of those that are new.
func (s *Store) insertStates(ctx context.Context, q Tx, rows []*row) error {
	old := func(r *row) bool { return !r.fresh }
	if slices.ContainsFunc(rows, old) {
		rows = slices.DeleteFunc(slices.Clone(rows), old)
	}
	for len(rows) > 0 {
		n := s.dialect.piece(len(rows))
		text, args := s.filled(s.dialect.into+" {states} ({columns}) {rows}",
			tableOfRows(stateShape, rows[:n], (*row).state))
		if _, err := q.ExecContext(ctx, text, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
