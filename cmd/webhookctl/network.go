package main

import (
	"net/netip"

	"github.com/docevent/webhook"
)

// networkFlags say what requests may reach.
type networkFlags struct {
	Allow         []netip.Prefix `placeholder:"PREFIX" help:"Reach these addresses too, such as 10.1.0.0/16. Without it, public ones only."`
	AllowLoopback bool           `help:"Reach this machine too."`
}

func (f *networkFlags) transport() webhook.Transport {
	allow := f.Allow
	if f.AllowLoopback {
		allow = append(allow, webhook.Loopback()...)
	}
	return webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: allow})
}
