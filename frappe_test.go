package webhook_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// testdata/frappe/cases.json holds what Frappe and Frappe Cloud do in given
// situations, as read from their source. A verdict "match" is to be reproduced;
// "fix" records a slip of Frappe's and what to do instead. TestFrappe puts every
// case to this library in one of three modes:
//
//   - wire: through ImportFrappe, as a webhook that was exported from Frappe;
//   - policy: with the Options a host sets that wants Frappe's retries,
//     retention, quotas or flags;
//   - differs: this library's design wins, for the reason below.
type frappeCase struct {
	ID, Area, Title, Verdict string

	Given struct {
		Webhook    map[string]any
		Meta       struct{ Submittable int } `json:"doctype_meta"`
		Condition  string
		Doc        map[string]any
		Now        string
		Secret     string
		Action     json.RawMessage
		Flags      []string `json:"flag_any_of"`
		Enabled    *int
		Headers    []map[string]any `json:"webhook_headers"`
		Responses  []any
		MaxRetries *int `json:"max_retries"`
		Endpoint   string
		Data       map[string]any
		Existing   []string
		Queue      []string
	}
	Expect struct {
		SaveError string `json:"save_error"`
		Saved     bool
		Fired     []string `json:"events_fired"`
		Fires     *bool    `json:"library_fires"`
		V15, Dev  *struct {
			Body, Signature string
			Requests        *int
		}
		Form    string         `json:"library_true_form"`
		Target  string         `json:"request_target"`
		URL     string         `json:"url"`
		Body    string         `json:"body"`
		Result  string         `json:"result"`
		Next    map[string]int `json:"next_retry_in_s_after_attempt"`
		Minutes []int          `json:"attempts_at_minutes"`
		Order   []string       `json:"enqueue_order"`
	}
}

// frappeDiffers are the cases in which this library does otherwise, and why.
// docs/frappe.md repeats them.
var frappeDiffers = map[string]string{
	"V12": "an export never holds the secret, so a webhook without it is imported, disabled; " +
		"a signature scheme without a secret is refused",
	"V16": "people write `eval:` because other conditions of Frappe have it, and it can mean nothing else",
	"V21": "a webhook is data: its document type and events may change, " +
		"and its deliveries keep what they were made of",
	"V22": "GET and PATCH are allowed: receivers ask for them",
	"B19": "a field that is not set is empty inside a string: the word None is no receiver's customer",
	"D14": "deliveries of a disabled webhook wait and go out when it is enabled; only those of a deleted one end",
	"D16": "a workflow transition is no event of documents, and no webhook can veto a write; the import says so",
	"P02": "a preview shows the very bytes that would be sent, not a pretty print of them",
	"K05c": "a query string is part of a URL: receivers that route or authenticate by one " +
		"exist; `CheckWebhook` can refuse it",
	"K05d": "addresses are judged when a connection is made, for all of them and after each " +
		"resolution, not when the URL is saved",
	"K05e": "names with an underscore resolve in many networks; one that does not fails visibly, as `dns`",
	"K05f": "a name says nothing of its address: what it resolves to is judged when a connection is made",
}

// frappePolicy are the areas and cases that are a host's choice of Options.
var frappePolicy = []string{"events", "delivery", "V07", "K07", "K11", "K16"}

func (c *frappeCase) mode() string {
	switch {
	case frappeDiffers[c.ID] != "":
		return "differs"
	case slices.Contains(frappePolicy, c.Area) || slices.Contains(frappePolicy, c.ID):
		return "policy"
	}
	return "wire"
}

func (c *frappeCase) outcome() string {
	switch {
	case frappeDiffers[c.ID] != "":
		return "differs"
	case c.Verdict == "fix":
		return "mended"
	}
	return "reproduced"
}

// frappeRuns put the cases to the library, those that have a run of their own.
var frappeRuns = map[string]func(*testing.T, *frappeCase){}

// frappeAreas are the runs of the others.
var frappeAreas = map[string]func(*testing.T, *frappeCase){
	"validate": runValidate, "events": runEvents, "condition": runCondition,
	"body": runBody, "signature": runBody, "url": runURL,
}

func readFrappeCases(t *testing.T) []frappeCase {
	t.Helper()
	data, err := os.ReadFile("testdata/frappe/cases.json")
	require.NoError(t, err)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var cases []frappeCase
	require.NoError(t, dec.Decode(&cases))
	require.Len(t, cases, 106)
	return cases
}

func TestFrappe(t *testing.T) {
	cases := readFrappeCases(t)
	known := map[string]bool{}
	for _, c := range cases {
		known[c.ID] = true
		run := frappeRuns[c.ID]
		if run == nil {
			run = frappeAreas[c.Area]
		}
		require.NotNil(t, run, "%s has no run", c.ID)
		t.Run(c.ID, func(t *testing.T) { run(t, &c) })
	}
	for id := range maps.Keys(frappeDiffers) {
		require.True(t, known[id], id)
	}
	for id := range maps.Keys(frappeRuns) {
		require.True(t, known[id], id)
	}
	report := frappeReport(cases)
	t.Log("\n" + report)
	page, err := os.ReadFile("docs/frappe.md")
	require.NoError(t, err)
	require.Contains(t, string(page), report, "docs/frappe.md does not state the report")
}

// frappeReport is what came of the cases, as docs/frappe.md has it.
func frappeReport(cases []frappeCase) string {
	by, modes := map[string][]string{}, map[string][]string{}
	var differs strings.Builder
	for _, c := range cases {
		by[c.outcome()] = append(by[c.outcome()], c.ID)
		modes[c.mode()] = append(modes[c.mode()], c.ID)
		if c.outcome() == "differs" {
			fmt.Fprintf(&differs, "| %s | %s | %s |\n", c.ID, c.Title, frappeDiffers[c.ID])
		}
	}
	return fmt.Sprintf("Of %d cases %d are reproduced, %d mended, and %d differ.\n\n", len(cases),
		len(by["reproduced"]), len(by["mended"]), len(by["differs"])) +
		"| Case | Frappe's behavior | Why it is otherwise here |\n|---|---|---|\n" + differs.String() +
		fmt.Sprintf("\n- Reproduced: %s\n- Mended: %s\n- By a policy of the host: %s\n",
			strings.Join(by["reproduced"], " "), strings.Join(by["mended"], " "), strings.Join(modes["policy"], " "))
}

// document returns the case's webhook as Frappe would export it, its members
// over those that the case leaves open.
func (c *frappeCase) document(change map[string]any) string {
	doc := map[string]any{
		"doctype": "Webhook", "name": c.ID, "webhook_doctype": "Note", "webhook_docevent": "on_update",
		"request_url": "https://example.com/hook", "docstatus": 0, "modified_by": "Administrator",
		"webhook_headers": c.Given.Headers,
	}
	if docType, ok := c.Given.Doc["doctype"]; ok {
		doc["webhook_doctype"] = docType
	}
	if c.Given.Secret != "" {
		doc["enable_security"], doc["webhook_secret"] = 1, c.Given.Secret
	}
	if c.Given.Condition != "" {
		doc["condition"] = c.Given.Condition
	}
	if c.Given.MaxRetries != nil {
		doc["max_retries"] = *c.Given.MaxRetries
	}
	maps.Copy(doc, c.Given.Webhook)
	maps.Copy(doc, change)
	data, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// webhook imports the case's webhook.
func (c *frappeCase) webhook(t *testing.T, change map[string]any) webhook.Webhook {
	t.Helper()
	w, _ := importOne(t, c.document(change))
	return w
}

// event is an update of the case's document.
func (c *frappeCase) event() webhook.Event {
	doc, _ := hosted(c.Given.Doc).(map[string]any)
	docType, _ := doc["doctype"].(string)
	name, _ := doc["name"].(string)
	return webhook.Event{
		Type: webhook.OnUpdate, DocType: cmp.Or(docType, "Note"), Name: cmp.Or(name, "n1"), Doc: doc,
		Time: time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC),
	}
}

// send delivers an event by one webhook to a receiver that knows the secret.
func (c *frappeCase) send(t *testing.T, w webhook.Webhook, ev webhook.Event) webhooktest.Request {
	t.Helper()
	r := webhooktest.NewReceiver(c.Given.Secret)
	d, _ := newDispatcher(t, &webhook.Options{Transport: r, Location: time.UTC})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	report, err := d.Dispatch(t.Context(), ev)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.NoError(t, d.Drain(t.Context()))
	require.Len(t, r.Requests(), 1)
	require.NoError(t, r.Requests()[0].Err)
	return r.Requests()[0]
}

// hosted turns the cases' spellings of dates and decimals into what a host that
// keeps to Frappe's types hands over: text as str() makes it.
func hosted(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = hosted(v[i])
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for key, text := range v {
			switch s := fmt.Sprint(text); key {
			case "$date":
				return s
			case "$datetime": // six digits or none
				if at, err := time.Parse("2006-01-02 15:04:05", s); err == nil && at.Nanosecond() > 0 {
					return at.Format("2006-01-02 15:04:05.000000")
				}
				return s
			case "$decimal":
				return json.Number(s)
			case "$time_seconds": // str(timedelta(seconds=...))
				return map[string]string{"34200": "9:30:00", "90061.5": "1 day, 1:01:01.500000"}[s]
			}
			m[key] = hosted(text)
		}
		return m
	}
	return v
}
