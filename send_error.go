package webhook

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/cenkalti/backoff/v4"

	"github.com/docevent/webhook/internal/endpoint"
)

var (
	// ErrResponseTooLarge says that a response was not read whole because its
	// header or its body is larger than [HTTPOptions] allows.
	ErrResponseTooLarge = errors.New("webhook: response is larger than allowed")

	// ErrResponseTimeout says that the body of a response did not end in time.
	ErrResponseTimeout = errors.New("webhook: response body did not end in time")

	// errProxy stands for errors about a proxy, whose URL holds a password.
	errProxy = errors.New("proxy failed or could not be chosen")
)

// A sendError is why HTTPTransport has no response, or not all of it. Its text
// holds nothing of the URL beyond the first path segment, no header and no
// body, neither of the request nor of the answer: a receiver may send back
// what it was sent.
type sendError struct {
	class string
	doing string // such as "send to https://hooks.example/services/..."
	err   error  // safe to show and to unwrap to
}

func (e *sendError) Error() string { return e.doing + ": " + clean(e.err.Error()) }

func (e *sendError) Unwrap() error { return e.err }

// newSendError makes what Send returns for an error of net/http. The context
// decides between its own end and the error that its end caused elsewhere.
func newSendError(ctx context.Context, u *url.URL, proxied bool, err error) error {
	e := &sendError{class: ErrorClass(err), doing: "send to " + endpoint.Redact(u), err: err}
	switch {
	case e.class == ClassBlocked || e.class == ClassInvalidRequest:
		return backoff.Permanent(e)
	case errors.Is(context.Cause(ctx), errRepeat):
		e.class, e.err = ClassReset, errRepeat
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.class, e.err = ClassTimeout, ctx.Err()
	case ctx.Err() != nil:
		e.class, e.err = ClassCanceled, ctx.Err()
	case e.class == ClassTooLarge:
		e.err = ErrResponseTooLarge
	case e.class == ClassOther && proxied:
		e.class, e.err = ClassProxy, errProxy
	default:
		e.dropPeersWords()
	}
	return e
}

// invalidRequest is for what is wrong before anything is sent. The text of err
// must be safe to show.
func invalidRequest(err error) error {
	return backoff.Permanent(&sendError{
		class: ClassInvalidRequest, doing: "send request", err: err,
	})
}

// newBodyError makes a Response's BodyErr from what ended the reading early.
func newBodyError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	e := &sendError{class: ErrorClass(err), doing: "read response body", err: err}
	switch {
	case errors.Is(err, ErrResponseTooLarge):
		return ErrResponseTooLarge
	case errors.Is(context.Cause(ctx), ErrResponseTimeout),
		errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ErrResponseTimeout
	case ctx.Err() != nil:
		e.class, e.err = ClassCanceled, ctx.Err()
	default:
		e.dropPeersWords()
	}
	return e
}

// dropPeersWords leaves errors of the network and of TLS as they are. Those of
// net/http itself may quote the answer, so only their beginning is kept.
func (e *sendError) dropPeersWords() {
	var op *net.OpError
	switch {
	case e.class == ClassOther:
		e.class = ClassProtocol
	case e.class == ClassReset && !errors.As(e.err, &op), e.class == ClassProtocol:
	default:
		return
	}
	e.err = errors.New(unquoted(e.err))
}

// unquoted is the part of an error's text that net/http wrote itself: it
// quotes whatever it took from the peer. Before Go 1.26 it does not quote a
// header line, which then stands behind "line: ".
func unquoted(err error) string {
	text, _, _ := strings.Cut(innermost(err).Error(), `"`)
	if i := strings.Index(text, "line: "); i >= 0 {
		text = text[:i+len("line")]
	}
	return strings.TrimRight(text, " :=;,")
}

// clean makes a text fit for one line of a log. A certificate may name its
// hosts as it likes.
func clean(s string) string {
	const limit = 300
	if len(s) > limit {
		s = s[:limit] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
