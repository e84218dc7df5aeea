package gormwebhook_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/docevent/webhook/sqlstore"
)

// What a Create with a conflict does is an insert, an update or nothing, row by
// row, as the database takes it: MySQL and MariaDB look at every unique key.
func TestConflicts(t *testing.T) {
	status := clause.AssignmentColumns([]string{"status"})
	byRef := clause.OnConflict{Columns: []clause.Column{{Name: "ref"}}, DoUpdates: status}
	byID := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: status}
	nothing, all := clause.OnConflict{DoNothing: true}, clause.OnConflict{UpdateAll: true}
	updated := []string{"Order 1 on_update: draft > x", "Order 1 on_change: draft > x"}
	inserted := func(name string) []string {
		return []string{"Order " + name + " after_insert: - > x", "Order " + name + " on_update: - > x"}
	}
	mysql := []string{"MariaDB", "MySQL"}
	tests := []struct {
		name string
		on   []string // nil: each database
		with []string
		do   func(db *gorm.DB) error
		want []string
	}{
		{"nothing, by another key than the primary", nil, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(nothing).Create(&Order{Ref: "a", Status: "x"}).Error
		}, nil},
		{"nothing, by another key than the one that is given", nil, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(nothing).Create(&Order{ID: 7, Ref: "a", Status: "x"}).Error
		}, nil},
		{"nothing, several", nil, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(nothing).Create([]Order{
				{ID: 7, Ref: "a"}, {ID: 8, Ref: "b", Status: "x"}, {ID: 1, Ref: "c"},
			}).Error
		}, inserted("8")},
		{"insert ignore", mysql, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(clause.Insert{Modifier: "IGNORE"}).Create([]Order{
				{ID: 7, Ref: "a"}, {ID: 8, Ref: "b", Status: "x"},
			}).Error
		}, inserted("8")},
		{"insert or ignore", []string{"SQLite"}, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(clause.Insert{Modifier: "OR IGNORE"}).Create([]Order{
				{ID: 1, Ref: "c"}, {ID: 8, Ref: "b", Status: "x"},
			}).Error
		}, inserted("8")},
		{"update by the key that is named", nil, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(byRef).Create(&Order{Ref: "a", Status: "x"}).Error
		}, updated},
		{"update of some", nil, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(byRef).Create([]Order{
				{ID: 7, Ref: "b", Status: "x"}, {ID: 8, Ref: "a", Status: "x"},
			}).Error
		}, append(inserted("7"), updated...)},
		{"update by another key than the one that is named", mysql, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(byID).Create(&Order{ID: 7, Ref: "a", Status: "x"}).Error
		}, updated},
		{"update by the primary key though another is named", mysql, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(byRef).Create(&Order{ID: 1, Ref: "z", Status: "x"}).Error
		}, updated},
		{"update by any key", mysql, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(all).Create(&Order{Ref: "a", Status: "x"}).Error
		}, updated},
		{"update by what the database takes for the same", mysql, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(byRef).Create([]Order{{Ref: "A", Status: "x"}, {ID: 7, Ref: "b", Status: "x"}}).Error
		}, append(inserted("7"), updated...)},
		{"update to what is there", mysql, []string{"a"}, func(db *gorm.DB) error {
			return db.Clauses(byRef).Create(&Order{Ref: "a", Status: "draft"}).Error
		}, nil},
		{"save of what is as before", nil, []string{"a"}, func(db *gorm.DB) error {
			return db.Save(&Order{ID: 1, Ref: "a", Status: "draft"}).Error
		}, []string{"Order 1 on_update: draft > draft", "Order 1 on_change: draft > draft"}},
		{"update under a condition", []string{"SQLite", "PostgreSQL"}, []string{"a", "b"}, func(db *gorm.DB) error {
			upsert := byRef
			upsert.Where = clause.Where{Exprs: []clause.Expression{
				clause.Eq{Column: clause.Column{Table: "orders", Name: "id"}, Value: 1},
			}}
			return db.Clauses(upsert).Create([]Order{{Ref: "a", Status: "x"}, {Ref: "b", Status: "x"}}).Error
		}, updated},
		{"maps", nil, []string{"a"}, func(db *gorm.DB) error {
			return errors.Join(
				db.Model(&Order{}).Clauses(byID).Create(map[string]any{"id": 1, "ref": "a", "status": "x"}).Error,
				db.Model(&Order{}).Clauses(byID).Create(map[string]any{"id": 7, "ref": "b", "status": "x"}).Error)
		}, append(updated[:2:2], inserted("7")...)},
		{"items", nil, nil, func(db *gorm.DB) error {
			return db.Create(&Order{Status: "x", Items: []Item{{ID: 3, Status: "x"}, {ID: 4, Status: "y"}}}).Error
		}, append([]string{"items 3 after_insert: - > x", "items 3 on_update: - > x",
			"items 4 after_insert: - > y", "items 4 on_update: - > y"}, inserted("1")...)},
	}
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if tt.on != nil && !slices.Contains(tt.on, w.on.name) {
					t.Skip("this database has no such statement, or fails it")
				}
				w.begin(t)
				w.orders(tt.with...)
				require.NoError(t, tt.do(w.db))
				require.Equal(t, append([]string{}, tt.want...), w.dispatched())
			})
		}
	})
}

// A row that conflicts with two others updates one, and which is the database's
// choice.
func TestConflictWithTwoRows(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		if w.on.dialect != sqlstore.MySQL {
			t.Skip("here the clause names the key")
		}
		w.orders("a", "b")
		// Not the reference too: where that makes two rows the same, the
		// statement fails.
		status := clause.OnConflict{DoUpdates: clause.AssignmentColumns([]string{"status"})}
		require.NoError(t, w.db.Clauses(status).Create(&Order{ID: 1, Ref: "b", Status: "x"}).Error)
		var updated []Order
		require.NoError(t, w.db.Where("status = ?", "x").Find(&updated).Error)
		require.Len(t, updated, 1)
		name := fmt.Sprint("Order ", updated[0].ID)
		require.Equal(t, []string{name + " on_update: draft > x", name + " on_change: draft > x"}, w.dispatched())
	})
}

// Of a batch that the database numbers GORM gives the numbers to the wrong ones.
func TestConflictsOfABatchThatTheDatabaseNumbers(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		w.orders("a", "b")
		require.NoError(t, w.db.Clauses(clause.OnConflict{DoNothing: true}).
			Create([]Order{{Ref: "a", Status: "x"}, {Ref: "c", Status: "y"}, {Ref: "b", Status: "z"}}).Error)
		var created Order
		require.NoError(t, w.db.Where("ref = ?", "c").Take(&created).Error)
		name := fmt.Sprint("Order ", created.ID)
		require.Equal(t, []string{name + " after_insert: - > y", name + " on_update: - > y"}, w.dispatched())
	})
}

// A unique key is the table's, whether the model knows of it or not.
func TestConflictsByAKeyThatTheModelDoesNotName(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		if w.on.dialect != sqlstore.MySQL {
			t.Skip("here the clause names the key")
		}
		require.NoError(t, w.db.Exec("CREATE UNIQUE INDEX by_hand ON items (order_id)").Error)
		w.quietly(func(db *gorm.DB) error { return db.Create(&Item{OrderID: 5, Status: "draft"}).Error })
		sqlDB, err := w.db.DB()
		require.NoError(t, err)
		sqlDB.SetMaxOpenConns(1)
		require.NoError(t, w.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Item{
			OrderID: 5, Status: "x",
		}).Error)
		require.Equal(t, []string{"items 1 on_update: draft > x", "items 1 on_change: draft > x"}, w.dispatched())
	})
}

// Two that insert beside each other do not wait for what the plugin locked: MySQL
// would end one of them.
func TestConflictsBesideEachOther(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		if w.on.dialect == sqlstore.SQLite {
			t.Skip("it has one writer")
		}
		var looked sync.WaitGroup
		looked.Add(2)
		require.NoError(t, w.db.Callback().Create().After("webhook:before_create").Before("gorm:create").
			Register("beside", func(*gorm.DB) { looked.Done(); looked.Wait() }))
		insert := func(item string) error {
			return w.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Price{Item: item, Status: "x"}).Error
		}
		other := make(chan error)
		go func() { other <- insert("b") }()
		require.NoError(t, errors.Join(insert("a"), <-other))
		require.Len(t, w.dispatched(), 4)
	})
}

// A row that a unique index leaves out is not the one that a Create meets.
func TestConflictInAPartOfTheTable(t *testing.T) {
	onEach(t, &gorm.Config{}, nil, func(t *testing.T, w *world) {
		if w.on.dialect == sqlstore.MySQL {
			t.Skip("it has no such index")
		}
		require.NoError(t, w.db.Exec("CREATE UNIQUE INDEX part ON items (order_id) WHERE status <> 'old'").Error)
		w.quietly(func(db *gorm.DB) error { return db.Create(&Item{OrderID: 5, Status: "old"}).Error })
		part := clause.OnConflict{Columns: []clause.Column{{Name: "order_id"}},
			TargetWhere: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "status <> 'old'"}}},
			DoUpdates:   clause.AssignmentColumns([]string{"status"})}
		for _, status := range []string{"x", "y"} {
			require.NoError(t, w.db.Clauses(part).Create(&Item{OrderID: 5, Status: status}).Error)
		}
		require.Equal(t, []string{"items 2 after_insert: - > x", "items 2 on_update: - > x",
			"items 2 on_update: x > y", "items 2 on_change: x > y"}, w.dispatched())
	})
}
