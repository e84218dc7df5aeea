package sqlstore

import (
	"context"
	"fmt"
	"slices"
)

// Deliveries of a line get their numbers under a lock of the line, so that the
// numbers are in the order of the commits. Where the database has one writer,
// being the writer is that lock. Else it is a row for each line, which holds
// nothing but the line's name.

// lockLines locks the lines of rows until the transaction ends, always in the
// same order. A transaction of our own does not wait for a host's transaction
// that has locked one, for that may take its time: ours fails and is repeated,
// so that others need not wait with it.
func (s *Store) lockLines(ctx context.Context, q Tx, rows []*row) error {
	if s.dialect.lockLines == "" {
		return nil
	}
	_, ours := q.(*session)
	err := s.takeLines(ctx, q, anys(linesOf(rows)), ours)
	if ours && s.dialect.transient(err) {
		err = fmt.Errorf("%w: %w", ErrLineHeld, err)
	}
	return err
}

func (s *Store) takeLines(ctx context.Context, q Tx, lines []any, ours bool) error {
	if ours && s.dialect.tryLines != "" {
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
