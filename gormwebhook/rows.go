package gormwebhook

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// A selection says which rows to read.
type selection struct {
	where    []clause.Expression
	unscoped bool               // also the soft-deleted
	lock     bool               // they will be written
	bounds   []clause.Interface // of the statement's own: in which order, and how many
}

// rows reads the selected rows of a statement's table, on its connection; false
// when there are too many, or they could not be read.
func (p *Plugin) rows(db *gorm.DB, sel selection) ([]reflect.Value, bool) {
	stmt := db.Statement
	list := reflect.New(reflect.SliceOf(reflect.PointerTo(stmt.Schema.ModelType)))
	q := db.Session(&gorm.Session{NewDB: true, SkipHooks: true}).Model(list.Interface())
	q.Statement.Table, q.Statement.TableExpr = stmt.Table, stmt.TableExpr
	if sel.unscoped {
		q = q.Unscoped()
	}
	if _, inTx := within(stmt); inTx && sel.lock {
		if err := p.lock(db); err != nil {
			p.fail(db, fmt.Errorf("gormwebhook: lock the rows that change: %w", err))
			return nil, false
		}
		q = q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	}
	most := p.opts.MaxRows + 1
	for _, c := range sel.bounds {
		if l, ok := c.(clause.Limit); ok && l.Limit != nil && *l.Limit >= 0 {
			most = min(most, *l.Limit)
		}
		q.Statement.AddClause(c)
	}
	q = q.Clauses(clause.Where{Exprs: sel.where}).Limit(most)
	if err := q.Find(list.Interface()).Error; err != nil {
		p.fail(db, fmt.Errorf("gormwebhook: read the rows that change: %w", err))
		return nil, false
	}
	docs := each(list)
	if len(docs) > p.opts.MaxRows {
		p.report(stmt.Context, notDispatched+": more rows change than Options.MaxRows",
			"table", stmt.Table, "max", p.opts.MaxRows)
		return nil, false
	}
	return docs, true
}

// lock makes a transaction of SQLite, which locks no rows, the writer before it
// reads: one that writes behind a read fails when another wrote in between.
func (p *Plugin) lock(db *gorm.DB) error {
	if db.Name() != "sqlite" {
		return nil
	}
	stmt := db.Statement
	_, err := stmt.ConnPool.ExecContext(stmt.Context,
		"DELETE FROM "+stmt.Quote(tableOf(stmt))+" WHERE 1 = 0")
	return err
}

// tableOf returns the table of a statement with its schema, where the statement
// or the model names one, and without the alias that it may have there.
func tableOf(stmt *gorm.Statement) string {
	if stmt.TableExpr == nil {
		return stmt.Table
	}
	name, _, _ := strings.Cut(stmt.TableExpr.SQL, " ")
	return strings.NewReplacer("`", "", `"`, "").Replace(name)
}

// conditions are the statement's own where clause.
func conditions(stmt *gorm.Statement) []clause.Expression {
	if where, ok := stmt.Clauses["WHERE"].Expression.(clause.Where); ok {
		return where.Exprs
	}
	return nil
}

// bounds are the clauses that say how many rows a statement changes, and which
// of them first, in a database that has such clauses, as MySQL has. Without a
// limit they mean nothing.
func bounds(stmt *gorm.Statement) []clause.Interface {
	var found []clause.Interface
	for _, name := range []string{"ORDER BY", "LIMIT"} {
		c, ok := stmt.Clauses[name].Expression.(clause.Interface)
		if ok && slices.Contains(stmt.BuildClauses, name) {
			found = append(found, c)
		}
	}
	return found
}

// identified returns the condition that rows have the same values in some fields
// as the documents; none for documents that have none.
func identified(stmt *gorm.Statement, fields []*schema.Field,
	docs []reflect.Value) []clause.Expression {
	var sets [][]any
	for _, doc := range docs {
		values := make([]any, len(fields))
		given := false
		for i, f := range fields {
			v, zero := f.ValueOf(stmt.Context, doc)
			values[i], given = v, given || !zero
		}
		if given {
			sets = append(sets, values)
		}
	}
	if len(sets) == 0 {
		return nil
	}
	return among(stmt, fields, sets)
}

// among returns the condition that rows have one of several sets of values in
// some fields.
func among(stmt *gorm.Statement, fields []*schema.Field, sets [][]any) []clause.Expression {
	var names []string
	for _, f := range fields {
		names = append(names, f.DBName)
	}
	column, values := schema.ToQueryValues(stmt.Table, names, sets)
	return []clause.Expression{clause.IN{Column: column, Values: values}}
}

// byKey returns rows by the values of some fields.
func byKey(stmt *gorm.Statement, fields []*schema.Field,
	docs []reflect.Value) map[string]reflect.Value {
	found := make(map[string]reflect.Value, len(docs))
	for _, doc := range docs {
		found[keyOf(identity(stmt.Context, fields, doc))] = doc
	}
	return found
}
