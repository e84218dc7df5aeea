package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// SQLite has one writer. A transaction that begins by reading and then writes
// fails when another wrote in between, so ours begin by a statement that writes
// nothing and makes them the writer.
var sqlite = dialect{
	migrations: [][]string{{
		`CREATE TABLE IF NOT EXISTS {records} (
			name TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, data BLOB NOT NULL
			) WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS {deliveries} (
			num INTEGER PRIMARY KEY, id TEXT NOT NULL, event_id TEXT NOT NULL, type TEXT NOT NULL,
			webhook TEXT NOT NULL, doctype TEXT NOT NULL, doc_name TEXT NOT NULL,
			tenant TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL,
			content_type TEXT NOT NULL, chain TEXT NOT NULL, trace TEXT NOT NULL,
			created INTEGER NOT NULL, body BLOB)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS {prefix}id ON {deliveries} (id)`,
		`CREATE INDEX IF NOT EXISTS {prefix}created ON {deliveries} (created)`,
		`CREATE INDEX IF NOT EXISTS {prefix}log ON {deliveries} (webhook, created)`,
		`CREATE TABLE IF NOT EXISTS {states} (
			num INTEGER PRIMARY KEY, state TEXT NOT NULL, webhook TEXT NOT NULL, line TEXT,
			created INTEGER NOT NULL, version INTEGER NOT NULL, reason TEXT NOT NULL,
			attempts INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL,
			since INTEGER NOT NULL, paused_at INTEGER NOT NULL, finished INTEGER NOT NULL,
			owner TEXT NOT NULL, lease_until INTEGER NOT NULL, fence INTEGER NOT NULL,
			queue_place INTEGER, queue_at INTEGER NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS {prefix}queue ON {states} (queue_place, queue_at)
			WHERE queue_place IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS {prefix}ready ON {states} (webhook, queue_at)
			WHERE queue_place = 1`,
		`CREATE INDEX IF NOT EXISTS {prefix}age ON {states} (state, finished)
			WHERE queue_place IS NULL`,
		`CREATE INDEX IF NOT EXISTS {prefix}other ON {states} (state, created)
			WHERE state NOT IN ('pending', 'delivered')`,
		`CREATE INDEX IF NOT EXISTS {prefix}line ON {states} (line)
			WHERE line IS NOT NULL AND state NOT IN ('delivered', 'canceled')`,
		`CREATE TABLE IF NOT EXISTS {attempts} (
			delivery INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL,
			duration INTEGER NOT NULL, status_code INTEGER NOT NULL, class TEXT NOT NULL,
			error TEXT NOT NULL, header BLOB, body BLOB, state TEXT NOT NULL,
			next INTEGER NOT NULL, PRIMARY KEY (delivery, number)) WITHOUT ROWID`,
	}},
	enter:   "BEGIN IMMEDIATE",
	unlock:  "COMMIT",
	abandon: "ROLLBACK",

	isolation: sql.LevelDefault, // serializable
	writer:    "DELETE FROM {schema} WHERE id < 0",
	serial:    true,
	prepared:  true,
	maxRows:   8, // what it costs modernc.org/sqlite to bind n parameters grows with n * n
	maxBytes:  1 << 20,

	now:      "0",
	by:       "INDEXED BY {prefix}%s",
	byNum:    "NOT INDEXED",
	openLine: "o.line = c.line AND o.state NOT IN ('delivered', 'canceled')",
	dueHeads: `WITH RECURSIVE w (name) AS (
			SELECT MIN(webhook) FROM {states} {by ready} WHERE queue_place = 1
			UNION ALL
			SELECT (SELECT MIN(webhook) FROM {states} {by ready}
				WHERE queue_place = 1 AND webhook > w.name)
			FROM w WHERE w.name IS NOT NULL)
		SELECT name, (SELECT MIN(queue_at) FROM {states} {by ready}
			WHERE queue_place = 1 AND webhook = w.name)
		FROM w WHERE name IS NOT NULL`,

	insert:   insertNumbered,
	update:   updateEach,
	into:     "INSERT OR FAIL INTO",
	conflict: " ON CONFLICT DO NOTHING",

	transient: func(err error) bool {
		return sqliteCode(err, 5, "SQLITE_BUSY", "database is locked") ||
			sqliteCode(err, 6, "SQLITE_LOCKED", "table is locked")
	},
	noTable: func(err error) bool {
		return err != nil && strings.Contains(err.Error(), "no such table")
	},
	full: func(err error) bool {
		return sqliteCode(err, 13, "SQLITE_FULL", "database or disk is full")
	},
}

// giveNumbers numbers rows where we are the only writer.
func (s *Store) giveNumbers(ctx context.Context, q Tx, rows []*row) error {
	if !s.dialect.serial {
		return nil
	}
	last, _, err := one[int64](ctx, q, s.text("SELECT COALESCE(MAX(num), 0) FROM {deliveries}"))
	for i, r := range rows {
		r.num = last + 1 + int64(i)
	}
	return err
}

// numberedShape is deliveryShape with a number.
var numberedShape = append(slices.Clone(deliveryShape), column{name: "num"})

// insertNumbered inserts rows that have numbers. Those of the rows that were
// there are not used.
func insertNumbered(s *Store, ctx context.Context, q Tx, rows []*row) error {
	numbered := tableOfRows(numberedShape, rows, func(r *row, to []any) []any {
		return append(r.values(to), r.num)
	})
	text, args := s.filled(
		s.dialect.into+" {deliveries} ({columns}) {rows} ON CONFLICT (id) DO NOTHING", numbered)
	res, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == int64(len(rows)) {
		for _, r := range rows {
			r.fresh = true
		}
		return s.insertStates(ctx, q, rows)
	}
	nums := make([]any, len(rows))
	for i, r := range rows {
		nums[i] = r.num
	}
	text = s.sized("SELECT num, id FROM {deliveries} WHERE num IN (%s)", len(rows), marks)
	if err := numberRows(ctx, q, rows, text, nums...); err != nil {
		return err
	}
	return s.insertStates(ctx, q, rows)
}

// updateEach applies changes one by one, after it saw which are to be applied:
// nobody else writes meanwhile.
func updateEach(s *Store, ctx context.Context, q Tx, cs []*change) error {
	if err := findChanged(s, ctx, q, cs); err != nil {
		return err
	}
	values := make([]any, 0, len(setShape)+1)
	for _, c := range cs {
		if !c.done {
			continue
		}
		text, args := s.filled("UPDATE {states} SET {sets}, fence = fence + 1 WHERE num = ?",
			tableOf(setShape, c.set(values)))
		if _, err := q.ExecContext(ctx, text, append(args, c.num)...); err != nil {
			return err
		}
	}
	return nil
}
