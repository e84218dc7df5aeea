package gormwebhook

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/docevent/webhook"
)

// docType returns the document type of a statement's model; "" when the host's
// own code could not tell.
func (p *Plugin) docType(stmt *gorm.Statement) (docType string) {
	model := reflect.New(stmt.Schema.ModelType).Interface()
	m, named := model.(interface{ DocType() string })
	var err error
	switch {
	case p.opts.DocType != nil:
		err = contain("Options.DocType", func() { docType = p.opts.DocType(model, stmt.Table) })
	case named:
		err = contain("the model's DocType", func() { docType = m.DocType() })
	default:
		docType = stmt.Table
	}
	if err != nil {
		p.report(stmt.Context, notDispatched, "table", stmt.Table, "error", err)
	}
	return docType
}

// contain calls code of the host's and returns a panic in it as an error, so
// that it does not end the host's write.
func contain(where string, f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in %s: %v", where, p)
		}
	}()
	f()
	return nil
}

// events returns the events of what happened to one document. When the host's
// own code fails to tell, it logs that and returns none.
func (p *Plugin) events(stmt *gorm.Statement, action webhook.Action, docType string,
	doc, previous reflect.Value) []webhook.Event {
	ev := webhook.Event{DocType: docType, Doc: pointer(doc)}
	if previous.IsValid() {
		ev.Previous = pointer(previous)
	}
	err := contain("the model's DocName", func() {
		ev.Name = nameOf(stmt.Context, stmt.Schema, doc)
	})
	if err == nil && p.opts.Action != nil {
		err = contain("Options.Action", func() {
			action = p.opts.Action(action, ev.Doc, ev.Previous)
		})
	}
	if err == nil && p.opts.Event != nil && action != "" {
		err = contain("Options.Event", func() { p.opts.Event(stmt.Context, &ev) })
	}
	if err != nil {
		p.report(stmt.Context, notDispatched, "table", stmt.Table, "doctype", docType,
			"name", ev.Name, "error", err)
		return nil
	}
	if action == "" {
		return nil
	}
	return action.On(ev)
}

// nameOf returns a document's name.
func nameOf(ctx context.Context, s *schema.Schema, doc reflect.Value) string {
	if m, ok := pointer(doc).(interface{ DocName() string }); ok {
		return m.DocName()
	}
	parts := make([]string, len(s.PrimaryFields))
	for i, value := range identity(ctx, s.PrimaryFields, doc) {
		parts[i] = fmt.Sprint(plain(value))
	}
	return strings.Join(parts, "/")
}

// identity returns the values of some fields of a document.
func identity(ctx context.Context, fields []*schema.Field, doc reflect.Value) []any {
	values := make([]any, len(fields))
	for i, f := range fields {
		values[i], _ = f.ValueOf(ctx, doc)
	}
	return values
}

// keyOf returns an identity as a string, which can be compared.
func keyOf(values []any) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%q", fmt.Sprint(plain(v)))
	}
	return b.String()
}

// plain returns what a pointer points to.
func plain(v any) any {
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if !r.IsValid() {
		return nil
	}
	return r.Interface()
}

// pointer returns a document as a pointer to it, so that its methods are those of
// the model.
func pointer(doc reflect.Value) any {
	if doc.CanAddr() {
		return doc.Addr().Interface()
	}
	if doc.Kind() != reflect.Struct {
		return doc.Interface()
	}
	p := reflect.New(doc.Type())
	p.Elem().Set(doc)
	return p.Interface()
}

// each returns the documents in what was given to GORM: a model, a slice, or
// pointers to either.
func each(v reflect.Value) []reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		return []reflect.Value{v}
	case reflect.Slice, reflect.Array:
		var docs []reflect.Value
		for i := range v.Len() {
			docs = append(docs, each(v.Index(i))...)
		}
		return docs
	}
	return nil
}
