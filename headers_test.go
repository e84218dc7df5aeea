package webhook_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// A Content-Type row that agrees with the body is sent as it is spelled.
func TestContentTypeRow(t *testing.T) {
	for _, row := range []string{"application/vnd.api+json", "Application/JSON; charset=utf-8"} {
		q := send(t, orders(func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "Content-Type", Value: row}}
		}), updated(nil))
		require.Equal(t, row, q.Header.Get("Content-Type"))
	}
}

// What every request carries.
func TestRequestHeaders(t *testing.T) {
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
		w.DocType = "Sales Örder"
		w.Headers = []webhook.Header{
			{Key: "X-Key", Value: "first"}, {Key: "Authorization", Value: "Bearer {{ doc.name }}"},
			{Key: "x-key", Value: "last"}, {Key: "X-Empty"}, {Value: "nameless"},
			{Key: "Content-Type:", Value: "application/json; charset=utf-8"}, // as Frappe's documentation writes it
		}
	})))
	r.Respond(503)
	report, err := d.Dispatch(t.Context(),
		webhook.Event{Type: webhook.OnUpdate, DocType: "Sales Örder", Name: "SO-1", ID: "evt é"})
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	require.NoError(t, d.Resend(t.Context(), report.Outcomes[0].DeliveryID))
	require.NoError(t, d.Drain(t.Context()))
	require.Len(t, r.Requests(), 2)
	for i, q := range r.Requests() {
		want := http.Header{
			"Authorization":              {"Bearer {{ doc.name }}"},
			"Content-Type":               {"application/json; charset=utf-8"},
			"User-Agent":                 {"docevent-webhook/1"},
			"Webhook-Id":                 {report.Outcomes[0].DeliveryID},
			"X-Key":                      {"last"},
			"X-Frappe-Webhook-Signature": {webhook.Sign(testSecret, q.Body)},
			"X-Webhook-Attempt":          {[]string{"1", "2"}[i]},
			"X-Webhook-Doctype":          {"Sales %C3%96rder"},
			"X-Webhook-Event":            {"on_update"},
			"X-Webhook-Event-Id":         {"evt %C3%A9"},
		}
		require.Len(t, q.Header.Get("X-Webhook-Chain"), 16)
		got := q.Header.Clone()
		got.Del("X-Webhook-Chain")
		require.Equal(t, want, got)
	}
}
