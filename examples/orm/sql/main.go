// Command sql sends webhooks for what a host writes by database/sql, from the
// same SQLite database and in the same transactions. Copy it: a host has its
// own database, tables and endpoint. To see it: go run ./sql in examples/orm.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/webhooktest"
)

// An Order is a document; its json tags name the fields that webhooks see.
type Order struct {
	Name     string `json:"name"`
	Customer string `json:"customer"`
	Total    int    `json:"total"`
	Status   string `json:"status"`
}

// An app is the host: its database, and the dispatcher beside it.
type app struct {
	db *sql.DB
	d  *webhook.Dispatcher
}

// place writes an order. The row and its deliveries are committed together.
func (a *app) place(ctx context.Context, o Order) error {
	return sqlstore.InTx(ctx, a.d, a.db, nil, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			"INSERT INTO orders (name, customer, total, status) VALUES (?, ?, ?, ?)",
			o.Name, o.Customer, o.Total, o.Status)
		if err != nil {
			return err
		}
		return a.dispatch(ctx, webhook.ActionInsert, o, nil)
	})
}

// submit changes an order, with what it was for the conditions that ask. Of what
// fails nothing is written and nothing is sent.
func (a *app) submit(ctx context.Context, name string, charge func(Order) error) error {
	return sqlstore.InTx(ctx, a.d, a.db, nil, func(ctx context.Context, tx *sql.Tx) error {
		// To write first spares SQLite a transaction that cannot go on.
		_, err := tx.ExecContext(ctx, "UPDATE orders SET status = 'Submitted' WHERE name = ?", name)
		if err != nil {
			return err
		}
		o := Order{Name: name}
		row := tx.QueryRowContext(ctx,
			"SELECT customer, total, status FROM orders WHERE name = ?", name)
		if err := row.Scan(&o.Customer, &o.Total, &o.Status); err != nil {
			return err
		}
		before := o
		before.Status = "Draft"
		if err := a.dispatch(ctx, webhook.ActionSubmit, o, before); err != nil {
			return err
		}
		return charge(o)
	})
}

func (a *app) dispatch(ctx context.Context, action webhook.Action, o Order, previous any) error {
	_, err := a.d.Dispatch(ctx, action.On(webhook.Event{
		DocType: "Sales Order", Name: o.Name, Doc: o, Previous: previous,
	})...)
	return err
}

func main() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "orders")
	check(err)
	defer os.RemoveAll(dir)

	db := openDatabase(ctx, filepath.Join(dir, "app.db"))
	defer db.Close()

	// Webhooks and deliveries live in it too.
	store, err := sqlstore.New(db, sqlstore.SQLite)
	check(err)
	check(store.Migrate(ctx))
	endpoint := webhooktest.NewReceiver("a secret of mine") // leave Transport out to send over HTTP
	d, err := webhook.New(store, &webhook.Options{Transport: endpoint})
	check(err)
	check(d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Large orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		Condition: `doc.total > 100 and changed("status")`,
		URL:       "https://example.com/orders", Secret: "a secret of mine",
	}))

	a := &app{db: db, d: d}
	for _, o := range []Order{
		{"SO-1", "Ada", 120, "Draft"},
		{"SO-2", "Grace", 80, "Draft"},
		{"SO-3", "Edsger", 300, "Draft"},
	} {
		check(a.place(ctx, o))
	}
	accepted := func(Order) error { return nil }
	check(a.submit(ctx, "SO-1", accepted))
	check(a.submit(ctx, "SO-2", accepted)) // too small for the webhook
	declined := func(Order) error { return errors.New("card declined") }
	fmt.Println("SO-3:", a.submit(ctx, "SO-3", declined))

	check(d.Drain(ctx)) // a server runs `go d.Run(ctx)` instead
	for _, r := range endpoint.Requests() {
		fmt.Println(r.URL, string(r.Body), "verified:", r.Err == nil)
	}
}

// openDatabase makes the host's database. SQLite waits its turn to write.
func openDatabase(ctx context.Context, file string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)")
	check(err)
	_, err = db.ExecContext(ctx,
		"CREATE TABLE orders (name TEXT PRIMARY KEY, customer TEXT, total INTEGER, status TEXT)")
	check(err)
	return db
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
