// Package sqlstore keeps webhooks and deliveries in the database that the
// application runs already: PostgreSQL, MySQL, MariaDB or SQLite, by database/sql
// and the driver of the host's choice. It imports none.
//
//	store, err := sqlstore.New(db, sqlstore.Postgres)
//	if err != nil { ... }
//	if err := store.Migrate(ctx); err != nil { ... } // at every start
//	d, err := webhook.New(store, nil)
//
// What the host writes, and the deliveries of it, are one transaction with
// [InTx], or with [WithTx] around the transaction of an ORM:
//
//	err := sqlstore.InTx(ctx, d, db, nil, func(ctx context.Context, tx *sql.Tx) error {
//		if _, err := tx.ExecContext(ctx, "UPDATE orders SET ..."); err != nil {
//			return err
//		}
//		event := webhook.Event{DocType: "Sales Order", Name: order.Name, Doc: order}
//		_, err := d.Dispatch(ctx, webhook.ActionSave.On(event)...)
//		return err
//	})
//
// The ctx within is another than the one outside, which it hides on purpose: a
// Dispatch with the outer one is not part of the transaction, so that what is
// rolled back is sent, and where there is one writer (SQLite) or one connection
// it waits for the transaction that waits for it.
//
// # Databases
//
// PostgreSQL from 12. MySQL from 8.0.14 and MariaDB from 10.6, on InnoDB. Both
// need the rights to create tables and indexes while [Store.Migrate] runs, and
// neither sql_safe_updates nor the sql_mode ORACLE. One server is written to:
// with several, deliveries of a line could change places. Polling finds what
// other processes enqueued; LISTEN and NOTIFY would need a driver.
//
// Every change is tested on PostgreSQL 15, MariaDB 10.11 and SQLite 3.53. The
// tests, those that kill workers among them, passed on MySQL 9.7 too.
//
// SQLite from 3.35, in WAL mode, with a busy timeout, such as
//
//	file:app.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)
//
// for modernc.org/sqlite, and for github.com/mattn/go-sqlite3
//
//	file:app.db?_journal_mode=WAL&_busy_timeout=10000&_synchronous=FULL
//
// The store's transactions are short, at most one at a time in a process, and
// begin as writers, so that the host's wait for them instead of failing; a host
// that reads and then writes in one transaction begins it with BEGIN IMMEDIATE
// for the same reason. Who waits for another's transaction does so for the busy
// timeout, also when the context ends before. Without one SQLite fails at once
// when two write, and without WAL also when one reads: "database is locked".
// One connection in the pool is enough; for ":memory:", which is another
// database on each connection, it has to be one: db.SetMaxOpenConns(1).
// Checkpoints are SQLite's own.
//
// # Tables
//
// The names begin with [Options].Prefix. What a delivery is stands in
// deliveries, and what became of it in states, under the same num; its attempts
// have that as delivery. Webhooks are records, as JSON that a Sealer may have
// encrypted; lines holds nothing but locks. They can be read by anyone; times
// are Unix microseconds in UTC, 0 for none. Only the library may write. The
// columns queue_place and queue_at say where Claim looks for a row.
//
// # Faults
//
// A transaction of the store's own that loses against another, in a deadlock,
// by a lock that did not come in time, or because SQLite was busy, is repeated
// for five or six seconds. In the host's transaction nothing is repeated: the
// host rolls back and decides. On MySQL it has to be ready for deadlocks:
// InnoDB makes one of three transactions that dispatch for one document to an
// ordered webhook, when the first is rolled back. Other errors of the database
// are returned as they are.
//
// When an event that a transaction has dispatched is dispatched once more
// outside of it, with the same ID, while the transaction is open, the second
// Dispatch waits for the transaction to end: for six seconds on PostgreSQL, on
// MySQL for innodb_lock_wait_timeout, which is fifty seconds unless it is set.
// Other calls of Dispatch in the process may wait for as long.
//
// # Ordered webhooks
//
// What is dispatched for one document to an ordered webhook is numbered under a
// lock, which a transaction of the host's keeps until it ends: the numbers have
// to be in the order of the commits. Meanwhile another transaction that
// dispatches for that document waits, as at any row, and a Dispatch outside of
// a transaction for some five seconds; then its error is [ErrLineHeld]. So keep
// such transactions short, and call Dispatch with the context of [WithTx] or
// [InTx] in them: without it, it would wait for the transaction that it is
// called from. Others do not wait. In SQLite, which has one writer, all that
// write wait, for the busy timeout and longer, and the error is SQLite's.
package sqlstore
