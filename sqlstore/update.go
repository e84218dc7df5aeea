package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/docevent/webhook"
)

// A change is one of those of an Update, and what came of it.
type change struct {
	*webhook.Change
	num  int64
	line string
	done bool
	err  error
}

// Update implements [webhook.Store], in one transaction for all changes.
func (s *Store) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	errs := make([]error, len(cs))
	if len(cs) == 0 {
		return errs, nil
	}
	changes := make([]*change, len(cs))
	err := s.write(ctx, func(q Tx) error {
		for i := range cs {
			changes[i] = &change{Change: &cs[i]}
		}
		for _, wave := range waves(changes) {
			if err := s.apply(ctx, q, wave); err != nil {
				return err
			}
		}
		return s.promote(ctx, q, changes)
	})
	if err != nil {
		return nil, err
	}
	for i, c := range changes {
		errs[i] = c.err
	}
	return errs, nil
}

// waves parts changes into waves, so that no wave has two changes of one
// delivery, and those of each delivery keep their order. Within a wave they are
// sorted, so that two calls lock rows in the same order.
func waves(cs []*change) [][]*change {
	var ws [][]*change
	seen := make(map[string]int, len(cs))
	for _, c := range cs {
		at := seen[c.ID]
		seen[c.ID]++
		if at == len(ws) {
			ws = append(ws, nil)
		}
		ws[at] = append(ws[at], c)
	}
	for _, w := range ws {
		slices.SortFunc(w, func(a, b *change) int { return strings.Compare(a.ID, b.ID) })
	}
	return ws
}

// apply applies changes of different deliveries, keeps the attempts of those that
// were applied, and says why the others were not.
func (s *Store) apply(ctx context.Context, q Tx, cs []*change) error {
	for rest := cs; len(rest) > 0; {
		n := s.dialect.piece(len(rest))
		if err := s.dialect.update(s, ctx, q, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	var lost []*change
	var attempts []*change
	for _, c := range cs {
		switch {
		case !c.done:
			lost = append(lost, c)
		case c.Attempt != nil:
			attempts = append(attempts, c)
		}
	}
	if err := s.explain(ctx, q, lost); err != nil {
		return err
	}
	return s.log(ctx, q, attempts)
}

// explain finds out whether deliveries whose changes matched nothing are there.
func (s *Store) explain(ctx context.Context, q Tx, cs []*change) error {
	there := map[string]bool{}
	ids := make([]any, len(cs))
	for i, c := range cs {
		ids[i] = c.ID
	}
	err := s.inPieces(ids, func(list []any) error {
		text := s.in("SELECT id FROM {deliveries} WHERE id IN (%s)", list)
		found, err := all[string](ctx, q, text, list...)
		for _, id := range found {
			there[id] = true
		}
		return err
	})
	for _, c := range cs {
		c.err = webhook.ErrNotFound
		if there[c.ID] {
			c.err = webhook.ErrLeaseLost
		}
	}
	return err
}

// changeShape has what a change says: which row it is of, and what goes into
// its columns.
var changeShape = shape{
	{name: "id", kind: "text"}, {name: "fence", kind: "bigint"}, {name: "state", kind: "text"},
	{name: "reason", kind: "text", usual: "", literal: "''"}, {name: "attempts", kind: "integer"},
	{name: "tries", kind: "integer"}, {name: "due", kind: "bigint"},
	{name: "since", kind: "bigint"},
	{name: "paused_at", kind: "bigint", usual: int64(0), literal: "0"},
	{name: "finished", kind: "bigint"},
	{name: "owner", kind: "text", usual: "", literal: "''"},
	{name: "lease_until", kind: "bigint", usual: int64(0), literal: "0"},
	{name: "queue_place", kind: "smallint", null: true, usual: nil, literal: "NULL"},
	{name: "queue_at", kind: "bigint", usual: int64(0), literal: "0"},
}

// setShape is changeShape without what says which row.
var setShape = changeShape[2:]

// setFromV assigns to the columns of s what the table v of changeShape says. s
// is what the names of these columns begin with: the table's, for a database
// that wants it, or nothing.
func setFromV(s string) string {
	var b strings.Builder
	for _, c := range setShape {
		b.WriteString(s + c.name + " = v." + c.name + ", ")
	}
	return b.String() + s + "fence = s.fence + 1"
}

// values appends what goes into the columns of changeShape.
func (c *change) values(to []any) []any { return c.set(append(to, c.ID, c.Fence)) }

// set appends what goes into the columns of setShape.
func (c *change) set(to []any) []any {
	place, at := placeOf(c.State, c.Due, c.LeaseUntil)
	return append(to,
		string(c.State), c.Reason, c.Attempts, c.Tries, micros(c.Due), micros(c.Since),
		micros(c.PausedAt), micros(c.Finished), c.Owner, micros(c.LeaseUntil), place, at)
}

// updateReturning applies changes where the database can join a list of values,
// and says which rows it changed.
func updateReturning(s *Store, ctx context.Context, q Tx, cs []*change) error {
	values := make([]any, 0, len(changeShape)*len(cs))
	byID := make(map[string]*change, len(cs))
	for _, c := range cs {
		byID[c.ID], values = c, c.values(values)
	}
	text, args := s.filled("WITH v ({columns}) AS ({rows}) "+
		"UPDATE {states} s SET "+setFromV("")+" "+
		"FROM v JOIN {deliveries} d ON d.id = v.id WHERE s.num = d.num AND s.fence = v.fence "+
		"RETURNING d.id, s.num, s.line",
		tableOf(changeShape, values))
	var id string
	var num int64
	var line sql.NullString
	return each(ctx, q, text, args, func(r *sql.Rows) error {
		if err := r.Scan(&id, &num, &line); err != nil {
			return err
		}
		c := byID[id]
		c.num, c.line, c.done = num, line.String, true
		return nil
	})
}

// findChanged locks the rows of changes and notes which still have their fence.
func findChanged(s *Store, ctx context.Context, q Tx, cs []*change) error {
	byID := make(map[string]*change, len(cs))
	ids := make([]any, len(cs))
	for i, c := range cs {
		byID[c.ID], ids[i] = c, c.ID
	}
	return s.inPieces(ids, func(list []any) error {
		text := s.in("SELECT d.id, s.num, s.line, s.fence "+
			"FROM {deliveries} d {by id} {then} {states} s "+
			"WHERE d.id IN (%s) AND s.num = d.num ORDER BY d.id"+s.dialect.forUpdate, list)
		var id string
		var num, fence int64
		var line sql.NullString
		return each(ctx, q, text, list, func(r *sql.Rows) error {
			if err := r.Scan(&id, &num, &line, &fence); err != nil {
				return err
			}
			c := byID[id]
			c.num, c.line, c.done = num, line.String, c.Fence == fence
			return nil
		})
	})
}
