package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// logged returns, as one text, what an attempt kept of an answer.
func logged(t *testing.T, w webhook.Webhook, answer func(*webhook.Request) *webhook.Response) (
	webhook.Attempt, string) {
	t.Helper()
	transport := webhook.TransportFunc(func(_ context.Context, req *webhook.Request) (*webhook.Response, error) {
		return answer(req), nil
	})
	d, _ := newDispatcher(t, &webhook.Options{Transport: transport})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	if w.Secret != "" {
		_, err := d.RotateSecret(t.Context(), w.Name, webhook.NewSecret(), time.Hour)
		require.NoError(t, err)
	}
	r, err := d.Dispatch(t.Context(), updated(map[string]any{"code": "N-0001"}))
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	as, err := d.Attempts(t.Context(), r.Outcomes[0].DeliveryID)
	require.NoError(t, err)
	require.Len(t, as, 1)
	return as[0], string(as[0].Body) + fmt.Sprint(as[0].Header) + as[0].Error
}

// What an endpoint echoes of the request's proofs and URL is not kept, one of two
// signatures alone or with escaped slashes neither.
func TestEchoes(t *testing.T) {
	var proofs []string
	escaped := strings.NewReplacer("/", `\/`)
	w := orders(func(w *webhook.Webhook) {
		w.Secret = "whsec_" + strings.Repeat("ab/d", 8)
		w.URL, w.DynamicURL = "https://x.example/a/b/a-token-in-the-path/{{ doc.code }}?token=con%2Ffidential", true
		w.Signatures = []webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeSecretHeader, webhook.SchemeStandard}
	})
	_, text := logged(t, w, func(req *webhook.Request) *webhook.Response {
		proofs = []string{
			w.Secret, req.Header.Get("X-Webhook-Secret"), req.Header.Get("X-Frappe-Webhook-Signature"),
			"b/a-token-in-the-path", "a-token-in-the-path", "con/fidential",
		}
		signatures := strings.Fields(req.Header.Get("Webhook-Signature"))
		require.Len(t, signatures, 2)
		for _, s := range signatures {
			proofs = append(proofs, strings.TrimPrefix(s, "v1,"))
		}
		body := req.URL + " " + escaped.Replace(req.URL)
		for _, s := range append(proofs, signatures...) {
			body += " " + s + " " + escaped.Replace(s)
		}
		return &webhook.Response{StatusCode: 401, Body: []byte(body), Header: http.Header{"X-Echo": signatures}}
	})
	for _, p := range proofs {
		require.NotContains(t, text, p)
		require.NotContains(t, text, escaped.Replace(p))
	}
}

// However many lines a response's header has, few are kept.
func TestManyHeaderLines(t *testing.T) {
	for name, h := range map[string]http.Header{
		"empty": {"X-Empty": make([]string, 100_000)},
		"short": {"X-Short": strings.Split(strings.Repeat("a,", 100_000), ",")},
	} {
		t.Run(name, func(t *testing.T) {
			unsigned := orders(func(w *webhook.Webhook) { w.Secret = "" })
			a, _ := logged(t, unsigned, func(*webhook.Request) *webhook.Response {
				return &webhook.Response{StatusCode: 200, Header: h}
			})
			lines := 0
			for _, values := range a.Header {
				lines += len(values)
			}
			require.Equal(t, 50, lines)
		})
	}
}

// Of names without a value, which only a Transport of the host's returns, none is
// kept.
func TestHeaderNamesAlone(t *testing.T) {
	h := http.Header{"X-A": {"1"}}
	for i := range 1000 {
		h[fmt.Sprint("X-", i)] = nil
	}
	var seen []http.Header
	d, _ := newDispatcher(t, &webhook.Options{
		Transport: webhook.TransportFunc(func(context.Context, *webhook.Request) (*webhook.Response, error) {
			return &webhook.Response{StatusCode: 200, Header: h}, nil
		}),
		Trace: &webhook.Trace{Attempt: func(_ context.Context, _ webhook.Delivery, a webhook.Attempt, _ error) {
			seen = append(seen, a.Header)
		}},
	})
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	_, err := d.Dispatch(t.Context(), updated(map[string]any{}))
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	require.Equal(t, []http.Header{{"X-A": {"1"}}}, seen)
}

// What is kept of a header is UTF-8, so that every store can keep it.
func TestHeaderThatIsNoText(t *testing.T) {
	a, _ := logged(t, orders(nil), func(*webhook.Request) *webhook.Response {
		return &webhook.Response{StatusCode: 200, Header: http.Header{"X-A": {"caf\xe9", "é"}, "X-\xff": {"1"}}}
	})
	require.Equal(t, http.Header{"X-A": {"caf?", "é"}}, a.Header)
}
