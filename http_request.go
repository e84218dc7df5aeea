package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

var (
	errMethod = errors.New("method is missing, CONNECT or TRACE")

	// errRepeat ends a request that net/http was about to send again.
	errRepeat = errors.New("connection ended before the response")
)

// checkMethod leaves the methods that a webhook can have, and unknown ones, to
// the endpoint. CONNECT and TRACE mean something to net/http and to proxies,
// and an empty method would become GET.
func checkMethod(method string) error {
	switch strings.ToUpper(method) {
	case "", http.MethodConnect, http.MethodTrace:
		return errMethod
	}
	return nil
}

// newHTTPRequest copies what it takes from req, unless that never changes:
// net/http may still be writing a request when it has returned the answer.
//
// A body without GetBody cannot be sent twice. A request without a body could
// be: net/http repeats one when a kept connection turns out to be dead, or an
// HTTP/2 peer refuses the stream. It is ended by cancel then.
func newHTTPRequest(ctx context.Context, cancel context.CancelCauseFunc, u *url.URL,
	req *Request) *http.Request {
	header, body := req.Header, req.Body
	if !req.lasting {
		header, body = header.Clone(), bytes.Clone(body)
	}
	hr := &http.Request{
		Method:     req.Method,
		URL:        u,
		Host:       u.Host,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header,
	}
	if hr.Header == nil {
		hr.Header = http.Header{}
	}
	if len(body) > 0 {
		// net/http sends header and body in one packet for readers it knows.
		hr.Body = io.NopCloser(bytes.NewReader(body))
		hr.ContentLength = int64(len(body))
		return hr.WithContext(ctx)
	}
	return hr.WithContext(sendOnce(ctx, cancel))
}

// sendOnce returns a context in which a request gets one connection. When it
// is given a second one it is canceled, which HTTP/2 sees before it writes;
// HTTP/1 does not look, so there the connection is closed as well.
func sendOnce(ctx context.Context, cancel context.CancelCauseFunc) context.Context {
	var given atomic.Int32
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if given.Add(1) == 1 {
				return
			}
			cancel(errRepeat)
			if !isHTTP2(info.Conn) {
				info.Conn.Close()
			}
		},
	})
}

func isHTTP2(c net.Conn) bool {
	secure, ok := c.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}
