// Package webhooktest helps to test programs that send webhooks.
//
// A [Receiver] takes the place of an endpoint. As the dispatcher's transport it
// needs no socket and works in a testing/synctest bubble; it verifies each
// request as a real receiver should, and records it:
//
//	receiver := webhooktest.NewReceiver(secret)
//	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: receiver})
//	...
//	err = d.Drain(ctx)
//	webhooktest.RequireDelivered(t, receiver, func(r *webhooktest.Request) bool {
//		return r.Event == "after_insert" && r.DocType == "Sales Order"
//	})
//
// It is an [http.Handler] too, for tests over a socket.
package webhooktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

// ErrUnexpectedSignature is the error of a request that proves who sent it to a
// [Receiver] without a secret, which cannot check that.
var ErrUnexpectedSignature = errors.New("webhooktest: signed, but the receiver has no secret")

// maxBodyBytes bounds a body read from a socket.
const maxBodyBytes = 16 << 20

// A Receiver verifies and records requests and answers them: 401 to those that
// prove nothing or something wrong, the scripted answers to the others, and 200
// when there are none. It is both a [webhook.Transport] and an [http.Handler],
// safe for concurrent use. The zero value is as NewReceiver("").
type Receiver struct {
	mu       sync.Mutex // guards the fields below
	verifier *webhook.Verifier
	requests []*Request
	answered int // of requests
	round    int // counts the Resets
	script   []int
	respond  func(*Request) Response
	changed  chan struct{} // closed at the next answer; nil while nobody waits
}

// A Request is one request that arrived.
type Request struct {
	Method string
	URL    string
	Header http.Header // not to be changed, like Body
	Body   []byte

	Webhook    string // the webhook's name; "" over a socket, which does not carry it
	DeliveryID string // Webhook-Id
	Event      string // X-Webhook-Event
	EventID    string // X-Webhook-Event-Id
	DocType    string // X-Webhook-Doctype
	Attempt    int    // X-Webhook-Attempt; 0 if it is not there

	Time       time.Time // when it arrived
	Err        error     // why it is not verified; nil if it is
	StatusCode int       // what it was answered; 0 before, and when it was no status

	round int // the Resets before it
}

// A Response is how a [Receiver] answers a request. The zero value is an empty
// 200 at once.
type Response struct {
	StatusCode int // Defaults to 200.
	Header     http.Header
	Body       []byte

	// Delay is waited for before the answer. If the context of the request ends
	// sooner, its error is the answer.
	Delay time.Duration

	// Err is returned by Send in place of a response; over a socket the
	// connection is closed.
	Err error
}

// NewReceiver returns a Receiver that knows the secret of the webhooks it
// receives. It takes Frappe's signature, Standard Webhooks and the plain secret
// header. With an empty secret it takes requests that prove nothing, and none
// that prove something.
func NewReceiver(secret string) *Receiver {
	r := &Receiver{}
	if secret != "" {
		r.VerifyWith(&webhook.Verifier{
			Secrets:            []string{secret},
			AcceptSecretHeader: true,
			MaxBodyBytes:       -1,
		})
	}
	return r
}

// VerifyWith replaces how requests are verified from now on, to receive by
// several secrets or to insist on a scheme. The receiver keeps v.
func (r *Receiver) VerifyWith(v *webhook.Verifier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verifier = v
}

// Respond scripts the statuses of the next answers, in order, after those
// scripted before. Requests that are refused with 401 use none up.
func (r *Receiver) Respond(status ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = append(r.script, status...)
}

// RespondWith makes f answer the verified requests for which no status is
// scripted, until f is replaced; nil answers 200 again. Several goroutines may
// call f at once, each with a copy of the record.
func (r *Receiver) RespondWith(f func(*Request) Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.respond = f
}

// Requests returns what arrived so far, in the order of arrival.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := make([]Request, len(r.requests))
	for i, request := range r.requests {
		requests[i] = *request
	}
	return requests
}

// Wait returns nil when n requests were answered since the receiver was made or
// reset, and an error that wraps the cause of ctx if that ends sooner. An answer
// that was an error counts, and so does a panic in place of one.
func (r *Receiver) Wait(ctx context.Context, n int) error {
	for {
		r.mu.Lock()
		answered := r.answered
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		r.mu.Unlock()
		if answered >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d requests, %d were answered: %w",
				n, answered, context.Cause(ctx))
		}
	}
}

// Reset forgets the requests and the answers, scripted and other. What is being
// answered meanwhile is not recorded.
func (r *Receiver) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.answered, r.script, r.respond = nil, 0, nil, nil
	r.round++
}

// Send receives req; see [webhook.Transport].
func (r *Receiver) Send(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	request := newRequest(req.Method, req.URL, req.Header, bytes.Clone(req.Body))
	request.Webhook = req.Webhook
	response, err := r.receive(ctx, request)
	if err != nil {
		return nil, err
	}
	return &webhook.Response{
		StatusCode: response.StatusCode,
		Header:     response.Header.Clone(),
		Body:       bytes.Clone(response.Body),
	}, nil
}

// ServeHTTP receives req from a socket. A body above 16 MiB or one that breaks
// off is answered 400 and not recorded.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBodyBytes))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	target := "http://" + req.Host + req.URL.RequestURI()
	response, err := r.receive(req.Context(), newRequest(req.Method, target, req.Header, body))
	if err != nil {
		panic(http.ErrAbortHandler) // closes the connection
	}
	for name, values := range response.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(response.StatusCode)
	w.Write(response.Body) // the sender may be gone; that is its affair
}

func newRequest(method, target string, header http.Header, body []byte) *Request {
	attempt, _ := strconv.Atoi(header.Get("X-Webhook-Attempt"))
	return &Request{
		Method:     method,
		URL:        target,
		Header:     header.Clone(),
		Body:       body,
		DeliveryID: header.Get("Webhook-Id"),
		Event:      decoded(header.Get("X-Webhook-Event")),
		EventID:    decoded(header.Get("X-Webhook-Event-Id")),
		DocType:    decoded(header.Get("X-Webhook-Doctype")),
		Attempt:    attempt,
		Time:       time.Now(),
	}
}

// decoded is a header value without the percent encoding in which the library
// sends what is not ASCII.
func decoded(value string) string {
	if text, err := url.PathUnescape(value); err == nil {
		return text
	}
	return value
}

// receive verifies, records and answers request. The error is the answer when
// there is no response.
func (r *Receiver) receive(ctx context.Context, request *Request) (*Response, error) {
	respond, status := r.record(request), 0
	defer func() { r.answer(request, status) }() // also when respond panics
	response := respond()
	if response.StatusCode == 0 {
		response.StatusCode = http.StatusOK
	}
	err := wait(ctx, response.Delay)
	if err == nil {
		err = response.Err
	}
	if err == nil {
		status = response.StatusCode
	}
	return &response, err
}

// record verifies request, appends it, and chooses what answers it.
func (r *Receiver) record(request *Request) (respond func() Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	request.Err, request.round = verify(r.verifier, request), r.round
	r.requests = append(r.requests, request)
	switch {
	case request.Err != nil:
		return answerWith(http.StatusUnauthorized)
	case len(r.script) > 0:
		status := r.script[0]
		r.script = r.script[1:]
		return answerWith(status)
	case r.respond != nil:
		f, copied := r.respond, *request
		return func() Response { return f(&copied) }
	}
	return answerWith(http.StatusOK)
}

func answerWith(status int) func() Response {
	return func() Response { return Response{StatusCode: status} }
}

// answer notes how request was answered, unless it was forgotten meanwhile.
func (r *Receiver) answer(request *Request, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if request.round != r.round {
		return
	}
	request.StatusCode = status
	r.answered++
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

func verify(v *webhook.Verifier, request *Request) error {
	if v == nil {
		for _, name := range []string{
			"X-Frappe-Webhook-Signature", "X-Webhook-Secret", "Webhook-Signature",
		} {
			if len(request.Header.Values(name)) > 0 {
				return ErrUnexpectedSignature
			}
		}
		return nil
	}
	_, err := v.Verify(&http.Request{
		Method:        request.Method,
		Header:        request.Header,
		Body:          io.NopCloser(bytes.NewReader(request.Body)),
		ContentLength: int64(len(request.Body)),
	})
	return err
}

// wait waits for d, or for the end of ctx and returns its error.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
