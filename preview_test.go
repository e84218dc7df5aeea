package webhook_test

import (
	"encoding/json"
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
	require.ErrorContains(t, p.Outcome.Err, "'doc.a' is undefined")
	require.Empty(t, p.Warnings, "the error says it")
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

// A field that the document lacks reads as nothing, so that Preview names it:
// it may be spelled wrong.
func TestPreviewWarnsOfMissingFields(t *testing.T) {
	type order struct {
		Total int              `json:"grand_total,omitempty"`
		Items []map[string]any `json:"items"`
	}
	fields := map[string]any{"grand_total": 0, "items": []any{map[string]any{"qty": 1}}}
	docs := map[string]any{
		"map":    fields,
		"struct": order{Items: []map[string]any{{"qty": 1}}},
		"JSON":   json.RawMessage(`{"grand_total": 0, "items": [{"qty": 1}]}`),
	}
	for _, tt := range []struct {
		name   string
		change func(*webhook.Webhook)
		want   []string
	}{
		{"nothing is missing", func(w *webhook.Webhook) { w.Body = `[{{ doc.grand_total }}, {{ doc.name }}]` }, nil},
		{"the envelope reads none", func(*webhook.Webhook) {}, nil},
		{"a condition", func(w *webhook.Webhook) { w.Condition = `doc.totl or doc.items` }, []string{"doc.totl"}},
		{"a body", func(w *webhook.Webhook) { w.Body = `{{ doc.totl }}` }, []string{"doc.totl"}},
		{"one field read often", func(w *webhook.Webhook) {
			w.Body = `[{{ doc.totl }}, {{ doc.totl }}]`
		}, []string{"doc.totl"}},
		{"a row of a table", func(w *webhook.Webhook) {
			w.Body = `[{% for item in doc.items %}{{ item.qtyy }}, {{ item.qty }}{% endfor %}]`
		}, []string{"item.qtyy"}},
		{"rows of Data", func(w *webhook.Webhook) {
			w.Data = []webhook.Field{{Fieldname: "grand_total"}, {Fieldname: "totl", Key: "total"}, {Fieldname: "name"}}
		}, []string{"doc.totl"}},
		{"a form", func(w *webhook.Webhook) {
			w.Structure, w.Data = webhook.Form, []webhook.Field{{Fieldname: "totl"}}
		}, []string{"doc.totl"}},
		{"a URL", func(w *webhook.Webhook) {
			w.DynamicURL, w.URL = true, "https://example.com/{{ doc.totl }}"
		}, []string{"doc.totl"}},
		{"the template provides for it", func(w *webhook.Webhook) {
			w.Condition = `doc.totl is not defined`
			w.Body = `[{{ doc.totl | default(0) }}, {{ doc.get("totl", 0) }}]`
		}, nil},
		{"a Go template", func(w *webhook.Webhook) {
			w.Syntax, w.Body = webhook.GoTemplate, `[{{ .doc.totl }}, {{ .doc.sum | default 0 }}]`
		}, []string{".doc.totl"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := newDispatcher(t, nil)
			for kind, doc := range docs {
				p, err := d.Preview(t.Context(), orders(tt.change), updated(doc))
				require.NoError(t, err)
				require.NoError(t, p.Outcome.Err)
				var want []string
				for _, path := range tt.want {
					want = append(want, path+" is read, and there is no such field")
				}
				require.Equal(t, want, p.Warnings, kind)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhooks(t.Context(), orders(nil), orders(func(w *webhook.Webhook) {
		w.Name, w.Condition = "large", "doc.total > 1"
	})))
	report, err := d.Explain(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.ConditionError, report.Outcomes[0].Decision)
	require.Equal(t, webhook.Queued, report.Outcomes[1].Decision)
	ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, ds)
}
