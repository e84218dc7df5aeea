package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// Disable takes a webhook out of service and notes why; Enable takes it back.
func ExampleDispatcher_Disable() {
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
	show := func() {
		report, err := d.Dispatch(ctx, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-00001",
		})
		if err != nil {
			panic(err)
		}
		status, err := d.Status(ctx, "Orders")
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %q: %s\n", status.State, status.Reason, report.Outcomes[0].Decision)
	}
	if err := d.Disable(ctx, "Orders", "the ERP is moving house"); err != nil {
		panic(err)
	}
	show()
	if err := d.Enable(ctx, "Orders"); err != nil {
		panic(err)
	}
	show()
	// Output:
	// disabled "the ERP is moving house": disabled
	// active "": queued
}

// Enable is also for a webhook that the library disabled by itself: what
// happened meanwhile has been waiting, and is delivered.
func ExampleDispatcher_Enable() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	receiver.Respond(410) // Gone: do not send any more
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	for _, name := range []string{"SO-00001", "SO-00002"} {
		report, err := d.Dispatch(ctx, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Sales Order", Name: name,
		})
		if err != nil {
			panic(err)
		}
		if err := d.Drain(ctx); err != nil {
			panic(err)
		}
		fmt.Println(name, report.Outcomes[0].Decision)
	}
	status, err := d.Status(ctx, "Orders")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s by %s: %s\n", status.State, status.By, status.Reason)

	if err := d.Enable(ctx, "Orders"); err != nil {
		panic(err)
	}
	waiting, err := d.Deliveries(ctx, webhook.DeliveryQuery{States: []webhook.State{webhook.Pending}})
	if err != nil {
		panic(err)
	}
	fmt.Println(waiting[0].DocName, waiting[0].State)
	// Output:
	// SO-00001 queued
	// SO-00002 paused
	// disabled by library: the endpoint answered 410 Gone
	// SO-00002 pending
}
