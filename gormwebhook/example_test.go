package gormwebhook_test

import (
	"context"
	"fmt"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/gormwebhook"
	"github.com/docevent/webhook/sqlstore"
	"github.com/docevent/webhook/webhooktest"
)

// An Invoice is a draft until its Docstatus is 1, as in Frappe.
type Invoice struct {
	ID        uint `json:"id"`
	Docstatus int  `json:"docstatus"`
}

func (Invoice) DocType() string { return "Sales Invoice" }

// user is where the host keeps who makes a request.
type user struct{}

// An update that submits is a submit for webhooks, and they see who made it.
func ExampleOptions() {
	ctx := context.WithValue(context.Background(), user{}, "ada")
	db := open(":memory:")
	endpoint := webhooktest.NewReceiver("a secret of mine")
	d := dispatcher(ctx, db, endpoint)
	check(d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Submitted", DocType: "Sales Invoice", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://example.com/invoices", Secret: "a secret of mine",
		Body: `{"invoice": {{ doc.id }}, "by": {{ event.user }}}`,
	}))
	check(db.Use(gormwebhook.New(d, &gormwebhook.Options{
		Action: func(action webhook.Action, doc, previous any) webhook.Action {
			after, ok := doc.(*Invoice)
			before, changed := previous.(*Invoice) // nil for an insert
			if ok && changed && before.Docstatus == 0 && after.Docstatus == 1 {
				return webhook.ActionSubmit
			}
			return action
		},
		Event: func(ctx context.Context, ev *webhook.Event) { ev.User, _ = ctx.Value(user{}).(string) },
	})))

	invoice := &Invoice{}
	check(db.WithContext(ctx).Create(invoice).Error)
	check(db.WithContext(ctx).Model(invoice).Update("docstatus", 1).Error)
	check(d.Drain(ctx))
	for _, r := range endpoint.Requests() {
		fmt.Println(r.Event, string(r.Body))
	}
	// Output: on_submit {"invoice": 1, "by": "ada"}
}

// open opens the host's database. In memory, each connection is another one.
func open(dsn string) *gorm.DB {
	db, err := gorm.Open(sqlite.Open(dsn))
	check(err)
	sqlDB, err := db.DB()
	check(err)
	sqlDB.SetMaxOpenConns(1)
	check(db.AutoMigrate(&Invoice{}))
	return db
}

// dispatcher keeps webhooks and deliveries in the host's database.
func dispatcher(ctx context.Context, db *gorm.DB, transport webhook.Transport) *webhook.Dispatcher {
	sqlDB, err := db.DB()
	check(err)
	store, err := sqlstore.New(sqlDB, sqlstore.SQLite)
	check(err)
	check(store.Migrate(ctx))
	d, err := webhook.New(store, &webhook.Options{Transport: transport})
	check(err)
	return d
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
