package webhook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Errors of a Transport that a user wrote around http.Client are sorted too.
func TestErrorClass(t *testing.T) {
	dial := func(text string) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(text)}
	}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"none", nil, ""},
		{"unknown", errors.New("boom"), "other"},
		{"deadline", context.DeadlineExceeded, "timeout"},
		{"deadline of a client", &url.Error{Op: "Post", Err: context.DeadlineExceeded}, "timeout"},
		{"body timeout", webhook.ErrResponseTimeout, "timeout"},
		{"canceled", context.Canceled, "canceled"},
		{"canceled in a lookup", errors.Join(&net.DNSError{}, context.Canceled), "canceled"},
		{"no such host", &url.Error{Err: &net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}}, "dns"},
		{"name server hangs", &net.DNSError{IsTimeout: true}, "dns"},
		{"refused", dial("connection refused"), "refused"},
		{"no route", dial("no route to host"), "unreachable"},
		{"read", &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, "reset"},
		{"write", &net.OpError{Op: "write", Err: errors.New("broken pipe")}, "reset"},
		{"EOF", fmt.Errorf("post: %w", io.EOF), "reset"},
		{"early EOF", io.ErrUnexpectedEOF, "reset"},
		{"closed", net.ErrClosed, "reset"},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, "tls"},
		{"authority", &url.Error{Err: x509.UnknownAuthorityError{}}, "tls"},
		{"record", tls.RecordHeaderError{}, "tls"},
		{"proxy", &net.OpError{Op: "proxyconnect", Err: dial("connection refused")}, "proxy"},
		{"too large", fmt.Errorf("read: %w", webhook.ErrResponseTooLarge), "too_large"},
		{"quoted words do not decide", errors.New(`malformed HTTP response "tls: x509: refused"`), "protocol"},
		{"permanent", backoff.Permanent(dial("connection refused")), "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, webhook.ErrorClass(tt.err))
		})
	}
}

// What the system itself says, on real sockets.
func TestErrorClassOfSockets(t *testing.T) {
	resetting := newLoopbackServer(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	})
	cut := newLoopbackServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "short")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	defer tr.CloseIdleConnections()

	_, err := tr.Send(t.Context(), post("http://127.0.0.1:"+deafPort(t)+"/services/"+secretText))
	require.Equal(t, webhook.ClassRefused, webhook.ErrorClass(err), "%v", err)
	requireNoSecret(t, err)
	_, err = tr.Send(t.Context(), post(resetting.URL+"/services/"+secretText))
	require.Equal(t, webhook.ClassReset, webhook.ErrorClass(err), "%v", err)
	requireNoSecret(t, err)
	resp, err := tr.Send(t.Context(), post(cut.URL))
	require.NoError(t, err)
	require.Equal(t, "short", string(resp.Body))
	require.Equal(t, webhook.ClassReset, webhook.ErrorClass(resp.BodyErr), "%v", resp.BodyErr)
}
