package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func TestReadWebhooksReadsWhatIsWritten(t *testing.T) {
	all := []webhook.Webhook{orders(nil), plans(nil), {
		Name: "all", DocType: "Note", Events: []webhook.EventType{webhook.OnUpdate, "on_x"},
		Condition: "a", Syntax: webhook.GoTemplate,
		URL: "https://example.com/{{ x }}", DynamicURL: true,
		Method: "PUT", Headers: []webhook.Header{{Key: "A", Value: "\u00e9\n"}},
		Structure: webhook.Text, Data: []webhook.Field{{Fieldname: "a", Key: "b"}, {Fieldname: "c"}}, Body: "<&>",
		Signatures: []webhook.Scheme{webhook.SchemeStandard, webhook.SchemeFrappe}, Timeout: 90 * time.Second,
		Retry: &webhook.RetryPolicy{
			Schedule: []time.Duration{time.Second}, Initial: 1, Max: 2, Multiplier: 1.5, Jitter: -1,
			MaxAttempts: 3, MaxAge: -1,
		},
		Ordered: true, Concurrency: 3, Disabled: true, RequireActivation: true, Tenant: "t", Revision: 7,
	}, {Name: "no retry", Events: []webhook.EventType{"E"}, Retry: &webhook.RetryPolicy{Schedule: []time.Duration{}}}}
	data, err := json.Marshal(all)
	require.NoError(t, err)
	require.NotContains(t, string(data), testSecret)
	got, err := webhook.ReadWebhooks(bytes.NewReader(data))
	require.NoError(t, err)
	for i := range all {
		all[i].Secret = ""
	}
	require.Equal(t, all, got)

	one, err := webhook.ReadWebhooks(strings.NewReader(
		"\ufeff\r\n {\"name\":\"a\",\"secret\":\"s\",\"retry\":null,\"events\":null}\n"))
	require.NoError(t, err)
	require.Equal(t, []webhook.Webhook{{Name: "a", Secret: "s"}}, one)
	none, err := webhook.ReadWebhooks(strings.NewReader(" []"))
	require.NoError(t, err)
	require.Empty(t, none)
}

// Our own may listen to documents of Frappe's type Webhook.
func TestReadWebhooksForDocTypeWebhook(t *testing.T) {
	ours := `{"name":"a","doctype":"Webhook","events":["on_update"],"url":"https://h.example/"}`
	ws, err := webhook.ReadWebhooks(strings.NewReader(ours))
	require.NoError(t, err)
	require.Equal(t, "Webhook", ws[0].DocType)
	_, err = webhook.ImportFrappe(strings.NewReader(ours))
	require.ErrorContains(t, err, "number 0: doctype: neither Webhook nor Press Webhook")
}

// frappeDoc is a Webhook document with members of its own in front.
func frappeDoc(members string) string {
	doc := `{"doctype":"Webhook","name":"w","webhook_doctype":"Note","request_url":"https://example.com/"`
	if !strings.Contains(members, "webhook_docevent") {
		doc += `,"webhook_docevent":"on_update"`
	}
	return doc + "," + members + "}"
}

func TestReadWebhooksRefuses(t *testing.T) {
	const two = `[{"name":"a","url":"https://h.example/"},`
	tests := []struct {
		name, text string
		index      int
		field      string
		want       string
	}{
		{"nothing", "", -1, "", "empty"},
		{"white space", " \n", -1, "", "empty"},
		{"truncated text", `{"name":"a","u`, 0, "", "line 1, column 15: unexpected EOF"},
		{"truncated element", two + "\n {\"name\":", 1, "", "number 1: line 2, column 10: unexpected EOF"},
		{"truncated array", `[{"name":"a"}`, -1, "", "line 1, column 14: unexpected EOF"},
		{"no JSON", two + "\n  nonsense]", 1, "", "number 1: line 2, column 3: invalid character"},
		{"a comma too many", two + "]", 1, "", "number 1: line 1, column 41: invalid character"},
		{"two texts", `{"name":"a"} {}`, -1, "", "several webhooks are an array"},
		{"a bracket too many", "[]]", -1, "", "behind the end"},
		{"no object", "[1]", 0, "", "not an object"},
		{"null", "null", 0, "", "not an object"},
		{"unknown member", two + `{"name":"b","nmae":"a"}]`, 1, "nmae",
			`number 1 ("b"): nmae: there is no such member`},
		{"other case", `{"Name":"a"}`, 0, "Name", "no such member"},
		{"unknown in a row", `{"headers":[{"key":"a"},{"kye":"b"}]}`, 0, "headers[1].kye", "no such member"},
		{"unknown in the policy", `{"name":"a","retry":{"schedul":["1s"]}}`, 0, "retry.schedul", "no such member"},
		{"twice", `{"name":"a","url":"x","url":"y"}`, 0, "url", "stands there twice"},
		{"a number for a string", `{"name":5}`, 0, "name", "number where a string belongs"},
		{"a string for a list", `{"events":"on_update"}`, 0, "events", "string where an array belongs"},
		{"a string for a row", `{"data":["name"]}`, 0, "data[0]", "not an object"},
		{"a number in a list", `{"events":["on_update",1]}`, 0, "events[1]", "number where a string belongs"},
		{"a fraction", `{"concurrency":1.5}`, 0, "concurrency", "number where an integer belongs"},
		{"a number for a duration", `{"timeout":5}`, 0, "timeout", "number where a string belongs"},
		{"no duration", `{"retry":{"schedule":["1s","soon"]}}`, 0, "retry.schedule[1]", "invalid duration"},
		{"rows without end", `{"headers":[` + strings.Repeat("{},", 1000) + `{}]}`, 0, "headers", "more than 1000"},
		{"one name twice", two + `{"name":"b"},{"name":"a"}]`, 2, "name", `"a" is the name of number 0 too`},
		{"deep", strings.Repeat("[", 1<<20), 0, "", "depth"},
		{"deep in a member", `{"name":` + strings.Repeat("[", 1<<20), 0, "", "depth"},
		{"no UTF-8", "[{\"name\":\n\"M\xfcller\"}]", -1, "", "not UTF-8 at line 2, column 3"},
		{"UTF-16", "\xff\xfe[\x00]\x00", -1, "", "not UTF-8 at line 1, column 1"},
		{"webhooks without end", "[" + strings.Repeat("{},", 10_000) + "{}]", -1, "", "more than 10000 webhooks"},
		{"a document of Frappe", `{"doctype":"Note","name":"n","title":"t","docstatus":0}`, 0,
			"doctype", "no Webhook or Press Webhook"},
		{"a loss", "[" + frappeDoc(`"background_jobs_queue":"long"`) + "]", 0, "",
			`("w"): not carried over: background_jobs_queue`},
		{"no webhook", frappeDoc(`"webhook_docevent":"workflow_transition"`), 0, "", "workflow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ws, err := webhook.ReadWebhooks(strings.NewReader(tt.text))
			require.Nil(t, ws)
			requireImportError(t, err, tt.index, tt.field, tt.want)
		})
	}
}

func requireImportError(t *testing.T, err error, index int, field, want string) {
	t.Helper()
	var ie *webhook.ImportError
	require.True(t, errors.As(err, &ie), "%v", err)
	require.Equal(t, index, ie.Index, "%v", err)
	require.Equal(t, field, ie.Field, "%v", err)
	require.ErrorContains(t, err, want)
}

// A file of any size costs no more than the bound, and a reader's error is kept.
func TestReadWebhooksBoundsItsInput(t *testing.T) {
	var counted counting
	endless := io.TeeReader(io.LimitReader(blanks{}, 100<<20), &counted)
	_, err := webhook.ReadWebhooks(endless)
	requireImportError(t, err, -1, "", "larger than 16 MiB")
	require.LessOrEqual(t, int(counted), 16<<20+1)
	_, err = webhook.ImportFrappe(broken{})
	require.ErrorIs(t, err, errDown)
}

type counting int

func (c *counting) Write(p []byte) (int, error) { *c += counting(len(p)); return len(p), nil }

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errDown }

func FuzzReadWebhooks(f *testing.F) {
	f.Add([]byte(frappeDoc(`"webhook_headers":[{"key":"a","value":"b","idx":2}]`)))
	f.Add([]byte(`[{"name":"a","events":["on_update"],"retry":{"schedule":["1s"]}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if im, err := webhook.ImportFrappe(bytes.NewReader(data)); err == nil {
			for _, w := range im.Webhooks {
				_ = w.Validate() // does not panic
			}
		}
		ws, err := webhook.ReadWebhooks(bytes.NewReader(data))
		var ie *webhook.ImportError
		if err != nil {
			require.True(t, errors.As(err, &ie), "%v", err)
			return
		}
		written, err := json.Marshal(ws)
		require.NoError(t, err)
		again, err := webhook.ReadWebhooks(bytes.NewReader(written))
		require.NoError(t, err, "%s", written)
		rewritten, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(rewritten))
	})
}
