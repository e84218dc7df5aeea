package boltstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/examples/boltstore"
	"github.com/docevent/webhook/webhooktest"
	"go.etcd.io/bbolt"
)

// An order and the delivery about it are written in one transaction of the host's
// own, or neither is.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "boltstore")
	check(err)
	defer os.RemoveAll(dir)
	db, err := bbolt.Open(filepath.Join(dir, "app.db"), 0o600, nil)
	check(err)
	defer db.Close()

	store, err := boltstore.New(db)
	check(err)
	endpoint := webhooktest.NewReceiver("a secret of mine")
	d, err := webhook.New(store, &webhook.Options{Transport: endpoint})
	check(err)
	check(d.SaveWebhook(ctx, webhook.Webhook{Name: "New orders", DocType: "Order", Secret: "a secret of mine",
		Events: []webhook.EventType{webhook.AfterInsert}, URL: "https://example.com/orders"}))

	insert := func(name string, fails error) error {
		return db.Update(func(tx *bbolt.Tx) error {
			orders, err := tx.CreateBucketIfNotExists([]byte("orders"))
			if err != nil {
				return err
			}
			if err := orders.Put([]byte(name), []byte(`{"total": 100}`)); err != nil {
				return err
			}
			event := webhook.Event{DocType: "Order", Name: name, Doc: map[string]any{"total": 100}}
			if _, err := d.Dispatch(boltstore.WithTx(ctx, tx), webhook.ActionInsert.On(event)...); err != nil {
				return err
			}
			return fails
		})
	}
	check(insert("SO-1", nil))
	fmt.Println(insert("SO-2", fmt.Errorf("out of stock")))

	check(d.Drain(ctx))
	for _, r := range endpoint.Requests() {
		fmt.Println(r.Method, r.URL, string(r.Body))
	}

	// Output:
	// out of stock
	// POST https://example.com/orders {"doctype":"Order","name":"SO-1","data":{"total":100}}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
