package gormwebhook_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glebarez/sqlite"
	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/gormwebhook"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/webhooktest"
)

// A database is one that tests run on: a file, or a server that the environment
// names.
type database struct {
	name    string
	dialect sqlstore.Dialect
	open    func(t *testing.T) gorm.Dialector // an empty one
}

func databases(t *testing.T) []database {
	dbs := []database{{"SQLite", sqlstore.SQLite, func(t *testing.T) gorm.Dialector {
		return sqlite.Open(sqliteDSN(t))
	}}}
	server := func(variable string, more ...database) {
		if os.Getenv(variable) != "" {
			dbs = append(dbs, more...)
		}
	}
	server("WEBHOOK_TEST_POSTGRES", database{"PostgreSQL", sqlstore.Postgres, openPostgres})
	server("WEBHOOK_TEST_MYSQL",
		database{"MariaDB", sqlstore.MySQL, func(t *testing.T) gorm.Dialector { return mysql.Open(mysqlDSN(t)) }},
		// MySQL itself, and older MariaDB, do not say what they inserted.
		database{"MySQL", sqlstore.MySQL, func(t *testing.T) gorm.Dialector {
			return mysql.New(mysql.Config{DSN: mysqlDSN(t), DisableWithReturning: true})
		}})
	return dbs
}

func sqliteDSN(t *testing.T) string {
	return "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)"
}

// scratch names what a test makes on a server.
func scratch() string { return fmt.Sprintf("gormwebhook_%d_%d", os.Getpid(), made.next()) }

var made counter

type counter struct{ n int }

func (c *counter) next() int { c.n++; return c.n }

// openPostgres makes a schema of the test's own.
func openPostgres(t *testing.T) gorm.Dialector {
	dsn, err := url.Parse(os.Getenv("WEBHOOK_TEST_POSTGRES"))
	require.NoError(t, err)
	name := scratch()
	administer(t, postgres.Open(dsn.String()), "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
	query := dsn.Query()
	query.Set("search_path", name)
	dsn.RawQuery = query.Encode()
	return postgres.Open(dsn.String())
}

// mysqlDSN makes a database of the test's own.
func mysqlDSN(t *testing.T) string {
	cfg, err := mysqldriver.ParseDSN(os.Getenv("WEBHOOK_TEST_MYSQL"))
	require.NoError(t, err)
	name := scratch()
	administer(t, mysql.Open(cfg.FormatDSN()), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4", "DROP DATABASE "+name)
	cfg.DBName, cfg.ParseTime = name, true
	return cfg.FormatDSN()
}

// administer makes something on a server, and removes it in the end.
func administer(t *testing.T, on gorm.Dialector, create, drop string) {
	db, err := gorm.Open(on, &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	require.NoError(t, db.Exec(create).Error)
	t.Cleanup(func() {
		require.NoError(t, db.Exec(drop).Error)
		sqlDB, err := db.DB()
		require.NoError(t, err)
		require.NoError(t, sqlDB.Close())
	})
}

// A world is a database with a plugin, and what it dispatched.
type world struct {
	t  *testing.T
	on database
	db *gorm.DB
	d  *webhook.Dispatcher
}

// onEach runs a test on each database.
func onEach(t *testing.T, cfg *gorm.Config, opts *gormwebhook.Options, f func(t *testing.T, w *world)) {
	for _, on := range databases(t) {
		t.Run(on.name, func(t *testing.T) { f(t, openWorld(t, on, cfg, opts)) })
	}
}

// newWorld is for what has nothing to do with the kind of database.
func newWorld(t *testing.T, cfg *gorm.Config, opts *gormwebhook.Options) *world {
	return openWorld(t, databases(t)[0], cfg, opts)
}

func openWorld(t *testing.T, on database, cfg *gorm.Config, opts *gormwebhook.Options) *world {
	own := *cfg
	own.Logger, own.DisableForeignKeyConstraintWhenMigrating = logger.Discard, true
	db, err := gorm.Open(on.open(t), &own)
	require.NoError(t, err)
	sqlDB, err := db.DB()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sqlDB.Close() })
	require.NoError(t, db.AutoMigrate(&Order{}, &Item{}, &Price{}))

	store, err := sqlstore.New(sqlDB, on.dialect)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	d, err := webhook.New(store, &webhook.Options{
		Transport: webhooktest.NewReceiver(""), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	for _, docType := range []string{"Order", "items", "Price"} {
		require.NoError(t, d.SaveWebhook(t.Context(), webhook.Webhook{
			Name: docType, DocType: docType, URL: "https://example.com", Structure: webhook.Text,
			Events: []webhook.EventType{
				webhook.AfterInsert, webhook.OnUpdate, webhook.OnSubmit,
				webhook.OnTrash, webhook.OnChange,
			},
			Body: `{{ event.doctype }} {{ event.name }} {{ event }}: ` +
				`{{ previous.status if previous else "-" }} > {{ doc.status }}`,
		}))
	}
	require.NoError(t, db.Use(gormwebhook.New(d, opts)))
	return &world{t: t, on: on, db: db, d: d}
}

// begin empties the tables for another test, with numbers from 1 again.
func (w *world) begin(t *testing.T) {
	w.t = t
	texts := []string{"DELETE FROM webhook_attempts", "DELETE FROM webhook_states", "DELETE FROM webhook_deliveries",
		"DELETE FROM orders", "DELETE FROM items", "DELETE FROM prices"}
	for _, table := range []string{"orders", "items"} {
		texts = append(texts, map[sqlstore.Dialect]string{
			sqlstore.SQLite:   "DELETE FROM sqlite_sequence WHERE name = '" + table + "'",
			sqlstore.Postgres: "ALTER SEQUENCE " + table + "_id_seq RESTART",
			sqlstore.MySQL:    "ALTER TABLE " + table + " AUTO_INCREMENT = 1",
		}[w.on.dialect])
	}
	for _, text := range texts {
		require.NoError(t, w.db.Exec(text).Error)
	}
}

// dispatched returns what was dispatched, the oldest first.
func (w *world) dispatched() []string {
	ds, err := w.d.Deliveries(w.t.Context(), webhook.DeliveryQuery{Limit: 1000})
	require.NoError(w.t, err)
	texts := make([]string, 0, len(ds))
	for _, d := range slices.Backward(ds) {
		texts = append(texts, string(d.Body))
	}
	return texts
}

// quietly runs f unseen, to prepare what a test is about.
func (w *world) quietly(f func(db *gorm.DB) error) {
	require.NoError(w.t, f(w.db.WithContext(webhook.Suppress(w.t.Context()))))
}

func (w *world) orders(refs ...string) {
	w.quietly(func(db *gorm.DB) error {
		for _, ref := range refs {
			if err := db.Create(&Order{Ref: ref, Status: "draft"}).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

var errBack = errors.New("roll back")
