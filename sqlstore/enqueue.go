package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/docevent/webhook"
)

// Enqueue implements [webhook.Store]. In the host's transaction, see [WithTx],
// it runs its statements there, mostly one, and repeats none of them. ErrFull when
// the database or its disk is full.
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
	if tx := txFrom(ctx); tx != nil {
		if err = s.enter(ctx, tx); err == nil {
			err = s.enqueue(ctx, tx, rows)
		}
	} else {
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

// maxText bounds what is stored in an indexed column. MySQL would cut it off in
// some of its modes, and two names become one.
const maxText = 255

func checkDeliveries(ds []webhook.Delivery) error {
	for i := range ds {
		d := &ds[i]
		for name, text := range map[string]string{
			"ID": d.ID, "EventID": d.EventID, "Type": string(d.Type), "Webhook": d.Webhook, "Line": d.Line,
			"DocType": d.DocType, "DocName": d.DocName, "Tenant": d.Tenant, "Method": d.Method,
		} {
			if len(text) > maxText {
				return fmt.Errorf("sqlstore: delivery %.255s: %s is longer than %d bytes", d.ID, name, maxText)
			}
		}
	}
	return nil
}

// unique returns the deliveries without those whose ID came earlier, and the
// place in ds of each.
func unique(ds []webhook.Delivery) (rows []*row, first []int) {
	seen := make(map[string]bool, len(ds))
	for i := range ds {
		if !seen[ds[i].ID] {
			seen[ds[i].ID] = true
			rows = append(rows, &row{Delivery: ds[i]})
			first = append(first, i)
		}
	}
	return rows, first
}

// enqueue stores rows and says which are fresh. Their numbers are given in order,
// and to those of a line while the line is locked: a number is above all that
// others of its line got, and those have been committed or rolled back.
func (s *Store) enqueue(ctx context.Context, q Tx, rows []*row) error {
	for _, r := range rows {
		r.fresh = false
	}
	if err := s.lockLines(ctx, q, rows); err != nil {
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

// lockLines locks the lines of rows until the transaction ends, always in the
// same order. A transaction of our own does not wait for a host's that has locked
// one, which may take its time: it is repeated, and so are others without it.
func (s *Store) lockLines(ctx context.Context, q Tx, rows []*row) error {
	if s.dialect.lockLines == "" {
		return nil
	}
	lines := anys(linesOf(rows))
	if _, ours := q.(*session); ours && s.dialect.tryLines != "" {
		err := s.inPieces(lines, func(list []any) error {
			_, err := all[string](ctx, q, s.in(s.dialect.tryLines, list), list...)
			return err
		})
		if err != nil {
			return err
		}
	}
	for len(lines) > 0 {
		n := s.dialect.piece(len(lines))
		text := s.sized(s.dialect.lockLines, n, func(n int) string { return tuples(n, 1) })
		if _, err := q.ExecContext(ctx, text, lines[:n]...); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// linesOf returns the lines that rows are in, each once, sorted.
func linesOf(rows []*row) []string {
	var lines []string
	for _, r := range rows {
		if r.Line != "" {
			lines = append(lines, r.Line)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// valuesOf returns the values of rows.
func valuesOf(rows []*row) [][]any {
	values := make([][]any, len(rows))
	for i, r := range rows {
		values[i] = r.values()
	}
	return values
}

// insertReturning inserts rows where the database says which it took.
func insertReturning(s *Store, ctx context.Context, q Tx, rows []*row) error {
	values := valuesOf(rows)
	short := deliveryShape.short(values)
	text := s.sized("INSERT INTO {deliveries} ("+deliveryShape.names(short)+") VALUES %s ON CONFLICT (id) DO NOTHING RETURNING id",
		len(rows), func(n int) string { return deliveryShape.tuples(n, short, false) })
	ids, err := all[string](ctx, q, text, deliveryShape.arguments(values, short)...)
	if err != nil {
		return err
	}
	markFresh(rows, ids)
	return nil
}

// markFresh notes which of the rows are new.
func markFresh(rows []*row, ids []string) {
	if len(ids) == len(rows) {
		for _, r := range rows {
			r.fresh = true
		}
		return
	}
	fresh := make(map[string]bool, len(ids))
	for _, id := range ids {
		fresh[id] = true
	}
	for _, r := range rows {
		r.fresh = fresh[r.ID]
	}
}
