package webhook

import (
	"context"
	"fmt"
	"time"
)

// handshakeTimeout is how long the endpoint has, as in Frappe Cloud's handshake
// (press_webhook.py, validate_endpoint).
const handshakeTimeout = 5 * time.Second

var handshakeBody = []byte(`{"event":"Webhook Validate","data":{}}`)

// A HandshakeError says that an endpoint did not accept the handshake.
type HandshakeError struct {
	Webhook string   `json:"webhook"` // its name
	Attempt *Attempt `json:"attempt"` // what came back
}

// Error describes the error.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("webhook %q: the handshake failed: %s", e.Webhook, e.Attempt.Error)
}

// Handshake posts {"event":"Webhook Validate","data":{}} to a webhook's URL,
// with its headers and signatures, and returns what came back: a 2xx within 5
// seconds is State Delivered, anything else Failed, whatever Options.Classifier
// and the webhook's Timeout say. It changes nothing, and stores nothing. The
// error is non-nil only when nothing could be sent: ErrNotFound, or a dynamic
// URL, which needs a document.
func (d *Dispatcher) Handshake(ctx context.Context, name string) (*Attempt, error) {
	e, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return d.handshake(ctx, e.hook)
}

func (d *Dispatcher) handshake(ctx context.Context, h *hook) (*Attempt, error) {
	switch {
	case h.err != nil:
		return nil, wrap(h.err, "webhook %q: handshake", h.w.Name)
	case h.url != nil:
		return nil, fmt.Errorf("webhook %q: handshake: the URL is dynamic and there is no document",
			h.w.Name)
	}
	return d.probe(ctx, h, &Delivery{
		ID: newID("msg_"), EventID: newID("evt_"), Type: HandshakeEvent, Webhook: h.w.Name,
		Method: "POST", Body: handshakeBody, ContentType: contentTypeJSON,
	}, handshakeTimeout, false), nil
}

// probe sends a delivery that is not stored.
func (d *Dispatcher) probe(ctx context.Context, h *hook, del *Delivery,
	timeout time.Duration, test bool) *Attempt {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := d.attempt(ctx, limited, h, del, test)
	r.attempt.State = Failed
	if r.verdict == VerdictDelivered {
		r.attempt.State = Delivered
	}
	return r.attempt
}

// Activate makes the handshake and, if it succeeds, takes the webhook into
// service as Enable does. It holds for the webhook's present URL. The error is a
// *[HandshakeError] if the endpoint did not accept, [ErrConflict] if the URL
// changed meanwhile, or one of Handshake or Enable.
func (d *Dispatcher) Activate(ctx context.Context, name string) error {
	e, err := d.find(ctx, name)
	if err != nil {
		return err
	}
	a, err := d.handshake(ctx, e.hook)
	if err != nil {
		return err
	}
	if a.State != Delivered {
		return &HandshakeError{Webhook: name, Attempt: a}
	}
	url := digest(e.hook.rec.ID, e.hook.w.URL)
	err = d.changeStatus(ctx, name, func(now *entry, s *statusRecord) (bool, error) {
		if digest(now.hook.rec.ID, now.hook.w.URL) != url {
			return false, wrap(ErrConflict,
				"webhook %q: the URL changed during the handshake", name)
		}
		s.Activated, s.ActivatedURL = d.now(), url
		if now.status.State == NotActivated {
			s.Since = s.Activated
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	return d.Enable(ctx, name)
}
