package netguard

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// headStart is how long one address is tried alone before the next one is
// tried beside it (RFC 8305, section 5).
const headStart = 250 * time.Millisecond

// dialed is how the attempt on one address ended.
type dialed struct {
	conn net.Conn
	err  error
}

// race connects to the first of addrs that answers, starting them one after
// another, and returns the first error if none does. No goroutine and no
// connection of a loser is left when it returns.
func (d *Dialer) race(ctx context.Context, network, port string,
	addrs []netip.Addr) (net.Conn, error) {
	if len(addrs) == 1 {
		return d.connect(ctx, network, addrs[0], port)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialed, len(addrs))
	running := 0
	start := func() {
		if len(addrs) == 0 || ctx.Err() != nil {
			return
		}
		addr := addrs[0]
		addrs = addrs[1:]
		running++
		go func() {
			conn, err := d.connect(ctx, network, addr, port)
			results <- dialed{conn, err}
		}()
	}
	next := time.NewTicker(headStart)
	defer next.Stop()
	first := ctx.Err()
	for start(); running > 0; {
		select {
		case <-next.C:
			start()
		case r := <-results:
			running--
			if r.err == nil {
				cancel()
				closeLosers(results, running)
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			next.Reset(headStart)
			start()
		}
	}
	return nil, first
}

func closeLosers(results <-chan dialed, running int) {
	for range running {
		if r := <-results; r.conn != nil {
			r.conn.Close()
		}
	}
}

func (d *Dialer) connect(ctx context.Context, network string, addr netip.Addr,
	port string) (net.Conn, error) {
	connect := d.Connect
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	return connect(ctx, network, net.JoinHostPort(addr.String(), port))
}

// interleave returns the addresses with the two families taking turns, the
// family of the first address first, each in the resolver's order (RFC 8305,
// section 4).
func interleave(addrs []netip.Addr) []netip.Addr {
	var preferred, other []netip.Addr
	for _, addr := range addrs {
		if addr.Is4() == addrs[0].Is4() {
			preferred = append(preferred, addr)
		} else {
			other = append(other, addr)
		}
	}
	out := make([]netip.Addr, 0, len(addrs))
	for i := range preferred {
		out = append(out, preferred[i])
		if i < len(other) {
			out = append(out, other[i])
		}
	}
	if len(other) > len(preferred) {
		out = append(out, other[len(preferred):]...)
	}
	return out
}
