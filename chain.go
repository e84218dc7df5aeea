package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// A chain names the webhooks whose requests led to an event, the first one
// first, by tags that say nothing to others.
type chain []string

const (
	tagBytes   = 8
	maxOwnTags = 10  // of this store's webhooks in one chain
	maxTags    = 100 // read of an incoming chain
)

// chainTag names a webhook in chains: a MAC of its id under a key that only
// this store's dispatchers know, so that no name leaks and nobody can silence a
// webhook by a tag they made up.
func chainTag(key, webhookID string) string {
	if key == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(webhookID))
	return hex.EncodeToString(mac.Sum(nil)[:tagBytes])
}

// parseChain reads a chain from a header's value, and leaves out whatever is no
// tag.
func parseChain(header string) chain {
	var c chain
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		raw, err := hex.DecodeString(tag)
		if err == nil && len(raw) == tagBytes && len(c) < maxTags {
			c = append(c, tag)
		}
	}
	return c
}

// blocks reports whether the webhook of that tag would close a circle, or whether
// the chain has become too long. own recognizes the tags of this store: a
// stranger's inventions do not count, or anyone could silence a webhook for the
// requests they make.
func (c chain) blocks(tag string, own func(string) bool) bool {
	count := 0
	for _, t := range c {
		if t == tag {
			return true
		}
		if own(t) {
			count++
		}
	}
	return count >= maxOwnTags
}

// with returns the chain as a request of that webhook carries it.
func (c chain) with(tag string) string {
	if tag == "" {
		return strings.Join(c, ",")
	}
	return strings.Join(append(slices.Clip(c), tag), ",")
}

type chainContext struct{}

// chainFrom returns the chain that TrackChain put into the context.
func chainFrom(ctx context.Context) chain {
	c, _ := ctx.Value(chainContext{}).(chain)
	return c
}

// TrackChain puts the chain of an incoming webhook request into the request's
// context, for handlers that dispatch events with it: a webhook that led to the
// request, here or through others, then answers [Loop] instead of going round
// in circles. So does every webhook when ten of this store's have led to it.
// Requests without a chain pass as they are.
func (d *Dispatcher) TrackChain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := parseChain(r.Header.Get(headerChain)); len(c) > 0 {
			r = r.WithContext(context.WithValue(r.Context(), chainContext{}, c))
		}
		next.ServeHTTP(w, r)
	})
}
