package netguard_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/netguard"
)

var errRefused = errors.New("refused by the test")

func answer(addrs ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) {
		var out []netip.Addr
		for _, a := range addrs {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, nil
	}
}

// network records what was dialed and connects nothing but net.Pipe.
type network struct {
	mu     sync.Mutex
	dialed []string                 // mu guards the fields below
	open   int                      // connections not closed
	delay  map[string]time.Duration // by address; absent: at once
	fail   map[string]bool
}

func (n *network) connect(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	n.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(n.delay[address]):
	}
	if n.fail[address] {
		return nil, errRefused
	}
	client, server := net.Pipe()
	server.Close()
	n.mu.Lock()
	n.open++
	n.mu.Unlock()
	return &conn{Conn: client, network: n, address: address}, nil
}

type conn struct {
	net.Conn
	network *network
	address string
}

func (c *conn) Close() error {
	c.network.mu.Lock()
	c.network.open--
	c.network.mu.Unlock()
	return c.Conn.Close()
}

func TestDialerRefuses(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, tt := range []struct {
		name    string
		allow   []netip.Prefix
		address string
		found   []string
		want    string // address that is refused, "" for none
	}{
		{"public literal", nil, "8.8.8.8:443", nil, ""},
		{"loopback literal", nil, "127.0.0.1:80", nil, "127.0.0.1"},
		{"loopback literal allowed", loopback, "127.0.0.1:80", nil, ""},
		{"mapped literal is not the IPv4 address", loopback, "[::ffff:127.0.0.1]:80", nil, "::ffff:127.0.0.1"},
		{"mapped public literal", nil, "[::ffff:8.8.8.8]:80", nil, "::ffff:8.8.8.8"},
		{"zone", nil, "[fe80::1%eth0]:80", nil, "fe80::1%eth0"},
		{"zone allowed", []netip.Prefix{netip.MustParsePrefix("fe80::/10")}, "[fe80::1%eth0]:80", nil, ""},
		{"name", nil, "h.example:80", []string{"8.8.8.8", "2606:4700::1"}, ""},
		{"resolver's mapped form", nil, "h.example:80", []string{"::ffff:8.8.8.8"}, ""},
		{"resolver's mapped loopback", nil, "h.example:80", []string{"::ffff:127.0.0.1"}, "127.0.0.1"},
		{"last of many", nil, "h.example:80", []string{"8.8.8.8", "8.8.4.4", "10.0.0.1"}, "10.0.0.1"},
		{"beyond those tried", nil, "h.example:80", []string{
			"8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5",
			"8.8.8.6", "8.8.8.7", "8.8.8.8", "8.8.8.9", "127.0.0.1",
		}, "127.0.0.1"},
		{"one allowed, one not", loopback, "h.example:80", []string{"127.0.0.1", "10.0.0.1"}, "10.0.0.1"},
		{"invalid prefix allows nothing", []netip.Prefix{{}}, "127.0.0.1:80", nil, "127.0.0.1"},
		{"prefix with host bits", []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8")}, "10.9.9.9:80", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := &network{}
			d := &netguard.Dialer{Allow: tt.allow, Resolve: answer(tt.found...), Connect: n.connect}
			c, err := d.DialContext(t.Context(), "tcp", tt.address)
			if tt.want == "" {
				require.NoError(t, err)
				require.NoError(t, c.Close())
				require.Len(t, n.dialed, 1)
				return
			}
			var refused *netguard.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tt.want, refused.Addr.String())
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "HTTPOptions.Allow")
			require.Empty(t, n.dialed)
		})
	}
}

// The address that is dialed is the one that was checked: the resolver is
// asked once, whatever it would answer the second time.
func TestDialerResolvesOnce(t *testing.T) {
	n, asked := &network{}, 0
	d := &netguard.Dialer{Connect: n.connect}
	d.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
		asked++
		if asked == 1 {
			return answer("8.8.8.8")(ctx, host)
		}
		return answer("127.0.0.1")(ctx, host)
	}
	c, err := d.DialContext(t.Context(), "tcp", "rebind.example:80")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, 1, asked)
	require.Equal(t, []string{"8.8.8.8:80"}, n.dialed)

	_, err = d.DialContext(t.Context(), "tcp", "rebind.example:80")
	var refused *netguard.Error
	require.ErrorAs(t, err, &refused, "every new connection is checked")
	require.Len(t, n.dialed, 1)
}

func TestDialerRaces(t *testing.T) {
	const v6, v6b, v4 = "[2606:4700::1]:80", "[2606:4700::2]:80", "8.8.8.8:80"
	for _, tt := range []struct {
		name   string
		delay  map[string]time.Duration
		fail   map[string]bool
		dialed []string
		took   time.Duration
		want   string // address of the connection, "" for none
	}{
		{"first answers", nil, nil, []string{v6}, 0, v6},
		{"first fails at once", nil, map[string]bool{v6: true}, []string{v6, v4}, 0, v4},
		{"first hangs", map[string]time.Duration{v6: time.Hour}, nil, []string{v6, v4}, 250 * time.Millisecond, v4},
		{"first is slow but wins",
			map[string]time.Duration{v6: 300 * time.Millisecond, v4: time.Hour}, nil,
			[]string{v6, v4}, 300 * time.Millisecond, v6},
		{"two hang", map[string]time.Duration{v6: time.Hour, v4: time.Hour}, nil,
			[]string{v6, v4, v6b}, 500 * time.Millisecond, v6b},
		{"all fail", nil, map[string]bool{v6: true, v4: true, v6b: true}, []string{v6, v4, v6b}, 0, ""},
		{"all hang", map[string]time.Duration{v6: time.Hour, v4: time.Hour, v6b: time.Hour}, nil,
			[]string{v6, v4, v6b}, 10 * time.Second, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{delay: tt.delay, fail: tt.fail}
				d := &netguard.Dialer{
					Timeout: 10 * time.Second,
					Resolve: answer("2606:4700::1", "2606:4700::2", "8.8.8.8"),
					Connect: n.connect,
				}
				start := time.Now()
				c, err := d.DialContext(t.Context(), "tcp", "h.example:80")
				require.Equal(t, tt.took, time.Since(start))
				require.Equal(t, tt.dialed, n.dialed)
				if tt.want == "" {
					require.Error(t, err)
					require.Zero(t, n.open)
					return
				}
				require.NoError(t, err)
				require.Equal(t, tt.want, c.(*conn).address)
				require.Equal(t, 1, n.open, "losers are closed")
				require.NoError(t, c.Close())
			})
		})
	}
}

func TestDialerErrors(t *testing.T) {
	n := &network{}
	d := &netguard.Dialer{Connect: n.connect, Resolve: answer()}
	_, err := d.DialContext(t.Context(), "tcp", "h.example:80")
	var dns *net.DNSError
	require.ErrorAs(t, err, &dns)
	_, err = d.DialContext(t.Context(), "tcp", "h.example")
	require.Error(t, err, "no port")
	d.Resolve = func(context.Context, string) ([]netip.Addr, error) { return nil, errRefused }
	_, err = d.DialContext(t.Context(), "tcp", "h.example:80")
	require.ErrorIs(t, err, errRefused)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Resolve = answer("8.8.8.8", "8.8.4.4")
	_, err = d.DialContext(ctx, "tcp", "h.example:80")
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, slices.Contains(n.dialed, "8.8.4.4:80"))
}
