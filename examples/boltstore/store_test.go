package boltstore_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/examples/boltstore"
	"github.com/docevent/webhook/storetest"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// open returns an empty database that waits for no disk.
func open(t testing.TB) *bbolt.DB {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "test.db"), 0o600, &bbolt.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// A store with transactions of the host's, for storetest.
type store struct {
	*boltstore.Store
	db *bbolt.DB
}

func newStore(t testing.TB) webhook.Store {
	db := open(t)
	s, err := boltstore.New(db)
	require.NoError(t, err)
	return &store{s, db}
}

func (s *store) Begin(ctx context.Context) (*storetest.Transaction, error) {
	tx, err := s.db.Begin(true)
	if err != nil {
		return nil, err
	}
	return &storetest.Transaction{Context: boltstore.WithTx(ctx, tx), Commit: tx.Commit, Rollback: tx.Rollback}, nil
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) webhook.Store { return newStore(t) })
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) webhook.Store { return newStore(b) })
}
