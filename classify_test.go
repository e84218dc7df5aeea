package webhook_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func TestClassify(t *testing.T) {
	want := map[int]webhook.Verdict{410: webhook.VerdictGone}
	for _, status := range []int{400, 405, 406, 411, 413, 414, 415, 422, 431, 501, 505} {
		want[status] = webhook.VerdictFailed
	}
	for status := 100; status < 600; status++ {
		v := want[status]
		switch {
		case v != "":
		case status >= 200 && status < 300:
			v = webhook.VerdictDelivered
		case status >= 300 && status < 400:
			v = webhook.VerdictFailed
		default:
			v = webhook.VerdictRetry
		}
		require.Equal(t, v, webhook.Classify(&webhook.Response{StatusCode: status}, nil), status)
	}
	broken := &webhook.Response{StatusCode: 200, BodyErr: errors.New("reset")}
	require.Equal(t, webhook.VerdictDelivered, webhook.Classify(broken, nil))
	require.Equal(t, webhook.VerdictRetry, webhook.Classify(nil, errors.New("reset")))
	require.Equal(t, webhook.VerdictFailed, webhook.Classify(nil, backoff.Permanent(errors.New("never"))))
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	date := now.Add(90 * time.Second).Format(http.TimeFormat)
	tests := []struct {
		name, value, date string
		status            int
		want              time.Duration
	}{
		{"seconds", "120", "", 503, 2 * time.Minute},
		{"blanks", " 7 ", "", 429, 7 * time.Second},
		{"date", date, "", 500, 90 * time.Second},
		{"date by their clock", date, now.Add(80 * time.Second).Format(http.TimeFormat), 503, 10 * time.Second},
		{"date of email", now.Add(90 * time.Second).Format(time.RFC1123Z), "", 503, 90 * time.Second},
		{"date of email without a zone", "Sat, 31 Jan 2026 12:01:30 -0000", "", 503, 90 * time.Second},
		{
			"date of email, by its offset",
			"Sat, 31 Jan 2026 17:31:30 +0530", "Sat, 31 Jan 2026 12:01:20 +0000",
			503, 10 * time.Second,
		},
		{"past date", now.Add(-time.Hour).Format(http.TimeFormat), "", 503, 0},
		{"cap", "86400", "", 503, 6 * time.Hour},
		{"more digits than a number has", "99999999999999999999999", "", 503, 6 * time.Hour},
		{"far date", now.AddDate(100, 0, 0).Format(http.TimeFormat), "", 503, 6 * time.Hour},
		{"negative", "-5", "", 503, 0},
		{"fraction", "1.5", "", 503, 0},
		{"none", "", "", 503, 0},
		{"not on 404", "120", "", 404, 0},
		{"not on 200", "120", "", 200, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{"Retry-After": {tt.value}}
			if tt.date != "" {
				h.Set("Date", tt.date)
			}
			require.Equal(t, tt.want, webhook.RetryAfter(&webhook.Response{StatusCode: tt.status, Header: h}, now))
		})
	}
	require.Zero(t, webhook.RetryAfter(nil, now))
}

// Whatever an endpoint says, it is left alone for between nothing and six hours.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "-1", "Fri, 31 Dec 9999 23:59:59 GMT", "0x10", "9223372036854775808"} {
		f.Add(seed, seed)
	}
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		d := webhook.RetryAfter(&webhook.Response{StatusCode: 503, Header: h}, now)
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.LessOrEqual(t, d, 6*time.Hour)
	})
}

// A header row that is taken is one that net/http would send as it is.
func FuzzHeaderRow(f *testing.F) {
	f.Add("X-Key", "value")
	f.Add("Content-Type:", "application/json")
	f.Add("x y", "a\r\nb")
	f.Add("webhook-id", "1")
	f.Fuzz(func(t *testing.T, key, value string) {
		w := orders(func(w *webhook.Webhook) { w.Headers = []webhook.Header{{Key: key, Value: value}} })
		if key == "" || value == "" || w.Validate() != nil {
			return
		}
		q := send(t, w, updated(nil))
		for name, values := range q.Header {
			for _, v := range values {
				require.NotContains(t, name+v, "\n")
				require.NotContains(t, name+v, "\r")
			}
		}
		require.Equal(t, []string{webhook.Sign(testSecret, q.Body)}, q.Header["X-Frappe-Webhook-Signature"])
	})
}
