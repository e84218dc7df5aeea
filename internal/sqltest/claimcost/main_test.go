package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
)

// The rows are written past the store, so that a change of its tables has to be
// made here too.
func TestRun(t *testing.T) {
	for _, dialect := range sqltest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			skipUnlessFilled(t, dialect)
			require.NoError(t, run(t.Context(), dialect, 1000, 1))
		})
	}
}

// skipUnlessFilled skips where there is no server, or one that cannot count:
// MySQL has no tables of numbers, as MariaDB has.
func skipUnlessFilled(t *testing.T, dialect sqlstore.Dialect) {
	d, err := sqltest.Locate(dialect, t.TempDir(), "")
	if errors.Is(err, sqltest.ErrNone) {
		t.Skip(err)
	}
	require.NoError(t, err)
	if dialect != sqlstore.MySQL {
		return
	}
	db, err := d.Connect()
	require.NoError(t, err)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "SELECT seq FROM seq_0_to_1"); err != nil {
		t.Skipf("the server is not MariaDB with its sequence engine: %v", err)
	}
}
