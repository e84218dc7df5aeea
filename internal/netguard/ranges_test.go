package netguard_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/netguard"
)

func TestSpecial(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{"8.8.8.8", ""},
		{"1.1.1.1", ""},
		{"9.255.255.255", ""},
		{"11.0.0.0", ""},
		{"100.63.255.255", ""},
		{"100.128.0.0", ""},
		{"126.255.255.255", ""},
		{"128.0.0.0", ""},
		{"169.253.255.255", ""},
		{"169.255.0.0", ""},
		{"172.15.255.255", ""},
		{"172.32.0.0", ""},
		{"192.167.255.255", ""},
		{"192.169.0.0", ""},
		{"198.17.255.255", ""},
		{"198.20.0.0", ""},
		{"223.255.255.255", ""},
		{"2606:4700:4700::1111", ""},
		{"2a00:1450:4001:81b::200e", ""},
		{"2001:200::1", ""},
		{"2003::1", ""},

		{"0.0.0.0", "unspecified"},
		{"0.1.2.3", "this network"},
		{"10.0.0.0", "private"},
		{"10.255.255.255", "private"},
		{"100.64.0.0", "carrier-grade NAT"},
		{"100.127.255.255", "carrier-grade NAT"},
		{"100.100.100.200", "cloud metadata"},
		{"127.0.0.1", "loopback"},
		{"127.255.255.255", "loopback"},
		{"168.63.129.16", "cloud metadata"},
		{"169.254.0.0", "link-local"},
		{"169.254.169.254", "cloud metadata"},
		{"169.254.255.255", "link-local"},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"192.0.0.192", "protocol assignments"},
		{"192.0.2.255", "documentation"},
		{"192.88.99.1", "6to4 relay"},
		{"192.168.255.255", "private"},
		{"198.18.0.0", "benchmarking"},
		{"198.19.255.255", "benchmarking"},
		{"198.51.100.1", "documentation"},
		{"203.0.113.1", "documentation"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"240.0.0.1", "reserved"},
		{"255.255.255.254", "reserved"},
		{"255.255.255.255", "broadcast"},

		{"::", "unspecified"},
		{"::1", "loopback"},
		{"::2", "IPv4-compatible"},
		{"::127.0.0.1", "IPv4-compatible"},
		{"::ffff:127.0.0.1", "IPv4-mapped"},
		{"::ffff:8.8.8.8", "IPv4-mapped"},
		{"::ffff:0:127.0.0.1", "IPv4-translated"},
		{"64:ff9b::127.0.0.1", "NAT64"},
		{"64:ff9b::8.8.8.8", "NAT64"},
		{"64:ff9b:1::a9fe:a9fe", "NAT64"},
		{"64:ff9b:1:ffff:ffff::1", "NAT64"},
		{"100::1", "discard-only"},
		{"100:0:0:1::1", "dummy prefix"},
		{"200::1", "reserved"},
		{"1fff:ffff::1", "reserved"},
		{"4000::1", "reserved"},
		{"2001::1", "Teredo"},
		{"2001:0:4136:e378:8000:63bf:807f:fffe", "Teredo"},
		{"2001:2::1", "benchmarking"},
		{"2001:10::1", "protocol assignments"},
		{"2001:1ff:ffff::1", "protocol assignments"},
		{"2001:db8::1", "documentation"},
		{"2002:7f00:1::1", "6to4"},
		{"2002:808:808::1", "6to4"},
		{"3fff::1", "documentation"},
		{"3fff:fff:ffff::1", "documentation"},
		{"5f00::1", "segment routing"},
		{"fc00::1", "unique local"},
		{"fdff:ffff::1", "unique local"},
		{"fd00:ec2::254", "cloud metadata"},
		{"fd20:ce::254", "cloud metadata"},
		{"fe80::1", "link-local"},
		{"fe80::1%eth0", "link-local"},
		{"::1%eth0", "loopback"},
		{"fec0::1", "site-local"},
		{"ff02::1", "multicast"},
		{"2606:4700::5efe:7f00:1", "ISATAP"},
		{"2606:4700::200:5efe:a00:1", "ISATAP"},
		{"2606:4700::100:5efe:a00:1", ""},
	} {
		t.Run(tt.addr, func(t *testing.T) {
			require.Equal(t, tt.want, netguard.Special(netip.MustParseAddr(tt.addr)))
		})
	}
	require.Equal(t, "invalid", netguard.Special(netip.Addr{}))
}

// FuzzSpecial checks the predicate against net/netip's own and against
// arithmetic on the bytes: what either calls not public is special, and so is
// an IPv6 address that carries a special IPv4 address in any known form.
func FuzzSpecial(f *testing.F) {
	for _, s := range []string{"8.8.8.8", "127.0.0.1", "10.1.2.3", "2606:4700::1", "fe80::1%lo", "::ffff:1.2.3.4"} {
		addr := netip.MustParseAddr(s)
		f.Add(addr.AsSlice(), addr.Zone())
	}
	f.Fuzz(func(t *testing.T, b []byte, zone string) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			require.NotEmpty(t, netguard.Special(addr))
			return
		}
		got := netguard.Special(addr)
		require.Equal(t, got, netguard.Special(addr.WithZone(zone)), "a zone decides")
		if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsMulticast() {
			require.NotEmpty(t, got, addr)
		}
		if addr.Is6() {
			require.True(t, got != "" || b[0]>>5 == 1, "%v lies outside 2000::/3", addr)
			return
		}
		if first := b[0]; first == 0 || first == 10 || first == 127 || first >= 224 {
			require.NotEmpty(t, got, addr)
		}
		if got == "" {
			return
		}
		for form, hidden := range embeddings(addr.As4()) {
			require.NotEmpty(t, netguard.Special(hidden), "%s %v hides %v", form, hidden, addr)
		}
	})
}

// embeddings returns the IPv6 addresses that lead to an IPv4 address.
func embeddings(v4 [4]byte) map[string]netip.Addr {
	at := func(prefix string, offset int, xor byte) netip.Addr {
		b := netip.MustParseAddr(prefix).As16()
		for i := range v4 {
			b[offset+i] = v4[i] ^ xor
		}
		return netip.AddrFrom16(b)
	}
	return map[string]netip.Addr{
		"mapped":      at("::ffff:0:0", 12, 0),
		"compatible":  at("::", 12, 0),
		"translated":  at("::ffff:0:0:0", 12, 0),
		"NAT64":       at("64:ff9b::", 12, 0),
		"local NAT64": at("64:ff9b:1::", 12, 0),
		"NAT64 /48":   at("64:ff9b:1::", 6, 0),
		"6to4":        at("2002::", 2, 0),
		"Teredo":      at("2001::4136:e378:8000:63bf:0:0", 12, 0xff),
		"server":      at("2001::", 4, 0),
		"ISATAP":      at("2606:4700::5efe:0:0", 12, 0),
		"ISATAP u":    at("2606:4700::200:5efe:0:0", 12, 0),
	}
}
