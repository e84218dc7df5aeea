package netguard

import "net/netip"

// A block is a range of addresses that no webhook may reach, and what it is.
type block struct {
	prefix netip.Prefix
	name   string
}

// ipv4Blocks are the entries of the IANA IPv4 Special-Purpose Address Registry
// that are not globally reachable, the deprecated 6to4 relays (RFC 7526),
// multicast (RFC 5771), and the one metadata service that lives on a public
// address. The first match gives the name, so the narrow ones come first.
var ipv4Blocks = []block{
	{netip.MustParsePrefix("169.254.169.254/32"), "cloud metadata"},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud metadata"},   // Azure WireServer
	{netip.MustParsePrefix("100.100.100.200/32"), "cloud metadata"}, // Alibaba Cloud
	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified"},
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},            // RFC 791
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},                // RFC 1918
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},   // RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},              // RFC 1122
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},         // RFC 3927
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},             // RFC 1918
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments"}, // RFC 6890
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},        // RFC 5737
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},         // RFC 7526
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},            // RFC 1918
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},        // RFC 2544
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},     // RFC 5737
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},      // RFC 5737
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},             // RFC 5771
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},      // RFC 8190
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},              // RFC 1112
}

// globalIPv6 is all the IPv6 space that was ever given out for global unicast
// (IANA IPv6 Global Unicast Address Assignments). What lies outside of it is
// refused whether or not ipv6Blocks has a name for it.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// ipv6Blocks are the entries of the IANA IPv6 Special-Purpose Address Registry
// that are not globally reachable, the transition formats that carry an IPv4
// address, and names for what lies outside globalIPv6.
var ipv6Blocks = []block{
	{netip.MustParsePrefix("fd00:ec2::254/128"), "cloud metadata"}, // Amazon EC2
	{netip.MustParsePrefix("fd20:ce::254/128"), "cloud metadata"},  // Google Cloud
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "IPv4-mapped"},       // RFC 4291
	{netip.MustParsePrefix("::/96"), "IPv4-compatible"},           // RFC 4291
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated"}, // RFC 2765
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},              // RFC 6052
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},            // RFC 8215
	{netip.MustParsePrefix("100::/64"), "discard-only"},           // RFC 6666
	{netip.MustParsePrefix("100:0:0:1::/64"), "dummy prefix"},     // RFC 9780
	{netip.MustParsePrefix("2001::/32"), "Teredo"},                // RFC 4380
	{netip.MustParsePrefix("2001:2::/48"), "benchmarking"},        // RFC 5180
	{netip.MustParsePrefix("2001::/23"), "protocol assignments"},  // RFC 2928
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},     // RFC 3849
	{netip.MustParsePrefix("2002::/16"), "6to4"},                  // RFC 3056
	{netip.MustParsePrefix("3fff::/20"), "documentation"},         // RFC 9637
	{netip.MustParsePrefix("5f00::/16"), "segment routing"},       // RFC 9602
	{netip.MustParsePrefix("fc00::/7"), "unique local"},           // RFC 4193
	{netip.MustParsePrefix("fe80::/10"), "link-local"},            // RFC 4291
	{netip.MustParsePrefix("fec0::/10"), "site-local"},            // RFC 3879
	{netip.MustParsePrefix("ff00::/8"), "multicast"},              // RFC 4291
}

// Special says what addr is when it is not an ordinary address of the public
// internet: "loopback", "private", "NAT64", and so on. It answers "" for a
// public address. An IPv6 address that carries an IPv4 address is special
// whatever that IPv4 address is: nobody needs one to name a public endpoint.
// A zone changes nothing.
func Special(addr netip.Addr) string {
	addr = addr.WithZone("")
	switch {
	case addr.Is4():
		return nameOf(addr, ipv4Blocks)
	case !addr.IsValid():
		return "invalid"
	}
	if name := nameOf(addr, ipv6Blocks); name != "" {
		return name
	}
	switch {
	case !globalIPv6.Contains(addr):
		return "reserved"
	case isISATAP(addr):
		return "ISATAP"
	}
	return ""
}

func nameOf(addr netip.Addr, blocks []block) string {
	for _, b := range blocks {
		if b.prefix.Contains(addr) {
			return b.name
		}
	}
	return ""
}

// isISATAP reports whether the interface identifier of addr is 0000:5efe or
// 0200:5efe with an IPv4 address behind it (RFC 5214, section 6.1).
func isISATAP(addr netip.Addr) bool {
	b := addr.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}
