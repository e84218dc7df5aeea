package webhooktest_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// What a user's test does: the program runs as it will, time does not.
func TestReceiverOfARunningDispatcher(t *testing.T) {
	for _, schemes := range [][]webhook.Scheme{
		nil,
		{webhook.SchemeFrappe, webhook.SchemeStandard, webhook.SchemeSecretHeader},
		{webhook.SchemeStandard},
	} {
		synctest.Test(t, func(t *testing.T) {
			receiver := webhooktest.NewReceiver(standardSecret)
			receiver.Respond(503)
			d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
				Transport: receiver,
				Logger:    slog.New(slog.DiscardHandler),
			})
			require.NoError(t, err)
			require.NoError(t, d.SaveWebhook(t.Context(), webhook.Webhook{
				Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
				URL: "https://erp.example/orders", Secret: standardSecret, Signatures: schemes,
			}))

			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- d.Run(ctx) }()
			report, err := d.Dispatch(t.Context(), webhook.Event{
				Type: webhook.OnSubmit, DocType: "Sales Order", Name: "S\u00d6-00001",
				Doc: map[string]any{"customer": "J\u00f6rg"},
			})
			require.NoError(t, err)
			require.NoError(t, receiver.Wait(t.Context(), 2))
			stop()
			require.NoError(t, <-ended)

			delivered := webhooktest.RequireDelivered(t, receiver, func(r *webhooktest.Request) bool {
				return r.Event == "on_submit" && r.DocType == "Sales Order"
			})
			require.Equal(t, 2, delivered.Attempt)
			require.Equal(t, report.Outcomes[0].DeliveryID, delivered.DeliveryID)
			first := receiver.Requests()[0]
			require.Equal(t, first.Body, delivered.Body)
			require.GreaterOrEqual(t, delivered.Time.Sub(first.Time), 5*time.Second)
		})
	}
}
