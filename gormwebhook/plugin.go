package gormwebhook

import (
	"cmp"
	"context"
	"errors"
	"log/slog"

	"gorm.io/gorm"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// Options are how a Plugin sees documents. A nil *Options means all defaults.
// The functions are called by the goroutines that write, several at a time, and
// in the transaction. A panic in one, or in a method of the model, is logged
// and costs the events of that document; the write goes on.
type Options struct {
	// DocType returns the document type of a model, which is a pointer to a zero
	// value of it, and of its table; "" for one that has no events. Defaults to
	// the model's DocType method, or the table's name without one.
	DocType func(model any, table string) string

	// Action returns what happened to a document: a submit in place of a save,
	// for instance, or "" for nothing. doc and previous are pointers to the
	// model; previous is nil for an insert and a delete. Defaults to the action
	// as it is.
	Action func(action webhook.Action, doc, previous any) webhook.Action

	// Event fills in what GORM does not know: User, Tenant, Time. Defaults to
	// nothing.
	Event func(ctx context.Context, ev *webhook.Event)

	// MaxRows is how many rows a statement may change for its events to be
	// dispatched; db.Use refuses a negative one. Defaults to 10,000.
	MaxRows int

	// Logger gets what could not be dispatched, with the keys table, doctype,
	// name, max, constraint and error, those that apply. Defaults to
	// slog.Default().
	Logger *slog.Logger
}

// A Plugin dispatches what a *gorm.DB writes. Use it with db.Use; of several
// for one database GORM refuses all but the first. It is safe for concurrent
// use.
type Plugin struct {
	d       *webhook.Dispatcher
	opts    Options
	invalid error // why db.Use refuses it
}

var _ gorm.Plugin = (*Plugin)(nil)

// An ArgumentError says which argument of [New] is invalid. db.Use returns it.
type ArgumentError struct {
	Argument string // "d", or a field such as "Options.MaxRows"
	Problem  string
}

// Error implements error.
func (e *ArgumentError) Error() string { return "gormwebhook: " + e.Argument + ": " + e.Problem }

// New returns a plugin that dispatches to d. It copies opts. So that it can stand
// in the call of db.Use, that is what returns an *[ArgumentError], and nothing is
// dispatched then.
func New(d *webhook.Dispatcher, opts *Options) *Plugin {
	p := &Plugin{d: d}
	if opts != nil {
		p.opts = *opts
	}
	p.opts.MaxRows = cmp.Or(p.opts.MaxRows, 10_000)
	p.opts.Logger = cmp.Or(p.opts.Logger, slog.Default())
	p.invalid = p.validate()
	return p
}

func (p *Plugin) validate() error {
	switch {
	case p.d == nil:
		return &ArgumentError{Argument: "d", Problem: "the dispatcher is nil"}
	case p.opts.MaxRows < 0:
		return &ArgumentError{Argument: "Options.MaxRows", Problem: "is negative"}
	}
	return nil
}

// Name implements gorm.Plugin.
func (p *Plugin) Name() string { return "webhook" }

// Initialize implements gorm.Plugin: it registers callbacks around GORM's
// statements, and in front of its commits.
func (p *Plugin) Initialize(db *gorm.DB) error {
	if p.invalid != nil {
		return p.invalid
	}
	const commit = "gorm:commit_or_rollback_transaction"
	create, update, remove := db.Callback().Create(), db.Callback().Update(), db.Callback().Delete()
	return errors.Join(
		create.Before("gorm:create").Register("webhook:before_create", p.guard(p.beforeCreate)),
		create.After("gorm:after_create").Before(commit).
			Register("webhook:created", p.guard(p.created)),
		create.After(commit).Register("webhook:wake", p.wake),
		update.Before("gorm:update").Register("webhook:before_update", p.guard(p.beforeUpdate)),
		update.After("gorm:after_update").Before(commit).
			Register("webhook:updated", p.guard(p.updated)),
		update.After(commit).Register("webhook:wake", p.wake),
		remove.Before("gorm:delete").Register("webhook:before_delete", p.guard(p.beforeDelete)),
		remove.After("gorm:after_delete").Before(commit).
			Register("webhook:deleted", p.guard(p.deleted)),
		remove.After(commit).Register("webhook:wake", p.wake),
	)
}

// guard calls a callback when there is something to see: a statement of a model
// that webhooks listen to, which has not failed.
func (p *Plugin) guard(f func(db *gorm.DB, docType string)) func(*gorm.DB) {
	return func(db *gorm.DB) {
		stmt := db.Statement
		if db.Error != nil || db.DryRun || stmt.Schema == nil ||
			len(stmt.Schema.PrimaryFields) == 0 {
			return
		}
		docType := p.docType(stmt)
		if docType == "" {
			return
		}
		ctx, _ := within(stmt)
		listens, err := p.d.Listens(ctx, docType, documentEvents...)
		if err != nil {
			p.fail(db, err)
		}
		if listens {
			f(db, docType)
		}
	}
}

var documentEvents = []webhook.EventType{
	webhook.AfterInsert, webhook.OnUpdate, webhook.OnSubmit, webhook.OnCancel,
	webhook.OnTrash, webhook.OnUpdateAfterSubmit, webhook.OnChange,
}

// within returns the statement's context, with its transaction if there is one.
func within(stmt *gorm.Statement) (ctx context.Context, inTx bool) {
	if tx, ok := stmt.ConnPool.(gorm.TxCommitter); ok && tx != nil {
		return sqlstore.WithTx(stmt.Context, stmt.ConnPool), true
	}
	return stmt.Context, false
}

// report logs a line. The handler is the host's: a panic in it costs that line
// alone.
func (p *Plugin) report(ctx context.Context, msg string, args ...any) {
	defer func() { _ = recover() }()
	p.opts.Logger.ErrorContext(ctx, msg, args...)
}

// fail makes the transaction fail, or logs that there was none that could.
func (p *Plugin) fail(db *gorm.DB, err error) {
	ctx, inTx := within(db.Statement)
	if inTx {
		_ = db.AddError(err)
		return
	}
	p.report(ctx, "webhook: dispatch what was written without a transaction",
		"table", db.Statement.Table, "error", err)
}

const dispatched = "webhook:dispatched"

// notDispatched begins the lines about what webhooks do not hear of.
const notDispatched = "webhook: not dispatched"

// dispatch dispatches events. One that is invalid is left out with those of its
// document, and logged.
func (p *Plugin) dispatch(db *gorm.DB, documents [][]webhook.Event) {
	ctx, _ := within(db.Statement)
	for len(documents) > 0 {
		var events []webhook.Event
		var of []int // the document of each event
		for i, evs := range documents {
			for _, ev := range evs {
				events, of = append(events, ev), append(of, i)
			}
		}
		_, err := p.d.Dispatch(ctx, events...)
		var invalid *webhook.EventError
		if !errors.As(err, &invalid) {
			if err != nil {
				p.fail(db, err)
			}
			db.InstanceSet(dispatched, true)
			return
		}
		i := of[invalid.Index]
		ev := documents[i][0]
		p.report(ctx, notDispatched, "table", db.Statement.Table, "doctype", ev.DocType,
			"name", ev.Name, "error", invalid.Err)
		documents = append(documents[:i:i], documents[i+1:]...)
	}
}

// wake lets the dispatcher look for what a commit made visible.
func (p *Plugin) wake(db *gorm.DB) {
	if _, ok := db.InstanceGet(dispatched); ok && db.Error == nil {
		p.d.Wake()
	}
}
