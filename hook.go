package webhook

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/docevent/webhook/internal/endpoint"
	"github.com/docevent/webhook/internal/jinja"
)

// A hook is a webhook made ready: checked, its templates compiled, its secrets
// at hand. It is immutable but for the signer, which follows the secrets.
type hook struct {
	rec  *record
	w    Webhook // of rec, defaults filled in
	data []byte  // of the stored record, to recognize it by
	rev  int64

	// err says why it cannot be used: it was stored by a newer version of the
	// library, say, or with other Options. Then the fields below are zero.
	err error

	condition *condition
	payload   *payload
	url       *urlTemplate // nil unless the URL is dynamic
	staticURL string       // where requests go unless the URL is dynamic
	endpoint  string       // scheme, host and port; "" if the document chooses them
	header    http.Header  // of the rows
	tag       string       // names the webhook in chains
	hide      *redactor
	signer    atomic.Pointer[expiringSigner]
}

// A compiler makes hooks.
type compiler struct {
	opts     Options
	env      *jinja.Env
	chainKey string // "" when hooks are compiled to be checked only
	lenient  bool   // the secret may be in the store
}

// compile checks a webhook and makes it ready. The error is a *ConfigError.
func (c *compiler) compile(rec *record) (*hook, error) {
	h := &hook{rec: rec, w: normalize(rec.Webhook, len(rec.Secrets) > 0), rev: rec.Webhook.Revision}
	if err := c.fill(h); err != nil {
		return nil, configError(h.w.Name, err)
	}
	return h, nil
}

// fill runs the checks in the order of the fields.
func (c *compiler) fill(h *hook) error {
	w := &h.w
	steps := []func() error{
		func() error { return checkIdentity(w) },
		func() error { return checkEvents(w, &c.opts) },
		func() error { return checkEnums(w) },
		func() (err error) { h.condition, err = c.condition(w); return },
		func() error { return c.target(h) },
		func() (err error) {
			h.header, err = headerRows(w.Headers, c.opts.SignatureHeader)
			return
		},
		func() error { return checkData(w, &c.opts) },
		func() error { return checkBodyType(h) },
		func() (err error) { h.payload, err = c.payload(h); return },
		func() error { return checkDelivery(w) },
		func() error { return c.secrets(h) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	h.tag, h.hide = chainTag(c.chainKey, h.rec.ID), newRedactor(h)
	return nil
}

// target checks the URL and compiles a dynamic one.
func (c *compiler) target(h *hook) error {
	if h.w.DynamicURL {
		var err error
		h.url, h.endpoint, err = c.dynamicURL(&h.w)
		return err
	}
	u, err := endpoint.Parse(h.w.URL)
	if err != nil {
		return &fieldError{field: "URL", err: err}
	}
	h.staticURL, h.endpoint = u.String(), endpoint.Endpoint(u)
	return nil
}

// secrets checks the current secret against the schemes.
func (c *compiler) secrets(h *hook) error {
	var current string
	if len(h.rec.Secrets) > 0 {
		current = h.rec.Secrets[0].Value
	}
	return checkSignatures(h.w.Signatures, current, c.lenient)
}

// normalize returns w as it is stored and used: defaults that Options cannot
// change filled in, spellings made one.
func normalize(w Webhook, secret bool) Webhook {
	w.Secret = ""
	w.Method = strings.ToUpper(cmp.Or(w.Method, http.MethodPost))
	w.Events = slices.Clone(w.Events)
	if strings.TrimSpace(w.Condition) == "" {
		w.Condition = ""
	}
	if len(w.Signatures) == 0 && secret {
		w.Signatures = []Scheme{SchemeFrappe}
		if w.DocType == "" {
			w.Signatures = []Scheme{SchemeSecretHeader}
		}
	}
	return w
}

// checkEnums refuses words that are not on their lists.
func checkEnums(w *Webhook) error {
	if w.Syntax != Jinja && w.Syntax != GoTemplate {
		return fieldErrorf("Syntax", "%q is neither empty (Jinja) nor %q", w.Syntax, GoTemplate)
	}
	switch w.Structure {
	case "", JSON, Form, Text:
		return nil
	}
	return fieldErrorf("Structure",
		"%q is none of empty, %q, %q and %q", w.Structure, JSON, Form, Text)
}

// checkBodyType checks the Content-Type row against the structure.
func checkBodyType(h *hook) error {
	if err := checkContentType(h.header.Get(headerContentType), h.w.Structure); err != nil {
		return &fieldError{field: "Headers", err: fmt.Errorf("%s: %w", headerContentType, err)}
	}
	return nil
}

// lang returns the engine's name of the webhook's template language.
func (w *Webhook) lang() jinja.Lang {
	if w.Syntax == GoTemplate {
		return jinja.GoTemplate
	}
	return jinja.Jinja
}

// An expiringSigner is a signer and when one of its secrets expires.
type expiringSigner struct {
	*signer
	until time.Time // zero: never
}

// sign signs with the secrets that are in force.
func (h *hook) sign(header headerSetter, id, signatureHeader string, now time.Time,
	body []byte) error {
	s := h.signer.Load()
	if s == nil || !s.until.IsZero() && !now.Before(s.until) {
		made, err := newSigner(h.w.Signatures, h.rec.secrets(now), signatureHeader)
		if err != nil {
			return err
		}
		s = &expiringSigner{signer: made, until: h.rec.nextExpiry(now)}
		h.signer.Store(s)
	}
	return s.sign(header, id, now, body)
}
