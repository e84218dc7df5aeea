package webhook

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// bodyTime is how long a body may go on after the header.
const bodyTime = time.Second

// read makes a Response and finishes with the connection: it goes back to its
// pool when the body was read to the end, and is closed otherwise.
func (t *HTTPTransport) read(ctx context.Context, cancel context.CancelCauseFunc,
	r *http.Response) *Response {
	resp := &Response{StatusCode: r.StatusCode, Header: r.Header}
	defer r.Body.Close()
	if r.Body == http.NoBody || r.StatusCode == http.StatusSwitchingProtocols {
		return resp
	}
	timer := time.AfterFunc(bodyTime, func() { cancel(ErrResponseTimeout) })
	defer timer.Stop()
	body, err := readAtMost(r.Body, r.ContentLength, t.opts.MaxResponseBytes)
	resp.Body, resp.BodyErr = body, newBodyError(ctx, err)
	return resp
}

// readAtMost reads to the end or to limit bytes, whichever comes first. length
// is what the header announced, negative for nothing.
func readAtMost(r io.Reader, length, limit int64) ([]byte, error) {
	const most = 64 << 10 // a header is no reason to take more at once
	if length < 0 || length > limit {
		length = min(512, limit)
	}
	b := make([]byte, 0, min(length, most)+1) // one more, to see the end
	for {
		end := cap(b)
		if int64(end) > limit {
			end = int(limit) + 1
		}
		n, err := r.Read(b[len(b):end])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return b[:limit], ErrResponseTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		case len(b) == end:
			b = slices.Grow(b, 1)
		}
	}
}
