package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

// Count implements [webhook.Counter]. It counts in an index, which for a log of
// a million deliveries takes a fraction of a second.
func (s *Store) Count(ctx context.Context, name string) (webhook.Counts, error) {
	c := webhook.Counts{ByState: map[webhook.State]int{}}
	if err := s.check(ctx, s.db); err != nil {
		return c, err
	}
	where, of, args := "", "", []any{}
	if name != "" {
		where, of, args = " WHERE webhook = ?", " AND webhook = ?", []any{name}
	}
	text := s.text("SELECT state, COUNT(*) FROM {states}" + where + " GROUP BY state")
	err := each(ctx, s.db, text, args, func(r *sql.Rows) error {
		var state webhook.State
		var n int
		err := r.Scan(&state, &n)
		c.ByState[state] = n
		return err
	})
	if err != nil {
		return c, err
	}
	c.OldestDue, err = s.oldestDue(ctx, of, args)
	if err != nil {
		return c, err
	}
	text = s.text("SELECT COUNT(*) FROM {states} c WHERE c.line IS NOT NULL AND " +
		"c.state IN ('failed', 'exhausted')" + strings.ReplaceAll(of, "webhook", "c.webhook") +
		" AND NOT EXISTS (SELECT 1 FROM {states} o WHERE {open} AND o.num < c.num)")
	c.Blocked, _, err = one[int](ctx, s.db, text, args...)
	return c, err
}

// oldestDue returns the earliest Due of the pending deliveries. For those that
// are not leased, queue_at is the Due.
func (s *Store) oldestDue(ctx context.Context, of string, args []any) (time.Time, error) {
	oldest, _, err := one[*int64](ctx, s.db, s.text("SELECT MIN(oldest) FROM ("+
		"SELECT MIN(queue_at) AS oldest FROM {states} WHERE queue_place = 1"+of+
		" UNION ALL SELECT MIN(due) FROM {states} WHERE queue_place = 2"+of+
		" UNION ALL SELECT MIN(queue_at) FROM {states} WHERE queue_place = 3"+of+") places"),
		slices.Concat(args, args, args)...)
	if err != nil || oldest == nil {
		return time.Time{}, err
	}
	return timeOf(*oldest), nil
}
