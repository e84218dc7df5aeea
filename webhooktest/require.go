package webhooktest

import (
	"fmt"
	"strings"
)

// testingT is what the assertions need of a [testing.TB].
type testingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// RequireDelivered returns the first request that was verified, answered 2xx,
// and matched; nil matches every one. If there is none, it fails the test and
// says what arrived instead. It does not wait: see [Receiver.Wait].
func RequireDelivered(t testingT, r *Receiver, match func(*Request) bool) *Request {
	t.Helper()
	requests := r.Requests()
	for i := range requests {
		if request := &requests[i]; request.delivered() && (match == nil || match(request)) {
			return request
		}
	}
	t.Fatalf("no such request was delivered; %s", describe(requests))
	return nil
}

// RequireNone fails the test if a request matches, verified or not, whatever it
// was answered; nil matches every one.
func RequireNone(t testingT, r *Receiver, match func(*Request) bool) {
	t.Helper()
	requests := r.Requests()
	for i := range requests {
		if match == nil || match(&requests[i]) {
			t.Fatalf("request %d should not have arrived; %s", i+1, describe(requests))
			return
		}
	}
}

func (r *Request) delivered() bool {
	return r.Err == nil && r.StatusCode >= 200 && r.StatusCode < 300
}

// describe lists requests, without their headers and bodies: what was sent for a
// test may be real.
func describe(requests []Request) string {
	if len(requests) == 0 {
		return "nothing arrived"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d arrived:", len(requests))
	for i, r := range requests {
		fmt.Fprintf(&b, "\n%d. %s %s event %q doctype %q delivery %q attempt %d: ",
			i+1, r.Method, r.URL, r.Event, r.DocType, r.DeliveryID, r.Attempt)
		switch {
		case r.Err != nil:
			fmt.Fprintf(&b, "refused: %v", r.Err)
		case r.StatusCode == 0:
			b.WriteString("no status")
		default:
			fmt.Fprintf(&b, "status %d", r.StatusCode)
		}
	}
	return b.String()
}
