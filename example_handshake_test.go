package webhook_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// A webhook that requires activation takes nothing until its endpoint has
// answered the handshake with a 2xx.
func ExampleDispatcher_Activate() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Sites", Events: []webhook.EventType{"Site Status Update"},
		URL: "https://ops.example/sites", Secret: "super-secret", RequireActivation: true,
	}); err != nil {
		panic(err)
	}
	event := webhook.Event{Type: "Site Status Update", Doc: map[string]any{"status": "Active"}}
	decide := func() webhook.Decision {
		report, err := d.Dispatch(ctx, event)
		if err != nil {
			panic(err)
		}
		return report.Outcomes[0].Decision
	}
	fmt.Println(decide())

	receiver.Respond(404) // not ready yet
	var refused *webhook.HandshakeError
	if err := d.Activate(ctx, "Sites"); errors.As(err, &refused) {
		fmt.Println("answered", refused.Attempt.StatusCode)
	}
	if err := d.Activate(ctx, "Sites"); err != nil {
		panic(err)
	}
	fmt.Println(decide())
	// Output:
	// disabled
	// answered 404
	// queued
}

// Handshake asks the endpoint and changes nothing, for a "test" button.
func ExampleDispatcher_Handshake() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Sites", Events: []webhook.EventType{"Site Status Update"},
		URL: "https://ops.example/sites", Secret: "another secret than the receiver's",
	}); err != nil {
		panic(err)
	}
	attempt, err := d.Handshake(ctx, "Sites")
	if err != nil {
		panic(err) // nothing could be sent
	}
	fmt.Println(attempt.State, attempt.StatusCode)
	fmt.Println(string(receiver.Requests()[0].Body))
	// Output:
	// failed 401
	// {"event":"Webhook Validate","data":{}}
}
