package main

import (
	"net/netip"

	"github.com/docevent/webhook"
)

// networkFlags say what requests may reach.
type networkFlags struct {
	Allow         []netip.Prefix `placeholder:"PREFIX" help:"${allow_help}"`
	AllowLoopback bool           `help:"Reach this machine too."`
}

// hintBlocked says, on standard error, which flags reach an address that the
// library refused: its own error names the library's option.
func hintBlocked(c *console, class string) {
	if class == webhook.ClassBlocked {
		c.note("An address that is not public is reached with --allow, or --allow-loopback.")
	}
}

func (f *networkFlags) transport() webhook.Transport {
	allow := f.Allow
	if f.AllowLoopback {
		allow = append(allow, webhook.Loopback()...)
	}
	return webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: allow})
}
