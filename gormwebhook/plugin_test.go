package gormwebhook_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/docevent/webhook"
)

// An Order says what its document type is.
type Order struct {
	ID        uint           `json:"id"`
	Ref       string         `json:"ref" gorm:"uniqueIndex;size:100"`
	Status    string         `json:"status"`
	Items     []Item         `json:"items,omitempty"`
	DeletedAt gorm.DeletedAt `json:"deleted_at"`
}

func (Order) DocType() string { return "Order" }

// An Item does not: its document type is the name of its table.
type Item struct {
	ID      uint   `json:"id"`
	OrderID uint   `json:"order_id"`
	Status  string `json:"status"`
}

// A Price has two primary keys, and no webhook.
type Price struct {
	Item   string `gorm:"primaryKey"`
	Market string `gorm:"primaryKey"`
	Status string `json:"status"`
}

func (Price) DocType() string { return "Price" }

func TestEvents(t *testing.T) {
	tests := []struct {
		name string
		with []string // orders that are there, numbered from 1
		do   func(db *gorm.DB) error
		err  error
		want []string
	}{
		{"create", nil, func(db *gorm.DB) error { return db.Create(&Order{Status: "new"}).Error }, nil,
			[]string{"Order 1 after_insert: - > new", "Order 1 on_update: - > new"}},
		{"create a value that fails", []string{"a"}, func(db *gorm.DB) error {
			return db.Create(&Order{Ref: "a"}).Error
		},
			gorm.ErrDuplicatedKey, nil},
		{"create a map", nil, func(db *gorm.DB) error {
			return db.Model(&Order{}).Create(map[string]any{"Status": "new", "ID": 7}).Error
		}, nil, []string{"Order 7 after_insert: - > new", "Order 7 on_update: - > new"}},
		{"create several", nil, func(db *gorm.DB) error {
			return db.Create([]*Order{{Ref: "a", Status: "x"}, {Ref: "b", Status: "y"}}).Error
		}, nil, []string{
			"Order 1 after_insert: - > x", "Order 1 on_update: - > x",
			"Order 2 after_insert: - > y", "Order 2 on_update: - > y"}},
		{"create in batches", nil, func(db *gorm.DB) error {
			return db.CreateInBatches([]Order{
				{Ref: "a", Status: "x"}, {Ref: "b", Status: "y"}, {Ref: "c", Status: "z"},
			}, 2).Error
		}, nil, []string{
			"Order 1 after_insert: - > x", "Order 1 on_update: - > x",
			"Order 2 after_insert: - > y", "Order 2 on_update: - > y",
			"Order 3 after_insert: - > z", "Order 3 on_update: - > z"}},
		{"create with items", nil, func(db *gorm.DB) error {
			return db.Create(&Order{Status: "new", Items: []Item{{Status: "i"}}}).Error
		}, nil, []string{
			"items 1 after_insert: - > i", "items 1 on_update: - > i",
			"Order 1 after_insert: - > new", "Order 1 on_update: - > new"}},
		{"create, or nothing", []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{DoNothing: true}).Create([]Order{
				{ID: 1, Ref: "b", Status: "x"}, {ID: 2, Ref: "c", Status: "y"},
			}).Error
		}, nil, []string{"Order 2 after_insert: - > y", "Order 2 on_update: - > y"}},
		{"create, or update by a column", []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "ref"}}, DoUpdates: clause.AssignmentColumns([]string{"status"}),
			}).Create(&Order{Ref: "a", Status: "x"}).Error
		}, nil, []string{"Order 1 on_update: draft > x", "Order 1 on_change: draft > x"}},
		{"first or create", []string{"a"}, func(db *gorm.DB) error {
			return errors.Join(db.Where(Order{Ref: "a"}).FirstOrCreate(&Order{}).Error,
				db.Where(Order{Ref: "b"}).Attrs(Order{Status: "new"}).FirstOrCreate(&Order{}).Error)
		}, nil, []string{"Order 2 after_insert: - > new", "Order 2 on_update: - > new"}},
		{"save", []string{"a"}, func(db *gorm.DB) error {
			return db.Save(&Order{ID: 1, Ref: "a", Status: "paid"}).Error
		}, nil,
			[]string{"Order 1 on_update: draft > paid", "Order 1 on_change: draft > paid"}},
		{"save what is new", nil, func(db *gorm.DB) error { return db.Save(&Order{Status: "new"}).Error }, nil,
			[]string{"Order 1 after_insert: - > new", "Order 1 on_update: - > new"}},
		{"save what is new under an id", nil, func(db *gorm.DB) error {
			return db.Save(&Order{ID: 5, Status: "new"}).Error
		}, nil,
			[]string{"Order 5 after_insert: - > new", "Order 5 on_update: - > new"}},
		{"save several, old and new", []string{"a"}, func(db *gorm.DB) error {
			return db.Save([]*Order{{ID: 1, Ref: "a", Status: "paid"}, {ID: 2, Ref: "b", Status: "new"}}).Error
		}, nil, []string{
			"Order 1 on_update: draft > paid", "Order 1 on_change: draft > paid",
			"Order 2 after_insert: - > new", "Order 2 on_update: - > new"}},
		{"update of a model", []string{"a", "b"}, func(db *gorm.DB) error {
			return db.Model(&Order{ID: 2}).Update("status", "paid").Error
		}, nil, []string{"Order 2 on_update: draft > paid", "Order 2 on_change: draft > paid"}},
		{"update by a where clause", []string{"a", "b", "c"}, func(db *gorm.DB) error {
			return db.Model(&Order{}).Where("status = ? AND ref <> ?", "draft", "b").
				Updates(map[string]any{"status": "paid"}).Error
		}, nil, []string{
			"Order 1 on_update: draft > paid", "Order 1 on_change: draft > paid",
			"Order 3 on_update: draft > paid", "Order 3 on_change: draft > paid"}},
		{"update by an expression", []string{"a"}, func(db *gorm.DB) error {
			return db.Model(&Order{ID: 1}).Update("status", gorm.Expr("UPPER(status)")).Error
		}, nil, []string{"Order 1 on_update: draft > DRAFT", "Order 1 on_change: draft > DRAFT"}},
		{"update of a struct", []string{"a"}, func(db *gorm.DB) error {
			return db.Where("id = 1").Updates(&Order{Status: "paid"}).Error
		}, nil, []string{"Order 1 on_update: draft > paid", "Order 1 on_change: draft > paid"}},
		{"update of none", []string{"a"}, func(db *gorm.DB) error {
			return db.Model(&Order{}).Where("ref = ?", "z").Update("status", "paid").Error
		}, nil, nil},
		{"update without a condition", []string{"a"}, func(db *gorm.DB) error {
			return db.Model(&Order{}).Update("status", "paid").Error
		}, gorm.ErrMissingWhereClause, nil},
		{"update of all", []string{"a"}, func(db *gorm.DB) error {
			return db.Session(&gorm.Session{AllowGlobalUpdate: true}).Model(&Order{}).Update("status", "paid").Error
		}, nil, []string{"Order 1 on_update: draft > paid", "Order 1 on_change: draft > paid"}},
		{"update column", []string{"a"}, func(db *gorm.DB) error {
			return db.Model(&Order{ID: 1}).UpdateColumn("status", "paid").Error
		}, nil, []string{"Order 1 on_change: draft > paid"}},
		{"update columns", []string{"a", "b"}, func(db *gorm.DB) error {
			return db.Model(&Order{}).Where("id > 0").UpdateColumns(Order{Status: "paid"}).Error
		}, nil, []string{"Order 1 on_change: draft > paid", "Order 2 on_change: draft > paid"}},
		{"soft delete", []string{"a"}, func(db *gorm.DB) error { return db.Delete(&Order{ID: 1}).Error }, nil,
			[]string{"Order 1 on_trash: - > draft"}},
		{"soft delete twice", []string{"a"}, func(db *gorm.DB) error {
			return errors.Join(db.Delete(&Order{}, 1).Error, db.Delete(&Order{}, 1).Error)
		}, nil, []string{"Order 1 on_trash: - > draft"}},
		{"delete by a where clause", []string{"a", "b"}, func(db *gorm.DB) error {
			return db.Unscoped().Where("ref > ?", "").Delete(&Order{}).Error
		}, nil, []string{"Order 1 on_trash: - > draft", "Order 2 on_trash: - > draft"}},
		{"delete of several", []string{"a", "b"}, func(db *gorm.DB) error {
			return db.Delete(&[]Order{{ID: 1}, {ID: 2}}).Error
		}, nil, []string{"Order 1 on_trash: - > draft", "Order 2 on_trash: - > draft"}},
		{"two primary keys", nil, func(db *gorm.DB) error {
			if err := db.Create(&Price{Item: "x", Market: "eu", Status: "1"}).Error; err != nil {
				return err
			}
			return db.Save(&Price{Item: "x", Market: "eu", Status: "2"}).Error
		}, nil, []string{
			"Price x/eu after_insert: - > 1", "Price x/eu on_update: - > 1",
			"Price x/eu on_update: 1 > 2", "Price x/eu on_change: 1 > 2"}},
		{"transaction", []string{"a"}, func(db *gorm.DB) error {
			return db.Transaction(func(tx *gorm.DB) error {
				return errors.Join(tx.Create(&Order{Ref: "b", Status: "new"}).Error, tx.Delete(&Order{}, 1).Error)
			})
		}, nil, []string{
			"Order 2 after_insert: - > new", "Order 2 on_update: - > new", "Order 1 on_trash: - > draft"}},
		{"transaction rolled back", nil, func(db *gorm.DB) error {
			return db.Transaction(func(tx *gorm.DB) error {
				return errors.Join(tx.Create(&Order{Status: "new"}).Error, errBack)
			})
		}, errBack, nil},
		{"nested transaction rolled back", nil, func(db *gorm.DB) error {
			return db.Transaction(func(tx *gorm.DB) error {
				if err := tx.Create(&Order{Ref: "a", Status: "kept"}).Error; err != nil {
					return err
				}
				err := tx.Transaction(func(tx *gorm.DB) error {
					return errors.Join(tx.Create(&Order{Ref: "b", Status: "gone"}).Error, errBack)
				})
				if !errors.Is(err, errBack) {
					return errors.New("the nested transaction was not rolled back")
				}
				return tx.Model(&Order{}).Where("ref = ?", "a").Update("status", "paid").Error
			})
		}, nil, []string{
			"Order 1 after_insert: - > kept", "Order 1 on_update: - > kept",
			"Order 1 on_update: kept > paid", "Order 1 on_change: kept > paid"}},
		{"savepoint", nil, func(db *gorm.DB) error {
			tx := db.Begin()
			err := errors.Join(tx.Create(&Order{Ref: "a", Status: "kept"}).Error, tx.SavePoint("here").Error,
				tx.Create(&Order{Ref: "b", Status: "gone"}).Error, tx.RollbackTo("here").Error)
			return errors.Join(err, tx.Commit().Error)
		}, nil, []string{"Order 1 after_insert: - > kept", "Order 1 on_update: - > kept"}},
		{"suppressed", nil, func(db *gorm.DB) error {
			return db.WithContext(webhook.Suppress(context.Background())).Create(&Order{}).Error
		}, nil, nil},
		{"dry run", []string{"a"}, func(db *gorm.DB) error {
			return db.Session(&gorm.Session{DryRun: true}).Model(&Order{ID: 1}).Update("status", "paid").Error
		}, nil, nil},
		{"raw, which is not seen", []string{"a"}, func(db *gorm.DB) error {
			return errors.Join(db.Exec("UPDATE orders SET status = 'paid'").Error,
				db.Table("orders").Where("id = 1").Update("status", "x").Error)
		}, nil, nil},
	}
	configs := []struct {
		name string
		cfg  gorm.Config
	}{
		{"plain", gorm.Config{TranslateError: true}},
		{"PrepareStmt", gorm.Config{TranslateError: true, PrepareStmt: true}},
		{"SkipDefaultTransaction", gorm.Config{TranslateError: true, SkipDefaultTransaction: true}},
	}
	for _, c := range configs {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, &c.cfg, nil, func(t *testing.T, w *world) {
				for _, tt := range tests {
					t.Run(tt.name, func(t *testing.T) {
						w.begin(t)
						w.orders(tt.with...)
						require.ErrorIs(t, tt.do(w.db), tt.err)
						require.ElementsMatch(t, tt.want, w.dispatched())
						require.Equal(t, append([]string{}, tt.want...), w.dispatched(), "their order")
					})
				}
			})
		})
	}
}
