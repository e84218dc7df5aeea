package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// Drain attempts what is due and returns: for tests, cron jobs, and hosts that
// cannot keep a goroutine.
func ExampleDispatcher_Drain() {
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
	if _, err := d.Dispatch(ctx, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{"customer": "Customer A"},
	}); err != nil {
		panic(err)
	}
	fmt.Println("before:", len(receiver.Requests()))

	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	r := receiver.Requests()[0]
	fmt.Println("after:", r.Method, r.URL, string(r.Body), r.Err)
	// Output:
	// before: 0
	// after: POST https://erp.example/orders {"doctype":"Sales Order","name":"SO-00001","data":{"customer":"Customer A"}} <nil>
}

// Run delivers until its context ends, and returns when what was in flight is
// done. A server gives it the context of signal.NotifyContext.
func ExampleDispatcher_Run() {
	receiver := webhooktest.NewReceiver("super-secret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()

	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	if _, err := d.Dispatch(ctx, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
	}); err != nil {
		panic(err)
	}
	if err := receiver.Wait(ctx, 1); err != nil {
		panic(err)
	}
	stop()
	fmt.Println("Run returned", <-ended)
	fmt.Println(receiver.Requests()[0].StatusCode)
	// Output:
	// Run returned <nil>
	// 200
}

// A function can be the Transport: to hand requests to a gateway or a message
// broker in place of sending them over HTTP.
func ExampleTransportFunc() {
	ctx := context.Background()
	publish := func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
		fmt.Printf("publish to %s: %s\n", req.Webhook, req.Body)
		return &webhook.Response{StatusCode: 202}, nil // 2xx: delivered
	}
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: webhook.TransportFunc(publish),
	})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnTrash},
		URL: "https://broker.invalid/orders",
	}); err != nil {
		panic(err)
	}
	if _, err := d.Dispatch(ctx, webhook.Event{
		Type: webhook.OnTrash, DocType: "Sales Order", Name: "SO-00001",
	}); err != nil {
		panic(err)
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	// Output:
	// publish to orders: {"doctype":"Sales Order","name":"SO-00001","data":{}}
}
