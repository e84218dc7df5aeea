package sqltest_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/storetest"
)

// TestStore puts the store to the test on each database, and where a driver has
// other ways to carry parameters and count rows, with those too.
func TestStore(t *testing.T) {
	for _, test := range []struct {
		name    string
		dialect sqlstore.Dialect
		options string // of the data source name
	}{
		{"sqlite", sqlstore.SQLite, ""},
		{"postgres", sqlstore.Postgres, ""},
		{"postgres, simple protocol", sqlstore.Postgres, "default_query_exec_mode=simple_protocol"},
		{"mysql", sqlstore.MySQL, ""},
		{"mysql, interpolated, lenient", sqlstore.MySQL, "interpolateParams=true&clientFoundRows=true&sql_mode=%27%27"},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) webhook.Store {
				d := open(t, test.dialect)
				if test.options != "" {
					separator := "?"
					if strings.Contains(d.DSN, "?") {
						separator = "&"
					}
					d.DSN += separator + test.options
				}
				db := d.connect(t)
				return &transacting{d.store(t, db), db}
			})
		})
	}
}

// A transacting store begins transactions as a host does, for storetest.
type transacting struct {
	*sqlstore.Store
	db *sql.DB
}

func (s *transacting) Begin(ctx context.Context) (*storetest.Transaction, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &storetest.Transaction{Context: sqlstore.WithTx(ctx, tx), Commit: tx.Commit, Rollback: tx.Rollback}, nil
}
