package webhook_test

import (
	"context"
	"fmt"
	"time"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// A policy of its own: two retries, after a second and after a minute.
func ExampleRetryPolicy() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	receiver.Respond(503)
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Secret: "super-secret",
		Retry: &webhook.RetryPolicy{
			Schedule: []time.Duration{time.Second, time.Minute},
			Jitter:   -1, // none, for this example; by default up to a fifth
		},
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
	attempts, err := d.Attempts(ctx, report.Outcomes[0].DeliveryID)
	if err != nil {
		panic(err)
	}
	a := attempts[0]
	ended := a.Time.Add(a.Duration)
	fmt.Println(a.StatusCode, a.State, "again after", a.Next.Sub(ended))
	// Output: 503 pending again after 1s
}
