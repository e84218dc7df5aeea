package sqltest_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/webhooktest"
)

// A host is an application with a table of its own beside the store's, and a
// webhook that listens.
type host struct {
	database
	t        *testing.T
	db       *sql.DB
	store    *sqlstore.Store
	d        *webhook.Dispatcher
	receiver *webhooktest.Receiver
}

func newHost(t *testing.T, d database) *host {
	h := &host{database: d, t: t, db: d.connect(t), receiver: webhooktest.NewReceiver("")}
	h.store = d.store(t, h.db)
	_, err := h.db.Exec(d.SQL("CREATE TABLE {prefix}host (name VARCHAR(50) NOT NULL PRIMARY KEY, amount INTEGER)"))
	require.NoError(t, err)
	h.d = h.dispatcher()
	require.NoError(t, h.d.SaveWebhook(t.Context(), h.webhook("orders", false)))
	return h
}

func (h *host) dispatcher() *webhook.Dispatcher {
	d, err := webhook.New(h.store, &webhook.Options{
		Transport: h.receiver, Logger: slog.New(slog.DiscardHandler), PollInterval: 10 * time.Second,
	})
	require.NoError(h.t, err)
	return d
}

func (h *host) webhook(name string, ordered bool) webhook.Webhook {
	return webhook.Webhook{
		Name: name, DocType: "Order",
		Events: []webhook.EventType{webhook.AfterInsert, webhook.OnUpdate},
		URL:    "https://example.com/" + name, Ordered: ordered}
}

// write inserts a row of the host's.
func (h *host) write(ctx context.Context, tx sqlstore.Tx, name string) error {
	_, err := tx.ExecContext(ctx, h.SQL("INSERT INTO {prefix}host (name, amount) VALUES (?, 1)"), name)
	return err
}

// save writes a row and dispatches its event.
func (h *host) save(ctx context.Context, tx sqlstore.Tx, name string) error {
	if err := h.write(ctx, tx, name); err != nil {
		return err
	}
	_, err := h.d.Dispatch(ctx, inserted(name))
	return err
}

func inserted(name string) webhook.Event {
	return webhook.Event{
		ID: "evt_" + name, Type: webhook.AfterInsert, DocType: "Order", Name: name,
		Doc: map[string]any{"name": name},
	}
}

// holds ends the test unless the host's table and the store have what belongs to
// these documents, and nothing else.
func (h *host) holds(want ...string) {
	h.t.Helper()
	rows, err := h.db.Query(h.SQL("SELECT name FROM {prefix}host ORDER BY name"))
	require.NoError(h.t, err)
	defer rows.Close()
	got := []string{}
	for rows.Next() {
		var name string
		require.NoError(h.t, rows.Scan(&name))
		got = append(got, name)
	}
	rows.Close()
	require.ElementsMatch(h.t, want, got, "rows of the host")
	h.sent(want...)
}

// sent ends the test unless the store has deliveries of these documents alone.
func (h *host) sent(want ...string) {
	h.t.Helper()
	ds, err := h.store.Deliveries(h.t.Context(), webhook.DeliveryQuery{})
	require.NoError(h.t, err)
	sent := []string{}
	for _, d := range ds {
		sent = append(sent, d.DocName)
	}
	require.ElementsMatch(h.t, want, sent, "deliveries")
}

var errRefused = errors.New("the host changed its mind")

func TestInTx(t *testing.T) {
	for _, test := range []struct {
		name string
		fn   func(h *host, ctx context.Context, tx *sql.Tx) error
		want func(t *testing.T, err error)
		rows []string
	}{
		{
			name: "commits both",
			fn:   func(h *host, ctx context.Context, tx *sql.Tx) error { return h.save(ctx, tx, "a") },
			want: func(t *testing.T, err error) { require.NoError(t, err) },
			rows: []string{"a"},
		},
		{
			name: "an error rolls both back",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				return errors.Join(h.save(ctx, tx, "a"), errRefused)
			},
			want: func(t *testing.T, err error) { require.ErrorIs(t, err, errRefused) },
		},
		{
			name: "a panic rolls both back and goes on",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				require.NoError(h.t, h.save(ctx, tx, "a"))
				panic(errRefused)
			},
			want: func(t *testing.T, err error) { require.ErrorIs(t, err, errRefused) },
		},
		{
			name: "the end of the goroutine rolls both back",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				require.NoError(h.t, h.save(ctx, tx, "a"))
				runtime.Goexit()
				return nil
			},
			want: func(t *testing.T, err error) { require.ErrorIs(t, err, errGoexit) },
		},
		{
			name: "a transaction that the host ended",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				require.NoError(h.t, h.save(ctx, tx, "a"))
				return tx.Rollback()
			},
			want: func(t *testing.T, err error) { require.ErrorIs(t, err, sql.ErrTxDone) },
		},
		{
			name: "the same event twice, also to the database",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				plain := sqlstore.WithTx(h.t.Context(), tx)
				require.NoError(h.t, h.save(plain, tx, "a"))
				r, err := h.d.Dispatch(plain, inserted("a"))
				require.NoError(h.t, err)
				require.Equal(h.t, webhook.Duplicate, r.Outcomes[0].Decision)
				if _, err = h.d.Dispatch(ctx, inserted("a")); err != nil {
					return err
				}
				return h.save(ctx, tx, "b")
			},
			want: func(t *testing.T, err error) { require.NoError(t, err) },
			rows: []string{"a", "b"},
		},
		{
			name: "webhooks are not saved in it",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				require.ErrorContains(h.t, h.d.SaveWebhook(ctx, h.webhook("other", false)),
					"cannot be saved in the host's transaction")
				require.ErrorContains(h.t, h.store.DeleteWebhook(ctx, "orders"),
					"cannot be saved in the host's transaction")
				return h.save(ctx, tx, "a")
			},
			want: func(t *testing.T, err error) { require.NoError(t, err) },
			rows: []string{"a"},
		},
		{
			name: "not within itself",
			fn: func(h *host, ctx context.Context, tx *sql.Tx) error {
				return sqlstore.InTx(ctx, h.d, h.db, nil, func(context.Context, *sql.Tx) error { return nil })
			},
			want: func(t *testing.T, err error) { require.ErrorContains(t, err, "InTx within a transaction") },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, d database) {
				h := newHost(t, d)
				h.db.SetMaxOpenConns(1) // so that whatever uses another connection hangs
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := contained(func() error {
					return sqlstore.InTx(ctx, h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
						return test.fn(h, ctx, tx)
					})
				})
				test.want(t, err)
				h.holds(test.rows...)
				require.NoError(t, sqlstore.InTx(ctx, h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
					return h.save(ctx, tx, "z")
				}), "the connection is free again")
				h.holds(append(test.rows, "z")...)
			})
		})
	}
}

var errGoexit = errors.New("the goroutine ended")

// contained runs f on a goroutine, and returns its panic, or errGoexit, as an
// error.
func contained(f func() error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = errGoexit
		defer func() {
			if p := recover(); p != nil {
				err = p.(error)
			}
		}()
		err = f()
	}()
	<-done
	return err
}

func TestInTxWhenTheCommitFails(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		switch d.Dialect {
		case sqlstore.MySQL:
			t.Skip("MySQL has no deferred constraints: its commits fail with the connection")
		case sqlstore.SQLite:
			d.DSN += "&_pragma=foreign_keys(1)"
		}
		h := newHost(t, d)
		err := sqlstore.InTx(t.Context(), h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
			// What only the commit finds out.
			run(t, tx, d.SQL("CREATE TABLE {prefix}child (name VARCHAR(50) REFERENCES "+
				"{prefix}host (name) DEFERRABLE INITIALLY DEFERRED)"))
			run(t, tx, d.SQL("INSERT INTO {prefix}child VALUES ('nobody')"))
			return h.save(ctx, tx, "a")
		})
		require.ErrorContains(t, err, "commit the transaction")
		h.holds()
	})
}

func run(t *testing.T, tx sqlstore.Tx, text string, args ...any) {
	t.Helper()
	_, err := tx.ExecContext(t.Context(), text, args...)
	require.NoError(t, err)
}

func TestInTxWhenTheContextEnds(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		ctx, cancel := context.WithCancel(t.Context())
		err := sqlstore.InTx(ctx, h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
			defer cancel()
			return h.save(ctx, tx, "a")
		})
		require.ErrorIs(t, err, context.Canceled)
		h.holds()
	})
}

// Who gives up waiting for another's transaction learns of the own deadline.
func TestDispatchWhoseDeadlinePasses(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("what waits for its writer is not broken off")
		}
		h := newHost(t, d)
		tx, err := h.db.Begin()
		require.NoError(t, err)
		defer tx.Rollback() //nolint:errcheck // nothing is to stay
		require.NoError(t, h.save(sqlstore.WithTx(t.Context(), tx), tx, "a"))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = h.d.Dispatch(ctx, inserted("a"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestInTxSendsTheLastOfADocument(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		require.NoError(t, sqlstore.InTx(t.Context(), h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
			for _, id := range []string{"1", "2", "3"} {
				ev := inserted("a")
				ev.ID = id
				r, err := h.d.Dispatch(ctx, ev)
				require.NoError(t, err)
				require.Equal(t, webhook.Held, r.Outcomes[0].Decision)
			}
			return h.write(ctx, tx, "a")
		}))
		h.holds("a")
		require.NoError(t, h.d.Drain(t.Context()))
		require.Equal(t, "3", h.receiver.Requests()[0].EventID)
	})
}

// TestInTxWakes has a Run that polls every ten seconds deliver at once.
func TestInTxWakes(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.d.Run(ctx) }()
		for _, name := range []string{"a", "b"} {
			require.NoError(t, sqlstore.InTx(ctx, h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
				return h.save(ctx, tx, name)
			}))
		}
		patience, stop := context.WithTimeout(ctx, 8*time.Second)
		defer stop()
		require.NoError(t, h.receiver.Wait(patience, 2))
		cancel()
		require.NoError(t, <-ended)
	})
}

// TestOneConnection has Dispatch write in the transaction that holds the only
// connection, when it knows nothing of the store yet, and a second after.
func TestOneConnection(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		h.store = d.bare(t, h.db) // it has not looked at the schema
		h.d = h.dispatcher()
		h.db.SetMaxOpenConns(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		tx, err := h.db.BeginTx(ctx, nil)
		require.NoError(t, err)
		within := sqlstore.WithTx(ctx, tx)
		require.NoError(t, h.save(within, tx, "a"))

		// One that needs the connection waits for it, and only for that.
		others := make(chan error, 1)
		go func() { _, err := h.d.Dispatch(ctx, inserted("c")); others <- err }()
		select {
		case err := <-others:
			t.Fatalf("Dispatch without the transaction did not wait: %v", err)
		case <-time.After(1200 * time.Millisecond): // the library looks once a second
		}
		require.NoError(t, h.save(within, tx, "b"))
		require.NoError(t, tx.Commit())
		require.NoError(t, <-others)
		_, err = h.db.Exec(h.SQL("INSERT INTO {prefix}host (name) VALUES ('c')"))
		require.NoError(t, err)
		h.holds("a", "b", "c")
	})
}

func TestInSavepoint(t *testing.T) {
	for _, way := range []struct {
		name string
		run  func(h *host, fn func(ctx context.Context, tx *sql.Tx) error) error
	}{
		{"InTx", func(h *host, fn func(ctx context.Context, tx *sql.Tx) error) error {
			return sqlstore.InTx(h.t.Context(), h.d, h.db, nil, fn)
		}},
		{"WithTx", func(h *host, fn func(ctx context.Context, tx *sql.Tx) error) error {
			tx, err := h.db.Begin()
			require.NoError(h.t, err)
			defer tx.Rollback() //nolint:errcheck // after the commit
			if err := fn(sqlstore.WithTx(h.t.Context(), tx), tx); err != nil {
				return err
			}
			return tx.Commit()
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, d database) {
				h := newHost(t, d)
				require.NoError(t, way.run(h, func(ctx context.Context, tx *sql.Tx) error {
					require.NoError(t, h.save(ctx, tx, "a"))
					err := sqlstore.InSavepoint(ctx, "one", func(ctx context.Context) error {
						require.NoError(t, h.save(ctx, tx, "refused"))
						return errRefused
					})
					require.ErrorIs(t, err, errRefused)
					require.NoError(t, sqlstore.InSavepoint(ctx, "one", func(ctx context.Context) error {
						require.NoError(t, h.save(ctx, tx, "b"))
						err := contained(func() error {
							return sqlstore.InSavepoint(ctx, "two", func(ctx context.Context) error {
								require.NoError(t, h.save(ctx, tx, "panicked"))
								panic(errRefused)
							})
						})
						require.ErrorIs(t, err, errRefused)
						return nil
					}))
					require.ErrorContains(t, sqlstore.InSavepoint(ctx, "no; DROP", nil), "no plain identifier")
					return h.save(ctx, tx, "c")
				}))
				h.holds("a", "b", "c")
			})
		})
	}
	require.ErrorContains(t, sqlstore.InSavepoint(t.Context(), "one", nil), "without a transaction")
}

// A savepoint within another of its name is undone with it.
func TestInSavepointWithinItself(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		require.NoError(t, sqlstore.InTx(t.Context(), h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
			within := func(name string, fails error) func(ctx context.Context) error {
				return func(ctx context.Context) error {
					require.NoError(t, h.save(ctx, tx, name))
					return fails
				}
			}
			err := sqlstore.InSavepoint(ctx, "one", func(ctx context.Context) error {
				require.NoError(t, h.save(ctx, tx, "outer"))
				require.NoError(t, sqlstore.InSavepoint(ctx, "one", within("inner", nil)))
				require.ErrorIs(t, sqlstore.InSavepoint(ctx, "one", within("refused", errRefused)), errRefused)
				return errRefused
			})
			require.ErrorIs(t, err, errRefused)
			return sqlstore.InSavepoint(ctx, "one", func(ctx context.Context) error {
				require.ErrorIs(t, sqlstore.InSavepoint(ctx, "one", within("refused", errRefused)), errRefused)
				return h.save(ctx, tx, "kept")
			})
		}))
		h.holds("kept")
	})
}

// What ran out of time is undone, and the transaction goes on.
func TestInSavepointOutOfTime(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		require.NoError(t, sqlstore.InTx(t.Context(), h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
			require.NoError(t, h.save(ctx, tx, "a"))
			limited, cancel := context.WithCancel(ctx)
			err := sqlstore.InSavepoint(limited, "one", func(ctx context.Context) error {
				require.NoError(t, h.save(ctx, tx, "late"))
				cancel()
				return ctx.Err()
			})
			require.Equal(t, context.Canceled, err)
			return h.save(ctx, tx, "b")
		}))
		h.holds("a", "b")
	})
}

// TestHostSavepoint rolls back a savepoint of the host's own: what Dispatch wrote
// in the transaction goes with it.
func TestHostSavepoint(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := newHost(t, d)
		tx, err := h.db.Begin()
		require.NoError(t, err)
		ctx := sqlstore.WithTx(t.Context(), tx)
		require.NoError(t, h.save(ctx, tx, "a"))
		run(t, tx, "SAVEPOINT s")
		require.NoError(t, h.save(ctx, tx, "b"))
		run(t, tx, "ROLLBACK TO SAVEPOINT s")
		require.NoError(t, h.save(ctx, tx, "c"))
		require.NoError(t, tx.Commit())
		h.holds("a", "c")
	})
}

func TestWithTxOfNothing(t *testing.T) {
	d := open(t, sqltest.Dialects[0])
	h := newHost(t, d)
	ctx := sqlstore.WithTx(t.Context(), nil)
	require.False(t, h.store.InTransaction(ctx))
	require.False(t, h.store.InTransaction(sqlstore.WithTx(ctx, (*sql.Tx)(nil))))
	_, err := h.d.Dispatch(ctx, inserted("a"))
	require.NoError(t, err)
}
