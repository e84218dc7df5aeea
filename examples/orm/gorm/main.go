// Command gorm sends webhooks for what GORM writes, from the same SQLite database
// and in the same transactions. Copy it: a host has its own database, models and
// endpoint. To see it: go run ./gorm in examples/orm.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/gormwebhook"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/webhooktest"
)

// An Order is a document; its json tags name the fields that webhooks see.
type Order struct {
	ID       uint   `json:"id"`
	Customer string `json:"customer"`
	Total    int    `json:"total"`
	Status   string `json:"status"`
}

// DocType is what webhooks call it. Without it that is the table's name.
func (Order) DocType() string { return "Sales Order" }

func main() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "orders")
	check(err)
	defer os.RemoveAll(dir)

	// The host's database. SQLite waits its turn to write.
	db, err := gorm.Open(sqlite.Open("file:" + filepath.Join(dir, "app.db") +
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)"))
	check(err)
	check(db.AutoMigrate(&Order{}))
	sqlDB, err := db.DB()
	check(err)
	defer sqlDB.Close()

	// Webhooks and deliveries live in it too.
	store, err := sqlstore.New(sqlDB, sqlstore.SQLite)
	check(err)
	check(store.Migrate(ctx))
	endpoint := webhooktest.NewReceiver("a secret of mine") // leave Transport out to send over HTTP
	d, err := webhook.New(store, &webhook.Options{Transport: endpoint})
	check(err)
	check(d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Paid orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnChange},
		Condition: `doc.status == "Paid" and changed("status")`,
		URL:       "https://example.com/paid", Secret: "a secret of mine",
		Body: `{"order": {{ doc.name }}, "customer": {{ doc.customer }}, "was": {{ previous.status }}}`,
	}))
	check(d.SaveWebhook(ctx, webhook.Webhook{
		Name: "New orders", DocType: "Sales Order",
		Events: []webhook.EventType{webhook.AfterInsert},
		URL:    "https://example.com/new", Secret: "a secret of mine",
	}))

	// From here on, GORM's writes are events.
	check(db.Use(gormwebhook.New(d, nil)))
	write(db)

	check(d.Drain(ctx)) // a server runs `go d.Run(ctx)` instead
	for _, r := range endpoint.Requests() {
		fmt.Println(r.URL, string(r.Body), "verified:", r.Err == nil)
	}
}

// write is what the host does: it knows nothing of webhooks.
func write(db *gorm.DB) {
	check(db.Create(&Order{Customer: `Ada "the first"`, Total: 120, Status: "Draft"}).Error)
	check(db.Create(&Order{Customer: "Grace", Total: 80, Status: "Draft"}).Error)

	// Of what is rolled back nothing is sent.
	err := db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Model(&Order{ID: 2}).Update("status", "Paid").Error; err != nil {
			return err
		}
		return errors.New("card declined")
	})
	fmt.Println("Order 2:", err)

	// Every row that a where clause finds is a document.
	check(db.Model(&Order{}).Where("total > ?", 100).Update("status", "Paid").Error)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
