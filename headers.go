package webhook

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/endpoint"
)

// The headers that the library sets, but for those of signatures, which are
// declared with their schemes.
const (
	headerEvent   = "X-Webhook-Event"
	headerEventID = "X-Webhook-Event-Id"
	headerDocType = "X-Webhook-Doctype"
	headerAttempt = "X-Webhook-Attempt"
	headerChain   = "X-Webhook-Chain"
	headerTest    = "X-Webhook-Test"

	headerContentType = "Content-Type"
	headerUserAgent   = "User-Agent"
)

// userAgent is what requests say unless a header row says otherwise.
const userAgent = "docevent-webhook/1"

// reservedHeaders cannot be set by header rows: ours, and those that belong to
// the connection (RFC 9110, sections 7.2, 7.6 and 8.6) or would change what
// comes back.
var reservedHeaders = map[string]bool{
	headerID: true, headerEvent: true, headerEventID: true, headerDocType: true,
	headerAttempt: true, headerChain: true, headerTest: true,
	headerFrappeSignature: true, headerSecret: true,
	headerStandardTimestamp: true, headerStandardSignature: true,
	"Host": true, "Content-Length": true, "Transfer-Encoding": true,
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true,
	"Proxy-Authorization": true, "Te": true, "Trailer": true, "Upgrade": true,
	"Expect": true, "Content-Encoding": true, "Accept-Encoding": true,
	"Http2-Settings": true,
}

// Bounds of header rows.
const (
	maxHeaderRows  = 100
	maxHeaderBytes = 8 << 10 // of one row
)

// headerKey returns the name that a row's key gives. Blanks around it and a colon
// behind it, as Frappe's documentation writes them, are no part of it.
func headerKey(key string) string { return strings.TrimSuffix(strings.Trim(key, " \t"), ":") }

// headerRows returns the header that the rows make.
func headerRows(rows []Header, signature string) (http.Header, error) {
	h := http.Header{}
	if len(rows) > maxHeaderRows {
		return nil, fieldErrorf("Headers", "more than %d rows", maxHeaderRows)
	}
	for i, row := range rows {
		key := headerKey(row.Key)
		if key == "" || row.Value == "" {
			continue
		}
		if err := checkHeader(key, row.Value, signature); err != nil {
			return nil, &fieldError{field: fmt.Sprintf("Headers[%d]", i), err: err}
		}
		h.Set(key, row.Value)
	}
	return h, nil
}

func checkHeader(key, value, signature string) error {
	name := textproto.CanonicalMIMEHeaderKey(key)
	switch {
	case !validHeaderName(key): // not quoted: it may hold a value by mistake
		return errors.New("the key is not a header name")
	case reservedHeaders[name] || name == textproto.CanonicalMIMEHeaderKey(signature):
		return fmt.Errorf("%s is set by the library", name)
	case len(key)+len(value) > maxHeaderBytes:
		return fmt.Errorf("%s is longer than %d bytes", name, maxHeaderBytes)
	}
	return checkHeaderValue(value)
}

// checkSignatureHeader refuses a header that the signature cannot stand in.
func checkSignatureHeader(name string) error {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case !validHeaderName(name):
		return errors.New("not a header name")
	case reservedHeaders[canonical] && canonical != headerFrappeSignature,
		canonical == headerContentType, canonical == headerUserAgent:
		return fmt.Errorf("%s has another use", canonical)
	}
	return nil
}

// validHeaderName reports whether s is a token (RFC 9110, section 5.6.2).
func validHeaderName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// checkHeaderValue refuses what RFC 9110, section 5.5, does not allow in a field
// value. Its errors do not hold the value.
func checkHeaderValue(v string) error {
	if !utf8.ValidString(v) {
		return errors.New("the value is not valid UTF-8")
	}
	if v != strings.Trim(v, " \t") {
		return errors.New("the value begins or ends with white space")
	}
	for i := range len(v) {
		switch c := v[i]; {
		case c == '\r' || c == '\n':
			return errors.New("the value contains a line break")
		case c < ' ' && c != '\t' || c == 0x7f:
			return errors.New("the value contains a control character")
		}
	}
	return nil
}

// checkContentType refuses a Content-Type that contradicts how the body is
// encoded. An empty one never does.
func checkContentType(value string, s Structure) error {
	if value == "" || s == Text {
		return nil
	}
	media, _, err := mime.ParseMediaType(value)
	if err != nil {
		return errors.New("not a media type")
	}
	isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
	switch {
	case s == Form && media != contentTypeForm:
		return fmt.Errorf("the body is %s", contentTypeForm)
	case s != Form && !isJSON:
		return errors.New("the body is application/json")
	}
	return nil
}

// headerText makes s fit for a header: what is not printable ASCII, and "%", is
// percent-encoded.
func headerText(s string) string {
	clean := true
	for i := range len(s) {
		clean = clean && s[i] >= ' ' && s[i] < 0x7f && s[i] != '%'
	}
	if clean && s == strings.Trim(s, " ") {
		return s
	}
	var b []byte
	for i := range len(s) {
		edge := i == 0 || i == len(s)-1
		if c := s[i]; c < ' ' || c >= 0x7f || c == '%' || c == ' ' && edge {
			b = endpoint.AppendPercent(b, c)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// A headerSetter is what sets a header's fields: an [http.Header], or a writer.
type headerSetter interface{ Set(key, value string) }

// A headerWriter makes a header that lives as long as one request. Its values are
// next to each other, where http.Header.Set allocates for each.
type headerWriter struct {
	h      http.Header
	values []string
}

// ownHeaders is how many headers of ours a request has, at most but for the
// signatures of several schemes.
const ownHeaders = 12

// newHeaderWriter begins with a copy of rows.
func newHeaderWriter(rows http.Header) *headerWriter {
	n := len(rows) + ownHeaders
	w := &headerWriter{h: make(http.Header, n), values: make([]string, 0, n)}
	for key, values := range rows {
		w.Set(key, values[0]) // the last of a name wins, so there is one
	}
	return w
}

// Set sets the one value of a field.
func (w *headerWriter) Set(key, value string) {
	n := len(w.values)
	w.values = append(w.values, value)
	w.h[http.CanonicalHeaderKey(key)] = w.values[n : n+1 : n+1]
}

// masked stands for a value that must not be shown.
const masked = "[masked]"

// maskHeader returns a copy of h that can be shown: values of header rows and
// of signatures masked, ours and plain ones as they are.
func maskHeader(h http.Header) http.Header {
	shown := http.Header{}
	for key, values := range h {
		switch key {
		case headerID, headerEvent, headerEventID, headerDocType, headerAttempt,
			headerChain, headerTest, headerContentType, headerUserAgent, headerStandardTimestamp:
			shown[key] = values
		default:
			shown[key] = []string{masked}
		}
	}
	return shown
}
