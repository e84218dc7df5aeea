// Package endpoint holds the rules for the URL of a webhook.
//
// The same rules apply when a webhook is saved, after a dynamic URL was
// rendered, and before a request is sent, so that what was checked is what is
// dialed. They are narrower than RFC 3986 and net/url: a host that two parsers
// could read in two ways is refused.
package endpoint

import (
	"net"
	"net/url"
	"strings"
)

// Endpoint names what a URL made by [Parse] connects to: scheme, host and
// port, in lower case and with the scheme's default port filled in.
func Endpoint(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// Redact writes u for a log or an error: scheme, host and first path segment.
// The rest may be a secret, as in a Slack URL, and is shown as "...".
func Redact(u *url.URL) string {
	base := u.Scheme + "://" + u.Host
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	if path != "" {
		base += "/"
	}
	first, rest, more := strings.Cut(path, "/")
	switch {
	case more && rest != "":
		return base + first + "/..."
	case u.RawQuery != "":
		return base + first + "?..."
	}
	return base + first
}
