package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// A Verdict is what an attempt's result means for its delivery.
type Verdict string

// The verdicts.
const (
	VerdictDelivered Verdict = "delivered" // done
	VerdictRetry     Verdict = "retry"     // may succeed later
	VerdictFailed    Verdict = "failed"    // can never succeed
	VerdictGone      Verdict = "gone"      // failed, and disables the webhook of a fixed URL
)

// permanentStatus are the answers that the same request will get again (RFC
// 9110, section 15), and the redirects, which are not followed.
var permanentStatus = map[int]bool{
	http.StatusBadRequest: true, http.StatusMethodNotAllowed: true,
	http.StatusNotAcceptable: true, http.StatusLengthRequired: true,
	http.StatusRequestEntityTooLarge: true, http.StatusRequestURITooLong: true,
	http.StatusUnsupportedMediaType: true, http.StatusUnprocessableEntity: true,
	http.StatusRequestHeaderFieldsTooLarge: true, http.StatusNotImplemented: true,
	http.StatusHTTPVersionNotSupported: true,
}

// Classify is the default Options.Classifier. Of resp and err one is nil. A 2xx
// is delivered, whatever its body did. A 410 is gone. Redirects, the statuses
// 400, 405, 406, 411, 413, 414, 415, 422, 431, 501 and 505, and errors made by
// [backoff.Permanent] have failed. Everything else is tried again.
func Classify(resp *Response, err error) Verdict {
	if err != nil {
		var permanent *backoff.PermanentError
		if errors.As(err, &permanent) {
			return VerdictFailed
		}
		return VerdictRetry
	}
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return VerdictDelivered
	case resp.StatusCode == http.StatusGone:
		return VerdictGone
	case resp.StatusCode >= 300 && resp.StatusCode < 400, permanentStatus[resp.StatusCode]:
		return VerdictFailed
	}
	return VerdictRetry
}

// maxRetryAfter bounds what an endpoint can ask for.
const maxRetryAfter = 6 * time.Hour

// retryAfter returns for how long the endpoint asks to be left alone (RFC 9110,
// section 10.2.3), 0 if it does not: seconds or a date, on a 429 or a 5xx. A
// date is compared with the response's own, if it has one, so that its clock
// need not be ours.
func retryAfter(resp *Response, now time.Time) time.Duration {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode < 500 {
		return 0
	}
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, ok := parseSeconds(text); ok {
		return min(seconds, maxRetryAfter)
	}
	at, err := parseDate(text)
	if err != nil {
		return 0
	}
	if theirs, err := parseDate(resp.Header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(0, at.Sub(now)), maxRetryAfter)
}

// parseDate reads a date of HTTP, also one with an offset in place of GMT, as
// Python's email.utils writes it.
func parseDate(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC1123Z, text); err == nil {
		return at, nil
	}
	return http.ParseTime(text)
}

// parseSeconds reads a number of seconds. One that is too large to be read
// counts as maxRetryAfter.
func parseSeconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return maxRetryAfter, true
	}
	return time.Duration(n) * time.Second, true
}
