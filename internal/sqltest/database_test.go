package sqltest_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/docevent/webhook/sqlstore"
)

// A database is where a test's tables are.
type database struct {
	dialect sqlstore.Dialect
	driver  string
	dsn     string
	prefix  string
}

// dialects are those that tests run on, with the variable that says where the
// database is.
var dialects = []struct {
	name   sqlstore.Dialect
	driver string
	env    string
}{
	{sqlstore.SQLite, "sqlite", ""},
	{sqlstore.Postgres, "pgx", "WEBHOOK_TEST_POSTGRES"},
	{sqlstore.MySQL, "mysql", "WEBHOOK_TEST_MYSQL"},
}

// onEach runs a test on each database.
func onEach(t *testing.T, f func(t *testing.T, d database)) {
	for _, d := range dialects {
		t.Run(string(d.name), func(t *testing.T) { f(t, open(t, d.name)) })
	}
}

// open returns a place for tables in a database, which the end of the test
// removes; it skips the test where there is no such database.
func open(t testing.TB, name sqlstore.Dialect) database {
	t.Helper()
	for _, d := range dialects {
		if d.name != name {
			continue
		}
		base := database{dialect: name, driver: d.driver, prefix: fmt.Sprintf("t%d_%d_", os.Getpid(), counter.Add(1))}
		if d.env == "" {
			base.dsn = "file:" + filepath.Join(t.TempDir(), "test.db") +
				"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)"
			return base
		}
		base.dsn = os.Getenv(d.env)
		if base.dsn == "" {
			t.Skipf("no %s to test on: set %s to a data source name", name, d.env)
		}
		t.Cleanup(func() { base.drop(t) })
		return base
	}
	t.Fatalf("unknown dialect %q", name)
	return database{}
}

// connect opens a pool.
func (d database) connect(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// bare returns a store without its tables.
func (d database) bare(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.NewWithOptions(db, d.dialect, &sqlstore.Options{Prefix: d.prefix})
	require.NoError(t, err)
	return s
}

// store returns a store with its tables.
func (d database) store(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	s := d.bare(t, db)
	require.NoError(t, s.Migrate(t.Context()))
	return s
}

// drop removes the tables.
func (d database) drop(t testing.TB) {
	db, err := sql.Open(d.driver, d.dsn)
	require.NoError(t, err)
	defer db.Close()
	for _, table := range []string{"schema", "records", "deliveries", "attempts", "lines", "host"} {
		_, err := db.Exec("DROP TABLE IF EXISTS " + d.prefix + table)
		require.NoError(t, err)
	}
}

// sql returns a statement of the test's own in the dialect.
func (d database) sql(text string) string {
	text = strings.ReplaceAll(text, "{prefix}", d.prefix)
	if d.dialect == sqlstore.Postgres {
		for i := 1; strings.Contains(text, "?"); i++ {
			text = strings.Replace(text, "?", fmt.Sprintf("$%d", i), 1)
		}
	}
	return text
}
