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

// Hosts whose transactions are open at the same time do not wait for each other
// at the store, and none is ended for another, however small its tables are:
// MySQL locks gaps between rows in transactions as hosts begin them.
func TestHostsBesideEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("it has one writer")
		}
		h := newHost(t, d)
		var want []string
		var commits []func() error
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		contexts := make([]context.Context, 3)
		for i := range contexts {
			tx, err := h.db.BeginTx(ctx, nil)
			require.NoError(t, err)
			defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
			contexts[i] = sqlstore.WithTx(ctx, tx)
			commits = append(commits, tx.Commit)
		}
		for round := range 3 {
			for i, within := range contexts {
				name := fmt.Sprint(i, "-", round)
				_, err := h.d.Dispatch(within, inserted(name))
				require.NoError(t, err, name)
				want = append(want, name)
			}
		}
		for _, commit := range commits {
			require.NoError(t, commit())
		}
		h.sent(want...)
	})
}

// What the store does of its own waits for no transaction that a host keeps open,
// whatever part of its tables that is.
func TestNobodyWaitsForAHost(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("it has one writer")
		}
		h := newHost(t, d)
		for _, many := range []int{1, 3, 20, 100, 300} {
			t.Run(fmt.Sprint(many), func(t *testing.T) { h.keepOpen(t, many) })
		}
	})
}

// keepOpen has a delivery of the host's uncommitted, and others claimed,
// delivered and pruned.
func (h *host) keepOpen(t *testing.T, many int) {
	var ds []webhook.Delivery
	for i := range many {
		ds = append(ds, lined(fmt.Sprint("before ", i), fmt.Sprint("line ", i)))
	}
	_, err := h.store.Enqueue(t.Context(), ds)
	require.NoError(t, err)
	tx, err := h.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // it is the host that keeps it open
	_, err = h.store.Enqueue(sqlstore.WithTx(t.Context(), tx), []webhook.Delivery{
		lined("of the host", "line of the host"), lined("of the host too", "line 0")})
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	claim := webhook.Claim{Now: time.Now(), Lease: time.Minute, Limit: 2 * many}
	claimed, err := h.store.Claim(ctx, claim)
	require.NoError(t, err, "Claim")
	require.Equal(t, many, len(claimed), "claimed")
	changes := make([]webhook.Change, many)
	for i, del := range claimed {
		changes[i] = webhook.Change{ID: del.ID, Fence: del.Fence, State: webhook.Delivered, Finished: claim.Now,
			Attempt: &webhook.Attempt{DeliveryID: del.ID, Number: 1, State: webhook.Delivered}}
	}
	beside := lined(fmt.Sprint("beside ", many), "line 1")
	beside.State = webhook.Canceled
	_, err = h.store.Enqueue(ctx, []webhook.Delivery{beside})
	require.NoError(t, err, "Enqueue")
	errs, err := h.store.Update(ctx, changes)
	require.NoError(t, err, "Update")
	require.Equal(t, make([]error, many), errs)
	removed, err := h.store.Prune(ctx, webhook.Prune{Delivered: claim.Now.Add(time.Hour), Limit: 2 * many})
	require.NoError(t, err, "Prune")
	require.Equal(t, many, removed)
}
