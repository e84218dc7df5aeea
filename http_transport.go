package webhook

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/docevent/webhook/internal/endpoint"
	"github.com/docevent/webhook/internal/netguard"
)

// HTTPOptions says how an [HTTPTransport] connects and how much it reads. A
// nil or zero HTTPOptions works. A field that is zero or negative is its default,
// where its comment says nothing else.
type HTTPOptions struct {
	// Allow names the addresses that may be reached although they are not part
	// of the public internet: private networks, loopback, link-local, carrier-
	// grade NAT, multicast, metadata services, reserved ranges, and IPv6
	// addresses that carry an IPv4 address. Every address of a host must be
	// public or allowed. A prefix of IPv4 does not match an IPv4 address
	// written as IPv6; an invalid prefix matches nothing. See [Loopback].
	// Defaults to none.
	Allow []netip.Prefix

	// TLS returns the configuration for a webhook's connections, for a
	// certificate authority or a client certificate of its own; nil means the
	// default. The configuration is cloned, and TLS 1.2 is the least whatever
	// it says. Connections are shared by the webhooks that get the same
	// pointer, so return the same pointer while nothing changes. It is called
	// for each request, by many goroutines at once. Defaults to the system's
	// certificate authorities for all.
	TLS func(webhook string) *tls.Config

	// Proxy returns the proxy for a request, or nil for a direct connection.
	// The environment is consulted only by passing http.ProxyFromEnvironment.
	// A proxy voids the address guard for the requests it is used for: it is
	// the proxy that resolves the name and connects, and the proxy's own
	// address is not checked. Defaults to none.
	Proxy func(*http.Request) (*url.URL, error)

	// Timeout is for an attempt whose context has no deadline, over connect,
	// TLS, request and response header. Defaults to 15 seconds.
	Timeout time.Duration

	// ConnectTimeout is for resolving the name and connecting together, and
	// once more for the TLS handshake. A connection may outlive the attempt
	// that asked for it, to serve the next. Defaults to 10 seconds.
	ConnectTimeout time.Duration

	// IdleTimeout is how long a connection is kept for the next request.
	// Defaults to 90 seconds.
	IdleTimeout time.Duration

	// IdlePerEndpoint is how many idle connections are kept for a scheme, host
	// and port. It should be no less than Options.PerEndpoint, else bursts pay
	// for new connections. Negative keeps none. Defaults to 16.
	IdlePerEndpoint int

	// MaxIdle is how many idle connections are kept in all, for each
	// configuration that TLS returns. Defaults to 1,024.
	MaxIdle int

	// MaxResponseBytes is how much of a response's body is read. A longer one
	// costs its connection. Defaults to 64 KiB.
	MaxResponseBytes int64

	// MaxHeaderBytes is how large a response's header may be, interim (1xx)
	// responses included. Defaults to 64 KiB.
	MaxHeaderBytes int64
}

func (o *HTTPOptions) withDefaults() HTTPOptions {
	var c HTTPOptions
	if o != nil {
		c = *o
	}
	c.Allow = slices.Clone(c.Allow)
	c.Timeout = positiveOr(c.Timeout, 15*time.Second)
	c.ConnectTimeout = positiveOr(c.ConnectTimeout, 10*time.Second)
	c.IdleTimeout = positiveOr(c.IdleTimeout, 90*time.Second)
	c.MaxIdle = positiveOr(c.MaxIdle, 1024)
	c.MaxResponseBytes = positiveOr(c.MaxResponseBytes, 64<<10)
	c.MaxHeaderBytes = positiveOr(c.MaxHeaderBytes, 64<<10)
	if c.IdlePerEndpoint == 0 {
		c.IdlePerEndpoint = 16
	}
	return c
}

func positiveOr[T ~int | ~int64](v, fallback T) T {
	if v > 0 {
		return v
	}
	return fallback
}

// Loopback returns the loopback addresses of IPv4 and IPv6, for
// [HTTPOptions].Allow in development and tests.
func Loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// An HTTPTransport is the [Transport] over HTTP/1.1 and HTTP/2, made for
// endpoints that strangers choose.
//
// It reaches public addresses only, unless HTTPOptions.Allow names others: the
// check is made on the resolved address for every connection, and the address
// that was checked is the one dialed. Redirects are not followed, bodies are
// not decompressed, TLS is 1.2 or later. The deadline of the context bounds
// connect, TLS, request and response header together. Once a status is in, the
// body is read up to MaxResponseBytes and for at most one second more; what
// ended the reading early is the Response's BodyErr.
//
// Send makes one request: nothing is sent a second time behind the caller's
// back, whatever the method and header.
//
// An error names scheme, host and first path segment of the URL, and nothing
// else of the request or the answer. An error that no retry can help, a
// refused address or an invalid request, is made by [backoff.Permanent];
// [ErrorClass] sorts the others.
//
// One thing is out of its hands: when an endpoint sends more than it announced,
// net/http writes the beginning of it, quoted, to the standard logger of
// package log. A program that keeps its logs free of what endpoints send
// should redirect that logger.
//
// An HTTPTransport may be used by many goroutines at once. It starts none of
// its own until it is used; those of idle connections end with
// [HTTPTransport.CloseIdleConnections] or after IdleTimeout.
type HTTPTransport struct {
	opts   HTTPOptions
	dialer *netguard.Dialer
	urls   endpoint.Cache
	pools  pools
}

var _ Transport = (*HTTPTransport)(nil)

// NewHTTPTransport returns an HTTPTransport; the zero value is none. It copies
// opts, which may be nil.
func NewHTTPTransport(opts *HTTPOptions) *HTTPTransport {
	t := &HTTPTransport{opts: opts.withDefaults()}
	t.dialer = &netguard.Dialer{Allow: t.opts.Allow, Timeout: t.opts.ConnectTimeout}
	t.pools.open = t.openPool
	return t
}

// CloseIdleConnections closes the connections that serve no request now, and
// gives up those that are being made for none.
func (t *HTTPTransport) CloseIdleConnections() { t.pools.closeIdle() }

// Send sends req once and reports what came back, as [Transport] promises.
func (t *HTTPTransport) Send(ctx context.Context, req *Request) (*Response, error) {
	u, err := t.urls.Parse(req.URL)
	if err != nil {
		return nil, invalidRequest(err)
	}
	if err := checkMethod(req.Method); err != nil {
		return nil, invalidRequest(err)
	}
	if _, ok := ctx.Deadline(); !ok {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, t.opts.Timeout)
		defer stop()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	hr, proxied, err := t.route(newHTTPRequest(ctx, cancel, u, req))
	if err != nil {
		return nil, newSendError(ctx, u, true, err)
	}
	resp, err := t.pools.get(t.poolKey(req.Webhook, proxied)).RoundTrip(hr)
	if err != nil {
		return nil, newSendError(ctx, u, proxied, err)
	}
	return t.read(ctx, cancel, resp), nil
}
