package webhook_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	r := webhooktest.NewReceiver("s3cret")
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: r})
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, d.SaveWebhook(ctx, webhook.Webhook{
		Name: "orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://example.com/x", Secret: "s3cret",
	}))
	rep, err := d.Dispatch(ctx, webhook.ActionSave.On(webhook.Event{DocType: "Sales Order", Name: "SO-1", Doc: map[string]any{"a": 1}})...)
	require.NoError(t, err)
	fmt.Printf("%+v\n", rep)
	require.NoError(t, d.Drain(ctx))
	for _, q := range r.Requests() {
		fmt.Printf("%+v %s\n", q, q.Body)
	}
	ds, err := d.Deliveries(ctx, webhook.DeliveryQuery{})
	require.NoError(t, err)
	fmt.Printf("%+v\n", ds)
}
