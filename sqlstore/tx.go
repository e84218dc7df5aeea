package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docevent/webhook"
)

// A Tx is a transaction of the host's: a *[sql.Tx], or what GORM, bun, sqlc and
// ent hand out.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type txContext struct{}

// WithTx returns a context with which Dispatch writes in the host's transaction:
// what it enqueued is there when the transaction commits, and only then. The
// transaction must be one of the store's database. When Dispatch returns an
// error, roll back: PostgreSQL takes no more statements then.
//
// The store sets no deadline of its own on what it does there. Only Dispatch,
// Unit.Commit and what reads webhooks work in the transaction; saving and
// deleting webhooks is refused, and everything else uses other connections, so
// that it sees the transaction's deliveries when it has committed. After the
// commit call [webhook.Dispatcher.Wake], or use [InTx], which does.
//
// A nil tx returns a context without one.
func WithTx(ctx context.Context, tx Tx) context.Context {
	if t, ok := tx.(*sql.Tx); ok && t == nil {
		tx = nil
	}
	return context.WithValue(ctx, txContext{}, tx)
}

// txFrom returns the host's transaction; nil if there is none.
func txFrom(ctx context.Context) Tx {
	tx, _ := ctx.Value(txContext{}).(Tx)
	return tx
}

// InTransaction implements [webhook.Transactor].
func (s *Store) InTransaction(ctx context.Context) bool { return txFrom(ctx) != nil }

// errInTx refuses to save configuration that could be rolled back behind the
// back of a process which uses it already.
var errInTx = errors.New(
	"sqlstore: webhooks cannot be saved in the host's transaction: use a context without WithTx")

// errNested refuses an InTx in an InTx, which with one connection would wait for
// itself.
var errNested = errors.New("sqlstore: InTx within a transaction: use InSavepoint")

type unitContext struct{}

// InTx runs fn in a transaction of db and commits it: the host's writes and the
// deliveries of what was dispatched with fn's context, or neither. fn must not
// commit or roll back. The context it gets carries the transaction, as [WithTx]
// would, and a [webhook.Unit], so that of several events of one document only the
// last is sent. The unit is stored before the commit, and the dispatcher is woken
// after it.
//
// Everything is rolled back when fn returns an error, which is returned as it
// is, when it panics or ends its goroutine, and when the unit cannot be stored.
// An error of the commit itself may leave it open whether it happened, as with
// any transaction. opts are those of [sql.DB.BeginTx].
func InTx(ctx context.Context, d *webhook.Dispatcher, db *sql.DB, opts *sql.TxOptions,
	fn func(ctx context.Context, tx *sql.Tx) error) error {
	if txFrom(ctx) != nil {
		return errNested
	}
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("sqlstore: begin the transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	unit := d.Begin()
	defer unit.Rollback()
	within := WithTx(ctx, tx)
	err = fn(context.WithValue(webhook.WithUnit(within, unit), unitContext{}, unit), tx)
	if err != nil {
		return err
	}
	if _, err := unit.Commit(within); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlstore: commit the transaction: %w", err)
	}
	d.Wake()
	return nil
}

// InSavepoint runs fn within a savepoint of the transaction that ctx carries,
// by [InTx] or [WithTx], of that name, a plain identifier of at most 32 bytes;
// within another savepoint of that name, a number is added to it. When fn
// returns an error, panics or ends its goroutine, what it wrote and dispatched
// is undone and the transaction goes on; the error is returned. A host that
// uses SAVEPOINT itself within InTx keeps the deliveries of what it rolls back:
// the unit does not see its statements. Nor is a Unit undone that the host put
// into ctx beside WithTx.
func InSavepoint(ctx context.Context, name string, fn func(ctx context.Context) error) (err error) {
	tx := txFrom(ctx)
	if tx == nil {
		return errors.New("sqlstore: InSavepoint without a transaction in the context")
	}
	if !validPrefix.MatchString(name) {
		return fmt.Errorf("sqlstore: InSavepoint: %q is no plain identifier", name)
	}
	open, _ := ctx.Value(openContext{}).([]string)
	name = unlike(open, name)
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return fmt.Errorf("sqlstore: set a savepoint: %w", err)
	}
	unit, _ := ctx.Value(unitContext{}).(*webhook.Unit)
	if unit != nil {
		unit.Savepoint(name)
	}
	kept := false
	defer func() {
		if kept {
			return
		}
		// Also when ctx has ended: that may be why.
		if failed := rollBackTo(context.WithoutCancel(ctx), tx, unit, name); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	if err := fn(context.WithValue(ctx, openContext{}, append(slices.Clip(open), name))); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT "+name); err != nil {
		return fmt.Errorf("sqlstore: release a savepoint: %w", err)
	}
	kept = true
	return nil
}

// openContext is the key of the names of the savepoints that are open.
type openContext struct{}

// unlike returns a name that no open savepoint has. With a name that is taken,
// MySQL would forget the savepoint that has it, and a unit would roll back to
// the later one.
func unlike(open []string, name string) string {
	free := name
	taken := func(other string) bool { return strings.EqualFold(other, free) }
	for n := 1; slices.ContainsFunc(open, taken); n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	return free
}

// rollBackTo undoes what came after a savepoint, and the savepoint.
func rollBackTo(ctx context.Context, tx Tx, unit *webhook.Unit, name string) error {
	var errs []error
	if unit != nil {
		errs = append(errs, unit.RollbackTo(name))
	}
	for _, text := range []string{"ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "} {
		if _, err := tx.ExecContext(ctx, text+name); err != nil {
			err = fmt.Errorf("sqlstore: roll back to a savepoint: %w", err)
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

// enter begins work in the host's transaction.
func (s *Store) enter(ctx context.Context, tx Tx) error {
	if s.dialect.writer != "" {
		_, err := tx.ExecContext(ctx, s.text(s.dialect.writer))
		if err != nil && s.dialect.noTable(err) {
			return &SchemaError{Known: len(s.dialect.migrations)}
		}
		if err != nil {
			return err
		}
	}
	return s.check(ctx, tx)
}
