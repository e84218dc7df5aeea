package gormwebhook

import (
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/docevent/webhook"
)

// before is where a statement's callbacks keep the rows as they were.
const before = "webhook:before"

// beforeUpdate reads the rows that the statement will change: those of its where
// clause and of the model's primary key, as gorm:update puts them together.
func (p *Plugin) beforeUpdate(db *gorm.DB, _ string) {
	stmt := db.Statement
	where := conditions(stmt)
	switch stmt.ReflectValue.Kind() {
	case reflect.Struct:
		for _, f := range stmt.Schema.PrimaryFields {
			if v, zero := f.ValueOf(stmt.Context, stmt.ReflectValue); !zero {
				column := clause.Column{Table: stmt.Table, Name: f.DBName}
				where = append(where[:len(where):len(where)], clause.Eq{Column: column, Value: v})
			}
		}
	case reflect.Slice, reflect.Array:
		where = append(where[:len(where):len(where)],
			identified(stmt, stmt.Schema.PrimaryFields, each(stmt.ReflectValue))...)
	}
	p.keep(db, where)
}

// beforeDelete reads the rows that the statement will delete, as gorm:delete puts
// them together.
func (p *Plugin) beforeDelete(db *gorm.DB, _ string) {
	stmt := db.Statement
	where := conditions(stmt)
	where = append(where[:len(where):len(where)],
		identified(stmt, stmt.Schema.PrimaryFields, each(stmt.ReflectValue))...)
	if stmt.Model != nil && stmt.Dest != stmt.Model && stmt.ReflectValue.CanAddr() {
		where = append(where,
			identified(stmt, stmt.Schema.PrimaryFields, each(reflect.ValueOf(stmt.Model)))...)
	}
	p.keep(db, where)
}

// keep reads rows for the callback behind the statement. GORM refuses statements
// without a condition, unless it is told not to.
func (p *Plugin) keep(db *gorm.DB, where []clause.Expression) {
	stmt := db.Statement
	if len(where) == 0 && !db.AllowGlobalUpdate {
		return
	}
	if _, joined := stmt.Clauses["FROM"].Expression.(clause.From); joined {
		p.report(stmt.Context,
			notDispatched+": the statement has a FROM clause", "table", stmt.Table)
		return
	}
	sel := selection{where: where, unscoped: stmt.Unscoped, lock: true, bounds: bounds(stmt)}
	docs, ok := p.rows(db, sel)
	if !ok {
		return
	}
	limit := func(c clause.Interface) bool { return c.Name() == "LIMIT" }
	if slices.ContainsFunc(sel.bounds, limit) {
		restrict(stmt, identified(stmt, stmt.Schema.PrimaryFields, docs))
	}
	db.InstanceSet(before, docs)
}

// restrict adds a condition to a statement that has a limit: without it the
// database would choose which rows to change, and might choose others than for
// the query that read them.
func restrict(stmt *gorm.Statement, to []clause.Expression) {
	if own := conditions(stmt); len(own) > 0 {
		to = append([]clause.Expression{clause.And(own...)}, to...)
	}
	c := stmt.Clauses["WHERE"]
	c.Name, c.Expression = "WHERE", clause.Where{Exprs: to}
	stmt.Clauses["WHERE"] = c
}

// kept returns what keep read.
func kept(db *gorm.DB) []reflect.Value {
	v, _ := db.InstanceGet(before)
	docs, _ := v.([]reflect.Value)
	return docs
}

// updated dispatches the rows as they are now, each with what it was. Without
// hooks it is a write past the model, as Frappe's db_set.
func (p *Plugin) updated(db *gorm.DB, docType string) {
	stmt := db.Statement
	was := kept(db)
	if len(was) == 0 || stmt.SQL.Len() == 0 {
		return
	}
	action := webhook.ActionSave
	if stmt.SkipHooks {
		action = webhook.ActionDBSet
	}
	primary := stmt.Schema.PrimaryFields
	docs, ok := p.rows(db, selection{where: identified(stmt, primary, was), unscoped: true})
	if !ok {
		return
	}
	now := byKey(stmt, primary, docs)
	var documents [][]webhook.Event
	for _, previous := range was {
		if doc, ok := now[keyOf(identity(stmt.Context, primary, previous))]; ok {
			documents = append(documents, p.events(stmt, action, docType, doc, previous))
		}
	}
	p.dispatch(db, documents)
}

// deleted dispatches the rows as they were.
func (p *Plugin) deleted(db *gorm.DB, docType string) {
	var documents [][]webhook.Event
	for _, doc := range kept(db) {
		documents = append(documents,
			p.events(db.Statement, webhook.ActionDelete, docType, doc, reflect.Value{}))
	}
	p.dispatch(db, documents)
}
