package sqltest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// unlined returns so many deliveries, in no line.
func unlined(name string, many int) []webhook.Delivery {
	ds := make([]webhook.Delivery, many)
	for i := range ds {
		ds[i] = webhook.Delivery{ID: fmt.Sprint(name, " ", i), Webhook: name, Version: webhook.DeliveryVersion,
			State: webhook.Pending, Created: time.Now(), Due: time.Now()}
	}
	return ds
}

// PostgreSQL runs an Enqueue as a statement without a transaction around it: what
// only its commit finds out, when the rows are inserted, is an error too.
func TestEnqueueWhenTheCommitFails(t *testing.T) {
	for _, options := range []string{"", "default_query_exec_mode=simple_protocol"} {
		t.Run(options, func(t *testing.T) {
			d := open(t, sqlstore.Postgres)
			d.DSN += "?" + options
			h := newHost(t, d)
			_, err := h.db.Exec(d.SQL("ALTER TABLE {prefix}deliveries ADD FOREIGN KEY (webhook) " +
				"REFERENCES {prefix}host (name) DEFERRABLE INITIALLY DEFERRED"))
			require.NoError(t, err)
			for _, many := range []int{1, 3, 600} {
				ds := unlined("nobody", many)
				_, err = h.store.Enqueue(t.Context(), ds)
				require.ErrorContains(t, err, "23503")
				_, err = h.store.Delivery(t.Context(), ds[0].ID)
				require.ErrorIs(t, err, webhook.ErrNotFound)
			}
			require.NoError(t, h.write(t.Context(), h.db, "somebody"))
			fresh, err := h.store.Enqueue(t.Context(), unlined("somebody", 2))
			require.NoError(t, err)
			require.Equal(t, []bool{true, true}, fresh)
		})
	}
}

// What a transaction of the host's has inserted is not waited for without end,
// by a call beside it, and how long the transaction itself waits is the host's
// to say.
func TestEnqueueBesideTheSameOfAHost(t *testing.T) {
	h := newHost(t, open(t, sqlstore.Postgres))
	tx, err := h.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	within := sqlstore.WithTx(t.Context(), tx)
	for _, many := range []int{1, 2} {
		_, err = h.store.Enqueue(within, unlined(fmt.Sprint(many), many))
		require.NoError(t, err)
	}
	var timeout string
	require.NoError(t, tx.QueryRow("SHOW lock_timeout").Scan(&timeout))
	require.Equal(t, "0", timeout)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = h.store.Enqueue(ctx, unlined("2", 3))
	require.ErrorContains(t, err, "55P03")
	require.NoError(t, tx.Commit())
	fresh, err := h.store.Enqueue(ctx, unlined("2", 3))
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, true}, fresh)
}
