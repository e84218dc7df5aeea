// Package sqltest opens the databases on which sqlstore is tested.
package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/go-sql-driver/mysql" // the drivers of the three dialects
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/docevent/webhook/sqlstore"
)

// A Database is where tables are: a server and a prefix, or a file.
type Database struct {
	Dialect sqlstore.Dialect
	DSN     string
	Prefix  string
}

// Dialects are all of them.
var Dialects = []sqlstore.Dialect{sqlstore.SQLite, sqlstore.Postgres, sqlstore.MySQL}

// variables name the environment variables that say where the servers are.
var variables = map[sqlstore.Dialect]string{
	sqlstore.Postgres: "WEBHOOK_TEST_POSTGRES",
	sqlstore.MySQL:    "WEBHOOK_TEST_MYSQL",
}

// ErrNone says that there is no server of a dialect, and how to name one.
var ErrNone = errors.New("no server to test on")

// Locate returns the database of a dialect, with tables of that prefix: for
// SQLite a file in dir. It connects to nothing.
func Locate(dialect sqlstore.Dialect, dir, prefix string) (Database, error) {
	d := Database{Dialect: dialect, Prefix: prefix}
	if dialect == sqlstore.SQLite {
		d.DSN = SQLiteDSN(filepath.Join(dir, "test.db"))
		return d, nil
	}
	name := variables[dialect]
	if d.DSN = os.Getenv(name); d.DSN == "" {
		return d, fmt.Errorf("%w of %s: set %s to its data source name", ErrNone, dialect, name)
	}
	return d, nil
}

// SQLiteDSN names a file as the package documentation of sqlstore advises.
func SQLiteDSN(file string) string {
	return "file:" + file +
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)"
}

// Connect opens a pool.
func (d Database) Connect() (*sql.DB, error) {
	driver := map[sqlstore.Dialect]string{
		sqlstore.SQLite: "sqlite", sqlstore.Postgres: "pgx", sqlstore.MySQL: "mysql",
	}[d.Dialect]
	return sql.Open(driver, d.DSN)
}

// Store returns a store of the database.
func (d Database) Store(db *sql.DB) (*sqlstore.Store, error) {
	return sqlstore.NewWithOptions(db, d.Dialect, &sqlstore.Options{Prefix: d.Prefix})
}

// Drop removes the tables of a store and those that tests add, whose names end
// in "host".
func (d Database) Drop(ctx context.Context) error {
	db, err := d.Connect()
	if err != nil {
		return err
	}
	defer db.Close()
	for _, table := range []string{
		"schema", "records", "deliveries", "states", "attempts", "lines", "host",
	} {
		if _, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS "+d.Prefix+table); err != nil {
			return err
		}
	}
	return nil
}

// SQL returns a statement in the dialect: {prefix} begins the names of tables,
// ? is a parameter.
func (d Database) SQL(text string) string {
	text = strings.ReplaceAll(text, "{prefix}", d.Prefix)
	if d.Dialect == sqlstore.Postgres {
		for i := 1; strings.Contains(text, "?"); i++ {
			text = strings.Replace(text, "?", fmt.Sprintf("$%d", i), 1)
		}
	}
	return text
}
