package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/docevent/webhook/internal/netguard"
)

// The classes [ErrorClass] knows: why no response came back, or why the body
// of one is not whole. They are constants of no type so that they compare with
// any string type.
const (
	ClassBlocked        = "blocked"         // an address the guard refuses
	ClassCanceled       = "canceled"        // the context was canceled
	ClassDNS            = "dns"             // the name does not resolve
	ClassInvalidRequest = "invalid_request" // URL, method or header cannot be sent
	ClassOther          = "other"           // an error of a Transport that says no more
	ClassProtocol       = "protocol"        // the answer is not HTTP
	ClassProxy          = "proxy"           // the proxy refused, or none could be chosen
	ClassRefused        = "refused"         // nothing listens on the port
	ClassReset          = "reset"           // the connection ended too early
	ClassTimeout        = "timeout"         // connecting, the header or the body took too long
	ClassTLS            = "tls"             // handshake or certificate
	ClassTooLarge       = "too_large"       // header or body beyond the limit
	ClassUnreachable    = "unreachable"     // no route to the address
)

// The other classes of an [Attempt].
const (
	ClassStatus          = "status"           // the status that came is no success
	ClassEndpointChanged = "endpoint_changed" // the webhook's endpoint is no longer the URL's
)

// ErrorClass sorts an error of a [Transport], or a [Response]'s BodyErr, into
// one of the classes. It looks through wrapped errors and answers "" for nil
// and ClassOther for what it does not know.
func ErrorClass(err error) string {
	if err == nil {
		return ""
	}
	var (
		failed  *sendError
		blocked *netguard.Error
		dns     *net.DNSError
		op      *net.OpError
	)
	switch {
	case errors.As(err, &failed):
		return failed.class
	case errors.As(err, &blocked):
		return ClassBlocked
	case errors.Is(err, ErrResponseTooLarge):
		return ClassTooLarge
	case errors.Is(err, context.Canceled):
		return ClassCanceled
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return ClassProxy
	case errors.As(err, &dns):
		return ClassDNS
	case isTimeout(err):
		return ClassTimeout
	case isTLS(err):
		return ClassTLS
	case isEarlyEnd(err):
		return ClassReset
	}
	return classByText(err)
}

// isTimeout is asked after a DNSError was ruled out: a name server that does
// not answer is a matter of DNS.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, ErrResponseTimeout) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func isTLS(err error) bool {
	var (
		alert       tls.AlertError
		record      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		invalid     x509.CertificateInvalidError
	)
	return errors.As(err, &alert) || errors.As(err, &record) || errors.As(err, &certificate) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid)
}

func isEarlyEnd(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &op) && (op.Op == "read" || op.Op == "write")
}

// textClasses know the errors of net/http and crypto/tls that have no type, by
// how the innermost error's text begins: what follows may be the peer's words.
var textClasses = []struct{ prefix, class string }{
	{"tls: ", ClassTLS},
	{"x509: ", ClassTLS},
	{"http: server gave HTTP response to HTTPS client", ClassTLS},
	{"http: server closed idle connection", ClassReset},
	{"http2: client connection lost", ClassReset},
	{"http2: client connection force closed", ClassReset},
	{"http2: client conn", ClassReset},
	{"http2: Transport: cannot retry", ClassReset},
	{"http2: server sent GOAWAY", ClassReset},
	{"net/http: server response headers exceeded", ClassTooLarge},
	{"http2: response header list larger", ClassTooLarge},
	{"net/http: invalid", ClassInvalidRequest},
	{"header list too large", ClassTooLarge},
	{"received from peer", ClassReset},
	{"malformed ", ClassProtocol},
}

func classByText(err error) string {
	text := innermost(err).Error()
	if strings.HasPrefix(text, "stream error: ") { // HTTP/2: the cause comes last
		text = strings.TrimLeft(text[strings.LastIndexByte(text, ';')+1:], " ")
	}
	for _, tc := range textClasses {
		if strings.HasPrefix(text, tc.prefix) {
			return tc.class
		}
	}
	var op *net.OpError
	switch {
	case !errors.As(err, &op) || op.Op != "dial":
		return ClassOther
	case strings.Contains(text, "refused"): // errno differs from system to system
		return ClassRefused
	}
	return ClassUnreachable
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
