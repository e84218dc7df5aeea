package gormwebhook

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/docevent/webhook"
)

// A conflict says what a Create does about rows that exist already, and which
// rows those are. All of it is learned before the statement runs: GORM then
// spells the clause in another way, and gives documents primary keys that may
// be those of other rows.
type conflict struct {
	ignored bool          // it leaves such rows as they are
	unsure  bool          // it may leave some as they are; those that differ now were updated
	keys    []conflictKey // by any of which it knows them
	bare    map[int]bool  // documents without any of these keys: they can only be inserted
	was     map[string]reflect.Value
}

// A conflictKey is a unique key, and what documents have in it.
type conflictKey struct {
	fields []*schema.Field
	values [][]any
	of     map[string]int // the document of the values
}

const conflicts = "webhook:conflicts"

// conflictOf returns what a Create says about conflicts; nil for nothing.
func conflictOf(stmt *gorm.Statement) *clause.OnConflict {
	if insert, ok := stmt.Clauses["INSERT"].Expression.(clause.Insert); ok &&
		strings.Contains(strings.ToUpper(insert.Modifier), "IGNORE") {
		return &clause.OnConflict{DoNothing: true}
	}
	if c, ok := stmt.Clauses["ON CONFLICT"].Expression.(clause.OnConflict); ok {
		return &c
	}
	return nil
}

// anyKey reports whether a conflict can be one of any unique key, whatever the
// clause says: MySQL and MariaDB have ON DUPLICATE KEY. There an update that
// changes nothing does not count as one.
func anyKey(db *gorm.DB) bool { return db.Name() == "mysql" }

// beforeCreate reads the rows that exist already, for a Create to which that is
// no error.
func (p *Plugin) beforeCreate(db *gorm.DB, _ string) {
	stmt := db.Statement
	p.keepMapKeys(db)
	c, docs := conflictOf(stmt), given(stmt)
	if c == nil || len(docs) > p.opts.MaxRows {
		return
	}
	if c.OnConstraint != "" && !anyKey(db) {
		p.report(stmt.Context, notDispatched+": the columns of a constraint are not known",
			"table", stmt.Table, "constraint", c.OnConstraint)
		return
	}
	keys, err := keysOf(db, c)
	if err != nil {
		p.fail(db, fmt.Errorf("gormwebhook: read the unique keys of %s: %w", stmt.Table, err))
		return
	}
	k := &conflict{
		ignored: c.DoNothing, unsure: anyKey(db) || len(c.Where.Exprs)+len(c.TargetWhere.Exprs) > 0,
		bare: map[int]bool{}, was: map[string]reflect.Value{},
	}
	k.addKeys(stmt, keys, docs)
	rows, ok := p.existing(db, k)
	if !ok {
		return
	}
	for _, row := range rows {
		k.was[primaryKey(stmt, row)] = row
	}
	db.InstanceSet(conflicts, k)
}

// addKeys notes which of the keys each document has.
func (k *conflict) addKeys(stmt *gorm.Statement, keys [][]*schema.Field, docs []reflect.Value) {
	for i := range docs {
		k.bare[i] = true
	}
	for _, fields := range keys {
		key := conflictKey{fields: fields, of: map[string]int{}}
		for i, doc := range docs {
			if values := keyGiven(stmt, fields, doc); values != nil {
				key.values = append(key.values, values)
				key.of[keyOf(values)] = i
				delete(k.bare, i)
			}
		}
		k.keys = append(k.keys, key)
	}
}

// keysOf returns the keys by which a Create finds the rows that exist already:
// the fields that its clause names, else the primary key. Where any unique key
// counts, it returns those of the table, whatever the model says of them.
func keysOf(db *gorm.DB, c *clause.OnConflict) ([][]*schema.Field, error) {
	s := db.Statement.Schema
	if !anyKey(db) {
		var names []string
		for _, column := range c.Columns {
			names = append(names, column.Name)
		}
		if fields := fieldsOf(s, names); fields != nil {
			return [][]*schema.Field{fields}, nil
		}
		return [][]*schema.Field{s.PrimaryFields}, nil
	}
	keys := [][]*schema.Field{s.PrimaryFields}
	fresh := db.Session(&gorm.Session{NewDB: true})
	indexes, err := fresh.Migrator().GetIndexes(tableOf(db.Statement))
	for _, index := range indexes {
		primary, _ := index.PrimaryKey()
		unique, _ := index.Unique()
		if fields := fieldsOf(s, index.Columns()); unique && !primary && fields != nil {
			keys = append(keys, fields)
		}
	}
	return keys, err
}

// fieldsOf returns the fields of columns; nil if the model lacks one.
func fieldsOf(s *schema.Schema, columns []string) (fields []*schema.Field) {
	for _, column := range columns {
		f := s.LookUpField(column)
		if f == nil {
			return nil
		}
		fields = append(fields, f)
	}
	return fields
}

// keyGiven returns the values that a document has in the fields of a key; nil if
// one of them is NULL or left to the database, so that nothing conflicts with it.
func keyGiven(stmt *gorm.Statement, fields []*schema.Field, doc reflect.Value) []any {
	values := make([]any, len(fields))
	for i, f := range fields {
		v, zero := f.ValueOf(stmt.Context, doc)
		if zero && f.HasDefaultValue || plain(v) == nil {
			return nil
		}
		if valuer, ok := v.(driver.Valuer); ok {
			if inner, err := valuer.Value(); err != nil || inner == nil {
				return nil
			}
		}
		values[i] = v
	}
	return values
}

// existing reads the rows that have one of the keys, and locks those that may be
// updated. MySQL locks where a row is missing too, so that two inserts would wait
// for each other: there rows are looked for first, and those that exist locked.
func (p *Plugin) existing(db *gorm.DB, k *conflict) ([]reflect.Value, bool) {
	rows, ok := p.withKeys(db, k, !anyKey(db))
	if !ok || len(rows) == 0 || k.ignored || !anyKey(db) {
		return rows, ok
	}
	where := identified(db.Statement, db.Statement.Schema.PrimaryFields, rows)
	return p.rows(db, selection{where: where, unscoped: true, lock: true})
}

// withKeys reads the rows that have one of the keys, by a query for each key:
// for a single query that asks for any of the keys, a database may read, and
// lock, all rows there are.
func (p *Plugin) withKeys(db *gorm.DB, k *conflict, lock bool) ([]reflect.Value, bool) {
	var found []reflect.Value
	seen := map[string]bool{}
	for _, key := range k.keys {
		if len(key.values) == 0 {
			continue
		}
		where := among(db.Statement, key.fields, key.values)
		rows, ok := p.rows(db, selection{where: where, unscoped: true, lock: lock})
		if !ok {
			return nil, false
		}
		for _, row := range rows {
			if id := primaryKey(db.Statement, row); !seen[id] {
				seen[id] = true
				found = append(found, row)
			}
		}
	}
	return found, true
}

// written reads the rows of the documents as they are now, in the order of these,
// and says of which document each is, by its primary key.
func (p *Plugin) written(db *gorm.DB, k *conflict, docs []reflect.Value) (
	rows []reflect.Value, of map[string]int, ok bool) {
	stmt := db.Statement
	if rows, ok = p.withKeys(db, k, false); !ok {
		return nil, nil, false
	}
	var inserted []reflect.Value
	of = map[string]int{}
	for i := range k.bare {
		inserted = append(inserted, docs[i])
		of[primaryKey(stmt, docs[i])] = i
	}
	if where := identified(stmt, stmt.Schema.PrimaryFields, inserted); len(where) > 0 {
		more, ok := p.rows(db, selection{where: where, unscoped: true})
		if !ok {
			return nil, nil, false
		}
		rows = append(rows, more...)
	}
	for _, row := range rows {
		id := primaryKey(stmt, row)
		if _, ok := of[id]; !ok {
			of[id] = k.document(stmt, row, len(docs))
		}
	}
	slices.SortStableFunc(rows, func(a, b reflect.Value) int {
		return cmp.Compare(of[primaryKey(stmt, a)], of[primaryKey(stmt, b)])
	})
	return rows, of, true
}

// upserted returns the events of rows that may have been there before, in the
// order of the documents.
func (p *Plugin) upserted(db *gorm.DB, docType string, k *conflict) (documents [][]webhook.Event) {
	stmt := db.Statement
	docs := given(stmt)
	rows, of, ok := p.written(db, k, docs)
	if !ok {
		return nil
	}
	var models []reflect.Value
	if !k.ignored || db.RowsAffected == int64(len(docs)) {
		models = each(stmt.ReflectValue) // else GORM gives primary keys to the wrong ones
	}
	for _, row := range rows {
		id := primaryKey(stmt, row)
		previous, before := k.was[id]
		switch {
		case before && (k.ignored ||
			k.unsure && reflect.DeepEqual(row.Interface(), previous.Interface())):
		case before:
			documents = append(documents,
				p.events(stmt, webhook.ActionSave, docType, row, previous))
		default:
			if i := of[id]; i < len(models) && primaryKey(stmt, models[i]) == id {
				row = models[i] // with its associations
			}
			documents = append(documents,
				p.events(stmt, webhook.ActionInsert, docType, row, reflect.Value{}))
		}
	}
	return documents
}

// document returns which of the documents a row is of; many if that cannot be
// told, as when the database takes two spellings for the same.
func (k *conflict) document(stmt *gorm.Statement, row reflect.Value, many int) int {
	for _, key := range k.keys {
		if i, ok := key.of[keyOf(identity(stmt.Context, key.fields, row))]; ok {
			return i
		}
	}
	return many
}

func primaryKey(stmt *gorm.Statement, doc reflect.Value) string {
	return keyOf(identity(stmt.Context, stmt.Schema.PrimaryFields, doc))
}
