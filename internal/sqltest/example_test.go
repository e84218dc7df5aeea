package sqltest_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // or any other driver

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/webhooktest"
)

// An order is saved and its webhook enqueued in one transaction, once with a
// commit and once with a rollback.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	check(err)
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "app.db")+
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)")
	check(err)
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE TABLE orders (name TEXT PRIMARY KEY, total INTEGER)")
	check(err)

	store, err := sqlstore.New(db, sqlstore.SQLite)
	check(err)
	check(store.Migrate(ctx))
	endpoint := webhooktest.NewReceiver("your_secret_here") // or leave Transport out, and send over HTTP
	d, err := webhook.New(store, &webhook.Options{Transport: endpoint})
	check(err)
	check(d.SaveWebhook(ctx, webhook.Webhook{
		Name: "New orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.AfterInsert},
		URL: "https://example.com/webhook/order", Secret: "your_secret_here",
	}))

	save := func(name string, total int) error {
		return sqlstore.InTx(ctx, d, db, nil, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES (?, ?)", name, total); err != nil {
				return err
			}
			_, err := d.Dispatch(ctx, webhook.ActionInsert.On(webhook.Event{
				DocType: "Sales Order", Name: name, Doc: map[string]any{"name": name, "total": total},
			})...)
			if err == nil && total < 0 {
				err = fmt.Errorf("%s: negative total", name) // rolls both back
			}
			return err
		})
	}
	fmt.Println(save("SO-00001", 15000))
	fmt.Println(save("SO-00002", -1))
	check(d.Drain(ctx)) // a server runs `go d.Run(ctx)` instead
	for _, r := range endpoint.Requests() {
		fmt.Println(r.Method, r.URL, string(r.Body))
	}
	// Output:
	// <nil>
	// SO-00002: negative total
	// POST https://example.com/webhook/order {"doctype":"Sales Order","name":"SO-00001","data":{"name":"SO-00001","total":15000}}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
