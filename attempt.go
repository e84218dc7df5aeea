package webhook

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/docevent/webhook/internal/endpoint"
)

// A result is how an attempt went.
type result struct {
	attempt *Attempt
	verdict Verdict
	hint    time.Duration // Retry-After
	reason  string        // of a delivery that ends with it
	stopped bool          // it was cut off because Run stops: it does not count
}

// errEndpointChanged ends a delivery whose rendered URL leads elsewhere than
// the webhook does now: its secret is not for that place.
//
// It is wrapped by backoff.Permanent only where it is returned: errors.Is takes
// one PermanentError for any other, so that it could not be told apart.
var errEndpointChanged = errors.New("the webhook's endpoint has changed since the event")

// errNoResponse is the error of an attempt whose Transport returned neither a
// response nor an error.
var errNoResponse = errors.New("the transport returned neither a response nor an error")

// attempt sends a delivery once, within ctx, and says what came of it. stop is
// the context that ends when Run has no more patience; ctx is derived from it.
func (d *Dispatcher) attempt(stop, ctx context.Context, h *hook, del *Delivery, test bool) result {
	start := d.now()
	began := time.Now()
	req, err := d.request(h, del, start, test)
	// Made here, before the Transport can change the request.
	hide := h.hide.of(req, d.opts.SignatureHeader, h.url != nil)
	var resp *Response
	if err == nil {
		resp, err = d.send(ctx, req)
	}
	a := &Attempt{
		DeliveryID: del.ID, Number: del.Attempts + 1,
		Time: start, Duration: time.Since(began),
	}
	r := result{attempt: a, stopped: err != nil && stop.Err() != nil}
	if r.verdict = d.classify(resp, err); del.Type == HandshakeEvent {
		r.verdict = Classify(resp, err) // any 2xx, and nothing else
	}
	r.hint = retryAfter(resp, start.Add(a.Duration))
	if errors.Is(err, errEndpointChanged) {
		r.reason = ReasonEndpoint
	}
	a.fill(resp, err, r.verdict, hide)
	return r
}

// timeout returns how long an attempt of the webhook may take.
func (h *hook) timeout(o *Options) time.Duration {
	if h.w.Timeout > 0 {
		return min(h.w.Timeout, o.Lease-leaseMargin)
	}
	return o.Timeout
}

// request makes the request of an attempt: its body as it is stored, and the
// rest by the webhook as it is now.
func (d *Dispatcher) request(h *hook, del *Delivery, now time.Time, test bool) (*Request, error) {
	url, err := h.target(del)
	if err != nil {
		return nil, err
	}
	header := newHeaderWriter(h.header)
	if h.header.Get(headerUserAgent) == "" {
		header.Set(headerUserAgent, userAgent)
	}
	if del.Body != nil {
		header.Set(headerContentType, h.contentType(del))
	}
	setIdentity(header, del)
	if test {
		header.Set(headerTest, "true")
	}
	if err := h.sign(header, del.ID, d.opts.SignatureHeader, now, del.Body); err != nil {
		return nil, backoff.Permanent(err)
	}
	return &Request{
		Method: del.Method, URL: url, Header: header.h, Body: del.Body,
		Webhook: del.Webhook, DeliveryID: del.ID, Attempt: del.Attempts + 1,
	}, nil
}

// contentType returns the delivery's stored content type, or the webhook's own
// header row where that says the same in more detail.
func (h *hook) contentType(del *Delivery) string {
	row := h.header.Get(headerContentType)
	structure := structureOf(del.ContentType)
	if row != "" && structure != "" && checkContentType(row, structure) == nil {
		return row
	}
	return del.ContentType
}

// structureOf returns how a body of a stored content type is encoded.
func structureOf(contentType string) Structure {
	switch contentType {
	case contentTypeJSON:
		return JSON
	case contentTypeForm:
		return Form
	}
	return "" // a text is sent as the type it was rendered as
}

// target returns where a delivery goes.
func (h *hook) target(del *Delivery) (string, error) {
	switch {
	case del.URL == "" && h.url == nil:
		return h.staticURL, nil
	case del.URL == "":
		return "", backoff.Permanent(errEndpointChanged)
	}
	u, err := endpoint.Parse(del.URL)
	if err != nil {
		return "", backoff.Permanent(err)
	}
	if h.endpoint != "" && endpoint.Endpoint(u) != h.endpoint {
		return "", backoff.Permanent(errEndpointChanged)
	}
	return u.String(), nil
}

// setIdentity sets the headers that say what a request is about.
func setIdentity(header headerSetter, del *Delivery) {
	header.Set(headerID, del.ID)
	header.Set(headerEvent, headerText(string(del.Type)))
	header.Set(headerEventID, headerText(del.EventID))
	if del.DocType != "" {
		header.Set(headerDocType, headerText(del.DocType))
	}
	header.Set(headerAttempt, strconv.Itoa(del.Attempts+1))
	if del.Chain != "" {
		header.Set(headerChain, del.Chain)
	}
}

// send calls the Transport. A panic in it is this attempt's error.
func (d *Dispatcher) send(ctx context.Context, req *Request) (resp *Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, fmt.Errorf("panic in the transport: %v", p)
		}
		if resp == nil && err == nil {
			err = errNoResponse
		}
		if err != nil {
			resp = nil
		}
	}()
	// False for a Transport of the host's, which may pass the request on, and
	// use its memory again.
	_, req.lasting = d.opts.Transport.(*HTTPTransport)
	return d.opts.Transport.Send(ctx, req)
}

// classify asks Options.Classifier. When that panics, or returns what is none
// of the verdicts, Classify decides.
func (d *Dispatcher) classify(resp *Response, err error) (v Verdict) {
	defer func() {
		if recover() != nil {
			v = Classify(resp, err)
		}
	}()
	switch v = d.opts.Classifier(resp, err); v {
	case VerdictDelivered, VerdictRetry, VerdictFailed, VerdictGone:
		return v
	}
	return Classify(resp, err)
}

// fill records in the attempt what came back.
func (a *Attempt) fill(resp *Response, err error, verdict Verdict, hide *redactor) {
	switch {
	case errors.Is(err, errEndpointChanged):
		a.Class, a.Error = ClassEndpointChanged, hide.text(err.Error())
	case err != nil:
		a.Class, a.Error = ErrorClass(err), hide.text(err.Error())
	case resp.BodyErr != nil && verdict == VerdictDelivered:
		a.Class, a.Error = ErrorClass(resp.BodyErr), hide.text(resp.BodyErr.Error())
	case verdict != VerdictDelivered:
		a.Class, a.Error = ClassStatus, fmt.Sprintf("status %d", resp.StatusCode)
	}
	if resp != nil {
		a.StatusCode = resp.StatusCode
		a.Header, a.Body = hide.header(resp.Header), hide.body(resp.Body)
	}
}

// resolution returns the change that an attempt makes of its delivery.
func (d *Dispatcher) resolution(h *hook, del *Delivery, r *result) (Change, error) {
	a := r.attempt
	switch r.verdict {
	case VerdictDelivered:
		a.State = Delivered
	case VerdictRetry:
		a.State, a.Next, r.reason = d.retry(h, del, a, r.hint)
	default:
		a.State = Failed
	}
	return del.resolve(a, r.reason)
}

// policy returns the webhook's retry policy, or that of the Options if it has
// none, with the defaults filled in.
func (d *Dispatcher) policy(h *hook) RetryPolicy {
	if h.w.Retry != nil {
		return h.w.Retry.withDefaults()
	}
	return d.opts.Retry.withDefaults()
}

// hintJitter returns a random share, up to a fifth, of how long the endpoint
// asked to be left alone, so that not all come back at once.
func hintJitter(hint time.Duration) time.Duration {
	return RetryPolicy{Jitter: 0.2}.jitter(hint)
}

// retry says when a delivery is due again, or why it is not.
func (d *Dispatcher) retry(h *hook, del *Delivery, a *Attempt, hint time.Duration) (
	State, time.Time, string) {
	policy := d.policy(h)
	if del.Tries+1 >= policy.MaxAttempts {
		return Exhausted, time.Time{}, ReasonAttempts
	}
	delay := policy.delay(del.Tries + 1)
	asked := min(hint+hintJitter(hint), maxRetryAfter)
	delay = max(delay+policy.jitter(delay), asked, time.Millisecond)
	due := a.Time.Add(a.Duration + delay)
	since := del.Since
	if since.IsZero() {
		since = a.Time
	}
	if policy.MaxAge > 0 && due.After(since.Add(policy.MaxAge)) {
		return Exhausted, time.Time{}, ReasonAge
	}
	return Pending, due, ""
}
