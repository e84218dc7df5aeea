package webhook

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/value"
)

// Bounds of what an attempt keeps of a response.
const (
	maxExcerpt     = 4 << 10  // of the body, in bytes
	maxErrorText   = 1 << 10  // of an error, and of one header value
	maxLogHeaders  = 50       // lines
	maxHeaderTexts = 8 << 10  // of all header values together
	maxRedacted    = 64 << 10 // of a text that is looked through
)

// A redactor takes out of what comes back what the request held in confidence:
// an endpoint, or a Transport's error, may echo it.
type redactor struct {
	secrets    []string  // the longest first, so that none leaves a part of another
	signatures [2]string // of the one request; no secret is a part of them
}

// newRedactor hides what a webhook's requests have in common: its secrets, its
// header rows, and what follows the first segment of its URL's path.
func newRedactor(h *hook) *redactor {
	r := &redactor{}
	for _, s := range h.rec.Secrets {
		r.add(s.Value, 3)
	}
	for _, values := range h.header {
		for _, v := range values {
			r.addValue(v)
		}
	}
	r.addURL(h.staticURL)
	r.sort()
	return r
}

func (r *redactor) sort() {
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// of hides, beside what all have in common, what one request adds: its signatures
// and its own URL. req may be nil.
func (r *redactor) of(req *Request, signatureHeader string, dynamic bool) *redactor {
	if req == nil {
		return r
	}
	own := &redactor{secrets: r.secrets, signatures: [2]string{
		req.Header.Get(signatureHeader), req.Header.Get(headerStandardSignature)}}
	if dynamic {
		own.secrets = slices.Clone(r.secrets)
		own.addURL(req.URL)
		own.sort()
	}
	return own
}

// add hides a text, also as JSON spells it, with slashes escaped or not, unless
// it is so short that hiding it would only blot out the log.
func (r *redactor) add(s string, shortest int) {
	if len(s) < shortest {
		return
	}
	r.secrets = append(r.secrets, s)
	quoted := string(value.AppendEscaped(nil, s))
	for _, q := range []string{quoted, escapeSlashes(quoted)} {
		if !slices.Contains(r.secrets, q) {
			r.secrets = append(r.secrets, q)
		}
	}
}

// escapeSlashes spells a text as encoders of JSON do that think of HTML.
func escapeSlashes(s string) string { return strings.ReplaceAll(s, "/", `\/`) }

// addValue hides a header's value, and what is behind a word such as Bearer.
func (r *redactor) addValue(v string) {
	r.add(v, 6)
	if words := strings.Fields(v); len(words) > 1 {
		for _, w := range words {
			r.add(w, 8)
		}
	}
}

// addURL hides what may be confidential in a URL, as Slack's are: the path behind
// its first segment, and the query; and of both what is long enough for a token
// alone, as endpoints echo what they parsed.
func (r *redactor) addURL(raw string) {
	u, err := url.Parse(raw)
	if err != nil {
		r.add(raw, 1)
		return
	}
	for _, path := range []string{u.EscapedPath(), u.Path} {
		if _, rest, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok {
			r.add(rest, 4)
			for segment := range strings.SplitSeq(rest, "/") {
				r.add(segment, 16)
			}
		}
	}
	r.add(u.RawQuery, 4)
	for _, values := range u.Query() {
		for _, v := range values {
			r.add(v, 8)
		}
	}
}

// replace masks what is hidden in s, of which it looks at no more than
// maxRedacted bytes. What could be the beginning of a secret behind them is cut.
func (r *redactor) replace(s string) string {
	cut := len(s) > maxRedacted
	s = s[:min(len(s), maxRedacted)]
	longest := 0
	if len(s) >= signatureLength {
		s, longest = r.replaceSignatures(s), signatureLength
	}
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, masked)
		longest = max(longest, len(secret))
	}
	if cut {
		s = s[:max(0, len(s)-longest)]
	}
	return s
}

// signatureLength is that of each signature, in base64.
var signatureLength = base64.StdEncoding.EncodedLen(sha256.Size)

// replaceSignatures masks the signatures, also one of several alone.
func (r *redactor) replaceSignatures(s string) string {
	escaped := strings.Contains(s, `\/`)
	for _, list := range r.signatures {
		for signature := range strings.FieldsSeq(list) {
			signature = strings.TrimPrefix(signature, standardVersion)
			s = strings.ReplaceAll(s, signature, masked)
			if escaped {
				s = strings.ReplaceAll(s, escapeSlashes(signature), masked)
			}
		}
	}
	return s
}

func (r *redactor) text(s string) string {
	s = r.replace(s)
	if len(s) > maxErrorText {
		s = strings.Clone(s[:maxErrorText])
	}
	return strings.ToValidUTF8(s, "?")
}

func (r *redactor) body(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	s := r.replace(string(b[:min(len(b), maxRedacted+1)]))
	return []byte(s[:min(len(s), maxExcerpt)])
}

// confidential are response headers that are not logged.
var confidential = map[string]bool{
	"Set-Cookie": true, "Set-Cookie2": true, "Authorization": true,
	"Proxy-Authorization": true, "Www-Authenticate": true, "Proxy-Authenticate": true,
	"Authentication-Info": true,
}

// strange reports whether a header's name is not logged: no HTTP server sends
// such a one, but a Transport of the host's may.
func strange(key string) bool { return len(key) > maxErrorText || !utf8.ValidString(key) }

// harmless reports whether a header is logged as it is.
func (r *redactor) harmless(h http.Header) bool {
	lines, size := 0, 0
	for key, values := range h {
		if len(values) == 0 || strange(key) || confidential[http.CanonicalHeaderKey(key)] {
			return false
		}
		for _, v := range values {
			lines++
			size += len(v)
			if lines > maxLogHeaders || size > maxHeaderTexts || r.text(v) != v {
				return false
			}
		}
	}
	return true
}

// header returns what of a response's header is logged: h itself, which nobody
// changes any more, when that is all of it, as nearly always.
func (r *redactor) header(h http.Header) http.Header {
	if r.harmless(h) {
		return h
	}
	shown, left := make(http.Header, min(len(h), maxLogHeaders)), maxHeaderTexts
	lines := 0
	for key, values := range h {
		if strange(key) {
			continue
		}
		if confidential[http.CanonicalHeaderKey(key)] {
			values = []string{masked}
		}
		for _, v := range values {
			if lines >= maxLogHeaders {
				return shown
			}
			if v = r.text(v); len(v) <= left {
				left -= len(v)
				lines++
				shown[key] = append(shown[key], v)
			}
		}
	}
	return shown
}
