package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Scheme is a way to prove to a receiver who sent a request.
type Scheme string

// The schemes a webhook may choose among, several at once except SchemeNone.
const (
	// SchemeFrappe signs the body as Frappe does: the header
	// X-Frappe-Webhook-Signature holds base64(HMAC-SHA256(secret, body)), the
	// key being the secret's bytes as typed. It covers neither the time nor the
	// delivery id, so a receiver cannot tell a replayed request from a new one.
	SchemeFrappe Scheme = "frappe"

	// SchemeSecretHeader sends the secret itself in X-Webhook-Secret, as Frappe
	// Cloud does. It covers nothing of the request and is safe over TLS only.
	SchemeSecretHeader Scheme = "secret_header"

	// SchemeStandard signs delivery id, time and body as Standard Webhooks 1.0
	// says (webhook-id, webhook-timestamp, webhook-signature). The secret is
	// whsec_ followed by the base64 of 24 to 64 bytes; [NewSecret] makes one.
	SchemeStandard Scheme = "standard"

	// SchemeNone sends requests without any proof, and drops the secret.
	SchemeNone Scheme = "none"
)

const (
	headerFrappeSignature   = "X-Frappe-Webhook-Signature"
	headerSecret            = "X-Webhook-Secret"
	headerID                = "Webhook-Id" // ours and Standard Webhooks' alike
	headerStandardTimestamp = "Webhook-Timestamp"
	headerStandardSignature = "Webhook-Signature"

	standardVersion = "v1," // before each symmetric signature
)

// Errors of [Verify] and [Verifier.Verify], to be tested with [errors.Is]. None
// of them holds a secret, a signature or a part of the body.
var (
	// ErrNoSecret: there is no secret to verify with. An empty one counts as
	// none: anyone could sign with it.
	ErrNoSecret = errors.New("webhook: no secret to verify with")

	// ErrNoSignature: the request proves nothing by any accepted scheme.
	ErrNoSignature = errors.New("webhook: no signature")

	// ErrBadSignature: a signature or secret header is there and is not right.
	ErrBadSignature = errors.New("webhook: bad signature")
)

// Sign returns the Frappe signature of body, the value of the header
// X-Frappe-Webhook-Signature: base64(HMAC-SHA256(secret, body)), the key being
// the secret's bytes as typed. An empty secret is signed with like any other,
// but [Verify] refuses what it signed.
func Sign(secret string, body []byte) string {
	return (&keyedMAC{Hash: newMAC([]byte(secret))}).sum(body)
}

// Verify returns nil if signature is what [Sign] makes of secret and body, and
// else [ErrNoSecret], [ErrNoSignature] or [ErrBadSignature]. How long it takes
// says nothing about how much of the signature was right.
//
// To verify whole requests, and other schemes, use a [Verifier].
func Verify(secret string, body []byte, signature string) error {
	switch {
	case secret == "":
		return ErrNoSecret
	case signature == "":
		return ErrNoSignature
	case !equal(Sign(secret, body), signature):
		return ErrBadSignature
	}
	return nil
}

// A signer sets the headers by which some schemes prove who sent a request. It
// keeps its hashes keyed, which halves the cost of a signature on a body of a
// kilobyte (BenchmarkSigner). It is safe for concurrent use.
type signer struct {
	schemes []Scheme
	header  string        // of Frappe's signature
	keys    []*signingKey // newest first; empty only if nothing is to be signed
}

// newSigner returns a signer by the secrets in force, the newest first: Frappe's
// signature and the secret header use that one, Standard Webhooks lists a
// signature by each. signatureHeader replaces the name of Frappe's header unless
// it is empty.
func newSigner(schemes []Scheme, secrets []string, signatureHeader string) (*signer, error) {
	s := &signer{schemes: schemes, header: signatureHeader}
	if s.header == "" {
		s.header = headerFrappeSignature
	}
	var newest string
	if len(secrets) > 0 {
		newest = secrets[0]
	}
	if err := validateSecret(newest, schemes); err != nil {
		return nil, fmt.Errorf("sign request: %w", err)
	}
	for _, secret := range secrets {
		s.keys = append(s.keys, newSigningKey(secret))
	}
	return s, nil
}

// sign sets the headers of a request with this body, sent at this time. The id
// is that of the delivery, which Standard Webhooks covers. After an error the
// request must not be sent: it would prove less than its webhook promises.
func (s *signer) sign(h headerSetter, id string, at time.Time, body []byte) error {
	for _, scheme := range s.schemes {
		switch scheme {
		case SchemeFrappe:
			h.Set(s.header, s.keys[0].frappe.sum(body))
		case SchemeSecretHeader:
			h.Set(headerSecret, s.keys[0].secret)
		case SchemeStandard:
			if err := s.signStandard(h, id, at, body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *signer) signStandard(h headerSetter, id string, at time.Time, body []byte) error {
	if !validStandardID(id) {
		return errors.New("sign request: the delivery id is not fit for Standard Webhooks")
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	prefix := standardPrefix(id, timestamp)
	var list []string
	for _, key := range s.keys {
		// A secret from before the webhook chose this scheme need not be one.
		if key.standard != nil {
			list = append(list, standardVersion+key.standard.sum(prefix, body))
		}
	}
	h.Set(headerID, id)
	h.Set(headerStandardTimestamp, timestamp)
	h.Set(headerStandardSignature, strings.Join(list, " "))
	return nil
}

// standardPrefix is what Standard Webhooks signs before the body.
func standardPrefix(id, timestamp string) []byte {
	return []byte(id + "." + timestamp + ".")
}

// validStandardID reports whether id may stand before the first full stop of
// what is signed. With a full stop of its own, the parts of one signed text
// could be cut in another way, into another id, time and body.
func validStandardID(id string) bool {
	return id != "" && visibleASCII(id) && !strings.ContainsAny(id, ". ")
}

// A signingKey is a secret with its hashes keyed by each scheme.
type signingKey struct {
	secret   string
	frappe   *macPool
	standard *macPool // nil if the secret is none of Standard Webhooks
}

func newSigningKey(secret string) *signingKey {
	k := &signingKey{secret: secret, frappe: newMACPool([]byte(secret))}
	if key, err := standardKey(secret); err == nil {
		k.standard = newMACPool(key)
	}
	return k
}

// A macPool hands out hashes of one key, so that the key is set up once and not
// for each signature.
type macPool struct{ pool sync.Pool }

func newMACPool(key []byte) *macPool {
	return &macPool{sync.Pool{New: func() any { return &keyedMAC{Hash: newMAC(key)} }}}
}

func (p *macPool) sum(parts ...[]byte) string {
	mac := p.pool.Get().(*keyedMAC)
	defer p.pool.Put(mac)
	mac.Reset()
	return mac.sum(parts...)
}

// A keyedMAC is a hash with room for its result, as bytes and as base64.
type keyedMAC struct {
	hash.Hash
	raw  [sha256.Size]byte
	text [(sha256.Size + 2) / 3 * 4]byte
}

// sum returns the base64 of the MAC of the parts, one after the other.
func (m *keyedMAC) sum(parts ...[]byte) string {
	for _, part := range parts {
		m.Write(part)
	}
	base64.StdEncoding.Encode(m.text[:], m.Sum(m.raw[:0]))
	return string(m.text[:])
}

func newMAC(key []byte) hash.Hash { return hmac.New(sha256.New, key) }

// equal compares two texts in a time that depends on their lengths only. They
// are compared as they stand, not decoded, so that base64 that decodes to the
// same bytes is another signature.
func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
