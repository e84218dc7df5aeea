package sqlstore

import (
	"context"
	"strings"

	"github.com/docevent/webhook"
)

// Conditions for deliveries that are finished, and for those of them that may
// be forgotten: not one that stops its line, and not one that a newer version
// of the library wrote.
const (
	isFinished  = "state IN ('delivered', 'failed', 'exhausted', 'canceled')"
	isPrunable  = "(line IS NULL OR state IN ('delivered', 'canceled')) AND version <= ?"
	finishedAge = "SELECT num FROM {states} " +
		"WHERE queue_place IS NULL AND state = ? AND finished < ? AND " + isPrunable +
		" ORDER BY finished LIMIT ?"
)

// Prune implements [webhook.Pruner].
func (s *Store) Prune(ctx context.Context, p webhook.Prune) (int, error) {
	if err := s.pruneLines(ctx); err != nil {
		return 0, err
	}
	n := 0
	for _, state := range []webhook.State{
		webhook.Delivered, webhook.Failed, webhook.Exhausted, webhook.Canceled,
	} {
		before := p.Other
		if state == webhook.Delivered {
			before = p.Delivered
		}
		if before.IsZero() || n >= p.Limit {
			continue
		}
		removed, err := s.remove(ctx, finishedAge, string(state), ceil(before),
			webhook.DeliveryVersion, p.Limit-n)
		if n += removed; err != nil {
			return n, err
		}
	}
	if p.Keep <= 0 || n >= p.Limit {
		return n, nil
	}
	removed, err := s.pruneExcess(ctx, p.Keep, p.Limit-n)
	return n + removed, err
}

// pruneLines removes rows by which lines were locked and that nobody holds now.
// They hold nothing, so it does not matter which go: whoever needs one makes
// it, which costs no more than to take it. A call removes more of them than a
// process makes between two calls, but not so many that it takes long.
func (s *Store) pruneLines(ctx context.Context) error {
	if s.dialect.lockLines == "" {
		return nil
	}
	const chunks, chunk = 20, 1000
	for range chunks {
		n := 0
		err := s.write(ctx, func(q Tx) error {
			text := s.text("SELECT line FROM {lines} LIMIT ?" + s.dialect.skipLocked)
			lines, err := all[string](ctx, q, text, chunk)
			if err != nil {
				return err
			}
			n = len(lines)
			return s.drop(ctx, q, "{lines}", "line", anys(lines))
		})
		if err != nil || n < chunk {
			return err
		}
	}
	return nil
}

// Queries for the finished deliveries of a webhook beyond those that are kept:
// for the newest of them, and for these from the oldest on.
const (
	newestExcess = "SELECT d.num FROM {deliveries} d CROSS JOIN {states} s " +
		"WHERE d.webhook = ? AND s.num = d.num AND " + isFinished +
		" ORDER BY d.created DESC, d.num DESC LIMIT 1 OFFSET ?"
	oldestExcess = "SELECT d.num FROM {deliveries} d CROSS JOIN {states} s " +
		"WHERE d.webhook = ? AND d.created <= ? AND (d.created < ? OR d.num <= ?) " +
		"AND s.num = d.num AND " + isFinished + " AND " + isPrunable +
		" ORDER BY d.created, d.num LIMIT ?"
)

// pruneExcess removes what is beyond the newest keep of each webhook.
func (s *Store) pruneExcess(ctx context.Context, keep, limit int) (int, error) {
	if err := s.check(ctx, s.db); err != nil {
		return 0, err
	}
	names, err := all[string](ctx, s.db, s.text("SELECT webhook FROM {states} WHERE "+isFinished+
		" GROUP BY webhook HAVING COUNT(*) > ?"), keep)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, name := range names {
		created, num, found, err := s.place(ctx, newestExcess, name, keep)
		if err != nil || !found {
			return n, err
		}
		removed, err := s.remove(ctx, oldestExcess,
			name, created, created, num, webhook.DeliveryVersion, limit-n)
		if n += removed; err != nil || n >= limit {
			return n, err
		}
	}
	return n, nil
}

// remove deletes the rows whose numbers a query selects, with their attempts.
func (s *Store) remove(ctx context.Context, text string, args ...any) (int, error) {
	n := 0
	err := s.write(ctx, func(q Tx) error {
		nums, err := all[int64](ctx, q, s.text(text+s.dialect.skipLocked), args...)
		if err != nil {
			return err
		}
		n = len(nums)
		for _, of := range []struct{ table, column string }{
			{"{attempts}", "delivery"}, {"{states}", "num"}, {"{deliveries}", "num"},
		} {
			if err := s.drop(ctx, q, of.table, of.column, anys(nums)); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// drop deletes the rows that have one of the keys in a column.
func (s *Store) drop(ctx context.Context, q Tx, table, column string, keys []any) error {
	return s.inPieces(keys, func(part []any) error {
		text := s.in("DELETE FROM "+table+" WHERE "+column+" IN (%s)", part)
		if s.dialect.keysFirst {
			text = s.sized("DELETE t FROM (%s) v STRAIGHT_JOIN "+table+" t ON t."+column+" = v.k",
				len(part), func(n int) string {
					return "SELECT ? AS k" + strings.Repeat(" UNION ALL SELECT ?", n-1)
				})
		}
		_, err := q.ExecContext(ctx, text, part...)
		return err
	})
}
