package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// testdata/frappe/cases.json holds what Frappe and Frappe Cloud do in given
// situations, as read from their source. The tests below put the cases that
// concern configuration, events, conditions, bodies, signatures, URLs and the
// handshake to this library: what Frappe does where the verdict is "match",
// what the case says of the library where it is "fix".

type frappeCase struct {
	ID, Area, Title, Verdict string
	Given                    struct {
		Webhook     frappeWebhook
		Meta        *struct{ Submittable int } `json:"doctype_meta"`
		Condition   string
		Doc         map[string]any
		Now         string
		Secret      string
		Action      json.RawMessage
		Submittable bool
		Endpoint    string
		Headers     []map[string]string `json:"webhook_headers"`
	}
	Expect struct {
		Saved     bool
		SaveError string   `json:"save_error"`
		Fired     []string `json:"events_fired"`
		Fires     *bool    `json:"library_fires"`
		V15       *struct {
			Body *string
		} `json:"v15"`
		Form   string `json:"library_true_form"`
		Target string `json:"request_target"`
		URL    string `json:"url"`
		Body   *string
	}
}

type frappeWebhook struct {
	DocType   string              `json:"webhook_doctype"`
	Event     string              `json:"webhook_docevent"`
	URL       string              `json:"request_url"`
	Dynamic   int                 `json:"is_dynamic_url"`
	Method    string              `json:"request_method"`
	Structure string              `json:"request_structure"`
	Condition string              `json:"condition"`
	Secured   int                 `json:"enable_security"`
	Data      []map[string]string `json:"webhook_data"`
	JSON      string              `json:"webhook_json"`
}

// webhook returns the same in this library's words. Frappe's field table sends
// JSON whatever the structure says, so it becomes rows without a structure.
func (f frappeWebhook) webhook() webhook.Webhook {
	w := webhook.Webhook{
		Name: "case", DocType: f.DocType, Events: []webhook.EventType{webhook.EventType(f.Event)},
		URL: f.URL, DynamicURL: f.Dynamic == 1, Method: f.Method, Condition: f.Condition, Body: f.JSON,
	}
	for _, row := range f.Data {
		w.Data = append(w.Data, webhook.Field{Fieldname: row["fieldname"], Key: row["key"]})
	}
	if f.Structure == "JSON" {
		w.Structure, w.Data = webhook.JSON, nil
	} else if len(w.Data) > 0 {
		w.Body = ""
	}
	if w.DocType == "" {
		w.DocType = "X"
	}
	if f.Event == "" {
		w.Events = []webhook.EventType{webhook.OnUpdate}
	}
	if f.URL == "" {
		w.URL = "https://example.com/hook"
	}
	return w
}

func frappeCases(t *testing.T, areas ...string) []frappeCase {
	data, err := os.ReadFile("testdata/frappe/cases.json")
	require.NoError(t, err)
	var raw []json.RawMessage
	require.NoError(t, json.Unmarshal(data, &raw))
	var cases []frappeCase
	for _, r := range raw {
		var c frappeCase
		_ = json.Unmarshal(r, &c) // cases of other areas have other shapes
		for _, area := range areas {
			if c.Area == area {
				dec := json.NewDecoder(strings.NewReader(string(r)))
				dec.UseNumber()
				require.NoError(t, dec.Decode(&c), c.ID)
				cases = append(cases, c)
			}
		}
	}
	require.NotEmpty(t, cases)
	return cases
}

// values turns the cases' spellings of dates and decimals into what a Go host
// would have.
func values(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = values(v[i])
		}
	case map[string]any:
		for key, text := range v {
			switch key {
			case "$date":
				return text
			case "$datetime":
				// str() of a Python datetime has six digits or none
				if at, err := time.Parse("2006-01-02 15:04:05", fmt.Sprint(text)); err == nil && at.Nanosecond() > 0 {
					return at.Format("2006-01-02 15:04:05.000000")
				}
				return text
			case "$decimal":
				return json.Number(fmt.Sprint(text))
			case "$time_seconds":
				return pythonTime(fmt.Sprint(text))
			}
			v[key] = values(text)
		}
	}
	return v
}

// pythonTime is str(timedelta(seconds=...)), which a host hands over as text.
func pythonTime(seconds string) string {
	return map[string]string{"34200": "9:30:00", "90061.5": "1 day, 1:01:01.500000"}[seconds]
}

func TestFrappeValidate(t *testing.T) {
	differs := map[string]string{
		"V16": "eval: is accepted",
		"V21": "a webhook is data: document type and events may change",
		"V22": "GET and PATCH are allowed",
		"V12": "there is no switch beside the secret; a scheme without a secret is refused in TestConfigErrors",
	}
	for _, c := range frappeCases(t, "validate") {
		t.Run(c.ID, func(t *testing.T) {
			d, _ := newDispatcher(t, &webhook.Options{DocTypes: map[string]webhook.DocType{"Note": {}}})
			err := d.SaveWebhook(t.Context(), c.Given.Webhook.webhook())
			refused := c.Expect.SaveError != ""
			if c.Verdict == "fix" || differs[c.ID] != "" {
				refused = !refused
			}
			if c.ID == "V07" {
				refused = true // unless Options.DynamicHosts is set: TestDynamicHosts
			}
			require.Equal(t, refused, err != nil, "%s: %v", c.Title, err)
		})
	}
}

func TestFrappeEvents(t *testing.T) {
	actions := map[string]webhook.Action{
		`["insert"]`: webhook.ActionInsert, `["insert(docstatus=1)"]`: webhook.ActionInsertSubmitted,
		`["cancel"]`: webhook.ActionCancel, `["update_after_submit"]`: webhook.ActionUpdateAfterSubmit,
		`["db_set"]`: webhook.ActionDBSet,
	}
	ran := 0
	for _, c := range frappeCases(t, "events") {
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, c.Given.Action))
		action, ok := actions[compact.String()]
		if !ok || c.Verdict == "fix" || c.Expect.Fired == nil || len(c.Expect.Fired) == 0 {
			continue // nothing to dispatch, or about flags: TestSuppress, TestEnableAndDisable
		}
		ran++
		var got []string
		for _, e := range action.Events() {
			got = append(got, string(e))
		}
		require.Equal(t, c.Expect.Fired, got, c.ID)
	}
	require.GreaterOrEqual(t, ran, 4)
}

func TestFrappeConditions(t *testing.T) {
	for _, c := range frappeCases(t, "condition") {
		if c.Expect.Fires == nil {
			continue // C11: conditions of other events are not evaluated: TestConditionOfOtherEvent
		}
		t.Run(c.ID, func(t *testing.T) {
			at, err := time.ParseInLocation("2006-01-02 15:04:05", c.Given.Now, time.Local)
			require.NoError(t, err)
			ev := webhook.Event{Type: webhook.OnUpdate, DocType: "X", Name: "SO-1", Time: at, Doc: values(c.Given.Doc)}
			o := decide(t, frappeWebhook{Condition: c.Given.Condition}.webhook(), ev)
			require.NoError(t, o.Err)
			require.Equal(t, *c.Expect.Fires, o.Decision == webhook.Queued, c.Title)
		})
	}
}

func TestConditionOfOtherEvent(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
		w.Events, w.Condition = []webhook.EventType{webhook.OnSubmit}, "doc.a.b"
	})))
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Empty(t, report.Outcomes)
}

func TestFrappeBodies(t *testing.T) {
	differs := map[string]string{
		"B11": `nothing configured sends the envelope; "{}" is structure JSON`,
		"B15": "templates are sent as written, not normalized",
		"B19": "None inside a string is empty, not the word None",
		"B20": "None outside a string is null",
		"B16": "quotes in values are escaped", "B17": "line breaks in values are escaped",
		"B23": "refused at save: TestConfigErrors", "B24": "an unknown name is refused at save",
		"B10": "Go spells floats its own way; the values are the same",
	}
	for _, c := range frappeCases(t, "body", "signature") {
		if c.ID == "S05" || c.ID == "B23" || c.ID == "B24" {
			continue // S05: one rendering, signed: every request of these tests verifies
		}
		t.Run(c.ID, func(t *testing.T) {
			w := c.Given.Webhook.webhook()
			w.Secret = testSecret
			doc := values(c.Given.Doc).(map[string]any)
			ev := webhook.Event{Type: webhook.OnUpdate, DocType: "X", Name: fmt.Sprint(doc["name"]), Doc: doc}
			q := send(t, w, ev)
			if c.Expect.Form != "" {
				w.Structure = webhook.Form
				require.Equal(t, c.Expect.Form, string(send(t, w, ev).Body))
			}
			if c.Expect.V15 == nil || c.Expect.V15.Body == nil {
				require.True(t, json.Valid(q.Body), "%s", q.Body)
				return
			}
			if differs[c.ID] == "" || c.ID == "B10" || c.ID == "B15" {
				require.JSONEq(t, *c.Expect.V15.Body, string(q.Body), c.Title)
			}
		})
	}
}

func TestFrappeURLs(t *testing.T) {
	for _, c := range frappeCases(t, "url") {
		w := c.Given.Webhook.webhook()
		w.URL = strings.Replace(w.URL, "https://h/", "https://h.example/", 1)
		doc := c.Given.Doc
		docType, _ := doc["doctype"].(string)
		w.DocType = docType
		d, r := newDispatcher(t, nil)
		require.NoError(t, d.SaveWebhook(t.Context(), w), c.ID)
		report, err := d.Dispatch(t.Context(), webhook.Event{Type: webhook.OnUpdate, DocType: docType, Name: fmt.Sprint(doc["name"]), Doc: doc})
		require.NoError(t, err)
		require.NoError(t, d.Drain(t.Context()))
		switch c.ID {
		case "U05":
			require.Equal(t, "https://h.example/x/n1.json", r.Requests()[0].URL)
		case "U06":
			require.Equal(t, webhook.RenderError, report.Outcomes[0].Decision)
			require.Empty(t, r.Requests())
		default:
			u, err := url.Parse(r.Requests()[0].URL)
			require.NoError(t, err)
			if c.Expect.Target != "" {
				require.Equal(t, c.Expect.Target, u.RequestURI(), c.ID)
			} else {
				require.Equal(t, c.Expect.URL, u.String(), c.ID)
			}
		}
	}
}

func TestFrappeCloudEndpoints(t *testing.T) {
	// What is no mistake of spelling is left to the address guard, at dial.
	guarded := map[string]bool{"K05d": true, "K05i": true, "K05f": true, "K05e": true, "K05c": true}
	ran := 0
	for _, c := range frappeCases(t, "press") {
		if !strings.HasPrefix(c.ID, "K05") {
			continue
		}
		ran++
		d, _ := newDispatcher(t, nil)
		err := d.SaveWebhook(t.Context(), plans(func(w *webhook.Webhook) { w.URL = c.Given.Endpoint }))
		require.Equal(t, !guarded[c.ID], err != nil, "%s %s: %v", c.ID, c.Given.Endpoint, err)
	}
	require.GreaterOrEqual(t, ran, 9)
}
