package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Whatever a Transport or an endpoint gives back of the request, the log and
// the stored attempts do not show what was confidential in it.
func TestAttemptsHideSecrets(t *testing.T) {
	const header, path = "Bearer c0nfidential", "T0PSECRETPATH"
	leak := func(req *webhook.Request) string {
		return fmt.Sprint(req.URL, req.Header, testSecret)
	}
	tests := []struct {
		name  string
		send  webhook.TransportFunc
		class string
	}{
		{"error", func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
			return nil, errors.New(leak(req))
		}, webhook.ClassOther},
		{"permanent error", func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
			return nil, backoff.Permanent(errors.New(leak(req)))
		}, webhook.ClassOther},
		{"panic", func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
			panic(leak(req))
		}, webhook.ClassOther},
		{"echo", func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
			return &webhook.Response{
				StatusCode: 400, Body: []byte(leak(req)),
				Header: http.Header{"X-Echo": {leak(req)}},
			}, nil
		}, "status"},
		{"broken body", func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
			return &webhook.Response{StatusCode: 200, BodyErr: errors.New(leak(req))}, nil
		}, webhook.ClassOther},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			d, _ := newDispatcher(t, &webhook.Options{
				Transport: tt.send,
				Logger:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
				w.URL = "https://hooks.example.com/services/" + path
				w.Headers = []webhook.Header{{Key: "Authorization", Value: header}}
				w.Signatures = []webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeSecretHeader}
			})))
			report, err := d.Dispatch(t.Context(), updated(nil))
			require.NoError(t, err)
			require.NoError(t, d.Drain(t.Context()))
			attempts, err := d.Attempts(t.Context(), report.Outcomes[0].DeliveryID)
			require.NoError(t, err)
			require.Len(t, attempts, 1)
			require.Equal(t, tt.class, attempts[0].Class)
			shown, err := json.Marshal(attempts)
			require.NoError(t, err)
			for _, secret := range []string{testSecret, header, path} {
				for _, text := range []string{string(shown), string(attempts[0].Body), log.String()} {
					require.NotContains(t, text, secret)
				}
			}
		})
	}
}

// An address the guard refuses is a permanent failure of its own class.
func TestBlockedAddress(t *testing.T) {
	d, _ := newDispatcher(t, &webhook.Options{Transport: webhook.NewHTTPTransport(nil)})
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.URL = "http://127.0.0.1:1/" })))
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	del, err := d.Delivery(t.Context(), report.Outcomes[0].DeliveryID)
	require.NoError(t, err)
	require.Equal(t, webhook.Failed, del.State)
	require.Empty(t, del.Reason)
	attempts, err := d.Attempts(t.Context(), del.ID)
	require.NoError(t, err)
	require.Equal(t, webhook.ClassBlocked, attempts[0].Class)
	require.Contains(t, attempts[0].Error, "HTTPOptions.Allow")
}
