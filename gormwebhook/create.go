package gormwebhook

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/docevent/webhook"
)

// A conflict is what a Create does about rows that are there already.
type conflict struct {
	ignored bool            // it leaves them as they are
	fields  []*schema.Field // by which it knows them
	was     []reflect.Value // those rows
}

const conflicts = "webhook:conflicts"

// conflictOf returns what a Create says about conflicts; nil for nothing. It is
// read before GORM builds the statement: for MySQL that spells DoNothing otherwise.
func conflictOf(stmt *gorm.Statement) *conflict {
	c, ok := stmt.Clauses["ON CONFLICT"].Expression.(clause.OnConflict)
	if !ok {
		return nil
	}
	k := &conflict{ignored: c.DoNothing}
	for _, column := range c.Columns {
		if f := stmt.Schema.LookUpField(column.Name); f != nil {
			k.fields = append(k.fields, f)
		}
	}
	if len(k.fields) == 0 || len(k.fields) < len(c.Columns) {
		k.fields = stmt.Schema.PrimaryFields
	}
	return k
}

// beforeCreate reads the rows that are there already, where that is no error.
func (p *Plugin) beforeCreate(db *gorm.DB, _ string) {
	k := conflictOf(db.Statement)
	if k == nil {
		return
	}
	if where := identified(db.Statement, k.fields, each(db.Statement.ReflectValue)); len(where) > 0 {
		was, ok := p.rows(db, selection{where: where, unscoped: true, lock: true})
		if !ok {
			return
		}
		k.was = was
	}
	db.InstanceSet(conflicts, k)
}

// created dispatches what was inserted.
func (p *Plugin) created(db *gorm.DB, docType string) {
	stmt := db.Statement
	docs := each(stmt.ReflectValue)
	if len(docs) > p.opts.MaxRows {
		p.opts.Logger.ErrorContext(stmt.Context, "webhook: not dispatched: more rows were inserted than Options.MaxRows",
			"table", stmt.Table, "max", p.opts.MaxRows)
		return
	}
	if len(docs) == 0 {
		docs = p.createdMaps(db)
	}
	if conflictOf(stmt) != nil {
		v, _ := db.InstanceGet(conflicts)
		if k, ok := v.(*conflict); ok {
			p.dispatch(db, p.upserted(db, docType, docs, k))
		}
		return
	}
	var documents [][]webhook.Event
	for _, doc := range docs {
		documents = append(documents, p.events(stmt, webhook.ActionInsert, docType, doc, reflect.Value{}))
	}
	p.dispatch(db, documents)
}

// upserted returns the events of rows that may have been there before.
func (p *Plugin) upserted(db *gorm.DB, docType string, docs []reflect.Value, k *conflict) (documents [][]webhook.Event) {
	stmt := db.Statement
	where := identified(stmt, k.fields, docs)
	if len(where) == 0 {
		return nil
	}
	rows, ok := p.rows(db, selection{where: where, unscoped: true})
	if !ok {
		return nil
	}
	was, now := byKey(stmt, k.fields, k.was), byKey(stmt, k.fields, rows)
	for _, doc := range docs {
		key := keyOf(identity(stmt.Context, k.fields, doc))
		row, there := now[key]
		previous, before := was[key]
		switch {
		case !there || before && k.ignored:
		case before:
			documents = append(documents, p.events(stmt, webhook.ActionSave, docType, row, previous))
		default:
			documents = append(documents, p.events(stmt, webhook.ActionInsert, docType, doc, reflect.Value{}))
		}
	}
	return documents
}

// createdMaps returns the rows of inserted maps, found by the primary key that
// they had, or that GORM put there.
func (p *Plugin) createdMaps(db *gorm.DB) []reflect.Value {
	stmt := db.Statement
	var maps []map[string]any
	switch dest := stmt.Dest.(type) {
	case map[string]any:
		maps = append(maps, dest)
	case *map[string]any:
		maps = append(maps, *dest)
	case []map[string]any:
		maps = dest
	case *[]map[string]any:
		maps = *dest
	}
	var sets [][]any
	for _, m := range maps {
		if values := primaryOf(stmt.Schema, m); values != nil {
			sets = append(sets, values)
		} else {
			p.opts.Logger.ErrorContext(stmt.Context, "webhook: not dispatched: the primary key of an inserted map is not known",
				"table", stmt.Table)
		}
	}
	if len(sets) == 0 {
		return nil
	}
	column, values := schema.ToQueryValues(stmt.Table, stmt.Schema.PrimaryFieldDBNames, sets)
	docs, _ := p.rows(db, selection{where: []clause.Expression{clause.IN{Column: column, Values: values}}, unscoped: true})
	return docs
}

// primaryOf returns the primary key in a map, nil if a part of it is missing.
func primaryOf(s *schema.Schema, m map[string]any) []any {
	values := make([]any, len(s.PrimaryFields))
	for i, f := range s.PrimaryFields {
		v, ok := m[f.DBName]
		if !ok {
			v, ok = m[f.Name]
		}
		if !ok && len(s.PrimaryFields) == 1 {
			v, ok = m["@id"]
		}
		if !ok {
			return nil
		}
		values[i] = v
	}
	return values
}
