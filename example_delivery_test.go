package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// What became of the events of a document: its deliveries, and the attempts of
// each.
func ExampleDispatcher_Deliveries() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	receiver.Respond(200, 422)
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order",
		Events: []webhook.EventType{webhook.AfterInsert, webhook.OnSubmit},
		URL:    "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	for _, event := range []webhook.EventType{webhook.AfterInsert, webhook.OnSubmit} {
		if _, err := d.Dispatch(ctx, webhook.Event{
			Type: event, DocType: "Sales Order", Name: "SO-00001",
		}); err != nil {
			panic(err)
		}
		if err := d.Drain(ctx); err != nil {
			panic(err)
		}
	}

	deliveries, err := d.Deliveries(ctx, webhook.DeliveryQuery{DocType: "Sales Order", DocName: "SO-00001"})
	if err != nil {
		panic(err)
	}
	for _, del := range deliveries { // the newest first
		fmt.Println(del.Webhook, del.Type, del.State)
		attempts, err := d.Attempts(ctx, del.ID)
		if err != nil {
			panic(err)
		}
		for _, a := range attempts {
			fmt.Println("  attempt", a.Number, "answered", a.StatusCode, a.Error)
		}
	}
	// Output:
	// Orders on_submit failed
	//   attempt 1 answered 422 status 422
	// Orders after_insert delivered
	//   attempt 1 answered 200
}

// Once the endpoint is mended, what failed is sent again under the same id.
func ExampleDispatcher_Resend() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	receiver.Respond(400)
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	report, err := d.Dispatch(ctx, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
	})
	if err != nil {
		panic(err)
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	if err := d.Resend(ctx, report.Outcomes[0].DeliveryID); err != nil {
		panic(err)
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	first := receiver.Requests()[0]
	for _, r := range receiver.Requests() {
		fmt.Println("attempt", r.Attempt, r.StatusCode, "same id:", r.DeliveryID == first.DeliveryID)
	}
	// Output:
	// attempt 1 400 same id: true
	// attempt 2 200 same id: true
}

// Cancel ends a delivery for which no attempt should be made any more.
func ExampleDispatcher_Cancel() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	report, err := d.Dispatch(ctx, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
	})
	if err != nil {
		panic(err)
	}
	id := report.Outcomes[0].DeliveryID
	if err := d.Cancel(ctx, id); err != nil {
		panic(err)
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	del, err := d.Delivery(ctx, id)
	if err != nil {
		panic(err)
	}
	fmt.Println(del.State, del.Reason, len(receiver.Requests()))
	// Output: canceled canceled 0
}
