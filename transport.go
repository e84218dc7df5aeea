package webhook

import (
	"context"
	"encoding/json"
	"net/http"
)

// A Transport sends one request and reports what came back.
//
// Send must honor ctx: when it ends, Send returns soon after. It must not keep
// or change req, its Header or its Body after it returned. It returns a nil
// error if and only if a status came back, whatever that status is; a response
// whose body could not be read whole has BodyErr set instead. An error made by
// [backoff.Permanent] says that a retry cannot help; [ErrorClass] sorts the
// errors for the log, which shows their text: it must hold no secret. Nobody
// changes a response, its Header or its Body after Send returned it. A Transport
// may be called by many goroutines at once. A panic in Send is that attempt's
// error.
//
// One that hands requests on, to a queue for instance, answers 202 as soon as
// they are safe there: that ends the delivery, and what becomes of it later the
// library does not hear.
type Transport interface {
	Send(ctx context.Context, req *Request) (*Response, error)
}

// TransportFunc makes a function a [Transport].
type TransportFunc func(ctx context.Context, req *Request) (*Response, error)

// Send calls f.
func (f TransportFunc) Send(ctx context.Context, req *Request) (*Response, error) {
	return f(ctx, req)
}

// A Request is one HTTP request, complete and signed. Its JSON form is for
// people: the header's confidential values are masked in it. The URL is whole,
// and may be a secret by itself.
type Request struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header"`         // complete, Host and Content-Length apart
	Body   []byte      `json:"body,omitempty"` // the bytes that were signed; nil for none

	// What it is sent for, so that a Transport can choose a route or a TLS
	// configuration. None of it is sent by itself.
	Webhook    string `json:"webhook"`     // the webhook's name
	DeliveryID string `json:"delivery_id"` // of a handshake or test, one that is not stored
	Attempt    int    `json:"attempt"`     // from 1

	// lasting: Header and Body never change, so that an HTTPTransport need not
	// copy them. False in what a Transport of the host's gets, which may pass
	// it on.
	lasting bool
}

// MarshalJSON writes the request with the header's confidential values masked.
func (r Request) MarshalJSON() ([]byte, error) {
	type plain Request
	r.Header = maskHeader(r.Header)
	return json.Marshal(plain(r))
}

// A Response is what came back.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte // an excerpt, as much as the transport cares to read
	BodyErr    error  // why Body is not whole; nil when it is
}
