package gormwebhook_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/gormwebhook"
)

// breakStore makes every Enqueue fail, and returns how to mend it.
func (w *world) breakStore() (mend func()) {
	require.NoError(w.t, w.db.Exec("ALTER TABLE webhook_deliveries RENAME TO elsewhere").Error)
	return func() { require.NoError(w.t, w.db.Exec("ALTER TABLE elsewhere RENAME TO webhook_deliveries").Error) }
}

func to(log *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(log, nil)) }

func (w *world) count() int64 {
	var n int64
	require.NoError(w.t, w.db.Model(&Order{}).Count(&n).Error)
	return n
}

func TestStoreThatFailsRollsBack(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		mend := w.breakStore()
		require.ErrorContains(t, w.db.Create(&Order{}).Error, "enqueue")
		require.ErrorContains(t, w.db.Transaction(func(tx *gorm.DB) error {
			return tx.Create(&Order{}).Error
		}), "enqueue")
		require.Zero(t, w.count())
		mend()
		require.Empty(t, w.dispatched())
		require.NoError(t, w.db.Create(&Order{}).Error)
		require.Len(t, w.dispatched(), 2)
	})
}

// Without a transaction there is nothing to roll back: the write stays.
func TestStoreThatFailsWithoutATransactionIsLogged(t *testing.T) {
	var log bytes.Buffer
	onEach(t, &gorm.Config{SkipDefaultTransaction: true}, &gormwebhook.Options{Logger: to(&log)},
		func(t *testing.T, w *world) {
			log.Reset()
			mend := w.breakStore()
			require.NoError(t, w.db.Create(&Order{}).Error)
			require.EqualValues(t, 1, w.count())
			require.Contains(t, log.String(), "without a transaction")
			mend()
			require.Error(t, w.db.Transaction(func(tx *gorm.DB) error {
				return errors.Join(tx.Create(&Order{Ref: "b"}).Error, errBack)
			}))
			require.Empty(t, w.dispatched(), "db.Transaction is one all the same")
		})
}

// The transaction has the only connection there is.
func TestOneConnection(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		sqlDB, err := w.db.DB()
		require.NoError(t, err)
		sqlDB.SetMaxOpenConns(1)
		require.NoError(t, w.db.Transaction(func(tx *gorm.DB) error {
			return errors.Join(tx.Create(&Order{Status: "new"}).Error,
				tx.Model(&Order{ID: 1}).Update("status", "paid").Error)
		}))
		require.Len(t, w.dispatched(), 4)
		require.NoError(t, w.d.Drain(t.Context()))
		ds, err := w.d.Deliveries(t.Context(), webhook.DeliveryQuery{States: []webhook.State{webhook.Delivered}})
		require.NoError(t, err)
		require.Len(t, ds, 4)
	})
}

func TestInvalidEventIsLoggedAndTheOthersAreDispatched(t *testing.T) {
	var log bytes.Buffer
	onEach(t, &gorm.Config{}, &gormwebhook.Options{Logger: to(&log)}, func(t *testing.T, w *world) {
		log.Reset()
		long := strings.Repeat("\u00e9", 150) // 300 bytes
		require.NoError(t, w.db.Create([]Price{{Item: "a"}, {Item: long}, {Item: "b"}}).Error)
		require.Equal(t, []string{"Price a/ after_insert: - > ", "Price a/ on_update: - > ",
			"Price b/ after_insert: - > ", "Price b/ on_update: - > "}, w.dispatched())
		require.Contains(t, log.String(), "Name is longer")
	})
}

func TestMaxRows(t *testing.T) {
	var log bytes.Buffer
	onEach(t, &gorm.Config{}, &gormwebhook.Options{MaxRows: 2, Logger: to(&log)}, func(t *testing.T, w *world) {
		log.Reset()
		w.orders("a", "b", "c")
		require.NoError(t, w.db.Model(&Order{}).Where("id > 0").Update("status", "x").Error)
		require.NoError(t, w.db.Create([]Item{{}, {}, {}}).Error)
		require.Empty(t, w.dispatched())
		require.Equal(t, 2, strings.Count(log.String(), "Options.MaxRows"))
		require.NoError(t, w.db.Model(&Order{}).Where("id > 1").Update("status", "y").Error)
		require.Len(t, w.dispatched(), 4)
	})
}

// GORM writes keys of its own over those of maps, or puts maps behind them.
func TestMaps(t *testing.T) {
	var log bytes.Buffer
	onEach(t, &gorm.Config{}, &gormwebhook.Options{Logger: to(&log)}, func(t *testing.T, w *world) {
		maps := []map[string]any{{"id": 7, "ref": "a", "status": "x"}, {"id": 3, "ref": "b", "status": "y"}}
		require.NoError(t, w.db.Model(&Order{}).Create(&maps).Error)
		require.ElementsMatch(t, []string{"Order 7 after_insert: - > x", "Order 7 on_update: - > x",
			"Order 3 after_insert: - > y", "Order 3 on_update: - > y"}, w.dispatched())
		maps = []map[string]any{{"ref": "c", "status": "x"}, {"ref": "d", "status": "y"}}
		w.begin(t)
		require.NoError(t, w.db.Model(&Order{}).Create(&maps).Error)
		require.Len(t, w.dispatched(), 4)
		require.Empty(t, log.String())
	})
}

func TestOptions(t *testing.T) {
	onEach(t, &gorm.Config{}, &gormwebhook.Options{
		DocType: func(model any, table string) string {
			if _, ok := model.(*Order); ok && table == "orders" {
				return "Order"
			}
			return ""
		},
		Action: func(action webhook.Action, doc, previous any) webhook.Action {
			before, _ := previous.(*Order)
			switch {
			case doc.(*Order).Status == "hidden":
				return ""
			case before != nil && before.Status == "draft" && doc.(*Order).Status == "submitted":
				return webhook.ActionSubmit
			}
			return action
		},
		Event: func(_ context.Context, ev *webhook.Event) { ev.User = "ada" },
	}, func(t *testing.T, w *world) {
		require.NoError(t, w.d.SaveWebhook(t.Context(), webhook.Webhook{
			Name: "Users", DocType: "Order", URL: "https://example.com", Structure: webhook.Text,
			Events: []webhook.EventType{webhook.OnSubmit}, Body: "by {{ event.user }}",
		}))
		w.orders("a")
		require.NoError(t, w.db.Create(&Item{Status: "i"}).Error)
		require.NoError(t, w.db.Model(&Order{ID: 1}).Update("status", "hidden").Error)
		require.NoError(t, w.db.Model(&Order{ID: 1}).UpdateColumn("status", "draft").Error)
		require.NoError(t, w.db.Model(&Order{ID: 1}).Update("status", "submitted").Error)
		require.ElementsMatch(t, []string{
			"Order 1 on_change: hidden > draft",
			"Order 1 on_update: draft > submitted", "Order 1 on_submit: draft > submitted", "by ada",
			"Order 1 on_change: draft > submitted",
		}, w.dispatched())
	})
}

// A model that no webhook listens to costs no query.
func TestNobodyListens(t *testing.T) {
	w := newWorld(t, &gorm.Config{}, nil)
	require.NoError(t, w.d.DeleteWebhook(t.Context(), "Order"))
	w.orders("a")
	queries := 0
	require.NoError(t, w.db.Callback().Query().Before("gorm:query").Register("count", func(*gorm.DB) { queries++ }))
	require.NoError(t, w.db.Model(&Order{ID: 1}).Update("status", "x").Error)
	require.NoError(t, w.db.Delete(&Order{ID: 1}).Error)
	require.Zero(t, queries)
	require.Empty(t, w.dispatched())
}

// What the plugin reads before a statement does not make the statement fail
// because another wrote meanwhile: nobody can.
func TestUpdateBesideAnotherWriter(t *testing.T) {
	w := newWorld(t, &gorm.Config{}, nil)
	w.orders("a")
	file, _, _ := strings.Cut(w.db.Dialector.(*sqlite.Dialector).DSN, "?")
	other, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(0)")
	require.NoError(t, err)
	defer other.Close()
	var beside []error
	require.NoError(t, w.db.Callback().Query().After("gorm:query").Register("beside", func(*gorm.DB) {
		_, err := other.ExecContext(t.Context(), "UPDATE orders SET ref = ref")
		beside = append(beside, err)
	}))
	require.NoError(t, w.db.Model(&Order{ID: 1}).Update("status", "paid").Error)
	require.NoError(t, w.db.Delete(&Order{ID: 1}).Error)
	require.Len(t, beside, 3)
	for _, err := range beside {
		require.ErrorContains(t, err, "locked")
	}
	require.Len(t, w.dispatched(), 3)
}

// GORM's driver for MySQL spells DoNothing as an update while it builds the
// statement.
func TestConflictThatIsSpelledOtherwise(t *testing.T) {
	w := newWorld(t, &gorm.Config{}, nil)
	w.orders("a")
	require.NoError(t, w.db.Callback().Create().After("gorm:create").Before("webhook:created").
		Register("spell", func(db *gorm.DB) {
			c := db.Statement.Clauses["ON CONFLICT"]
			c.Expression = clause.OnConflict{DoUpdates: clause.AssignmentColumns([]string{"id"})}
			db.Statement.Clauses["ON CONFLICT"] = c
		}))
	nothing := w.db.Clauses(clause.OnConflict{DoNothing: true})
	require.NoError(t, nothing.Create(&Order{ID: 1, Ref: "a", Status: "x"}).Error)
	require.Empty(t, w.dispatched())
}

// The host's own functions tell one document's events, and end nothing else.
func TestPanicOfTheHostCostsTheEventsOfItsDocument(t *testing.T) {
	var log bytes.Buffer
	poisoned := func(doc any) {
		if doc.(*Order).Status == "poison" {
			panic("no such rule")
		}
	}
	tests := []struct {
		name string
		opts gormwebhook.Options
		want string // in the log
	}{
		{"Action", gormwebhook.Options{
			Action: func(a webhook.Action, doc, _ any) webhook.Action { poisoned(doc); return a },
		},
			`table=orders doctype=Order name=2 error="panic in Options.Action: no such rule"`},
		{"Event", gormwebhook.Options{Event: func(_ context.Context, ev *webhook.Event) { poisoned(ev.Doc) }},
			`table=orders doctype=Order name=2 error="panic in Options.Event: no such rule"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Logger = to(&log)
			onEach(t, &gorm.Config{}, &tt.opts, func(t *testing.T, w *world) {
				log.Reset()
				require.NoError(t, w.db.Create([]Order{
					{Ref: "a", Status: "x"}, {Ref: "b", Status: "poison"},
					{Ref: "c", Status: "z"},
				}).Error)
				require.NoError(t, w.db.Model(&Order{ID: 2}).Update("status", "poison").Error)
				require.NoError(t, w.db.Delete(&Order{ID: 2}).Error)
				require.EqualValues(t, 2, w.count())
				require.Equal(t, []string{"Order 1 after_insert: - > x", "Order 1 on_update: - > x",
					"Order 3 after_insert: - > z", "Order 3 on_update: - > z"}, w.dispatched())
				require.Equal(t, 3, strings.Count(log.String(), tt.want), log.String())
			})
		})
	}
}

// A Riddle cannot tell its document type, or not its name.
type Riddle struct {
	ID     uint
	Status string
}

var riddleType = func() string { panic("no type") }

func (Riddle) DocType() string { return riddleType() }
func (Riddle) DocName() string { panic("no name") }

func TestPanicOfTheModelCostsItsEvents(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts gormwebhook.Options
		want string
	}{
		{"its DocType", gormwebhook.Options{}, `error="panic in the model's DocType: no type"`},
		{"its DocName", gormwebhook.Options{DocType: func(any, string) string { return "Order" }},
			`error="panic in the model's DocName: no name"`},
		{"Options.DocType", gormwebhook.Options{DocType: func(any, string) string { panic("no idea") }},
			`error="panic in Options.DocType: no idea"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			tt.opts.Logger = to(&log)
			w := newWorld(t, &gorm.Config{}, &tt.opts)
			require.NoError(t, w.db.AutoMigrate(&Riddle{}))
			require.NoError(t, w.db.Create(&Riddle{Status: "x"}).Error)
			require.NoError(t, w.db.Model(&Riddle{ID: 1}).Update("status", "y").Error)
			require.Empty(t, w.dispatched())
			require.Contains(t, log.String(), tt.want)
		})
	}
}

// panicky is a slog.Handler that can do nothing but panic.
type panicky struct{ slog.Handler }

func (panicky) Enabled(context.Context, slog.Level) bool { panic("no log") }

func TestPanicOfTheLoggerCostsItsLine(t *testing.T) {
	w := newWorld(t, &gorm.Config{}, &gormwebhook.Options{MaxRows: 1, Logger: slog.New(panicky{})})
	require.NoError(t, w.db.Create([]Order{{Ref: "a"}, {Ref: "b"}}).Error)
	require.EqualValues(t, 2, w.count())
}

func TestArgumentsThatCannotBe(t *testing.T) {
	w := newWorld(t, &gorm.Config{}, nil)
	for _, tt := range []struct {
		name   string
		plugin *gormwebhook.Plugin
		want   gormwebhook.ArgumentError
	}{
		{"no dispatcher", gormwebhook.New(nil, nil),
			gormwebhook.ArgumentError{Argument: "d", Problem: "the dispatcher is nil"}},
		{"MaxRows below zero", gormwebhook.New(w.d, &gormwebhook.Options{MaxRows: -1}),
			gormwebhook.ArgumentError{Argument: "Options.MaxRows", Problem: "is negative"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := gorm.Open(sqlite.Open(sqliteDSN(t)), &gorm.Config{})
			require.NoError(t, err)
			var invalid *gormwebhook.ArgumentError
			require.ErrorAs(t, db.Use(tt.plugin), &invalid)
			require.Equal(t, tt.want, *invalid)
			require.Equal(t, "gormwebhook: "+tt.want.Argument+": "+tt.want.Problem, invalid.Error())
			require.NoError(t, db.AutoMigrate(&Order{}))
			require.NoError(t, db.Create(&Order{}).Error, "the host goes on without webhooks")
		})
	}
}

// A unit of work holds what GORM dispatches with its context.
func TestUnit(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		u := w.d.Begin()
		db := w.db.WithContext(webhook.WithUnit(t.Context(), u))
		require.NoError(t, db.Create(&Order{Status: "a"}).Error)
		require.NoError(t, db.Model(&Order{ID: 1}).Update("status", "b").Error)
		require.Empty(t, w.dispatched())
		_, err := u.Commit(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"Order 1 on_change: a > b"}, w.dispatched())
	})
}
