package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// During the overlap of a rotation, requests signed by Standard Webhooks carry
// both signatures, so that the receiver may change over at any moment.
func ExampleDispatcher_RotateSecret() {
	ctx := context.Background()
	before := webhook.NewSecret()
	receiver := webhooktest.NewReceiver(before)
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL:    "https://erp.example/orders",
		Secret: before, Signatures: []webhook.Scheme{webhook.SchemeStandard},
	}); err != nil {
		panic(err)
	}
	after, err := d.RotateSecret(ctx, "Orders", "", 24*time.Hour) // "" makes a new one
	if err != nil {
		panic(err)
	}

	for i, secret := range []string{before, after} {
		receiver.VerifyWith(webhook.NewVerifier(secret))
		if _, err := d.Dispatch(ctx, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Sales Order", Name: fmt.Sprint("SO-", i),
		}); err != nil {
			panic(err)
		}
		if err := d.Drain(ctx); err != nil {
			panic(err)
		}
	}
	for _, r := range receiver.Requests() {
		fmt.Println(r.StatusCode, r.Err)
	}
	// Output:
	// 200 <nil>
	// 200 <nil>
}

// With a Sealer, the store holds no secret that it could read.
func ExampleNewSealer_options() {
	ctx := context.Background()
	sealer, err := webhook.NewSealer([]byte("32 random bytes, from your vault"))
	if err != nil {
		panic(err)
	}
	store := webhook.NewMemoryStore()
	d, err := webhook.New(store, &webhook.Options{Sealer: sealer})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	records, _, err := store.Webhooks(ctx, webhook.Revision{})
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		if bytes.Contains(r.Data, []byte("super-secret")) {
			fmt.Println("readable in", r.Name)
		}
	}
	w, err := d.Webhook(ctx, "Orders")
	if err != nil {
		panic(err)
	}
	fmt.Println(w.Name, w.URL)
	// Output:
	// Orders https://erp.example/orders
}
