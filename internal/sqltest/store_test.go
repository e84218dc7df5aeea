package sqltest_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/storetest"
)

func TestStore(t *testing.T) {
	for _, dialect := range sqltest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) webhook.Store {
				d := open(t, dialect)
				db := d.connect(t)
				return &beginner{d.store(t, db), db}
			})
		})
	}
}

// A beginner begins the host's transactions, for storetest.
type beginner struct {
	*sqlstore.Store
	db *sql.DB
}

func (b *beginner) Begin(ctx context.Context) (*storetest.Transaction, error) {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &storetest.Transaction{Context: sqlstore.WithTx(ctx, tx), Commit: tx.Commit, Rollback: tx.Rollback}, nil
}
