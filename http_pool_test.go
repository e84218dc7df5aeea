package webhook_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Each webhook sends its own client certificate and never travels on the
// connection of another.
func TestTLSPerWebhook(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+strconv.Itoa(len(r.TLS.PeerCertificates)))
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{newAuthority().leaf},
		ClientAuth:   tls.RequestClientCert,
	}
	s.StartTLS()
	defer s.Close()

	configs := map[string]*tls.Config{
		"known": {RootCAs: newAuthority().pool, Certificates: []tls.Certificate{newAuthority().leaf}},
		"plain": {RootCAs: newAuthority().pool},
	}
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{
		Allow: webhook.Loopback(),
		TLS:   func(name string) *tls.Config { return configs[name] },
	})
	defer tr.CloseIdleConnections()
	for range 2 {
		for _, tt := range []struct{ webhook, want string }{
			{"known", "HTTP/2.0 1"}, {"plain", "HTTP/2.0 0"},
		} {
			req := post(s.URL)
			req.Webhook = tt.webhook
			resp, err := tr.Send(t.Context(), req)
			require.NoError(t, err)
			require.Equal(t, tt.want, string(resp.Body))
		}
	}
	req := post(s.URL)
	req.Webhook = "another"
	_, err := tr.Send(t.Context(), req)
	require.Equal(t, webhook.ClassTLS, webhook.ErrorClass(err), "the default does not trust the tests' authority")
	require.Equal(t, 3, tr.PoolCount())
	require.Empty(t, configs["plain"].NextProtos, "the configuration is cloned")
}

// A TLS function that returns a new configuration every time costs its user
// the reuse of connections, not the process its memory.
func TestPoolsAreBounded(t *testing.T) {
	s := newLoopbackServer(t, func(http.ResponseWriter, *http.Request) {})
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{
		Allow: webhook.Loopback(),
		TLS:   func(string) *tls.Config { return &tls.Config{} },
	})
	defer tr.CloseIdleConnections()
	for range 300 {
		_, err := tr.Send(t.Context(), post(s.URL))
		require.NoError(t, err)
	}
	require.Equal(t, 256, tr.PoolCount())
}
