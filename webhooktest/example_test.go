package webhooktest_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// A receiver as the transport: what was dispatched arrives without a network,
// and is verified as a real receiver would.
func ExampleNewReceiver() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	receiver.Respond(503) // to the first request; 200 to the others
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	for _, w := range []webhook.Webhook{
		{Name: "CRM", URL: "https://crm.example/hook", Secret: "super-secret"},
		{Name: "ERP", URL: "https://erp.example/hook", Secret: "a wrong one"},
	} {
		w.DocType, w.Events = "Sales Order", []webhook.EventType{webhook.AfterInsert}
		if err := d.SaveWebhook(ctx, w); err != nil {
			panic(err)
		}
	}
	for _, name := range []string{"SO-00001", "SO-00002"} {
		_, err := d.Dispatch(ctx, webhook.Event{
			Type: webhook.AfterInsert, DocType: "Sales Order", Name: name,
			Doc: map[string]any{"customer": "Customer A"},
		})
		if err != nil {
			panic(err)
		}
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	for _, r := range receiver.Requests() {
		fmt.Println(r.Webhook, r.Event, r.DocType, r.StatusCode, r.Err)
	}
	// Unordered output:
	// CRM after_insert Sales Order 503 <nil>
	// CRM after_insert Sales Order 200 <nil>
	// ERP after_insert Sales Order 401 webhook: bad signature in X-Frappe-Webhook-Signature
	// ERP after_insert Sales Order 401 webhook: bad signature in X-Frappe-Webhook-Signature
}
