package sqlstore

import (
	"errors"
	"fmt"
	"strings"
)

// No driver is imported, so errors are recognized by what the common drivers
// share: a SQLSTATE (pgx and lib/pq have a method for it), SQLite's result code
// (modernc.org/sqlite has a method), and else the text, which begins with
// "Error 1213" in MySQL's driver and says "database is locked" in SQLite's.

// sqlState returns the SQLSTATE of a PostgreSQL error, "" if it has none.
func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

// mysqlNumber reports whether err is a MySQL error of one of these numbers.
func mysqlNumber(err error, numbers ...int) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	for _, n := range numbers {
		if strings.Contains(text, fmt.Sprintf("Error %d (", n)) ||
			strings.Contains(text, fmt.Sprintf("Error %d:", n)) {
			return true
		}
	}
	return false
}

// sqliteCode reports whether err is a SQLite error of a primary result code, or
// has its text.
func sqliteCode(err error, code int, texts ...string) bool {
	if err == nil {
		return false
	}
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code()&0xff == code
	}
	for _, t := range texts {
		if strings.Contains(err.Error(), t) {
			return true
		}
	}
	return false
}

// ErrLineHeld is in the error of an Enqueue, and so of a Dispatch, for an
// ordered webhook and outside of a transaction, when a transaction that
// dispatched for the same document has not ended within some five seconds:
// another's, or the caller's own, whose context was left out.
var ErrLineHeld = errors.New(
	"sqlstore: a transaction that is open dispatched for the same document to an ordered webhook")

// A SchemaError says that the store's tables are not those this library knows.
type SchemaError struct {
	Found int // the version of the schema; 0 if there is none
	Known int // the one of this library
}

// Error implements error.
func (e *SchemaError) Error() string {
	switch {
	case e.Found == 0:
		return "sqlstore: the database has no tables for webhooks: call Migrate"
	case e.Found < e.Known:
		return fmt.Sprintf("sqlstore: the schema has version %d, "+
			"this library needs %d: call Migrate", e.Found, e.Known)
	}
	return fmt.Sprintf("sqlstore: the schema has version %d, "+
		"this library knows none above %d: update the library", e.Found, e.Known)
}
