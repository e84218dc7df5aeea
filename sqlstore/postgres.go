package sqlstore

import (
	"database/sql"
	"slices"
	"strings"
)

// In PostgreSQL our own transactions are READ COMMITTED, whatever the default:
// a statement sees what was committed before it began. They keep the planner
// from reading whole tables and sorting whole backlogs, as it would by plans
// that it made while these were small. And they do not wait long for a lock,
// since the requests of others may be in the same call.
//
// Deliveries without a line are inserted by one statement, which reads no table
// and needs no transaction around it.
var postgres = dialect{
	migrations: [][]string{{
		`CREATE TABLE IF NOT EXISTS {records} (
			name TEXT COLLATE "C" NOT NULL PRIMARY KEY, revision BIGINT NOT NULL,
			data BYTEA NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS {deliveries} (
			num BIGSERIAL PRIMARY KEY, created BIGINT NOT NULL, id TEXT COLLATE "C" NOT NULL,
			event_id TEXT COLLATE "C" NOT NULL, type TEXT COLLATE "C" NOT NULL,
			webhook TEXT COLLATE "C" NOT NULL, doctype TEXT COLLATE "C" NOT NULL,
			doc_name TEXT COLLATE "C" NOT NULL, tenant TEXT COLLATE "C" NOT NULL,
			method TEXT NOT NULL, url TEXT NOT NULL, content_type TEXT NOT NULL,
			chain TEXT NOT NULL, trace TEXT NOT NULL, body BYTEA)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS {prefix}id ON {deliveries} (id)`,
		`CREATE INDEX IF NOT EXISTS {prefix}created ON {deliveries} (created, num)`,
		`CREATE INDEX IF NOT EXISTS {prefix}log ON {deliveries} (webhook, created, num)`,
		`CREATE TABLE IF NOT EXISTS {states} (
			num BIGINT PRIMARY KEY, created BIGINT NOT NULL, due BIGINT NOT NULL,
			since BIGINT NOT NULL, paused_at BIGINT NOT NULL, finished BIGINT NOT NULL,
			lease_until BIGINT NOT NULL, fence BIGINT NOT NULL, queue_at BIGINT NOT NULL,
			version INTEGER NOT NULL, attempts INTEGER NOT NULL, tries INTEGER NOT NULL,
			queue_place SMALLINT, webhook TEXT COLLATE "C" NOT NULL, line TEXT COLLATE "C",
			state TEXT COLLATE "C" NOT NULL, reason TEXT NOT NULL, owner TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS {prefix}queue ON {states} (queue_place, queue_at, num)
			WHERE queue_place IS NOT NULL`,
		`CREATE INDEX IF NOT EXISTS {prefix}ready ON {states} (webhook, queue_at, num)
			WHERE queue_place = 1`,
		`CREATE INDEX IF NOT EXISTS {prefix}age ON {states} (state, finished)
			WHERE queue_place IS NULL`,
		`CREATE INDEX IF NOT EXISTS {prefix}other ON {states} (state, created, num)
			WHERE state NOT IN ('pending', 'delivered')`,
		`CREATE INDEX IF NOT EXISTS {prefix}line ON {states} (line, num)
			WHERE line IS NOT NULL AND state NOT IN ('delivered', 'canceled')`,
		`CREATE TABLE IF NOT EXISTS {attempts} (
			delivery BIGINT NOT NULL, time BIGINT NOT NULL, duration BIGINT NOT NULL,
			next BIGINT NOT NULL, number INTEGER NOT NULL, status_code INTEGER NOT NULL,
			class TEXT NOT NULL, error TEXT NOT NULL, state TEXT NOT NULL,
			header BYTEA, body BYTEA, PRIMARY KEY (delivery, number))`,
		`CREATE TABLE IF NOT EXISTS {lines} (line TEXT COLLATE "C" NOT NULL PRIMARY KEY)`,
	}},
	enter:   "BEGIN",
	lock:    "SELECT 1 FROM pg_advisory_xact_lock({lockkey})",
	unlock:  "COMMIT",
	abandon: "ROLLBACK",

	isolation: sql.LevelReadCommitted,
	// A query, for pgx prepares nothing that is executed without parameters.
	begin: "SELECT set_config(name, value, true) FROM (VALUES " +
		"('enable_seqscan', 'off'), ('enable_bitmapscan', 'off'), " +
		"('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), " +
		"('jit', 'off'), ('lock_timeout', '" + lockTimeout + "')) AS v (name, value)",
	alone:    true,
	numbered: true,
	arrays:   true,
	maxRows:  512,
	maxBytes: 8 << 20,

	now:        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint",
	forUpdate:  " FOR UPDATE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	openLine:   "o.line = c.line AND o.state NOT IN ('delivered', 'canceled')",
	lockLines: "INSERT INTO {lines} (line) VALUES %s " +
		"ON CONFLICT (line) DO UPDATE SET line = EXCLUDED.line WHERE false",
	dueHeads: `WITH RECURSIVE w (name, at) AS (
			(SELECT webhook, queue_at FROM {states} WHERE queue_place = 1
				ORDER BY webhook, queue_at LIMIT 1)
			UNION ALL
			SELECT n.webhook, n.queue_at FROM w CROSS JOIN LATERAL (
				SELECT webhook, queue_at FROM {states} WHERE queue_place = 1 AND webhook > w.name
				ORDER BY webhook, queue_at LIMIT 1) n)
		SELECT name, at FROM w`,

	insert:   insertBoth,
	update:   updateReturning,
	into:     "INSERT INTO",
	conflict: " ON CONFLICT DO NOTHING",

	transient: func(err error) bool {
		return slices.Contains([]string{"40001", "40P01", "55P03"}, sqlState(err))
	},
	noTable: func(err error) bool { return sqlState(err) == "42P01" },
	full:    func(err error) bool { return strings.HasPrefix(sqlState(err), "53100") },
}

// lockTimeout is how long a statement in a transaction of our own waits for a
// lock.
const lockTimeout = "2s"
