//go:build e2e

package e2e_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// newDispatcher delivers by HTTP to this machine; change, if not nil, sees each
// request when it is signed and complete.
func newDispatcher(t *testing.T, change func(*webhook.Request)) *webhook.Dispatcher {
	t.Helper()
	transport := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: webhook.TransportFunc(
			func(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
				if change != nil {
					change(req)
				}
				return transport.Send(ctx, req)
			}),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	require.NoError(t, err)
	return d
}

// deliver dispatches an event for one webhook, makes the attempt that is due,
// and returns the delivery with its last attempt.
func deliver(t *testing.T, d *webhook.Dispatcher, ev webhook.Event) (*webhook.Delivery, webhook.Attempt) {
	t.Helper()
	report, err := d.Dispatch(t.Context(), ev)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.Len(t, report.Outcomes, 1)
	require.Equal(t, webhook.Queued, report.Outcomes[0].Decision)
	return drain(t, d, report.Outcomes[0].DeliveryID)
}

func drain(t *testing.T, d *webhook.Dispatcher, id string) (*webhook.Delivery, webhook.Attempt) {
	t.Helper()
	require.NoError(t, d.Drain(t.Context()))
	delivery, err := d.Delivery(t.Context(), id)
	require.NoError(t, err)
	attempts, err := d.Attempts(t.Context(), id)
	require.NoError(t, err)
	require.NotEmpty(t, attempts)
	return delivery, attempts[len(attempts)-1]
}

var orderInserted = webhook.Event{
	Type: webhook.AfterInsert, DocType: "Sales Order", Name: "SO-00001",
	Doc: map[string]any{
		"name": "SO-00001", "customer": "Customer A", "grand_total": 1500.0, "status": "Draft",
	},
}

func orderWebhook(run *process, secret string) webhook.Webhook {
	return webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.AfterInsert},
		URL: run.URL + orderPath, Secret: secret,
	}
}

func TestSignedEnvelopeReachesOrderHandler(t *testing.T) {
	run := orderHandler.start(t)
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orderWebhook(run, orderSecret)))

	delivery, attempt := deliver(t, d, orderInserted)
	require.Equal(t, webhook.Delivered, delivery.State)
	require.Equal(t, 200, attempt.StatusCode)
	require.JSONEq(t, `{"status":"received"}`, string(attempt.Body))
	require.Contains(t, run.Log(t), "Received webhook: Sales Order/SO-00001")
	require.NotContains(t, run.Log(t), "Invalid webhook signature")
}

// Whatever changes the body on its way, the order handler notices.
func TestTamperedEnvelopeIsRefused(t *testing.T) {
	run := orderHandler.start(t)
	d := newDispatcher(t, func(req *webhook.Request) {
		req.Body = append([]byte(" "), req.Body...)
	})
	require.NoError(t, d.SaveWebhook(t.Context(), orderWebhook(run, orderSecret)))

	delivery, attempt := deliver(t, d, orderInserted)
	require.Equal(t, webhook.Pending, delivery.State)
	require.Equal(t, 401, attempt.StatusCode)
	require.Contains(t, run.Log(t), "Invalid webhook signature")
}

// A wrong secret shows in the attempt, and is repaired by a rotation: the same
// delivery then arrives.
func TestWrongSecretIsRepaired(t *testing.T) {
	run := orderHandler.start(t)
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orderWebhook(run, "guess")))

	delivery, attempt := deliver(t, d, orderInserted)
	require.Equal(t, webhook.Pending, delivery.State)
	require.Equal(t, 401, attempt.StatusCode)
	require.Greater(t, attempt.Next, attempt.Time.Add(4*time.Second))
	require.Contains(t, run.Log(t), "Invalid webhook signature")

	_, err := d.RotateSecret(t.Context(), "Orders", orderSecret, 0)
	require.NoError(t, err)
	require.NoError(t, d.Cancel(t.Context(), delivery.ID))
	require.NoError(t, d.Resend(t.Context(), delivery.ID))
	again, attempt := drain(t, d, delivery.ID)
	require.Equal(t, webhook.Delivered, again.State)
	require.Equal(t, 200, attempt.StatusCode)
	require.Equal(t, 2, attempt.Number)
	require.Equal(t, delivery.Body, again.Body)
}

var planChanged = webhook.Event{
	Type: "Site Plan Change",
	Doc:  map[string]any{"site": "erp.example", "plan": "USD 25"},
}

func cloudWebhook(run *process, secret string) webhook.Webhook {
	return webhook.Webhook{
		Name: "Plans", Events: []webhook.EventType{planChanged.Type},
		URL: run.URL + cloudPath, Secret: secret, RequireActivation: true,
	}
}

func TestSecretHeaderProgramIsActivated(t *testing.T) {
	run := secretHeader.start(t)
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), cloudWebhook(run, cloudSecret)))

	report, err := d.Dispatch(t.Context(), planChanged)
	require.NoError(t, err)
	require.Len(t, report.Outcomes, 1)
	require.Equal(t, webhook.Disabled, report.Outcomes[0].Decision, "before its activation")

	require.NoError(t, d.Activate(t.Context(), "Plans"))
	require.Contains(t, run.Log(t), "Event: Webhook Validate\nData: {}\n")

	delivery, attempt := deliver(t, d, planChanged)
	require.Equal(t, webhook.Delivered, delivery.State)
	require.Equal(t, 200, attempt.StatusCode)
	require.Contains(t, run.Log(t),
		"Event: Site Plan Change\nData: {'plan': 'USD 25', 'site': 'erp.example'}\n")
}

func TestWrongSecretIsNotActivated(t *testing.T) {
	run := secretHeader.start(t)
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), cloudWebhook(run, "guess")))

	attempt, err := d.Handshake(t.Context(), "Plans")
	require.NoError(t, err)
	require.Equal(t, 401, attempt.StatusCode)

	var refused *webhook.HandshakeError
	require.True(t, errors.As(d.Activate(t.Context(), "Plans"), &refused))
	require.Equal(t, 401, refused.Attempt.StatusCode)
	require.ErrorIs(t, d.Enable(t.Context(), "Plans"), webhook.ErrNotActivated)
	require.NotContains(t, run.Log(t), "Webhook Validate")
}

// The first program of the document checks no secret, and takes the handshake of
// a webhook that has none.
func TestFirstAppIsActivated(t *testing.T) {
	run := firstApp.start(t)
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), cloudWebhook(run, "")))
	require.NoError(t, d.Activate(t.Context(), "Plans"))
	delivery, _ := deliver(t, d, planChanged)
	require.Equal(t, webhook.Delivered, delivery.State)
}
