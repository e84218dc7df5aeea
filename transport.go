package webhook

import (
	"context"
	"net/http"
)

// A Transport sends one request and reports what came back.
//
// Send must honor ctx: when it ends, Send returns soon after. It must not keep
// or change req, its Header or its Body after it returned. It returns a nil
// error if and only if a status came back, whatever that status is; a response
// whose body could not be read whole has BodyErr set instead. An error made by
// [backoff.Permanent] says that a retry cannot help; [ErrorClass] sorts the
// errors for the log, which shows their text: it must hold no secret. A
// Transport may be called by many goroutines at once. A panic in Send is that
// attempt's error.
type Transport interface {
	Send(ctx context.Context, req *Request) (*Response, error)
}

// TransportFunc makes a function a [Transport].
type TransportFunc func(ctx context.Context, req *Request) (*Response, error)

// Send calls f.
func (f TransportFunc) Send(ctx context.Context, req *Request) (*Response, error) {
	return f(ctx, req)
}

// A Request is one HTTP request, complete and signed.
type Request struct {
	Method string
	URL    string
	Header http.Header // complete, Host and Content-Length apart
	Body   []byte      // the bytes that were signed; nil for none

	// What it is sent for, so that a Transport can choose a route or a TLS
	// configuration. None of it is sent by itself.
	Webhook    string // the webhook's name
	DeliveryID string // of a handshake or test, one that is not stored
	Attempt    int    // from 1
}

// A Response is what came back.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte // an excerpt, as much as the transport cares to read
	BodyErr    error  // why Body is not whole; nil when it is
}
