package gormwebhook

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/docevent/webhook"
)

// created dispatches what was inserted.
func (p *Plugin) created(db *gorm.DB, docType string) {
	stmt := db.Statement
	docs := each(stmt.ReflectValue)
	if max(len(docs), len(mapsOf(stmt))) > p.opts.MaxRows {
		p.report(stmt.Context, notDispatched+": more rows were inserted than Options.MaxRows",
			"table", stmt.Table, "max", p.opts.MaxRows)
		return
	}
	if conflictOf(stmt) != nil {
		v, _ := db.InstanceGet(conflicts)
		if k, ok := v.(*conflict); ok {
			p.dispatch(db, p.upserted(db, docType, k))
		}
		return
	}
	if len(docs) == 0 {
		docs = p.createdMaps(db)
	}
	var documents [][]webhook.Event
	for _, doc := range docs {
		documents = append(documents,
			p.events(stmt, webhook.ActionInsert, docType, doc, reflect.Value{}))
	}
	p.dispatch(db, documents)
}

// mapKeys is where the callbacks of a Create keep the primary keys that its maps
// had: GORM writes others over them.
const mapKeys = "webhook:map_keys"

// keepMapKeys keeps the primary keys that maps have, nil for those that have
// none.
func (p *Plugin) keepMapKeys(db *gorm.DB) {
	stmt := db.Statement
	var keys [][]any
	for _, m := range mapsOf(stmt) {
		keys = append(keys, primaryOf(stmt.Schema, m))
	}
	db.InstanceSet(mapKeys, keys)
}

// createdMaps returns the rows of inserted maps, found by the primary key that
// they had, or that GORM put there, or into maps of its own behind them.
func (p *Plugin) createdMaps(db *gorm.DB) []reflect.Value {
	stmt := db.Statement
	v, _ := db.InstanceGet(mapKeys)
	given, _ := v.([][]any)
	maps := mapsOf(stmt)
	if len(maps) > len(given) {
		maps, given = maps[len(given):], nil
	}
	var sets [][]any
	for i, m := range maps {
		values := primaryOf(stmt.Schema, m)
		if i < len(given) && given[i] != nil {
			values = given[i]
		}
		if values != nil {
			sets = append(sets, values)
		} else {
			p.report(stmt.Context,
				notDispatched+": the primary key of an inserted map is not known",
				"table", stmt.Table)
		}
	}
	if len(sets) == 0 {
		return nil
	}
	docs, _ := p.rows(db, selection{
		where: among(stmt, stmt.Schema.PrimaryFields, sets), unscoped: true,
	})
	return docs
}

// mapsOf returns the maps given to Create; none when it was given models.
func mapsOf(stmt *gorm.Statement) []map[string]any {
	switch dest := stmt.Dest.(type) {
	case map[string]any:
		return []map[string]any{dest}
	case *map[string]any:
		return []map[string]any{*dest}
	case []map[string]any:
		return dest
	case *[]map[string]any:
		return *dest
	}
	return nil
}

// given returns what was given to Create as models.
func given(stmt *gorm.Statement) []reflect.Value {
	if docs := each(stmt.ReflectValue); len(docs) > 0 {
		return docs
	}
	var docs []reflect.Value
	for _, m := range mapsOf(stmt) {
		doc := reflect.New(stmt.Schema.ModelType).Elem()
		for name, value := range m {
			if f := stmt.Schema.LookUpField(name); f != nil {
				_ = f.Set(stmt.Context, doc, value) // an expression is known to the database alone
			}
		}
		docs = append(docs, doc)
	}
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
