package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// A Dialect says which database a Store speaks to.
type Dialect string

// The dialects. [MySQL] is MariaDB from 10.6 and MySQL from 8.0.14 alike.
const (
	Postgres Dialect = "postgres"
	MySQL    Dialect = "mysql"
	SQLite   Dialect = "sqlite"
)

// A dialect is what differs between the databases: pieces of SQL, limits, and
// how an error is recognized without its driver. How its texts are written stands
// in statement.go.
type dialect struct {
	migrations [][]string // the statements that lead to version 1, 2, ...
	enter      string     // begins a migration; "" for nothing
	lock       string     // a query that keeps others from one, and says 1; "" for none
	unlock     string     // ends it and keeps what it did
	abandon    string     // ends it after an error

	isolation sql.IsolationLevel // of our own transactions
	begin     string             // their first query, whose answer says nothing; "" for none
	alone     bool               // insert is one statement, which needs none
	writer    string             // makes any transaction the writer, before it reads; "" for nothing
	serial    bool               // the database has one writer at a time
	prepared  bool               // a statement is worth preparing
	numbered  bool               // parameters are $1, $2
	maxRows   int                // that one statement writes
	maxBytes  int                // of their values

	now        string // the database's clock in Unix microseconds, 0 for none
	forUpdate  string // locks the rows of a SELECT
	skipLocked string // the same, but leaves out the locked ones
	by         string // says which index to use, %s; "" where that cannot be said
	byNum      string // says to use the primary key
	then       string // joins a second table row by row to a first; "" for CROSS JOIN
	keysFirst  bool   // cannot be told which index to use in a DELETE but by joining the keys
	openLine   string // a condition: row %[1]s is of line %[2]s and neither delivered nor canceled
	tryLines   string // fails at once if the rows of lines are locked; "" where begin sees to that
	lockLines  string // locks the rows of lines, and makes them; "" where it needs none
	dueHeads   string // webhooks that have claimable rows, each with the earliest

	insert func(s *Store, ctx context.Context, q Tx, rows []*row) error
	update func(s *Store, ctx context.Context, q Tx, cs []*change) error

	into     string // begins an INSERT; the transaction is rolled back if it fails
	arrays   bool   // rows are given as arrays
	conflict string // ends an INSERT that passes over rows whose {key} is there

	transient func(error) bool // the transaction can be repeated
	noTable   func(error) bool
	full      func(error) bool
}

func dialectOf(name Dialect) (*dialect, error) {
	switch name {
	case Postgres:
		return &postgres, nil
	case MySQL:
		return &mysql, nil
	case SQLite:
		return &sqlite, nil
	}
	return nil, fmt.Errorf("sqlstore: unknown dialect %q: use Postgres, MySQL or SQLite", name)
}

// keep ends an INSERT that passes over rows whose key is there.
func (d *dialect) keep(key string) string { return strings.ReplaceAll(d.conflict, "{key}", key) }
