package webhook_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

const okAnswer = ok200 + "Content-Length: 2\r\n\r\nok"

// serveForever answers every request of a connection with text.
func serveForever(text string) func(net.Conn) {
	return func(c net.Conn) {
		for r := bufio.NewReader(c); ; {
			if _, ok := readRequest(r); !ok {
				return
			}
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
}

func TestSendOnTheWire(t *testing.T) {
	header := http.Header{"User-Agent": {"docevent"}, "X-Webhook-Event": {"on_update"}}
	for _, tt := range []struct {
		name string
		req  webhook.Request
		want string
	}{
		{"POST", webhook.Request{
			Method: "POST", URL: "http://Hook.Example./a?b=c#d", Header: header,
			Body: []byte("{}"),
		},
			"POST /a?b=c HTTP/1.1\r\nHost: hook.example\r\nUser-Agent: docevent\r\n" +
				"Content-Length: 2\r\nX-Webhook-Event: on_update\r\n\r\n{}"},
		{"braces", webhook.Request{
			Method: "PUT", URL: "http://hook.example:8080/anything/{{doc.doctype}}",
			Header: header,
		},
			"PUT /anything/%7B%7Bdoc.doctype%7D%7D HTTP/1.1\r\nHost: hook.example:8080\r\nUser-Agent: docevent\r\n" +
				"Content-Length: 0\r\nX-Webhook-Event: on_update\r\n\r\n"},
		{"GET", webhook.Request{Method: "GET", URL: "http://hook.example", Header: header},
			"GET / HTTP/1.1\r\nHost: hook.example\r\nUser-Agent: docevent\r\nX-Webhook-Event: on_update\r\n\r\n"},
		{"GET with a body", webhook.Request{
			Method: "GET", URL: "http://hook.example", Header: header, Body: []byte("x"),
		},
			"GET / HTTP/1.1\r\nHost: hook.example\r\nUser-Agent: docevent\r\nContent-Length: 1\r\n" +
				"X-Webhook-Event: on_update\r\n\r\nx"},
		{"DELETE without a header", webhook.Request{Method: "DELETE", URL: "http://hook.example/x"},
			"DELETE /x HTTP/1.1\r\nHost: hook.example\r\nUser-Agent: Go-http-client/1.1\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var wire strings.Builder
				tr, _ := newPipeTransport(t, nil, func(c net.Conn) {
					if _, ok := readRequest(bufio.NewReader(io.TeeReader(c, &wire))); ok {
						_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok")
					}
				})
				resp, err := tr.Send(t.Context(), &tt.req)
				require.NoError(t, err)
				require.Equal(t, 201, resp.StatusCode)
				require.Equal(t, http.Header{"X-A": {"b"}, "Content-Length": {"2"}}, resp.Header)
				require.Equal(t, "ok", string(resp.Body))
				require.NoError(t, resp.BodyErr)
				require.Equal(t, tt.want, wire.String())
			})
		})
	}
}

// answerEarly answers while the request is under way.
func answerEarly(c net.Conn) {
	time.Sleep(time.Second)
	go repeat(c, "HTTP/1.1 413 Too Large\r\n\r\n"+strings.Repeat("x", 1<<10), 0)
	hold(c)
}

// An endpoint may answer before it has read the request. What Send was given
// is the caller's again all the same: the race detector judges.
func TestSendKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, _ := newPipeTransport(t, nil, answerEarly)
		req := post(secretURL)
		req.Body = make([]byte, 1<<20)
		resp, err := tr.Send(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, 413, resp.StatusCode)
		req.Header.Set("X-Webhook-Secret", "another")
		for i := range req.Body { // clear would escape the race detector
			req.Body[i] = 1
		}
	})
}

// A Transport around an HTTPTransport may do so too with what it passed on.
func TestSendKeepsNothingOfAWrapper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, _ := newPipeTransport(t, nil, answerEarly)
		w := newWorld(t, webhook.NewMemoryStore(), webhook.TransportFunc(
			func(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
				wrapped := *req
				wrapped.Body = make([]byte, 1<<20)
				resp, err := inner.Send(ctx, &wrapped)
				for i := range wrapped.Body { // clear would escape the race detector
					wrapped.Body[i] = 1
				}
				return resp, err
			}), webhook.Options{})
		w.save(hook("a", func(w *webhook.Webhook) { w.URL = "http://a.example/in" }))
		id := w.send("doc")
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 413, w.log(id)[0].StatusCode)
	})
}

func TestSendRefusesInvalidRequests(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*webhook.Request)
	}{
		{"no URL", func(r *webhook.Request) { r.URL = "" }},
		{"scheme", func(r *webhook.Request) { r.URL = "ftp://hook.example/" + secretText }},
		{"port", func(r *webhook.Request) { r.URL = "http://hook.example:" + secretText + "/" }},
		{"userinfo", func(r *webhook.Request) { r.URL = "http://" + secretText + "@hook.example/" }},
		{"number", func(r *webhook.Request) { r.URL = "http://2130706433/" + secretText }},
		{"no method", func(r *webhook.Request) { r.Method = "" }},
		{"CONNECT", func(r *webhook.Request) { r.Method = "connect" }},
		{"TRACE", func(r *webhook.Request) { r.Method = "TRACE" }},
		{"method with a space", func(r *webhook.Request) { r.Method = "PO ST" }},
		{"header name", func(r *webhook.Request) { r.Header["A B"] = []string{secretText} }},
		{"header value", func(r *webhook.Request) { r.Header["A"] = []string{secretText + "\r\nX: y"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, n := newPipeTransport(t, nil, serveForever(okAnswer))
				req := post(secretURL)
				tt.change(req)
				resp, err := tr.Send(t.Context(), req)
				require.Nil(t, resp)
				require.Equal(t, webhook.ClassInvalidRequest, webhook.ErrorClass(err))
				var permanent *backoff.PermanentError
				require.ErrorAs(t, err, &permanent)
				requireConcealed(t, err)
				require.Zero(t, n.conns.Load())
			})
		})
	}
}

func TestSendTimeouts(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for _, tt := range []struct {
		name    string
		opts    webhook.HTTPOptions
		timeout time.Duration // of the context, 0 for none
		cancel  time.Duration // when the context is canceled, 0 for never
		resolve bool          // hangs
		connect bool          // hangs
		want    string
		took    time.Duration
	}{
		{"context's deadline", webhook.HTTPOptions{}, 3 * time.Second, 0, false, false, "timeout", 3 * time.Second},
		{"no deadline", webhook.HTTPOptions{}, 0, 0, false, false, "timeout", 15 * time.Second},
		{"no deadline, Timeout", webhook.HTTPOptions{Timeout: time.Minute}, 0, 0, false, false, "timeout", time.Minute},
		{"deadline beyond Timeout", webhook.HTTPOptions{}, 40 * time.Second, 0, false, false,
			"timeout", 40 * time.Second},
		{"canceled", webhook.HTTPOptions{}, 0, 2 * time.Second, false, false, "canceled", 2 * time.Second},
		{"connecting", webhook.HTTPOptions{}, 0, 0, false, true, "timeout", 10 * time.Second},
		{"connecting, ConnectTimeout", webhook.HTTPOptions{ConnectTimeout: time.Second}, 0, 0,
			false, true, "timeout", time.Second},
		{"connecting, context's deadline", webhook.HTTPOptions{}, time.Second, 0, false, true, "timeout", time.Second},
		{"connecting, canceled", webhook.HTTPOptions{}, 0, time.Second, false, true, "canceled", time.Second},
		{"resolving", webhook.HTTPOptions{}, 0, 0, true, false, "timeout", 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, n := newPipeTransport(t, &tt.opts, hold)
				tr.SetNetwork(
					func(ctx context.Context, host string) ([]netip.Addr, error) {
						if tt.resolve {
							return nil, hang(ctx)
						}
						return n.resolve(ctx, host)
					},
					func(ctx context.Context, network, address string) (net.Conn, error) {
						if tt.connect {
							return nil, hang(ctx)
						}
						return n.connect(ctx, network, address)
					})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.timeout > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, tt.timeout)
					defer stop()
				}
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, func() { cancel(errors.New("stopping")) })
				}
				start := time.Now()
				_, err := tr.Send(ctx, post(secretURL))
				require.Equal(t, tt.want, webhook.ErrorClass(err), "%v", err)
				require.Equal(t, tt.took, time.Since(start))
				requireConcealed(t, err)
			})
		})
	}
}

func TestSendAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, n := newPipeTransport(t, nil, serveForever(okAnswer))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := tr.Send(ctx, post(secretURL))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, webhook.ClassCanceled, webhook.ErrorClass(err))
		require.Zero(t, n.conns.Load())
	})
}

// Canceled while the body is read: the attempt has its status.
func TestCanceledInTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, _ := newPipeTransport(t, nil, say(ok200+"\r\nok"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		resp, err := tr.Send(ctx, post(secretURL))
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, webhook.ClassCanceled, webhook.ErrorClass(resp.BodyErr))
	})
}

// A kept connection that dies under a request does not make net/http send the
// request again, whether or not it would think that safe.
func TestSendSendsOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		method string
		body   string
		header string
	}{
		{"POST", "POST", "{}", ""},
		{"POST with an idempotency key", "POST", "{}", "Idempotency-Key"},
		{"empty POST with an idempotency key", "POST", "", "Idempotency-Key"},
		{"empty PUT with an idempotency key", "PUT", "", "X-Idempotency-Key"},
		{"GET", "GET", "", ""},
		{"GET with a body", "GET", "{}", ""},
		{"DELETE with an idempotency key", "DELETE", "", "Idempotency-Key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				requests := 0
				tr, n := newPipeTransport(t, nil, func(c net.Conn) {
					for r := bufio.NewReader(c); ; {
						if _, ok := readRequest(r); !ok {
							return
						}
						mu.Lock()
						requests++
						deadly := requests > 2
						mu.Unlock()
						if deadly {
							return
						}
						time.Sleep(time.Second) // so that the first two need two connections
						_, _ = io.WriteString(c, okAnswer)
					}
				})
				req := post(secretURL)
				req.Method, req.Body = tt.method, []byte(tt.body)
				if tt.header != "" {
					req.Header.Set(tt.header, "1")
				}
				var warm sync.WaitGroup
				for range 2 {
					warm.Go(func() {
						_, err := tr.Send(t.Context(), req)
						require.NoError(t, err)
					})
				}
				warm.Wait()
				require.EqualValues(t, 2, n.conns.Load())
				_, err := tr.Send(t.Context(), req)
				require.Equal(t, webhook.ClassReset, webhook.ErrorClass(err), "%v", err)
				synctest.Wait()
				require.Equal(t, 3, requests)
			})
		})
	}
}

func TestConnectionsAreReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, n := newPipeTransport(t, nil, serveForever(okAnswer))
		burst := func(size int) {
			var wg sync.WaitGroup
			for range size {
				wg.Go(func() {
					resp, err := tr.Send(t.Context(), post(secretURL))
					require.NoError(t, err)
					require.NoError(t, resp.BodyErr)
				})
			}
			wg.Wait()
		}
		burst(1)
		burst(1)
		require.EqualValues(t, 1, n.conns.Load())
		time.Sleep(89 * time.Second)
		burst(1)
		require.EqualValues(t, 1, n.conns.Load())
		time.Sleep(91 * time.Second)
		burst(1)
		require.EqualValues(t, 2, n.conns.Load(), "IdleTimeout has passed")
	})
	synctest.Test(t, func(t *testing.T) {
		tr, n := newPipeTransport(t, &webhook.HTTPOptions{IdlePerEndpoint: -1}, serveForever(okAnswer))
		for range 3 {
			_, err := tr.Send(t.Context(), post(secretURL))
			require.NoError(t, err)
		}
		require.EqualValues(t, 3, n.conns.Load(), "none is kept")
	})
}

func TestOptionsAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &webhook.HTTPOptions{Allow: webhook.Loopback()}
		tr, _ := newPipeTransport(t, opts, serveForever(okAnswer))
		opts.Allow[0] = netip.Prefix{}
		opts.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("called") }
		resp, err := tr.Send(t.Context(), post("http://127.0.0.1/"))
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
	})
}

func TestMaxResponseBytes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limit  int64
		answer string
		want   string
		class  string
	}{
		{"below", 10, ok200 + "Content-Length: 9\r\n\r\n123456789", "123456789", ""},
		{"exactly", 10, ok200 + "Content-Length: 10\r\n\r\n1234567890", "1234567890", ""},
		{"above", 10, ok200 + "Content-Length: 11\r\n\r\n1234567890a", "1234567890", "too_large"},
		{"above, no length", 10, ok200 + "Connection: close\r\n\r\n1234567890a", "1234567890", "too_large"},
		{"large limit", 1 << 40, ok200 + "Content-Length: 3\r\n\r\nabc", "abc", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, _ := newPipeTransport(t, &webhook.HTTPOptions{MaxResponseBytes: tt.limit}, serveForever(tt.answer))
				resp, err := tr.Send(t.Context(), post(secretURL))
				require.NoError(t, err)
				require.Equal(t, tt.want, string(resp.Body))
				require.Equal(t, tt.class, webhook.ErrorClass(resp.BodyErr))
			})
		})
	}
}
