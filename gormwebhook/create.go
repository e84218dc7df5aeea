package gormwebhook

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/docevent/webhook"
)

// onConflict returns what the statement does about rows that are there already,
// and by which fields it knows them.
func onConflict(stmt *gorm.Statement) (c clause.OnConflict, fields []*schema.Field, ok bool) {
	c, ok = stmt.Clauses["ON CONFLICT"].Expression.(clause.OnConflict)
	for _, column := range c.Columns {
		f := stmt.Schema.LookUpField(column.Name)
		if f == nil {
			return c, stmt.Schema.PrimaryFields, ok
		}
		fields = append(fields, f)
	}
	if len(fields) == 0 {
		fields = stmt.Schema.PrimaryFields
	}
	return c, fields, ok
}

// beforeCreate reads the rows that are there already, where that is no error.
func (p *Plugin) beforeCreate(db *gorm.DB, _ string) {
	stmt := db.Statement
	_, fields, ok := onConflict(stmt)
	if !ok {
		return
	}
	where := identified(stmt, fields, each(stmt.ReflectValue))
	if len(where) == 0 {
		return
	}
	if docs, ok := p.rows(db, selection{where: where, unscoped: true, lock: true}); ok {
		db.InstanceSet(before, docs)
	}
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
	if c, fields, ok := onConflict(stmt); ok {
		p.dispatch(db, p.upserted(db, docType, docs, c, fields))
		return
	}
	var documents [][]webhook.Event
	for _, doc := range docs {
		documents = append(documents, p.events(stmt, webhook.ActionInsert, docType, doc, reflect.Value{}))
	}
	p.dispatch(db, documents)
}

// upserted returns the events of rows that may have been there before.
func (p *Plugin) upserted(db *gorm.DB, docType string, docs []reflect.Value, c clause.OnConflict, fields []*schema.Field) (documents [][]webhook.Event) {
	stmt := db.Statement
	where := identified(stmt, fields, docs)
	if len(where) == 0 {
		return nil
	}
	rows, ok := p.rows(db, selection{where: where, unscoped: true})
	if !ok {
		return nil
	}
	was, now := byKey(stmt, fields, kept(db)), byKey(stmt, fields, rows)
	for _, doc := range docs {
		key := keyOf(identity(stmt.Context, fields, doc))
		row, there := now[key]
		previous, before := was[key]
		switch {
		case !there || before && c.DoNothing:
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
