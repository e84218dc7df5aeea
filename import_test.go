package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

const exported = `[{
	"doctype": "Webhook", "name": "Order webhook", "webhook_doctype": "Sales Order", "webhook_docevent": "on_submit",
	"enabled": 1, "condition": "doc.grand_total > 10000", "request_url": "https://example.com/{{ doc.name }}",
	"is_dynamic_url": 1, "request_method": "PUT", "request_structure": "JSON", "timeout": 7, "max_retries": 2,
	"enable_security": 1, "webhook_secret": "s3cret", "owner": "Administrator", "docstatus": 0,
	"webhook_headers": [{"key": "X-Key", "value": "v", "idx": 1}], "webhook_data": [],
	"webhook_json": "{\"id\": \"{{ doc.name }}\"}"
}]`

func TestImportFrappe(t *testing.T) {
	im, err := webhook.ImportFrappe(strings.NewReader(exported))
	require.NoError(t, err)
	require.Empty(t, im.Notes)
	want := webhook.Webhook{
		Name: "Order webhook", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		Condition: "doc.grand_total > 10000", URL: "https://example.com/{{ doc.name }}", DynamicURL: true,
		Method: "PUT", Structure: webhook.JSON, Body: `{"id": "{{ doc.name }}"}`, Secret: "s3cret",
		Timeout: 7 * time.Second, Headers: []webhook.Header{{Key: "X-Key", Value: "v"}},
		Retry: &webhook.RetryPolicy{
			Schedule:    []time.Duration{5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour},
			MaxAttempts: 3,
		},
	}
	require.Equal(t, []webhook.Webhook{want}, im.Webhooks)
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhooks(t.Context(), im.Webhooks...))

	ws, err := webhook.ReadWebhooks(strings.NewReader(exported))
	require.NoError(t, err)
	require.Equal(t, im.Webhooks, ws)
}

func TestImportFrappeNotes(t *testing.T) {
	tests := []struct {
		name, doc string
		want      []string // beginnings of the notes
		webhooks  int
	}{
		{"hidden secret", `"enable_security":1,"webhook_secret":"*****"`, []string{"webhook_secret"}, 1},
		{"queue", `"background_jobs_queue":"long"`, []string{"background_jobs_queue"}, 1},
		{"form", `"request_structure":"Form URL-Encoded","webhook_data":[{"fieldname":"name","key":"id"}],
			"webhook_headers":[{"key":"Content-Type","value":"application/x-www-form-urlencoded"}]`,
			[]string{"request_structure", "webhook_headers: Content-Type"}, 1},
		{"both", `"webhook_data":[{"fieldname":"name","key":"id"}],"webhook_json":"{}"`, []string{"webhook_json"}, 1},
		{"reserved header", `"webhook_headers":[{"key":"X-Frappe-Webhook-Signature","value":"v"}]`, []string{"webhook_headers"}, 1},
		{"workflow", `"webhook_docevent":"workflow_transition"`, []string{`"workflow_transition"`}, 0},
		{"nothing lost", `"enabled":0`, nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := `{"webhook_docevent":"on_update","webhook_doctype":"Note","request_url":"https://example.com/",` +
				strings.TrimPrefix(tt.doc, ",") + `,"doctype":"Webhook","name":"w"}`
			if tt.name == "workflow" {
				doc = strings.Replace(doc, `"webhook_docevent":"on_update",`, "", 1)
			}
			im, err := webhook.ImportFrappe(strings.NewReader(doc))
			require.NoError(t, err)
			require.Len(t, im.Webhooks, tt.webhooks)
			require.Len(t, im.Notes["w"], len(tt.want))
			for i, want := range tt.want {
				require.True(t, strings.HasPrefix(im.Notes["w"][i], want), im.Notes["w"][i])
			}
			for _, w := range im.Webhooks {
				require.NoError(t, w.Validate())
			}
			_, err = webhook.ReadWebhooks(strings.NewReader(doc))
			require.Equal(t, tt.want != nil, err != nil, "%v", err)
		})
	}
}

func TestImportPressWebhook(t *testing.T) {
	im, err := webhook.ImportFrappe(strings.NewReader(`{"doctype":"Press Webhook","name":"p","team":"t","endpoint":"https://example.com/w",
		"secret":"s3cret","enabled":1,"events":[{"event":"Site Plan Change"}]}`))
	require.NoError(t, err)
	require.Equal(t, []webhook.Webhook{{
		Name: "p", Tenant: "t", URL: "https://example.com/w", Secret: "s3cret",
		Events: []webhook.EventType{"Site Plan Change"}, RequireActivation: true,
	}}, im.Webhooks)
}

func TestReadWebhooks(t *testing.T) {
	data, err := json.Marshal([]webhook.Webhook{orders(nil), plans(nil)})
	require.NoError(t, err)
	ws, err := webhook.ReadWebhooks(strings.NewReader(string(data)))
	require.NoError(t, err)
	require.Len(t, ws, 2)
	require.Equal(t, "plans", ws[1].Name)
	one, err := webhook.ReadWebhooks(strings.NewReader(` {"name":"a","secret":"s"} `))
	require.NoError(t, err)
	require.Equal(t, []webhook.Webhook{{Name: "a", Secret: "s"}}, one)
	ours, err := webhook.ReadWebhooks(strings.NewReader(`{"name":"a","doctype":"Webhook","events":["on_update"],"url":"https://h.example/"}`))
	require.NoError(t, err)
	require.Equal(t, "Webhook", ours[0].DocType)
	for _, bad := range []string{``, `{"nmae":"a"}`, `[1]`, `{"name":"a"} {}`, `[{"name":"a"}`, `{"timeout":5}`} {
		_, err := webhook.ReadWebhooks(strings.NewReader(bad))
		require.Error(t, err, bad)
	}
	_, err = webhook.ImportFrappe(strings.NewReader(`{"doctype":"Note"}`))
	require.Error(t, err)
}
