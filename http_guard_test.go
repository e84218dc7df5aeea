package webhook_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// A loopbackServer is a real listener on loopback that counts connections.
type loopbackServer struct {
	*httptest.Server
	conns atomic.Int32
}

func newLoopbackServer(t *testing.T, handler http.HandlerFunc) *loopbackServer {
	s := &loopbackServer{Server: httptest.NewUnstartedServer(handler)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// newHTTP2Server is a real listener on loopback that prefers HTTP/2.
func newHTTP2Server(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{newAuthority().leaf}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// deafPort is a port on loopback that nothing listens on and nothing else can
// take: the near end of a connection.
func deafPort(t *testing.T) string {
	s := newLoopbackServer(t, func(http.ResponseWriter, *http.Request) {})
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	_, port, err := net.SplitHostPort(c.LocalAddr().String())
	require.NoError(t, err)
	return port
}

func (s *loopbackServer) port() string {
	u, _ := url.Parse(s.URL)
	return u.Port()
}

func requireBlocked(t *testing.T, err error, address string) {
	t.Helper()
	require.Equal(t, webhook.ClassBlocked, webhook.ErrorClass(err), "%v", err)
	var permanent *backoff.PermanentError
	require.ErrorAs(t, err, &permanent)
	require.ErrorContains(t, err, address)
	require.ErrorContains(t, err, "HTTPOptions.Allow")
	requireConcealed(t, err)
}

func TestGuardRefuses(t *testing.T) {
	s := newLoopbackServer(t, func(http.ResponseWriter, *http.Request) {})
	tr := webhook.NewHTTPTransport(nil)
	defer tr.CloseIdleConnections()
	for _, tt := range []struct{ host, want string }{
		{"127.0.0.1", "127.0.0.1"},
		{"127.0.0.1.", "127.0.0.1"},
		{"localhost", ""}, // either family
		{"LOCALHOST", ""},
		{"[::1]", "::1"},
		{"[::ffff:127.0.0.1]", "::ffff:127.0.0.1"},
		{"[::ffff:7f00:1]", "::ffff:127.0.0.1"},
		{"[64:ff9b::127.0.0.1]", "64:ff9b::7f00:1"},
		{"[2002:7f00:1::]", "2002:7f00:1::"},
		{"0.0.0.0", "0.0.0.0"},
		{"[::]", "::"},
		{"169.254.169.254", "cloud metadata"},
		{"[fd00:ec2::254]", "cloud metadata"},
	} {
		t.Run(tt.host, func(t *testing.T) {
			_, err := tr.Send(t.Context(), post("http://"+tt.host+":"+s.port()+"/services/"+secretText))
			requireBlocked(t, err, tt.want)
		})
	}
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0177.0.0.1"} {
		_, err := tr.Send(t.Context(), post("http://"+host+":"+s.port()+"/"))
		require.Equal(t, webhook.ClassInvalidRequest, webhook.ErrorClass(err), host)
	}
	require.Zero(t, s.conns.Load())
}

func TestGuardAllowsLoopback(t *testing.T) {
	s := newLoopbackServer(t, func(w http.ResponseWriter, r *http.Request) {
		require.Empty(t, r.Header.Get("Accept-Encoding"))
		w.WriteHeader(http.StatusAccepted)
	})
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	defer tr.CloseIdleConnections()
	for range 3 {
		resp, err := tr.Send(t.Context(), post(s.URL))
		require.NoError(t, err)
		require.Equal(t, 202, resp.StatusCode)
	}
	require.EqualValues(t, 1, s.conns.Load())
}

// A name that is public when it is asked for first, and loopback after: the
// kept connection goes on to where it was checked to go, and every new one is
// checked again. Nothing is dialed outside, nothing on loopback.
func TestGuardAgainstRebinding(t *testing.T) {
	s := newLoopbackServer(t, func(http.ResponseWriter, *http.Request) {})
	synctest.Test(t, func(t *testing.T) {
		tr, n := newPipeTransport(t, nil, serveForever(okAnswer))
		asked := 0
		tr.SetNetwork(func(ctx context.Context, host string) ([]netip.Addr, error) {
			if asked++; asked == 1 {
				return n.resolve(ctx, host)
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}, n.connect)
		target := "http://rebind.example:" + s.port() + "/services/" + secretText
		for range 3 {
			resp, err := tr.Send(t.Context(), post(target))
			require.NoError(t, err)
			require.Equal(t, "ok", string(resp.Body))
		}
		require.Equal(t, 1, asked)
		require.EqualValues(t, 1, n.conns.Load())

		tr.CloseIdleConnections()
		_, err := tr.Send(t.Context(), post(target))
		requireBlocked(t, err, "127.0.0.1")
		require.EqualValues(t, 1, n.conns.Load())
	})
	require.Zero(t, s.conns.Load())
}

func TestGuardAgainstMixedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, n := newPipeTransport(t, nil, serveForever(okAnswer))
		tr.SetNetwork(func(ctx context.Context, host string) ([]netip.Addr, error) {
			public, err := n.resolve(ctx, host)
			return append(public, netip.MustParseAddr("127.0.0.1")), err
		}, n.connect)
		_, err := tr.Send(t.Context(), post(secretURL))
		requireBlocked(t, err, "127.0.0.1")
		require.Zero(t, n.conns.Load())
	})
}

func TestRedirectToLoopbackIsNotFollowed(t *testing.T) {
	inside := newLoopbackServer(t, func(http.ResponseWriter, *http.Request) {})
	for _, status := range []int{301, 302, 303, 307, 308} {
		outside := newLoopbackServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, status)
		})
		tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
		resp, err := tr.Send(t.Context(), post(outside.URL))
		require.NoError(t, err)
		require.Equal(t, status, resp.StatusCode)
		require.Equal(t, inside.URL, resp.Header.Get("Location"))
		tr.CloseIdleConnections()
	}
	require.Zero(t, inside.conns.Load())
}

// A proxy is used for the requests it is named for and for no others: what
// goes direct is guarded as ever.
func TestProxy(t *testing.T) {
	var asked atomic.Int32
	proxy := newLoopbackServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if user, _, _ := r.BasicAuth(); user != "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		if r.Host == "hook.example" && r.Header.Get("Proxy-Authorization") != "" {
			w.WriteHeader(http.StatusAccepted)
		}
	})
	proxyURL, err := url.Parse("http://user:" + secretText + "@127.0.0.1:" + proxy.port())
	require.NoError(t, err)
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Hostname() == "127.0.0.1" {
				return nil, nil
			}
			return proxyURL, nil
		},
	})
	defer tr.CloseIdleConnections()
	resp, err := tr.Send(t.Context(), post(secretURL))
	require.NoError(t, err)
	require.Equal(t, 202, resp.StatusCode)
	require.EqualValues(t, 1, asked.Load())

	_, err = tr.Send(t.Context(), post("http://127.0.0.1:"+proxy.port()+"/"))
	requireBlocked(t, err, "127.0.0.1")

	_, err = tr.Send(t.Context(), post("https://hook.example/"+"services/"+secretText))
	require.Error(t, err, "the proxy knows no CONNECT")
	requireConcealed(t, err)
	require.EqualValues(t, 2, asked.Load())
}

func TestProxyErrors(t *testing.T) {
	deaf := deafPort(t)
	for _, tt := range []struct {
		name  string
		proxy func(*http.Request) (*url.URL, error)
		want  string
	}{
		{"none can be chosen", func(*http.Request) (*url.URL, error) {
			return nil, &url.Error{Op: "parse", URL: "http://user:" + secretText + "@%zz", Err: url.EscapeError("%zz")}
		}, webhook.ClassProxy},
		{"down", func(*http.Request) (*url.URL, error) {
			return url.Parse("http://user:" + secretText + "@127.0.0.1:" + deaf)
		}, webhook.ClassProxy},
		{"unknown scheme", func(*http.Request) (*url.URL, error) {
			return url.Parse("gopher://user:" + secretText + "@127.0.0.1:" + deaf)
		}, webhook.ClassProxy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Proxy: tt.proxy})
			_, err := tr.Send(t.Context(), post("http://hook.example/"))
			require.Equal(t, tt.want, webhook.ErrorClass(err), "%v", err)
			requireConcealed(t, err)
		})
	}
}
