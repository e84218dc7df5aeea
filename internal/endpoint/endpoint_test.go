package endpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/endpoint"
)

func TestEndpoint(t *testing.T) {
	for _, tt := range []struct{ name, raw, want string }{
		{"https", "https://Example.com/x", "https://example.com:443"},
		{"http", "http://example.com./x", "http://example.com:80"},
		{"port", "https://example.com:8443", "https://example.com:8443"},
		{"IPv6", "http://[2001:db8::1]/", "http://[2001:db8::1]:80"},
		{"IPv6 and port", "http://[2001:db8::1]:81/", "http://[2001:db8::1]:81"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := endpoint.Parse(tt.raw)
			require.NoError(t, err)
			require.Equal(t, tt.want, endpoint.Endpoint(u))
		})
	}
}

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ name, raw, want string }{
		{"host", "https://example.com", "https://example.com"},
		{"root", "https://example.com/", "https://example.com"},
		{"one segment", "https://example.com/hook", "https://example.com/hook"},
		{"one segment and slash", "https://example.com/hook/", "https://example.com/hook"},
		{"more", "https://hooks.slack.com/services/T0/B0/secret", "https://hooks.slack.com/services/..."},
		{"query", "https://h:8443/hook?token=secret", "https://h:8443/hook?..."},
		{"query alone", "https://h?token=secret", "https://h?..."},
		{"both", "https://h/hook/a?token=secret", "https://h/hook/..."},
		{"slashes", "https://h//secret", "https://h//..."},
		{"escaped slash", "https://h/a%2Fb/secret", "https://h/a%2Fb/..."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := endpoint.Parse(tt.raw)
			require.NoError(t, err)
			require.Equal(t, tt.want, endpoint.Redact(u))
		})
	}
}
