package webhook_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func TestPreview(t *testing.T) {
	s := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
	d, r := newDispatcherOn(t, s, nil)
	w := orders(func(w *webhook.Webhook) {
		w.Condition = "doc.grand_total > 10000"
		w.Headers = []webhook.Header{{Key: "Authorization", Value: "Bearer abcdef"}}
	})
	p, err := d.Preview(t.Context(), w, updated(map[string]any{"grand_total": 15000}))
	require.NoError(t, err)
	require.Equal(t, webhook.Queued, p.Outcome.Decision)
	require.Equal(t, "POST", p.Request.Method)
	require.Equal(t, "https://example.com/hook", p.Request.URL)
	require.Equal(t, `{"doctype":"Sales Order","name":"SO-00001","data":{"grand_total":15000}}`, string(p.Request.Body))
	require.Equal(t, "application/json", p.Request.Header.Get("Content-Type"))
	require.Equal(t, "[masked]", p.Request.Header.Get("Authorization"))
	require.Equal(t, "[masked]", p.Request.Header.Get("X-Frappe-Webhook-Signature"))
	require.Empty(t, p.Warnings)
	require.Empty(t, s.calls, "no I/O")
	require.Empty(t, r.Requests())

	p, err = d.Preview(t.Context(), w, updated(map[string]any{"grand_total": 1}))
	require.NoError(t, err)
	require.Equal(t, webhook.ConditionFalse, p.Outcome.Decision)
	require.NotNil(t, p.Request)

	w.Condition = "doc.a.b"
	p, err = d.Preview(t.Context(), w, updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.ConditionError, p.Outcome.Decision)
	require.Error(t, p.Outcome.Err)
	require.NotNil(t, p.Request)

	w.Condition, w.Body = "", `{"x": {{ doc.a.b }}}`
	p, err = d.Preview(t.Context(), w, updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.RenderError, p.Outcome.Decision)
	require.Nil(t, p.Request)

	p, err = d.Preview(t.Context(), orders(nil), webhook.Event{Type: "Other", Tenant: "t"})
	require.NoError(t, err)
	require.Len(t, p.Warnings, 2)

	var ce *webhook.ConfigError
	_, err = d.Preview(t.Context(), webhook.Webhook{}, updated(nil))
	require.ErrorAs(t, err, &ce)
	var ee *webhook.EventError
	_, err = d.Preview(t.Context(), w, webhook.Event{})
	require.ErrorAs(t, err, &ee)
}

func TestExplain(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhooks(t.Context(), orders(nil), orders(func(w *webhook.Webhook) { w.Name, w.Condition = "large", "doc.total > 1" })))
	report, err := d.Explain(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.ConditionError, report.Outcomes[0].Decision)
	require.Equal(t, webhook.Queued, report.Outcomes[1].Decision)
	ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, ds)
}
