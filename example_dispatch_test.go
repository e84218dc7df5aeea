package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// Dispatch is called where documents change. Its report says what each webhook
// made of the event, and why.
func ExampleDispatcher_Dispatch() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	for name, condition := range map[string]string{
		"all":   "",
		"large": "{{ doc.grand_total > 10000 }}",
		"odd":   "doc.customer.group == 'Premium'", // the document has no customer
	} {
		if err := d.SaveWebhook(ctx, webhook.Webhook{
			Name: name, DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
			Condition: condition, URL: "https://erp.example/orders",
		}); err != nil {
			panic(err)
		}
	}

	event := webhook.Event{
		ID: "request 4711", Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{"grand_total": 1500},
	}
	for range 2 { // the second time, the ID is known
		report, err := d.Dispatch(ctx, event)
		if err != nil {
			panic(err) // only if the store failed, or the event is invalid
		}
		for _, o := range report.Outcomes {
			fmt.Println(o.Webhook, o.Decision, o.Err != nil)
		}
	}
	// Output:
	// all queued false
	// large condition_false false
	// odd condition_error true
	// all duplicate false
	// large condition_false false
	// odd condition_error true
}

// An Action makes an ORM's hook one line: it stands for all the events that
// happen when a document is inserted, saved, submitted, canceled or deleted.
func ExampleAction_On() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Paid", DocType: "Sales Invoice",
		Events:    []webhook.EventType{webhook.OnSubmit, webhook.OnChange},
		Condition: `doc.status == "Paid" and changed("status")`,
		URL:       "https://erp.example/invoices",
	}); err != nil {
		panic(err)
	}

	type invoice struct {
		Status string `json:"status"`
	}
	event := webhook.Event{
		DocType: "Sales Invoice", Name: "SINV-00001",
		Doc: invoice{Status: "Paid"}, Previous: &invoice{Status: "Unpaid"},
	}
	report, err := d.Dispatch(ctx, webhook.ActionSave.On(event)...)
	if err != nil {
		panic(err)
	}
	fmt.Println(webhook.ActionSave.Events())
	for _, o := range report.Outcomes {
		fmt.Println(o.Webhook, o.Type, o.Decision)
	}
	// Output:
	// [on_update on_change]
	// Paid on_change queued
}

// A named event goes to the webhooks without a DocType, as in Frappe Cloud.
func ExampleEvent_named() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Plans", Events: []webhook.EventType{"Site Plan Change"},
		URL: "https://ops.example/plans", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	if _, err := d.Dispatch(ctx, webhook.Event{
		Type: "Site Plan Change",
		Doc:  json.RawMessage(`{"site": "a.example", "plan": "USD 25"}`),
	}); err != nil {
		panic(err)
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	r := receiver.Requests()[0]
	fmt.Println(r.Event, string(r.Body))
	fmt.Println("X-Webhook-Secret is right:", r.Header.Get("X-Webhook-Secret") == "super-secret")
	// Output:
	// Site Plan Change {"event":"Site Plan Change","data":{"site":"a.example","plan":"USD 25"}}
	// X-Webhook-Secret is right: true
}

// Suppress keeps an import, a patch or a migration from sending anything.
func ExampleSuppress() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Customers", DocType: "Customer", Events: []webhook.EventType{webhook.AfterInsert},
		URL: "https://crm.example/customers",
	}); err != nil {
		panic(err)
	}
	event := webhook.Event{Type: webhook.AfterInsert, DocType: "Customer", Name: "Customer A"}
	for _, ctx := range []context.Context{webhook.Suppress(ctx), ctx} {
		report, err := d.Dispatch(ctx, event)
		if err != nil {
			panic(err)
		}
		fmt.Println(report.Outcomes[0].Decision)
	}
	// Output:
	// suppressed
	// queued
}
