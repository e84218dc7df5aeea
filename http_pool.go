package webhook

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A poolKey tells apart connections that must not be shared: those of another
// TLS configuration, and those made for a proxy, which are not guarded.
type poolKey struct {
	tls     *tls.Config
	proxied bool
}

// maxPools bounds the pools of a HTTPOptions.TLS that returns a new pointer
// every time.
const maxPools = 256

// pools holds a pool of connections for each key, opened when it is first
// asked for. The one that was unused for longest makes room for a new one.
type pools struct {
	open func(poolKey) *http.Transport

	mu    sync.Mutex // guards the fields below
	byKey map[poolKey]*pool
	clock int64 // counts calls of get
}

type pool struct {
	*http.Transport
	used int64 // pools.clock when last asked for
}

func (p *pools) get(key poolKey) *http.Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock++
	if found := p.byKey[key]; found != nil {
		found.used = p.clock
		return found.Transport
	}
	if len(p.byKey) >= maxPools {
		p.evict()
	}
	if p.byKey == nil {
		p.byKey = map[poolKey]*pool{}
	}
	opened := &pool{Transport: p.open(key), used: p.clock}
	p.byKey[key] = opened
	return opened.Transport
}

// evict is called with mu held. Requests in flight on the pool go on; their
// connections are closed when they end.
func (p *pools) evict() {
	var oldest poolKey
	used := p.clock
	for key, candidate := range p.byKey {
		if candidate.used < used {
			oldest, used = key, candidate.used
		}
	}
	p.byKey[oldest].CloseIdleConnections()
	delete(p.byKey, oldest)
}

func (p *pools) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, open := range p.byKey {
		open.CloseIdleConnections()
	}
}

func (t *HTTPTransport) poolKey(webhook string, proxied bool) poolKey {
	key := poolKey{proxied: proxied}
	if t.opts.TLS != nil {
		key.tls = t.opts.TLS(webhook)
	}
	return key
}

// openPool makes the transport below one pool. Limits that HTTP/2 would leave
// wide open are set: its default lets an endpoint fill 4 MiB a request.
func (t *HTTPTransport) openPool(key poolKey) *http.Transport {
	h := &http.Transport{
		DialContext:            t.dialer.DialContext,
		TLSClientConfig:        atLeastTLS12(key.tls),
		TLSHandshakeTimeout:    t.opts.ConnectTimeout,
		DisableCompression:     true,
		DisableKeepAlives:      t.opts.IdlePerEndpoint < 0,
		MaxIdleConns:           t.opts.MaxIdle,
		MaxIdleConnsPerHost:    t.opts.IdlePerEndpoint,
		IdleConnTimeout:        t.opts.IdleTimeout,
		MaxResponseHeaderBytes: t.opts.MaxHeaderBytes,
		ForceAttemptHTTP2:      true,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerConnection: 1 << 20,
			MaxReceiveBufferPerStream:     64 << 10,
			// A peer that vanished would hold up all that share its connection.
			SendPingTimeout: 15 * time.Second,
			PingTimeout:     10 * time.Second,
		},
	}
	if key.proxied {
		h.Proxy = proxyOf
		h.DialContext = (&net.Dialer{Timeout: t.opts.ConnectTimeout}).DialContext
	}
	return h
}

func atLeastTLS12(config *tls.Config) *tls.Config {
	c := config.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	return c
}

// proxyContextKey is the key of the proxy in a request's context.
type proxyContextKey struct{}

func proxyOf(r *http.Request) (*url.URL, error) {
	proxy, _ := r.Context().Value(proxyContextKey{}).(*url.URL)
	return proxy, nil
}

// route asks for a proxy before a pool is chosen, so that a direct request
// cannot meet an unguarded dialer.
func (t *HTTPTransport) route(r *http.Request) (_ *http.Request, proxied bool, err error) {
	if t.opts.Proxy == nil {
		return r, false, nil
	}
	proxy, err := t.opts.Proxy(r)
	if err != nil {
		return nil, false, errProxy
	}
	if proxy == nil {
		return r, false, nil
	}
	return r.WithContext(context.WithValue(r.Context(), proxyContextKey{}, proxy)), true, nil
}
