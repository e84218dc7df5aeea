package webhook

import (
	"context"
	"net"
	"net/netip"
)

// SetNetwork replaces name resolution and connecting below the address guard.
func (t *HTTPTransport) SetNetwork(
	resolve func(ctx context.Context, host string) ([]netip.Addr, error),
	connect func(ctx context.Context, network, address string) (net.Conn, error),
) {
	t.dialer.Resolve, t.dialer.Connect = resolve, connect
}

// OwnTransport is the Transport that New made.
func (d *Dispatcher) OwnTransport() *HTTPTransport { return d.own }

// PoolCount is how many pools of connections are open.
func (t *HTTPTransport) PoolCount() int {
	t.pools.mu.Lock()
	defer t.pools.mu.Unlock()
	return len(t.pools.byKey)
}
