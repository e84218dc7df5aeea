package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Names of the records that are not webhooks. No webhook's name may begin with
// "~".
const (
	reservedPrefix = "~"
	statusPrefix   = "~status/"
	chainKeyName   = "~chain-key"
)

// A record is what is stored of one webhook.
type record struct {
	Version int            `json:"version"` // see recordVersion
	ID      string         `json:"id"`      // its own, kept over every save
	Webhook Webhook        `json:"webhook"`
	Since   time.Time      `json:"since,omitzero"`    // when its wish last changed
	Secrets []storedSecret `json:"secrets,omitempty"` // newest first
	Retired []string       `json:"retired,omitempty"` // digests of secrets that were rotated away
}

// recordVersion is the Version this library writes. It rises when records get
// new members: a process uses a record with a higher one as far as it understands
// it, but does not change it, or it would drop what it does not know.
const recordVersion = 1

// errNewerRecord is returned instead of changing a record with a higher
// Version.
var errNewerRecord = errors.New(
	"a newer version of the library wrote it, and is needed to change it")

// A storedSecret is a secret and how long it is in force.
type storedSecret struct {
	Value string    `json:"value"`
	Until time.Time `json:"until,omitzero"` // zero: until it is rotated away
}

// maxSecrets bounds how many secrets are in force at a time: each is a signature
// in every request.
const maxSecrets = 10

// maxRetired bounds how many rotated secrets a record remembers.
const maxRetired = 20

// secrets returns those in force at a time, the newest first.
func (r *record) secrets(now time.Time) []string {
	var current []string
	for _, s := range r.Secrets {
		if s.Until.IsZero() || s.Until.After(now) {
			current = append(current, s.Value)
		}
	}
	return current
}

// nextExpiry returns when the first of the secrets in force expires; zero for
// never.
func (r *record) nextExpiry(now time.Time) time.Time {
	var next time.Time
	for _, s := range r.Secrets {
		if s.Until.After(now) && (next.IsZero() || s.Until.Before(next)) {
			next = s.Until
		}
	}
	return next
}

// setSecret makes a secret that came with a save the current one. One that was
// rotated away stays rotated away, and an empty one changes nothing: so the
// same configuration can be saved at every boot. One that another save replaced
// can come back, as all else of a configuration can, and so can any once
// SchemeNone has dropped them all: what has a secret is not sent unsigned.
func (r *record) setSecret(secret string) {
	switch {
	case secret == "" || len(r.Secrets) > 0 && slices.Contains(r.Retired, r.digest(secret)):
	case len(r.Secrets) > 0 && r.Secrets[0].Value == secret:
	default:
		r.Secrets = []storedSecret{{Value: secret}}
	}
}

// rotate makes a secret the current one. Those before stay in force no longer
// than until.
func (r *record) rotate(secret string, until time.Time) {
	r.retire(until)
	r.Retired = slices.DeleteFunc(r.Retired, func(d string) bool { return d == r.digest(secret) })
	r.Secrets = slices.DeleteFunc(r.Secrets, func(s storedSecret) bool { return s.Value == secret })
	r.Secrets = slices.Insert(r.Secrets, 0, storedSecret{Value: secret})
}

// retire remembers the current secret as rotated away, and lets it and those
// before it be in force no longer than until.
func (r *record) retire(until time.Time) {
	for i := range r.Secrets {
		s := &r.Secrets[i]
		if s.Until.IsZero() {
			r.Retired = append(r.Retired, r.digest(s.Value))
		}
		if s.Until.IsZero() || s.Until.After(until) {
			s.Until = until
		}
	}
	r.Retired = r.Retired[max(0, len(r.Retired)-maxRetired):]
}

// digest returns a hash by which a secret is recognized, so that the record
// need not hold it.
func (r *record) digest(secret string) string {
	return digest(r.ID, secret)
}

// digest returns a short keyed hash.
func digest(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// clone returns a record that shares nothing that a save changes.
func (r *record) clone() *record {
	c := *r
	c.Secrets, c.Retired = slices.Clone(r.Secrets), slices.Clone(r.Retired)
	return &c
}

// sealedPrefix marks data that the host's Sealer encrypted; other data is JSON.
var sealedPrefix = []byte("sealed:")

// encode returns what the store keeps under a name.
func (d *Dispatcher) encode(name string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, wrap(err, "webhook: encode %q", name)
	}
	if d.opts.Sealer == nil {
		return data, nil
	}
	sealed, err := d.seal(data, name)
	if err != nil {
		return nil, wrap(err, "webhook: seal %q", name)
	}
	return append(slices.Clip(sealedPrefix), sealed...), nil
}

// seal calls the host's Sealer.
func (d *Dispatcher) seal(data []byte, name string) (_ []byte, err error) {
	defer contain(&err, "sealer")
	return d.opts.Sealer.Seal(data, []byte(name))
}

// open calls the host's Sealer.
func (d *Dispatcher) open(sealed []byte, name string) (_ []byte, err error) {
	defer contain(&err, "sealer")
	return d.opts.Sealer.Open(sealed, []byte(name))
}

// sealed reports whether stored data is sealed as encode would seal it: by the
// same key too, where the Sealer can tell.
func (d *Dispatcher) sealed(data []byte) bool {
	if d.opts.Sealer == nil {
		return true
	}
	sealed, ok := bytes.CutPrefix(data, sealedPrefix)
	if s, tells := d.opts.Sealer.(*gcmSealer); ok && tells {
		return s.current(sealed)
	}
	return ok
}

// errUnsealed is the error of data whose seal cannot be opened now. That may
// pass: a key service does not answer, or an option is not set yet.
var errUnsealed = errors.New("cannot be opened")

// decode reads what encode wrote. Data written before there was a Sealer is
// read too.
func (d *Dispatcher) decode(name string, data []byte, v any) error {
	if sealed, ok := bytes.CutPrefix(data, sealedPrefix); ok {
		if d.opts.Sealer == nil {
			return fmt.Errorf("sealed data %w: Options.Sealer is not set", errUnsealed)
		}
		var err error
		if data, err = d.open(sealed, name); err != nil {
			return fmt.Errorf("sealed data %w: %w", errUnsealed, err)
		}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode stored webhook: %w", err)
	}
	return nil
}
