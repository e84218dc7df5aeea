package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"slices"
	"strings"
)

// MySQL and MariaDB have no RETURNING that both share, and no partial indexes:
// rows that are in no queue are in its index too, under NULL. Text is
// VARBINARY, which is compared byte for byte; the binary collations both have
// ignore spaces at the end. Our own transactions are READ COMMITTED: they lock
// rows, not gaps. And where they lock or change rows they are told which index
// to use. They lock every row that they go through; without an index they would
// go through a small table whole, and wait for whatever a host has locked.
var mysql = dialect{
	migrations: [][]string{{
		`CREATE TABLE IF NOT EXISTS {records} (
			name VARBINARY(767) NOT NULL PRIMARY KEY, revision BIGINT NOT NULL,
			data LONGBLOB NOT NULL
			) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4`,
		`CREATE TABLE IF NOT EXISTS {deliveries} (
			num BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, created BIGINT NOT NULL,
			mark BIGINT NOT NULL, id VARBINARY(255) NOT NULL, event_id VARBINARY(255) NOT NULL,
			type VARBINARY(255) NOT NULL, webhook VARBINARY(255) NOT NULL,
			doctype VARBINARY(255) NOT NULL, doc_name VARBINARY(255) NOT NULL,
			tenant VARBINARY(255) NOT NULL, method VARBINARY(255) NOT NULL, url BLOB NOT NULL,
			content_type BLOB NOT NULL, chain BLOB NOT NULL, trace BLOB NOT NULL, body LONGBLOB,
			UNIQUE KEY {prefix}id (id), KEY (created, num), KEY (webhook, created, num)
			) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4`,
		`CREATE TABLE IF NOT EXISTS {states} (
			num BIGINT NOT NULL PRIMARY KEY, created BIGINT NOT NULL, due BIGINT NOT NULL,
			since BIGINT NOT NULL, paused_at BIGINT NOT NULL, finished BIGINT NOT NULL,
			lease_until BIGINT NOT NULL, fence BIGINT NOT NULL, queue_at BIGINT NOT NULL,
			queue_place SMALLINT, version INT NOT NULL, attempts INT NOT NULL, tries INT NOT NULL,
			webhook VARBINARY(255) NOT NULL, line VARBINARY(255), state VARBINARY(32) NOT NULL,
			reason BLOB NOT NULL, owner BLOB NOT NULL,
			open_line VARBINARY(255) AS (IF(state IN ('delivered', 'canceled'), NULL, line)) VIRTUAL,
			KEY {prefix}queue (queue_place, queue_at, num),
			KEY {prefix}ready (queue_place, webhook, queue_at, num),
			KEY (state, created, num), KEY (state, finished), KEY (open_line, num)
			) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4`,
		`CREATE TABLE IF NOT EXISTS {attempts} (
			delivery BIGINT NOT NULL, number INT NOT NULL, time BIGINT NOT NULL,
			duration BIGINT NOT NULL, next BIGINT NOT NULL, status_code INT NOT NULL,
			class BLOB NOT NULL, error BLOB NOT NULL, state VARBINARY(32) NOT NULL,
			header LONGBLOB, body LONGBLOB, PRIMARY KEY (delivery, number)
			) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4`,
		`CREATE TABLE IF NOT EXISTS {lines} (
			line VARBINARY(255) NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
	}},
	lock:    "SELECT GET_LOCK('webhook {lockkey}', 60)",
	unlock:  "DO RELEASE_LOCK('webhook {lockkey}')",
	abandon: "DO RELEASE_LOCK('webhook {lockkey}')",

	isolation: sql.LevelReadCommitted,
	prepared:  true,
	maxRows:   256,
	maxBytes:  4 << 20, // max_allowed_packet is 16 MiB in MariaDB

	now:        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
	forUpdate:  " FOR UPDATE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	by:         "FORCE INDEX ({prefix}%s)",
	byNum:      "FORCE INDEX (PRIMARY)",
	then:       "STRAIGHT_JOIN",
	keysFirst:  true,
	openLine:   "o.open_line = c.line",
	tryLines: "SELECT line FROM {lines} FORCE INDEX (PRIMARY) " +
		"WHERE line IN (%s) FOR UPDATE NOWAIT",
	lockLines: "INSERT INTO {lines} (line) VALUES %s ON DUPLICATE KEY UPDATE line = line",
	dueHeads: "SELECT webhook, MIN(queue_at) FROM {states} {by ready} " +
		"WHERE queue_place = 1 GROUP BY webhook",

	insert:   insertMarked,
	update:   updateFound,
	into:     "INSERT INTO",
	conflict: " ON DUPLICATE KEY UPDATE {key} = {key}",

	// A deadlock, and a lock that did not come within innodb_lock_wait_timeout,
	// or with NOWAIT at once, for which MySQL has another number.
	transient: func(err error) bool { return mysqlNumber(err, 1213, 1205, 3572) },
	noTable:   func(err error) bool { return mysqlNumber(err, 1146) },
	full:      func(err error) bool { return mysqlNumber(err, 1114, 1021) },
}

// markedShape is deliveryShape with a mark.
var markedShape = append(slices.Clone(deliveryShape), column{name: "mark"})

// insertMarked inserts rows where the database does not say which of them are
// new. New rows get a mark, and a query tells which have it.
func insertMarked(s *Store, ctx context.Context, q Tx, rows []*row) error {
	var random [8]byte
	_, _ = rand.Read(random[:])
	mark := int64(binary.LittleEndian.Uint64(random[:]) >> 1)
	marked := tableOfRows(markedShape, rows, func(r *row, to []any) []any {
		return append(r.values(to), mark)
	})
	text, args := s.filled(
		"INSERT INTO {deliveries} ({columns}) {rows}"+s.dialect.keep("num"), marked)
	if _, err := q.ExecContext(ctx, text, args...); err != nil {
		return err
	}
	ids := []any{mark}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	text = s.sized(
		"SELECT num, id FROM {deliveries} WHERE mark = ? AND id IN (%s)", len(rows), marks)
	if err := numberRows(ctx, q, rows, text, ids...); err != nil {
		return err
	}
	return s.insertStates(ctx, q, rows)
}

// updateFound applies changes where the database does not say which rows it
// changed: it locks them, sees which are to be changed, and changes those.
func updateFound(s *Store, ctx context.Context, q Tx, cs []*change) error {
	if err := findChanged(s, ctx, q, cs); err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(cs), func(c *change) bool { return !c.done })
	for len(rest) > 0 {
		n := s.dialect.piece(len(rest))
		text := s.sized("UPDATE (%s) v STRAIGHT_JOIN {states} s ON s.num = v.num "+
			"SET "+setFromV("s."), n, setSelects)
		var args []any
		for _, c := range rest[:n] {
			args = c.set(append(args, c.num))
		}
		if _, err := q.ExecContext(ctx, text, args...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// setSelects is a list of numbers with values of setShape as a table: neither
// database has the other's form of VALUES.
func setSelects(n int) string {
	first, other := "SELECT CAST(? AS SIGNED) AS num", " UNION ALL SELECT CAST(? AS SIGNED)"
	for _, c := range setShape {
		value := "?"
		switch c.kind {
		case "smallint": // NULL has no type
			value = "CAST(? AS SIGNED)"
		case "text": // else spaces at the end get lost
			value = "CAST(? AS BINARY)"
		}
		first, other = first+", "+value+" AS "+c.name, other+", "+value
	}
	return first + strings.Repeat(other, n-1)
}
