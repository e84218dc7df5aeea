package webhook_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// What hosts and webhookctl show as JSON has snake_case keys, durations as
// strings, errors as their text, and no secret.
func TestJSONForms(t *testing.T) {
	at := time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
	err := errors.New("no")
	request := &webhook.Request{
		Method: "POST", URL: "https://example.com/hook", Body: []byte("{}"),
		Header:  http.Header{"Authorization": {"Bearer abcdef"}, "Webhook-Id": {"msg_1"}},
		Webhook: "orders", DeliveryID: "msg_1", Attempt: 1,
	}
	requestJSON := `{"method":"POST","url":"https://example.com/hook",
		"header":{"Authorization":["[masked]"],"Webhook-Id":["msg_1"]},"body":"e30=",
		"webhook":"orders","delivery_id":"msg_1","attempt":1}`
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"stats", webhook.Stats{
			ByState: map[webhook.State]int{webhook.Pending: 2}, OldestDue: 90 * time.Second,
			BlockedLines: 3, OpenBreakers: 4,
		}, `{"by_state":{"pending":2},"oldest_due":"1m30s","blocked_lines":3,"open_breakers":4}`},
		{"request", request, requestJSON},
		{"request by value", *request, requestJSON},
		{"preview", &webhook.Preview{
			Outcome: webhook.Outcome{Webhook: "orders", EventID: "evt_1", Type: "x", Decision: webhook.Queued},
			Request: request, Warnings: []string{"w"},
		}, `{"outcome":{"webhook":"orders","event_id":"evt_1","type":"x","decision":"queued"},
			"request":` + requestJSON + `,"warnings":["w"]}`},
		{"preview of what cannot be rendered", &webhook.Preview{
			Outcome: webhook.Outcome{Decision: webhook.RenderError, Err: err},
		}, `{"outcome":{"webhook":"","event_id":"","type":"","decision":"render_error","error":"no"},"request":null}`},
		{"report", webhook.Report{Outcomes: []webhook.Outcome{
			{Webhook: "orders", EventID: "evt_1", DeliveryID: "msg_1", Type: "x", Err: err},
		}},
			`{"outcomes":[{"webhook":"orders","event_id":"evt_1","delivery_id":"msg_1","type":"x","error":"no"}]}`},
		{"event", webhook.Event{
			ID: "evt_1", Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-1", Doc: map[string]any{"a": 1},
			Previous: json.RawMessage(`{"a":0}`), User: "u", Tenant: "t", Time: at,
		}, `{"id":"evt_1","type":"on_update","doctype":"Sales Order","name":"SO-1","doc":{"a":1},
			"previous":{"a":0},"user":"u","tenant":"t","time":"2024-06-01T12:00:00Z"}`},
		{"empty event", webhook.Event{Type: "Site Plan Change"}, `{"type":"Site Plan Change"}`},
		{"event error", &webhook.EventError{Index: 2, Err: err}, `{"index":2,"error":"no"}`},
		{"config error", &webhook.ConfigError{Webhook: "orders", Field: "Body", Line: 1, Column: 2, Err: err},
			`{"webhook":"orders","field":"Body","line":1,"column":2,"error":"no"}`},
		{"handshake error", &webhook.HandshakeError{Webhook: "plans", Attempt: &webhook.Attempt{
			Number: 1, Duration: time.Second, State: webhook.Failed,
		}},
			`{"webhook":"plans","attempt":{"number":1,"status_code":0,"state":"failed","duration":"1s"}}`},
		{"import error", &webhook.ImportError{Index: -1, Line: 3, Column: 4, Err: err},
			`{"index":-1,"line":3,"column":4,"error":"no"}`},
		{"import", webhook.Import{Webhooks: []webhook.Webhook{}, Notes: map[string][]string{"orders": {"n"}}},
			`{"webhooks":[],"notes":{"orders":["n"]}}`},
		{"status", webhook.Status{State: webhook.Disabled, By: webhook.ByLibrary, Reason: "r", Since: at, Failures: 7},
			`{"state":"disabled","by":"library","reason":"r","since":"2024-06-01T12:00:00Z","failures":7}`},
		{"query", webhook.DeliveryQuery{
			Webhook: "orders", DocType: "Sales Order", DocName: "SO-1", Tenant: "t",
			States: []webhook.State{webhook.Failed}, Since: at, Until: at, After: "msg_1", Limit: 5,
		}, `{"webhook":"orders","doctype":"Sales Order","doc_name":"SO-1","tenant":"t","states":["failed"],
			"since":"2024-06-01T12:00:00Z","until":"2024-06-01T12:00:00Z","after":"msg_1","limit":5}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			data, err := json.Marshal(test.value)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(data))
		})
	}
	require.Equal(t, "Bearer abcdef", request.Header.Get("Authorization"), "the request itself is as it was")
}

func TestJSONFormsRead(t *testing.T) {
	stats := webhook.Stats{
		ByState: map[webhook.State]int{webhook.Pending: 2}, OldestDue: 90 * time.Second,
		OpenBreakers: 4,
	}
	data, err := json.Marshal(stats)
	require.NoError(t, err)
	var got webhook.Stats
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, stats, got)

	var ev webhook.Event
	require.NoError(t, json.Unmarshal([]byte(`{"type":"on_update","doctype":"Sales Order","name":"SO-1",
		"doc":{"z":1.50,"a":12345678901234567890},"previous":null}`), &ev))
	require.Nil(t, ev.Previous)
	o := decide(t, orders(func(w *webhook.Webhook) { w.Condition = "changed('z')" }), ev)
	require.Equal(t, webhook.Queued, o.Decision)
	q := send(t, orders(nil), ev)
	require.Equal(t,
		`{"doctype":"Sales Order","name":"SO-1","data":{"z":1.50,"a":12345678901234567890}}`,
		string(q.Body),
		"numbers and the order of keys stay as they are")
	require.Error(t, json.Unmarshal([]byte(`{"type":1}`), &ev))
	require.Error(t, json.Unmarshal([]byte(`{"oldest_due":5}`), &got))
}
