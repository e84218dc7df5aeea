package webhook_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// A value in a dynamic URL stays in the place where it stands.
func TestDynamicURL(t *testing.T) {
	tests := []struct {
		name, url string
		doc       map[string]any
		want      string // "": RenderError
	}{
		{"path", "https://httpbin.org/anything/{{ doc.doctype }}", nil, "https://httpbin.org/anything/Sales%20Order"},
		{"file name", "https://h.example/x/{{ doc.name }}.json", nil, "https://h.example/x/SO-00001.json"},
		{"blank and non-ASCII", "https://h.example/x/{{ doc.a }}?q={{ doc.q }}",
			map[string]any{"a": "SINV 1", "q": "ü"}, "https://h.example/x/SINV%201?q=%C3%BC"},
		{"slashes", "https://h.example/x/{{ doc.a }}/y", map[string]any{"a": "../../admin"},
			"https://h.example/x/..%2F..%2Fadmin/y"},
		{"dots", "https://h.example/x/{{ doc.a }}/y", map[string]any{"a": ".."}, ""},
		{"dots of two values", "https://h.example/x/{{ doc.a }}{{ doc.a }}", map[string]any{"a": "."}, ""},
		{"dot and text", "https://h.example/x/.{{ doc.a }}?q", map[string]any{"a": "."}, ""},
		{"dots at the end", "https://h.example/x/{{ doc.a }}", map[string]any{"a": ".."}, ""},
		{"dots before a fragment", "https://h.example/x/{{ doc.a }}#f", map[string]any{"a": "."}, ""},
		{"dots in a name", "https://h.example/x/{{ doc.a }}/y", map[string]any{"a": "..."},
			"https://h.example/x/.../y"},
		{"dots beside text", "https://h.example/x/v{{ doc.a }}", map[string]any{"a": ".."}, "https://h.example/x/v.."},
		{"dots that are encoded", "https://h.example/x/{{ doc.a }}", map[string]any{"a": "%2e%2e"},
			"https://h.example/x/%252e%252e"},
		{"dots in the query", "https://h.example/x?f={{ doc.a }}", map[string]any{"a": ".."},
			"https://h.example/x?f=.."},
		{"question mark", "https://h.example/x/{{ doc.a }}?b=1", map[string]any{"a": "?admin=1#"},
			"https://h.example/x/%3Fadmin%3D1%23?b=1"},
		{"query", "https://h.example/x?a={{ doc.a }}&b=1", map[string]any{"a": "1&admin=1#+%"},
			"https://h.example/x?a=1%26admin%3D1%23%2B%25&b=1"},
		{"none is empty", "https://h.example/x/{{ doc.a }}?b={{ doc.missing }}",
			map[string]any{"a": nil}, "https://h.example/x/?b="},
		{"branch", "https://h.example/{% if doc.a %}yes{% else %}no{% endif %}",
			map[string]any{"a": 1}, "https://h.example/yes"},
		{"raw within the path", "https://h.example/{{ doc.a | safe }}", map[string]any{"a": "a/b"},
			"https://h.example/a/b"},
		{"encoded in the path", "https://h.example/x/{{ doc.a | urlencode }}/y", map[string]any{"a": "a b/../ü?#%41+"},
			"https://h.example/x/a%20b%2F..%2F%C3%BC%3F%23%2541%2B/y"},
		{"encoded in the query", "https://h.example/x?a={{ doc.a | urlencode }}&b=1",
			map[string]any{"a": "1 2&c=/"}, "https://h.example/x?a=1%202%26c%3D%2F&b=1"},
		{"encoded mapping", "https://h.example/x?{{ doc.a | urlencode }}",
			map[string]any{"a": map[string]any{"b c": "d&e f/+", "g": 1}},
			"https://h.example/x?b%20c=d%26e%20f%2F%2B&g=1"},
		{"encoded dots", "https://h.example/x/{{ doc.a | urlencode }}/y", map[string]any{"a": ".."}, ""},
		{"encoded, then changed", "https://h.example/x/{{ doc.a | urlencode | lower }}",
			map[string]any{"a": "ü"}, "https://h.example/x/%25c3%25bc"},
		{"value in the text's host", "https://h.example{% if doc.a %}.evil.example{% endif %}/",
			map[string]any{"a": 1}, ""},
		{"missing attribute", "http://example.com/{{ doc.missing.attr }}", nil, ""},
		{"too long", "https://h.example/{{ doc.a }}", map[string]any{"a": strings.Repeat("x", 9000)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, r := newDispatcher(t, nil)
			err := d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.URL, w.DynamicURL = tt.url, true }))
			if tt.want == "" && err != nil {
				return // refused at save is as good
			}
			require.NoError(t, err)
			report, err := d.Dispatch(t.Context(), updated(tt.doc))
			require.NoError(t, err)
			if tt.want == "" {
				require.Equal(t, webhook.RenderError, report.Outcomes[0].Decision)
				if strings.HasPrefix(tt.name, "dot") {
					require.ErrorContains(t, report.Outcomes[0].Err, `path segment "." or ".."`)
				}
				return
			}
			require.NoError(t, report.Err())
			require.NoError(t, d.Drain(t.Context()))
			require.Equal(t, tt.want, r.Requests()[0].URL)
		})
	}
}

// What urlquery gave is not encoded again either.
func TestDynamicURLOfGoTemplate(t *testing.T) {
	q := send(t, orders(func(w *webhook.Webhook) {
		w.Syntax, w.DynamicURL = webhook.GoTemplate, true
		w.URL = "https://h.example/{{ urlquery .doc.a }}?a={{ .doc.a | urlquery }}&b={{ .doc.a }}"
	}), updated(map[string]any{"a": "1 2&3"}))
	require.Equal(t, "https://h.example/1%202%263?a=1%202%263&b=1%202%263", q.URL)
}

func TestDynamicHosts(t *testing.T) {
	d, r := newDispatcher(t, &webhook.Options{DynamicHosts: true})
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
		w.URL, w.DynamicURL = "{{ doc.url }}", true
	})))
	for url, want := range map[string]webhook.Decision{
		"https://tenant.example/x": webhook.Queued, "ftp://h/": webhook.RenderError, "": webhook.RenderError,
		"http://2130706433/": webhook.RenderError, "https://u:p@h.example/": webhook.RenderError,
	} {
		report, err := d.Dispatch(t.Context(), updated(map[string]any{"url": url}))
		require.NoError(t, err)
		require.Equal(t, want, report.Outcomes[0].Decision, "%q: %v", url, report.Outcomes[0].Err)
	}
	require.NoError(t, d.Drain(t.Context()))
	require.Equal(t, "https://tenant.example/x", r.Requests()[0].URL)
}

func TestStaticURLKeepsBraces(t *testing.T) {
	q := send(t, orders(func(w *webhook.Webhook) {
		w.URL = "https://httpbin.org/anything/{{doc.doctype}}"
	}), updated(nil))
	require.Equal(t, "https://httpbin.org/anything/%7B%7Bdoc.doctype%7D%7D", q.URL)
}

// The secret of today does not go where the webhook no longer leads.
func TestEndpointChanged(t *testing.T) {
	d, r := newDispatcher(t, nil)
	w := orders(func(w *webhook.Webhook) { w.URL, w.DynamicURL = "https://old.example/{{ doc.name }}", true })
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	w.URL = "https://new.example/{{ doc.name }}"
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	require.NoError(t, d.Drain(t.Context()))
	require.Empty(t, r.Requests())
	del, err := d.Delivery(t.Context(), report.Outcomes[0].DeliveryID)
	require.NoError(t, err)
	require.Equal(t, webhook.Failed, del.State)
	attempts, err := d.Attempts(t.Context(), del.ID)
	require.NoError(t, err)
	require.Equal(t, "endpoint_changed", attempts[0].Class)
}

// A static URL is that of the time of sending.
func TestStaticURLOfNow(t *testing.T) {
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	_, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.URL = "https://new.example/" })))
	require.NoError(t, d.Drain(t.Context()))
	require.Equal(t, "https://new.example/", r.Requests()[0].URL)
}
