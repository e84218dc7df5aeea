package webhook

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// Bounds of what an attempt keeps of a response.
const (
	maxExcerpt     = 4 << 10  // of the body, in bytes
	maxErrorText   = 1 << 10  // of an error, and of one header value
	maxLogHeaders  = 50       // names
	maxHeaderTexts = 8 << 10  // of all header values together
	maxRedacted    = 64 << 10 // of a text that is looked through
)

// A redactor takes out of what comes back what the request held in confidence:
// an endpoint, or a Transport's error, may echo it.
type redactor struct {
	secrets []string // the longest first, so that none leaves a part of another
}

// newRedactor hides the webhook's secrets, the confidential headers of a request,
// which may be nil, and what follows the first segment of its URL's path.
func newRedactor(h *hook, req *Request) *redactor {
	r := &redactor{}
	for _, s := range h.rec.Secrets {
		r.add(s.Value, 3)
	}
	if req != nil {
		r.addURL(req.URL)
		for key, values := range maskHeader(req.Header) {
			if len(values) == 1 && values[0] == masked {
				r.addValue(req.Header.Get(key))
			}
		}
	}
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return r
}

// add hides a text, also as JSON spells it, unless it is so short that hiding it
// would only blot out the log.
func (r *redactor) add(s string, shortest int) {
	if len(s) < shortest {
		return
	}
	r.secrets = append(r.secrets, s)
	if quoted := string(value.AppendEscaped(nil, s)); quoted != s {
		r.secrets = append(r.secrets, quoted)
	}
}

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
// its first segment, and the query.
func (r *redactor) addURL(raw string) {
	u, err := url.Parse(raw)
	if err != nil {
		r.add(raw, 1)
		return
	}
	for _, path := range []string{u.EscapedPath(), u.Path} {
		if _, rest, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok {
			r.add(rest, 4)
		}
	}
	r.add(u.RawQuery, 4)
}

// replace masks what is hidden in s, of which it looks at no more than
// maxRedacted bytes. What could be the beginning of a secret behind them is cut.
func (r *redactor) replace(s string) string {
	cut := len(s) > maxRedacted
	s = s[:min(len(s), maxRedacted)]
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, masked)
	}
	if cut && len(r.secrets) > 0 {
		s = s[:max(0, len(s)-len(r.secrets[0]))]
	}
	return s
}

func (r *redactor) text(s string) string {
	s = r.replace(s)
	return strings.ToValidUTF8(strings.Clone(s[:min(len(s), maxErrorText)]), "?")
}

func (r *redactor) body(b []byte) []byte {
	s := r.replace(string(b[:min(len(b), maxRedacted+1)]))
	return bytes.Clone([]byte(s[:min(len(s), maxExcerpt)]))
}

// confidential are response headers that are not logged.
var confidential = map[string]bool{
	"Set-Cookie": true, "Set-Cookie2": true, "Authorization": true,
	"Proxy-Authorization": true, "Www-Authenticate": true, "Proxy-Authenticate": true,
	"Authentication-Info": true,
}

func (r *redactor) header(h http.Header) http.Header {
	shown, left := http.Header{}, maxHeaderTexts
	for key, values := range h {
		if len(shown) >= maxLogHeaders || len(key) > maxErrorText {
			continue
		}
		if confidential[http.CanonicalHeaderKey(key)] {
			shown[key] = []string{masked}
			continue
		}
		for _, v := range values {
			if v = r.text(v); len(v) <= left {
				left -= len(v)
				shown[key] = append(shown[key], v)
			}
		}
	}
	return shown
}
