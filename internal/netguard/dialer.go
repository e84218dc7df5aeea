// Package netguard keeps connections away from addresses that are not part of
// the public internet.
//
// The check is made at dial, on the resolved address, and the address that was
// checked is the one that is dialed: a name that resolves to something else a
// moment later gains nothing by it.
package netguard

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// maxAddrs is how many addresses of one host are tried. All are checked.
const maxAddrs = 8

// An Error says that a host was not dialed because one of its addresses is not
// public.
type Error struct {
	Host string     // as dialed: a name or a literal address
	Addr netip.Addr // the address that was refused
	Kind string     // what it is, as Special says it
}

// Error names the address, what it is, and the option that would allow it.
func (e *Error) Error() string {
	if e.Host == e.Addr.String() {
		return fmt.Sprintf("address %s is refused (%s), HTTPOptions.Allow does not name it",
			e.Addr, e.Kind)
	}
	return fmt.Sprintf("address %s of host %s is refused (%s), HTTPOptions.Allow does not name it",
		e.Addr, e.Host, e.Kind)
}

// A Dialer connects to hosts all of whose addresses are public or allowed. It
// may be used by many goroutines at once; its fields must not change then.
type Dialer struct {
	Allow   []netip.Prefix // addresses to allow although they are special
	Timeout time.Duration  // for resolving and connecting together; 0: none

	// Resolve and Connect are seams for tests; nil means the system's.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// DialContext resolves the host of address, checks every address it has, and
// connects to one of them, in the manner of RFC 8305. One address that is
// refused refuses the host: a name that mixes public and private addresses is
// a mistake or an attack. The error is then an [*Error].
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if d.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.Timeout)
		defer cancel()
	}
	addrs, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if err := d.check(host, addr); err != nil {
			return nil, err
		}
	}
	addrs = interleave(addrs)
	return d.race(ctx, network, port, addrs[:min(len(addrs), maxAddrs)])
}

// lookup answers at least one address, or an error. A literal address is taken
// as it is, so that an IPv4-mapped one is seen to be one; a resolver hands out
// plain IPv4 addresses in that form too.
func (d *Dialer) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	resolve := d.Resolve
	if resolve == nil {
		resolve = resolveSystem
	}
	found, err := resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	addrs := make([]netip.Addr, len(found))
	for i, addr := range found {
		addrs[i] = addr.Unmap()
	}
	return addrs, nil
}

func resolveSystem(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

func (d *Dialer) check(host string, addr netip.Addr) error {
	kind := Special(addr)
	if kind == "" {
		return nil
	}
	bare := addr.WithZone("") // a prefix contains no address with a zone
	for _, prefix := range d.Allow {
		if prefix.Contains(bare) {
			return nil
		}
	}
	return &Error{Host: host, Addr: addr, Kind: kind}
}
