package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// Preview shows what a webhook would send for a document, before it is saved.
func ExampleDispatcher_Preview() {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	p, err := d.Preview(context.Background(), webhook.Webhook{
		Name: "Large orders", DocType: "Sales Order",
		Events:    []webhook.EventType{webhook.OnSubmit},
		Condition: "doc.grand_total > 10000",
		URL:       "https://erp.example/orders", Secret: "super-secret",
		Data: []webhook.Field{
			{Fieldname: "name", Key: "order_id"},
			{Fieldname: "grand_total", Key: "amount"},
		},
	}, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{"grand_total": 1500},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Outcome.Decision) // and yet, this is what it would send:
	fmt.Println(p.Request.Method, p.Request.URL, string(p.Request.Body))
	fmt.Println("Content-Type:", p.Request.Header.Get("Content-Type"))
	fmt.Println("X-Frappe-Webhook-Signature:", p.Request.Header.Get("X-Frappe-Webhook-Signature"))
	// Output:
	// condition_false
	// POST https://erp.example/orders {"order_id":"SO-00001","amount":1500}
	// Content-Type: application/json
	// X-Frappe-Webhook-Signature: [masked]
}

// Explain answers why a webhook does not fire, without storing anything.
func ExampleDispatcher_Explain() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhooks(ctx, webhook.Webhook{
		Name: "Open", DocType: "Task", Events: []webhook.EventType{webhook.OnUpdate},
		Condition: `doc.status == "Open"`, URL: "https://tasks.example/open",
	}, webhook.Webhook{
		Name: "Overdue", DocType: "Task", Events: []webhook.EventType{webhook.OnUpdate},
		Condition: `doc.project.lead == event.user`, URL: "https://tasks.example/overdue",
	}); err != nil {
		panic(err)
	}
	report, err := d.Explain(ctx, webhook.Event{
		Type: webhook.OnUpdate, DocType: "Task", Name: "TASK-1", Doc: map[string]any{"status": "Done"},
	})
	if err != nil {
		panic(err)
	}
	for _, o := range report.Outcomes {
		fmt.Println(o.Webhook, o.Decision)
		if o.Err != nil {
			fmt.Println(o.Err)
		}
	}
	// Output:
	// Open condition_false
	// Overdue condition_error
	// template: condition:1:13: 'doc.project' is undefined
	//	doc.project.lead == event.user
	//	            ^
}

// SendTest sends one request now, marked as a test, whatever the condition.
func ExampleDispatcher_SendTest() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Open", DocType: "Task", Events: []webhook.EventType{webhook.OnUpdate},
		Condition: `doc.status == "Open"`, URL: "https://tasks.example/open", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	receiver.Respond(503)
	attempt, err := d.SendTest(ctx, "Open", webhook.Event{
		Type: webhook.OnUpdate, DocType: "Task", Name: "TASK-1", Doc: map[string]any{"status": "Done"},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(attempt.State, attempt.StatusCode, attempt.Error)
	fmt.Println("X-Webhook-Test:", receiver.Requests()[0].Header.Get("X-Webhook-Test"))
	// Output:
	// failed 503 status 503
	// X-Webhook-Test: true
}
