//go:build e2e

package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// The complete order handler of the webhooks reference. One slip of it stays: it
// calls send_notification, which it does not define. It catches the error, logs
// it, and answers 200 as always.
var orderHandler = program{
	file: "order_handler.py",
	edits: []edit{
		{"the port", "app.run(port=5000)", "app.run(port=PORT)"},
	},
}

const (
	orderPath   = "/webhook/order"
	orderSecret = "your_secret_here"
)

// The program with the secret header of the Frappe Cloud documentation.
var secretHeader = program{
	file: "secret_header.py",
	edits: []edit{
		{"the port", "app.run(debug=True)", "app.run(debug=True, port=PORT)"},
	},
}

const (
	cloudPath   = "/webhook"
	cloudSecret = "super-secret-key"
)

// The first program of the same document, which checks no secret.
var firstApp = program{
	file: "first_app.py",
	edits: []edit{
		{"the port", "app.run(debug=True)", "app.run(debug=True, port=PORT)"},
		{
			"a slip: the f-string is broken over lines where the line breaks were escapes",
			"    print(f\"Data: {data}\n\n\")", `    print(f"Data: {data}\n\n")`,
		},
	},
}

const (
	order      = `{"doctype":"Sales Order","name":"SO-00001","data":{"status":"Draft","grand_total":1500.0}}`
	largeOrder = `{"doctype":"Sales Order","name":"SO-00002",` +
		`"data":{"status":"To Deliver and Bill","grand_total":15000.0}}`
	handshake  = `{"event":"Webhook Validate","data":{}}`
	planChange = `{"event":"Site Plan Change","data":{"site":"erp.example","plan":"USD 25"}}`
)

// post sends a body as JSON and returns the status of the answer.
func post(t *testing.T, url, body string, header map[string]string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func signature(secret, body string) map[string]string {
	return map[string]string{"X-Frappe-Webhook-Signature": webhook.Sign(secret, []byte(body))}
}

func TestOrderHandlerChecksSignatures(t *testing.T) {
	run := orderHandler.start(t)
	tests := []struct {
		name   string
		body   string
		header map[string]string
		status int
		log    string
	}{
		{"signed", order, signature(orderSecret, order), 200, "Received webhook: Sales Order/SO-00001"},
		{"tampered", largeOrder, signature(orderSecret, order), 401, "Invalid webhook signature"},
		{"other secret", order, signature("guess", order), 401, "Invalid webhook signature"},
		{"signed, but no JSON", "{", signature(orderSecret, "{"), 400, "Failed to parse webhook"},
		{"the branch with the slip", largeOrder, signature(orderSecret, largeOrder), 200,
			"name 'send_notification' is not defined"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(run.Log(t))
			require.Equal(t, test.status, post(t, run.URL+orderPath, test.body, test.header))
			require.Contains(t, run.Log(t)[before:], test.log)
		})
	}
}

func TestSecretHeaderProgramChecksSecrets(t *testing.T) {
	run := secretHeader.start(t)
	tests := []struct {
		name   string
		body   string
		header map[string]string
		status int
		log    string
	}{
		{"handshake", handshake, map[string]string{"X-Webhook-Secret": cloudSecret}, 200,
			"Event: Webhook Validate\nData: {}\n"},
		{"event", planChange, map[string]string{"X-Webhook-Secret": cloudSecret}, 200,
			"Event: Site Plan Change\nData: {'site': 'erp.example', 'plan': 'USD 25'}\n"},
		{"wrong secret", planChange, map[string]string{"X-Webhook-Secret": "guess"}, 401, `" 401 -`},
		{"no secret", planChange, nil, 401, `" 401 -`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(run.Log(t))
			require.Equal(t, test.status, post(t, run.URL+cloudPath, test.body, test.header))
			require.Contains(t, run.Log(t)[before:], test.log)
		})
	}
}

func TestFirstAppTakesTheHandshake(t *testing.T) {
	run := firstApp.start(t)
	require.Equal(t, 200, post(t, run.URL+cloudPath, handshake, nil))
	require.Contains(t, run.Log(t), "Event: Webhook Validate\nData: {}\n\n")
}
