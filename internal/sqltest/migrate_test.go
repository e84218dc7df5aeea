package sqltest_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

func TestMigrate(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		t.Run("first use without it", func(t *testing.T) {
			s := d.bare(t, d.connect(t))
			var se *sqlstore.SchemaError
			_, _, err := s.Webhooks(t.Context(), webhook.Revision{})
			require.ErrorAs(t, err, &se)
			require.ErrorContains(t, err, "call Migrate")
			_, err = s.Enqueue(t.Context(), []webhook.Delivery{{ID: "a"}})
			require.ErrorAs(t, err, &se)
			require.Zero(t, se.Found)
		})
		t.Run("by several at once, and again", func(t *testing.T) {
			var group sync.WaitGroup
			errs := make([]error, 8)
			for i := range errs {
				s := d.bare(t, d.connect(t))
				group.Go(func() { errs[i] = s.Migrate(t.Context()) })
			}
			group.Wait()
			for _, err := range errs {
				require.NoError(t, err)
			}
			s := d.store(t, d.connect(t))
			require.NoError(t, s.Migrate(t.Context()))
		})
		t.Run("by one who may only read, when it is done", func(t *testing.T) {
			db := d.connect(t)
			db.SetMaxOpenConns(1)
			_, err := db.Exec(map[sqlstore.Dialect]string{
				sqlstore.SQLite: "PRAGMA query_only = 1", sqlstore.Postgres: "SET default_transaction_read_only = on",
				sqlstore.MySQL: "SET SESSION TRANSACTION READ ONLY",
			}[d.Dialect])
			require.NoError(t, err)
			_, err = db.Exec(d.SQL("CREATE TABLE {prefix}host (id INTEGER)"))
			require.Error(t, err)
			d.store(t, d.connect(t))
			require.NoError(t, d.bare(t, db).Migrate(t.Context()))
		})
		t.Run("a newer schema", func(t *testing.T) {
			db := d.connect(t)
			d.store(t, db)
			_, err := db.Exec(d.SQL("UPDATE {prefix}schema SET version = version + 1"))
			require.NoError(t, err)
			var se *sqlstore.SchemaError
			s := d.bare(t, db)
			require.ErrorAs(t, s.Migrate(t.Context()), &se)
			require.Equal(t, sqlstore.SchemaError{Found: 2, Known: 1}, *se)
			require.ErrorContains(t, se, "update the library")
			_, err = s.Claim(t.Context(), webhook.Claim{Limit: 1})
			require.ErrorAs(t, err, &se)
			var version int
			require.NoError(t, db.QueryRow(d.SQL("SELECT version FROM {prefix}schema")).Scan(&version))
			require.Equal(t, 2, version, "a newer schema is left as it is")
		})
	})
}
