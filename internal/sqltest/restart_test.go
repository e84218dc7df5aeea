//go:build unix

package sqltest_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
)

// TestServerRestarted ends a PostgreSQL server as a crash would, and starts it
// again, three times while events are dispatched, by themselves and in
// transactions of the host's, and delivered.
func TestServerRestarted(t *testing.T) {
	c := newCluster(t)
	d := database{sqltest.Database{Dialect: sqlstore.Postgres, Prefix: "t_", DSN: c.dsn}}
	j := newJudge(t)
	s, _ := d.setUp(t, j)
	db := d.connect(t)
	_, err := db.Exec("CREATE TABLE host (name TEXT PRIMARY KEY)")
	require.NoError(t, err)
	disp, err := webhook.New(d.bare(t, db), &webhook.Options{
		Transport: webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()}),
		Logger:    slog.New(slog.DiscardHandler), Concurrency: concurrency,
		Timeout: time.Second, Lease: 11 * time.Second, PollInterval: 100 * time.Millisecond,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- disp.Run(ctx) }()

	// save writes a row and its event. After an error of the commit it looks,
	// as a host would, whether it happened.
	save := func(name string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
		res, err := tx.Exec("INSERT INTO host (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return nil // the commit whose answer was lost
		}
		if _, err := disp.Dispatch(sqlstore.WithTx(ctx, tx), event(name)); err != nil {
			return err
		}
		if strings.HasPrefix(name, "ghost") {
			return tx.Rollback()
		}
		return tx.Commit()
	}
	const events, restarts = 600, 3
	failed, ghosts := 0, 0
	restarted := make(chan struct{}, restarts)
	for i := range events {
		if i%(events/restarts) == events/restarts/2 {
			go func() { c.crash(t); c.start(t); restarted <- struct{}{} }()
		}
		if i%10 == 9 && save(fmt.Sprint("ghost ", i)) == nil {
			ghosts++
		}
		give := func() error { return save(fmt.Sprint("e", i)) }
		if i%2 == 0 {
			give = func() error { _, err := disp.Dispatch(ctx, event(fmt.Sprint("e", i))); return err }
		}
		for give() != nil { // a host repeats what failed, with the same ID
			failed++
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Millisecond)
	}
	for range restarts {
		<-restarted
	}
	eventually(t, time.Minute, "all is stored as delivered", func() bool {
		n, err := s.Count(ctx, "")
		return err == nil && n.ByState[webhook.Delivered] == events
	})
	cancel()
	require.NoError(t, <-ran)
	n, requests := j.arrived()
	t.Logf("%d restarts, %d failed calls, %d duplicates, %d rolled back", restarts, failed, requests-n, ghosts)
	require.NotZero(t, failed, "no restart fell among the calls")
	require.Equal(t, events, n)
	require.Empty(t, j.wrong)
	require.LessOrEqual(t, requests-n, restarts*5*concurrency, "beyond what Options.Concurrency says")
	var rows int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM host").Scan(&rows))
	require.Equal(t, events/2, rows)
}
