package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func init() {
	maps.Copy(frappeRuns, map[string]func(*testing.T, *frappeCase){
		"V07": runDynamicHost, "V12": runSecurityWithoutSecret, "V19": runDropsTable,
		"V20": runDefaults, "V21": runSetOnlyOnce, "Q01": runLastValues, "Q02": runQueueOrder,
		"Q03": runQueueOrder, "Q04": runRollback, "Q08": runSnapshot, "C11": runOtherEvent,
		"B16": runEscapes, "B17": runEscapes, "B19": runNone, "B20": runNull,
		"B23": runBodyRefused, "B24": runBodyRefused,
		"S04": runDecimal, "S05": runVolatile, "H01": runNoHeaders, "H06": runBadHeader, "H07": runContentType,
		"U06": runNoURL, "P02": runPreview,
	})
}

// save imports the case's webhook and saves it; the error is of either.
func (c *frappeCase) save(t *testing.T, opts webhook.Options) error {
	t.Helper()
	im, err := webhook.ImportFrappe(strings.NewReader(c.document(nil)))
	if err != nil {
		return err
	}
	if len(im.Webhooks) == 0 {
		return errors.New(im.Notes[c.ID][0])
	}
	opts.DocTypes = map[string]webhook.DocType{"Note": {Submittable: c.Given.Meta.Submittable == 1}}
	d, _ := newDispatcher(t, &opts)
	return d.SaveWebhook(t.Context(), im.Webhooks[0])
}

func runValidate(t *testing.T, c *frappeCase) {
	refused := c.Expect.SaveError != ""
	if c.outcome() != "reproduced" {
		refused = !refused
	}
	err := c.save(t, webhook.Options{})
	require.Equal(t, refused, err != nil, "%v", err)
}

// A URL that is all template needs the host's leave, and what it renders is
// checked.
func runDynamicHost(t *testing.T, c *frappeCase) {
	require.Error(t, c.save(t, webhook.Options{}))
	require.NoError(t, c.save(t, webhook.Options{DynamicHosts: true}))
	d, r := newDispatcher(t, &webhook.Options{DynamicHosts: true})
	w := c.webhook(t, nil)
	w.Events = []webhook.EventType{webhook.OnUpdate}
	w.Secret = testSecret
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	for address, want := range map[string]webhook.Decision{
		"https://example.com/in": webhook.Queued, "ftp://h/x": webhook.RenderError,
		"": webhook.RenderError, "javascript://h": webhook.RenderError,
	} {
		ev := c.event()
		ev.Doc = map[string]any{"url": address}
		report, err := d.Dispatch(t.Context(), ev)
		require.NoError(t, err)
		require.Equal(t, want, report.Outcomes[0].Decision, address)
	}
	require.NoError(t, d.Drain(t.Context()))
	require.Len(t, r.Requests(), 1)
	require.Equal(t, "https://example.com/in", r.Requests()[0].URL)
}

func runSecurityWithoutSecret(t *testing.T, c *frappeCase) {
	w, notes := importOne(t, c.document(nil))
	require.True(t, w.Disabled)
	requireNotes(t, []string{"webhook_secret: the export does not hold it; the webhook comes in disabled"}, notes)
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	w.Signatures = []webhook.Scheme{webhook.SchemeFrappe}
	require.ErrorContains(t, d.SaveWebhook(t.Context(), w), "needs a secret")
}

func runDropsTable(t *testing.T, c *frappeCase) {
	w, notes := importOne(t, c.document(nil))
	require.Empty(t, w.Data)
	requireNotes(t, []string{"webhook_data: "}, notes)
	require.JSONEq(t, `{"name":"n1"}`, string(c.send(t, asUpdate(w), c.event()).Body))
}

// asUpdate makes a webhook listen to what event makes.
func asUpdate(w webhook.Webhook) webhook.Webhook {
	w.Events = []webhook.EventType{webhook.OnUpdate}
	return w
}

func runDefaults(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), c.webhook(t, nil)))
	w, err := d.Webhook(t.Context(), c.ID)
	require.NoError(t, err)
	require.False(t, w.Disabled)
	require.Equal(t, "POST", w.Method)
	require.Equal(t, 5*time.Second, w.Timeout)
	require.False(t, w.DynamicURL)
	require.Empty(t, w.Signatures)
}

func runSetOnlyOnce(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	w := c.webhook(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	w.DocType, w.Events = "ToDo", []webhook.EventType{webhook.OnTrash}
	require.NoError(t, d.SaveWebhook(t.Context(), w))
}

// titled sends name and title.
var titled = map[string]any{"webhook_data": []map[string]any{
	{"fieldname": "name", "key": "name"}, {"fieldname": "title", "key": "title"},
	{"fieldname": "status", "key": "status"},
}}

// A step happens in a transaction.
type step func(*testing.T, *webhook.Unit)

// act is an action on a note of that name.
func act(a webhook.Action, name string, doc map[string]any) step {
	return func(t *testing.T, u *webhook.Unit) {
		_, err := u.Dispatch(t.Context(), a.On(webhook.Event{DocType: "Note", Name: name, Doc: doc})...)
		require.NoError(t, err)
	}
}

func rolledBack(_ *testing.T, u *webhook.Unit) { u.Rollback() }

func committed(t *testing.T, u *webhook.Unit) {
	_, err := u.Commit(t.Context())
	require.NoError(t, err)
}

// bodies runs a transaction and returns what was sent, in order.
func bodies(t *testing.T, hooks []webhook.Webhook, steps ...step) []string {
	t.Helper()
	d, r := newDispatcher(t, nil)
	for _, w := range hooks {
		w.Secret = testSecret
		require.NoError(t, d.SaveWebhook(t.Context(), w))
	}
	u := d.Begin()
	for _, step := range steps {
		step(t, u)
	}
	committed(t, u)
	require.NoError(t, d.Drain(t.Context()))
	var got []string
	for _, q := range r.Requests() {
		require.NoError(t, q.Err)
		got = append(got, string(q.Body))
	}
	return got
}

func runLastValues(t *testing.T, c *frappeCase) {
	got := bodies(t, []webhook.Webhook{c.webhook(t, titled)},
		act(webhook.ActionInsert, "A", map[string]any{"title": "a"}),
		act(webhook.ActionSave, "A", map[string]any{"title": "a"}),
		act(webhook.ActionSave, "A", map[string]any{"title": "z"}))
	require.Equal(t, []string{`{"name":"A","title":"z","status":null}`}, got)
}

// runQueueOrder enqueues by webhooks that listen to one event each.
func runQueueOrder(t *testing.T, c *frappeCase) {
	listens := map[string]webhook.EventType{"W": webhook.OnUpdate, "W1": webhook.OnUpdate, "W2": webhook.OnTrash}
	d, _ := newDispatcher(t, nil)
	u := d.Begin()
	for _, entry := range c.Given.Queue {
		hook, doc, _ := strings.Cut(strings.Trim(entry, "()"), ",")
		w := c.webhook(t, map[string]any{"name": hook, "webhook_docevent": listens[hook]})
		require.NoError(t, d.SaveWebhook(t.Context(), w))
		_, err := u.Dispatch(t.Context(), webhook.Event{Type: listens[hook], DocType: "Note", Name: doc})
		require.NoError(t, err)
	}
	report, err := u.Commit(t.Context())
	require.NoError(t, err)
	var got []string
	for _, o := range report.Outcomes {
		if o.Decision == webhook.Queued {
			del, err := d.Delivery(t.Context(), o.DeliveryID)
			require.NoError(t, err)
			got = append(got, fmt.Sprintf("(%s,%s)", del.Webhook, del.DocName))
		}
	}
	require.Equal(t, c.Expect.Order, got)
}

func runRollback(t *testing.T, c *frappeCase) {
	hooks := []webhook.Webhook{c.webhook(t, titled)}
	a, b := act(webhook.ActionInsert, "A", nil), act(webhook.ActionInsert, "B", nil)
	require.Equal(t, []string{`{"name":"B","title":null,"status":null}`}, bodies(t, hooks, a, rolledBack, b))
}

func runSnapshot(t *testing.T, c *frappeCase) {
	doc := map[string]any{"status": "Open"} // one instance, changed by the host
	closed := func(t *testing.T, u *webhook.Unit) {
		doc["status"] = "Closed"
		act(webhook.ActionSave, "A", doc)(t, u)
	}
	got := bodies(t, []webhook.Webhook{c.webhook(t, titled)}, act(webhook.ActionSave, "A", doc), closed)
	require.Equal(t, []string{`{"name":"A","title":null,"status":"Open"}`}, got)
}

// What follows from Frappe's queue beyond the cases: savepoints, several commits,
// and two events of one document.
func TestFrappeQueue(t *testing.T) {
	c := &frappeCase{ID: "queue"}
	hook := c.webhook(t, titled)
	removed := c.webhook(t, map[string]any{
		"name": "removed", "webhook_docevent": "on_trash", "webhook_data": titled["webhook_data"],
	})
	save := func(name, title string) step { return act(webhook.ActionSave, name, map[string]any{"title": title}) }
	body := func(name, title string) string {
		return fmt.Sprintf(`{"name":%q,"title":%q,"status":null}`, name, title)
	}
	mark := func(_ *testing.T, u *webhook.Unit) { u.Savepoint("s") }
	back := func(t *testing.T, u *webhook.Unit) { require.NoError(t, u.RollbackTo("s")) }
	tests := []struct {
		name  string
		steps []step
		want  []string
	}{
		{"undone to a savepoint", []step{save("A", "1"), mark, save("A", "2"), save("B", "2"), back, save("C", "3")},
			[]string{body("A", "1"), body("C", "3")}},
		{"each commit its own", []step{save("A", "1"), committed, save("A", "2")},
			[]string{body("A", "1"), body("A", "2")}},
		{"rolled back after a commit", []step{save("A", "1"), committed, save("A", "2"), rolledBack},
			[]string{body("A", "1")}},
		{"two events, each its own state",
			[]step{save("A", "1"), act(webhook.ActionDelete, "A", map[string]any{"title": "2"})},
			[]string{body("A", "1"), body("A", "2")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.ElementsMatch(t, tt.want, bodies(t, []webhook.Webhook{hook, removed}, tt.steps...))
		})
	}
}

// runCondition judges the document with its dates as text and as times.
func runCondition(t *testing.T, c *frappeCase) {
	ev := c.event()
	timed := maps.Clone(ev.Doc.(map[string]any))
	timed["due_date"] = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	d, _ := newDispatcher(t, &webhook.Options{Location: time.UTC})
	require.NoError(t, d.SaveWebhook(t.Context(), c.webhook(t, nil)))
	for _, ev.Doc = range []any{ev.Doc, timed} {
		report, err := d.Dispatch(t.Context(), ev)
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Equal(t, *c.Expect.Fires, report.Outcomes[0].Decision == webhook.Queued)
	}
}

func runOtherEvent(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	w := c.webhook(t, map[string]any{"webhook_docevent": "on_submit", "condition": "doc.missing.attribute"})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	report, err := d.Dispatch(t.Context(), webhook.ActionInsert.On(c.event())...)
	require.NoError(t, err)
	require.Empty(t, report.Outcomes)
}

// runBody compares what is sent as JSON values, and the signatures of Frappe's
// own bytes exactly.
func runBody(t *testing.T, c *frappeCase) {
	w := c.webhook(t, nil)
	q := c.send(t, w, c.event())
	require.NotNil(t, c.Expect.V15)
	for _, sent := range []string{c.Expect.V15.Body, c.Expect.Dev.Body} {
		require.JSONEq(t, sent, string(q.Body))
	}
	require.Equal(t, c.Expect.V15.Signature, webhook.Sign(c.Given.Secret, []byte(c.Expect.V15.Body)))
	require.Equal(t, c.Expect.Dev.Signature, webhook.Sign(c.Given.Secret, []byte(c.Expect.Dev.Body)))
	require.Equal(t, webhook.Sign(c.Given.Secret, q.Body), q.Header.Get("X-Frappe-Webhook-Signature"))
	if c.Expect.Form != "" {
		w.Structure = webhook.Form
		q := c.send(t, w, c.event())
		require.Equal(t, c.Expect.Form, string(q.Body))
		require.Equal(t, "application/x-www-form-urlencoded", q.Header.Get("Content-Type"))
	}
}

func runEscapes(t *testing.T, c *frappeCase) {
	var got map[string]any
	require.NoError(t, json.Unmarshal(c.send(t, c.webhook(t, nil), c.event()).Body, &got))
	require.Equal(t, map[string]any{"d": c.Given.Doc["d"]}, got)
}

func runNone(t *testing.T, c *frappeCase) {
	require.JSONEq(t, `{"q":""}`, string(c.send(t, c.webhook(t, nil), c.event()).Body))
	w := c.webhook(t, map[string]any{
		"webhook_json": `{"q": {{ doc.customer | tojson }}, "r": "{{ doc.customer or 'None' }}"}`,
	})
	require.JSONEq(t, `{"q":null,"r":"None"}`, string(c.send(t, w, c.event()).Body))
}

func runNull(t *testing.T, c *frappeCase) {
	require.JSONEq(t, `{"q":null}`, string(c.send(t, c.webhook(t, nil), c.event()).Body))
}

func runBodyRefused(t *testing.T, c *frappeCase) {
	var ce *webhook.ConfigError
	require.ErrorAs(t, c.save(t, webhook.Options{}), &ce)
	require.Equal(t, "Body", ce.Field)
	require.Positive(t, ce.Line)
}

func runDecimal(t *testing.T, c *frappeCase) {
	require.JSONEq(t, c.Expect.Dev.Body, string(c.send(t, c.webhook(t, nil), c.event()).Body))
}

func runVolatile(t *testing.T, c *frappeCase) {
	c.Given.Secret = testSecret
	q := c.send(t, c.webhook(t, nil), c.event()) // which verifies
	require.JSONEq(t, `{"t":"2026-01-31 09:30:00.000000"}`, string(q.Body))
}

func runNoHeaders(t *testing.T, c *frappeCase) {
	q := c.send(t, c.webhook(t, nil), c.event())
	require.Equal(t, "application/json", q.Header.Get("Content-Type"))
	require.Empty(t, q.Header.Values("X-Frappe-Webhook-Signature"))
}

func runBadHeader(t *testing.T, c *frappeCase) {
	for _, value := range []string{"v\nInjected: 1", "v\r\nInjected: 1", " v", "v\x00"} {
		c.Given.Headers[0]["value"] = value
		var ce *webhook.ConfigError
		require.ErrorAs(t, c.save(t, webhook.Options{}), &ce, "%q", value)
		require.Equal(t, "Headers[0]", ce.Field)
	}
}

func runContentType(t *testing.T, c *frappeCase) {
	w := c.webhook(t, map[string]any{
		"request_structure": "Form URL-Encoded", "webhook_data": []map[string]any{{"fieldname": "name", "key": "id"}},
		"webhook_headers": []map[string]any{{"key": "Content-Type", "value": "application/x-www-form-urlencoded"}},
	})
	for structure, want := range map[webhook.Structure][2]string{
		w.Structure:  {"application/json", `{"id":"n1"}`},
		webhook.Form: {"application/x-www-form-urlencoded", "id=n1"},
	} {
		w.Structure = structure
		q := c.send(t, w, c.event())
		require.Equal(t, want, [2]string{q.Header.Get("Content-Type"), string(q.Body)})
	}
}

func runURL(t *testing.T, c *frappeCase) {
	q := c.send(t, c.webhook(t, nil), c.event())
	require.Equal(t, "POST", q.Method)
	u, err := url.Parse(q.URL)
	require.NoError(t, err)
	switch {
	case c.ID == "U05":
		require.Equal(t, "https://h/x/n1.json", q.URL)
	case c.Expect.Target != "":
		require.Equal(t, c.Expect.Target, u.RequestURI())
	default:
		require.Equal(t, c.Expect.URL, q.URL)
	}
}

func runNoURL(t *testing.T, c *frappeCase) {
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), c.webhook(t, nil)))
	report, err := d.Dispatch(t.Context(), c.event())
	require.NoError(t, err)
	require.Equal(t, webhook.RenderError, report.Outcomes[0].Decision)
	require.NoError(t, d.Drain(t.Context()))
	require.Empty(t, r.Requests())
}

func runPreview(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	w := c.webhook(t, nil)
	p, err := d.Preview(t.Context(), w, c.event())
	require.NoError(t, err)
	require.JSONEq(t, c.Expect.Result, string(p.Request.Body))
	require.Equal(t, string(c.send(t, w, c.event()).Body), string(p.Request.Body))
}
