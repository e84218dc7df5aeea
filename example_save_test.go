package webhook_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/docevent/webhook"
)

// A webhook is data: it is checked when it is saved, and an error says where
// it is wrong.
func ExampleDispatcher_SaveWebhook() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	w := webhook.Webhook{
		Name: "Large orders", DocType: "Sales Order",
		Events:    []webhook.EventType{webhook.OnSubmit},
		Condition: `doc.grand_total > 10000 && doc.status`,
		URL:       "https://erp.example/orders", Secret: "super-secret",
	}
	var refused *webhook.ConfigError
	if err := d.SaveWebhook(ctx, w); errors.As(err, &refused) {
		fmt.Printf("%s, line %d, column %d:\n%v\n", refused.Field, refused.Line, refused.Column, refused.Err)
	}

	w.Condition = `doc.grand_total > 10000 and doc.status`
	if err := d.SaveWebhook(ctx, w); err != nil {
		panic(err)
	}
	saved, err := d.Webhook(ctx, "Large orders")
	if err != nil {
		panic(err)
	}
	fmt.Println(saved.Method, saved.URL, saved.Signatures, saved.Secret == "")
	// Output:
	// Condition, line 1, column 25:
	// template: condition:1:25: unexpected && (write and)
	//	doc.grand_total > 10000 && doc.status
	//	                        ^
	// POST https://erp.example/orders [frappe] true
}

// The Revision makes a save fail if someone else was faster: for forms that
// several people may have open.
func ExampleDispatcher_Webhook() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://erp.example/orders",
	}); err != nil {
		panic(err)
	}
	w, err := d.Webhook(ctx, "Orders") // as shown in the form
	if err != nil {
		panic(err)
	}
	for _, condition := range []string{"doc.grand_total > 1000", "doc.grand_total > 2000"} {
		w.Condition = condition
		err := d.SaveWebhook(ctx, *w)
		fmt.Println(condition, "conflict:", errors.Is(err, webhook.ErrConflict))
	}
	// Output:
	// doc.grand_total > 1000 conflict: false
	// doc.grand_total > 2000 conflict: true
}
