package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// How a transaction that lost against another is repeated.
const (
	firstPause = 2 * time.Millisecond
	mostPause  = 200 * time.Millisecond
	mostTries  = 5 * time.Second // in all; a host may hold a lock for long
)

// write runs f in a transaction of our own, and again when it lost against
// another: a deadlock, a lock that did not come in time, a writer that was
// faster. f must begin anew each time.
func (s *Store) write(ctx context.Context, f func(q Tx) error) error {
	if err := s.check(ctx, s.db); err != nil {
		return err
	}
	return s.again(ctx, func() error { return s.writeOnce(ctx, f) })
}

// again calls f, and once more after each time that it lost against another.
func (s *Store) again(ctx context.Context, f func() error) error {
	pauses := backoff.WithContext(backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstPause),
		backoff.WithMaxInterval(mostPause),
		backoff.WithMaxElapsedTime(mostTries),
	), ctx)
	err := backoff.Retry(func() error {
		err := f()
		if err != nil && !s.dialect.transient(err) {
			return backoff.Permanent(err)
		}
		return err
	}, pauses)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return ctx.Err() // what a driver says of the context that linger gave it
	}
	return err
}

// writeOnce runs f in one transaction. Where the database has one writer, our
// transactions wait for each other here, where they heed ctx, and not in the
// database.
func (s *Store) writeOnce(ctx context.Context, f func(q Tx) error) error {
	if s.writer != nil {
		select {
		case s.writer <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-s.writer }()
	}
	late, end := s.linger(ctx)
	defer end()
	t := &session{store: s, late: late, bound: map[string]*sql.Stmt{}}
	defer t.prepare(ctx)
	conn, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer t.tx.Rollback() //nolint:errcheck // after a commit it does nothing
	if err := t.begin(ctx); err != nil {
		return err
	}
	if err := f(t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.tx.Commit(); err != nil {
		// SQLite may leave the transaction open, which database/sql does not
		// know.
		_, _ = conn.ExecContext(late, "ROLLBACK")
		return err
	}
	return nil
}

// A session is a transaction of our own. It uses statements that are prepared,
// and notes which others are worth preparing.
type session struct {
	store  *Store
	tx     *sql.Tx
	late   context.Context      // see linger
	bound  map[string]*sql.Stmt // by text, to the transaction
	wanted []string
}

// connect opens the transaction on a connection of its own. If the server has
// closed that one it takes another, as database/sql does where no connection is
// chosen.
func (t *session) connect(ctx context.Context) (*sql.Conn, error) {
	s := t.store
	for stale := s.db.Stats().OpenConnections; ; stale-- {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		late, err := t.lingering(ctx)
		if err == nil {
			t.tx, err = conn.BeginTx(late, &sql.TxOptions{Isolation: s.dialect.isolation})
		}
		if err == nil {
			return conn, nil
		}
		_ = conn.Close()
		if stale <= 0 || !errors.Is(err, driver.ErrBadConn) {
			return nil, err
		}
	}
}

// begin runs what a transaction begins with.
func (t *session) begin(ctx context.Context) error {
	s := t.store
	if s.dialect.writer != "" {
		_, err := t.ExecContext(ctx, s.text(s.dialect.writer))
		return err
	}
	if s.dialect.begin == "" {
		return nil
	}
	_, err := all[string](ctx, t, s.text(s.dialect.begin))
	return err
}

// grace is for how long a statement may go on after its context ended.
const grace = time.Second

// linger returns a context for the statements of a transaction, which outlasts
// ctx by grace; ctx itself is looked at between them. A driver breaks a
// statement off by giving up its connection, which the server may notice only
// after many seconds; until then it keeps the transaction's locks. So only a
// statement that hangs is broken off. For SQLite the context never ends: no
// statement takes long once the transaction is the writer, and its driver has a
// goroutine wait for each statement whose context can end.
func (s *Store) linger(ctx context.Context) (late context.Context, end func()) {
	late = context.WithoutCancel(ctx)
	if s.dialect.serial {
		return late, func() {}
	}
	late, cancel := context.WithCancel(late)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}

// lingering returns the context for the next statement.
func (t *session) lingering(ctx context.Context) (context.Context, error) {
	return t.late, ctx.Err()
}

// ExecContext implements [Tx].
func (t *session) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	ctx, err := t.lingering(ctx)
	if err != nil {
		return nil, err
	}
	if stmt := t.statement(ctx, text); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, text, args...)
}

// QueryContext implements [Tx].
func (t *session) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	ctx, err := t.lingering(ctx)
	if err != nil {
		return nil, err
	}
	if stmt := t.statement(ctx, text); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, text, args...)
}

// statement returns a prepared statement, nil if there is none yet.
func (t *session) statement(ctx context.Context, text string) *sql.Stmt {
	if !t.store.dialect.prepared {
		return nil
	}
	if stmt := t.bound[text]; stmt != nil {
		return stmt
	}
	t.store.mu.Lock()
	stmt, ok := t.store.prepared[text]
	t.store.mu.Unlock()
	if stmt == nil {
		if !ok {
			t.wanted = append(t.wanted, text)
		}
		return nil
	}
	t.bound[text] = t.tx.StmtContext(ctx, stmt)
	return t.bound[text]
}

// maxPrepared bounds how many statements a store prepares; it has fewer.
const maxPrepared = 100

// prepare prepares what was missing, for the next time. It runs when the
// session's connection is free again, for there may be only one, and waits for no
// other.
func (t *session) prepare(ctx context.Context) {
	s := t.store
	for _, text := range t.wanted {
		pool := s.db.Stats()
		if pool.MaxOpenConnections > 0 && pool.InUse >= pool.MaxOpenConnections {
			return
		}
		s.mu.Lock()
		_, ok := s.prepared[text]
		ok = ok || len(s.prepared) >= maxPrepared
		if !ok {
			s.prepared[text] = nil // others need not try too
		}
		s.mu.Unlock()
		if ok {
			continue
		}
		stmt, err := s.db.PrepareContext(ctx, text)
		s.mu.Lock()
		if err == nil {
			s.prepared[text] = stmt
		} else {
			delete(s.prepared, text)
		}
		s.mu.Unlock()
	}
}
