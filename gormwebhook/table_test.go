package gormwebhook_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/docevent/webhook/gormwebhook"
	"github.com/docevent/webhook/sqlstore"
)

// Of a statement with a limit, which MySQL has, the rows that it changes are
// those of the events.
func TestLimit(t *testing.T) {
	tests := []struct {
		name string
		do   func(db *gorm.DB) error
		want []string
	}{
		{"delete", func(db *gorm.DB) error {
			return db.Unscoped().Where("status = ?", "draft").Order("id DESC").Limit(2).Delete(&Order{}).Error
		}, []string{"Order 3 on_trash: - > draft", "Order 2 on_trash: - > draft"}},
		{"soft delete", func(db *gorm.DB) error {
			return db.Where("ref = ?", "b").Or("status = ?", "draft").Order("id DESC").Limit(1).Delete(&Order{}).Error
		}, []string{"Order 3 on_trash: - > draft"}},
		{"update", func(db *gorm.DB) error {
			return db.Model(&Order{}).Where("ref = ?", "b").Or("status = ?", "draft").
				Order("id DESC").Limit(1).Update("status", "x").Error
		}, []string{"Order 3 on_update: draft > x", "Order 3 on_change: draft > x"}},
		{"update of none", func(db *gorm.DB) error {
			return db.Model(&Order{}).Where("status = ?", "none").Limit(1).Update("status", "x").Error
		}, nil},
		{"more than there are", func(db *gorm.DB) error {
			return db.Model(&Order{}).Where("ref <> ?", "b").Limit(9).UpdateColumn("status", "x").Error
		}, []string{"Order 1 on_change: draft > x", "Order 3 on_change: draft > x"}},
		{"not by the database's choice", func(db *gorm.DB) error {
			// The index that finds the rows is not the one that orders them.
			err := db.Exec("CREATE INDEX by_status ON orders (status(20), ref)").Error
			return errors.Join(err,
				db.Model(&Order{}).Where("status = ?", "draft").Limit(1).Update("status", "x").Error,
				db.Exec("DROP INDEX by_status ON orders").Error)
		}, nil},
	}
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		if w.on.dialect != sqlstore.MySQL {
			t.Skip("GORM leaves the limit out here")
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				w.begin(t)
				w.orders("a", "b", "c")
				require.NoError(t, tt.do(w.db))
				var left, changed int64
				require.NoError(t, w.db.Model(&Order{}).Count(&left).Error)
				require.NoError(t, w.db.Model(&Order{}).Where("status = ?", "x").Count(&changed).Error)
				got := w.dispatched()
				if tt.want != nil {
					require.Equal(t, tt.want, got)
				}
				names := map[string]bool{}
				for _, text := range got {
					names[text[:len("Order 1")]] = true
				}
				require.EqualValues(t, 3-left+changed, len(names), "rows that changed")
			})
		}
	})
}

// A Sale is in another schema than the tables of the store.
type Sale struct {
	ID     uint   `json:"id"`
	Ref    string `json:"ref"`
	Status string `json:"status"`
}

func (Sale) DocType() string   { return "Order" }
func (Sale) TableName() string { return schemaOfSales + ".sales" }

var schemaOfSales = scratch()

// A table may be in another schema, or go by another name in a statement.
func TestTable(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		schema := map[sqlstore.Dialect][2]string{
			sqlstore.SQLite:   {"ATTACH ':memory:' AS ", "DETACH "},
			sqlstore.Postgres: {"CREATE SCHEMA ", "DROP SCHEMA "},
			sqlstore.MySQL:    {"CREATE DATABASE ", "DROP DATABASE "},
		}[w.on.dialect]
		sqlDB, err := w.db.DB()
		require.NoError(t, err)
		sqlDB.SetMaxOpenConns(1) // SQLite attaches to one connection
		require.NoError(t, w.db.Exec(schema[0]+schemaOfSales).Error)
		t.Cleanup(func() { require.NoError(t, w.db.Exec(schema[1]+schemaOfSales).Error) })
		serial := map[sqlstore.Dialect]string{
			sqlstore.SQLite: "INTEGER PRIMARY KEY", sqlstore.Postgres: "SERIAL PRIMARY KEY",
			sqlstore.MySQL: "INTEGER PRIMARY KEY AUTO_INCREMENT",
		}[w.on.dialect]
		require.NoError(t, w.db.Exec("CREATE TABLE "+schemaOfSales+".sales (id "+serial+
			", ref VARCHAR(20) UNIQUE, status VARCHAR(20))").Error)
		t.Cleanup(func() { require.NoError(t, w.db.Exec("DROP TABLE "+schemaOfSales+".sales").Error) })
		byRef := clause.OnConflict{
			Columns:   []clause.Column{{Name: "ref"}},
			DoUpdates: clause.AssignmentColumns([]string{"status"}),
		}
		for _, do := range []func(db *gorm.DB) error{
			func(db *gorm.DB) error { return db.Create(&Sale{Ref: "a", Status: "new"}).Error },
			func(db *gorm.DB) error { return db.Model(&Sale{ID: 1}).Update("status", "paid").Error },
			func(db *gorm.DB) error { return db.Clauses(byRef).Create(&Sale{Ref: "a", Status: "back"}).Error },
			func(db *gorm.DB) error {
				return db.Table(schemaOfSales+".sales AS s").Model(&Sale{}).
					Where("s.ref = ?", "a").Update("status", "x").Error
			},
			func(db *gorm.DB) error { return db.Delete(&Sale{}, 1).Error },
		} {
			require.NoError(t, do(w.db))
		}
		require.Equal(t, []string{
			"Order 1 after_insert: - > new", "Order 1 on_update: - > new",
			"Order 1 on_update: new > paid", "Order 1 on_change: new > paid",
			"Order 1 on_update: paid > back", "Order 1 on_change: paid > back",
			"Order 1 on_update: back > x", "Order 1 on_change: back > x",
			"Order 1 on_trash: - > x"}, w.dispatched())
	})
}

// What cannot be seen is said, and the write goes on.
func TestStatementThatIsNotSeenIsLogged(t *testing.T) {
	var log bytes.Buffer
	onEach(t, &gorm.Config{}, &gormwebhook.Options{Logger: to(&log)}, func(t *testing.T, w *world) {
		if w.on.dialect == sqlstore.MySQL {
			t.Skip("it has neither")
		}
		w.orders("a")
		w.quietly(func(db *gorm.DB) error { return db.Create(&Item{OrderID: 1}).Error })
		require.NoError(t, w.db.Model(&Order{}).Clauses(clause.From{Tables: []clause.Table{{Name: "items"}}}).
			Where("items.order_id = orders.id").Update("status", "x").Error)
		require.Contains(t, log.String(), "has a FROM clause")
		if w.on.dialect == sqlstore.Postgres {
			require.NoError(t, w.db.Exec("ALTER TABLE orders ADD CONSTRAINT one_ref UNIQUE (ref)").Error)
			require.NoError(t, w.db.Clauses(clause.OnConflict{
				OnConstraint: "one_ref", DoUpdates: clause.AssignmentColumns([]string{"status"}),
			}).Create(&Order{Ref: "a", Status: "y"}).Error)
			require.Contains(t, log.String(), "constraint=one_ref")
		}
		require.Empty(t, w.dispatched())
	})
}
