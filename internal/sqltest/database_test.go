package sqltest_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
)

// A database is one for a test.
type database struct{ sqltest.Database }

// onEach runs a test on each database.
func onEach(t *testing.T, f func(t *testing.T, d database)) {
	for _, dialect := range sqltest.Dialects {
		t.Run(string(dialect), func(t *testing.T) { f(t, open(t, dialect)) })
	}
}

// counter numbers the prefixes of a test run.
var counter atomic.Int64

// open returns a place for tables, which are removed at the end of the test. It
// skips the test where there is no such server.
func open(t testing.TB, dialect sqlstore.Dialect) database {
	t.Helper()
	d, err := sqltest.Locate(dialect, t.TempDir(), fmt.Sprintf("t%d_%d_", os.Getpid(), counter.Add(1)))
	if err != nil {
		t.Skip(err)
	}
	if dialect != sqlstore.SQLite {
		t.Cleanup(func() { require.NoError(t, d.Drop(context.Background())) })
	}
	return database{d}
}

// connect opens a pool.
func (d database) connect(t testing.TB) *sql.DB {
	t.Helper()
	db, err := d.Connect()
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// bare returns a store without its tables.
func (d database) bare(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	s, err := d.Store(db)
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
