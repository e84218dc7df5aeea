package webhook_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

const testSecret = "your_secret_here"

// newDispatcher returns a Dispatcher on a fresh MemoryStore that delivers to a
// Receiver. Zero options are the test's: the receiver as Transport, no log.
func newDispatcher(t *testing.T, opts *webhook.Options) (*webhook.Dispatcher, *webhooktest.Receiver) {
	t.Helper()
	return newDispatcherOn(t, webhook.NewMemoryStore(), opts)
}

func newDispatcherOn(t *testing.T, store webhook.Store, opts *webhook.Options) (
	*webhook.Dispatcher, *webhooktest.Receiver) {
	t.Helper()
	r := webhooktest.NewReceiver(testSecret)
	var o webhook.Options
	if opts != nil {
		o = *opts
	}
	if o.Transport == nil {
		o.Transport = r
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := webhook.New(store, &o)
	require.NoError(t, err)
	return d, r
}

// orders is a webhook that fires on every document event of a Sales Order.
func orders(change func(*webhook.Webhook)) webhook.Webhook {
	w := webhook.Webhook{
		Name: "orders", DocType: "Sales Order",
		Events: []webhook.EventType{
			webhook.AfterInsert, webhook.OnUpdate, webhook.OnSubmit, webhook.OnCancel,
			webhook.OnTrash, webhook.OnUpdateAfterSubmit, webhook.OnChange,
		},
		URL: "https://example.com/hook", Secret: testSecret,
	}
	if change != nil {
		change(&w)
	}
	return w
}

// updated is the update of a Sales Order.
func updated(doc any) webhook.Event {
	return webhook.Event{Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-00001", Doc: doc}
}

// decide saves a webhook, dispatches an event, and returns the one outcome.
func decide(t *testing.T, w webhook.Webhook, ev webhook.Event) webhook.Outcome {
	t.Helper()
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(context.Background(), w))
	report, err := d.Dispatch(context.Background(), ev)
	require.NoError(t, err)
	require.Len(t, report.Outcomes, 1)
	return report.Outcomes[0]
}

// send saves a webhook, dispatches an event, drains, and returns the one
// request that arrived.
func send(t *testing.T, w webhook.Webhook, ev webhook.Event) webhooktest.Request {
	t.Helper()
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(context.Background(), w))
	report, err := d.Dispatch(context.Background(), ev)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.NoError(t, d.Drain(context.Background()))
	require.Len(t, r.Requests(), 1)
	require.NoError(t, r.Requests()[0].Err)
	return r.Requests()[0]
}
