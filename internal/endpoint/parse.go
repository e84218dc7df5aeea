package endpoint

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxBytes is the longest URL that is accepted. Servers seldom take a request
// line above 8,000 bytes (RFC 9112, section 3).
const maxBytes = 8000

// What [Parse] finds wrong. None of them quotes the URL, which may be a secret.
var (
	ErrTooLong   = errors.New("longer than " + strconv.Itoa(maxBytes) + " bytes")
	ErrCharacter = errors.New("contains a control character, or a space at an end or in the host")
	ErrScheme    = errors.New("is not http:// or https://")
	ErrUserinfo  = errors.New("contains user information; use a header row instead")
	ErrNoHost    = errors.New("has no host")
	ErrHost      = errors.New("has a host that is neither a name nor an address")
	ErrNonASCII  = errors.New("has a host that is not ASCII; write it in punycode (xn--...)")
	ErrNumeric   = errors.New("has a host that ends in a number and is no IPv4 address like 192.0.2.1")
	ErrPort      = errors.New("has a port that is not 1 to 65535")
)

// Parse reads the URL of a webhook and returns it as it goes on the wire:
// scheme and host in lower case, without a trailing dot of the host and
// without the fragment, and with every byte of path and query that a URL must
// not contain percent-encoded. An error wraps one of the sentinels above and
// quotes nothing of raw.
func Parse(raw string) (*url.URL, error) {
	u, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("URL %w", err)
	}
	return u, nil
}

func parse(raw string) (*url.URL, error) {
	if len(raw) > maxBytes {
		return nil, ErrTooLong
	}
	if strings.Trim(raw, " ") != raw || strings.ContainsFunc(raw, isControl) {
		return nil, ErrCharacter
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return nil, ErrScheme
	}
	authority, target := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, target = rest[:i], rest[i:]
	}
	host, err := parseAuthority(authority)
	if err != nil {
		return nil, err
	}
	target, _, _ = strings.Cut(target, "#")
	target = quote(target)
	if len(target) > maxBytes {
		return nil, ErrTooLong
	}
	u, err := url.Parse(scheme + "://" + host + target)
	if err != nil {
		return nil, ErrHost // nothing else is left to be wrong
	}
	return u, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// parseAuthority returns host and port as they are to be written.
func parseAuthority(s string) (string, error) {
	if strings.Contains(s, "@") {
		return "", ErrUserinfo
	}
	host, port, hasPort := s, "", false
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port, hasPort = s[:i], s[i+1:], true
	}
	host, err := parseHost(strings.ToLower(host))
	if err != nil || !hasPort || port == "" {
		return host, err
	}
	if len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		return "", ErrPort
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", ErrPort
	}
	return host + ":" + strconv.FormatUint(n, 10), nil
}

// parseHost checks a host in lower case and returns it in its one spelling.
func parseHost(host string) (string, error) {
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 0x80:
			return "", ErrNonASCII
		case c == ' ':
			return "", ErrCharacter
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		return parseIPv6(inner)
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" {
		return "", ErrNoHost
	}
	last := ""
	for last = range strings.SplitSeq(host, ".") {
		if !isLabel(last) {
			return "", ErrHost
		}
	}
	if isNumber(last) {
		return parseIPv4(host)
	}
	if len(host) > 253 { // RFC 1035, section 2.3.4, as text
		return "", ErrHost
	}
	return host, nil
}

// parseIPv6 reads what follows the opening bracket. A zone is refused: it has
// a meaning on one machine only.
func parseIPv6(s string) (string, error) {
	s, ok := strings.CutSuffix(s, "]")
	addr, err := netip.ParseAddr(s)
	if !ok || err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", ErrHost
	}
	return "[" + addr.String() + "]", nil
}

func parseIPv4(s string) (string, error) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return "", ErrNumeric
	}
	return addr.String(), nil
}

// isLabel reports whether s can stand between two dots of a host name. The
// underscore is no part of a host name (RFC 952), but of names in use.
func isLabel(s string) bool {
	if s == "" || len(s) > 63 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// isNumber reports whether some resolver may take a host with this last label
// for an IPv4 address: inet_aton reads decimal, octal and hexadecimal numbers
// (WHATWG URL, "ends in a number"), others know more prefixes.
func isNumber(label string) bool {
	digits := "0123456789"
	if len(label) >= 2 && label[0] == '0' {
		switch label[1] {
		case 'x':
			label, digits = label[2:], "0123456789abcdef"
		case 'o', 'b':
			label = label[2:]
		}
	}
	return strings.Trim(label, digits) == ""
}

// AppendPercent adds a byte percent-encoded (RFC 3986, section 2.1).
func AppendPercent(dst []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	return append(dst, '%', hex[c>>4], hex[c&15])
}

// quote percent-encodes the bytes of a path and query that a URL must not
// contain, a percent sign that begins no escape among them. Square brackets
// are left as they are, for query strings such as a[]=1.
func quote(s string) string {
	i := 0
	for i < len(s) && !mustQuote(s, i) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)+16), s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; mustQuote(s, i) {
			b = AppendPercent(b, c)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

func mustQuote(s string, i int) bool {
	return !urlBytes[s[i]] && (s[i] != '%' || !isEscape(s[i:]))
}

// urlBytes are the unreserved and reserved characters of RFC 3986, section 2,
// without the number sign.
var urlBytes = func() (set [256]bool) {
	const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for _, c := range []byte(alphanumeric + "-._~" + ":/?[]@" + "!$&'()*+,;=") {
		set[c] = true
	}
	return set
}()

func isEscape(s string) bool {
	return len(s) >= 3 && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
