package webhook_test

import (
	"bytes"
	"context"
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
	"github.com/docevent/webhook/webhooktest"
)

func init() {
	maps.Copy(frappeRuns, map[string]func(*testing.T, *frappeCase){
		"D02": runThrice, "D04": runThrice, "D06": runThrice, "D03": runWithinSeconds, "D05": runWithinSeconds,
		"D07": runRedirect, "D09": runSweeper, "D10": runSweeper, "D11": runSweeper, "D13": runSweeper,
		"D14": runDisabledMeanwhile, "D16": runWorkflow, "D17": runEmptyList,
		"K01": runHandshake, "K02": runActivate,
		"K05a": runEndpointRefused, "K05b": runEndpointRefused, "K05g": runEndpointRefused,
		"K05h": runEndpointRefused, "K05c": runQuery, "K05d": runGuarded, "K05i": runGuarded,
		"K05e": runEndpointSaved, "K05f": runEndpointSaved, "K06": runNoEvents, "K07": runQuota,
		"K09": runNewEndpoint, "K10": runNamedEvent, "K11": runCloudRetries,
		"K12": runEachItsOwn, "K16": runDailyLog,
	})
}

var documentEvents = []webhook.EventType{
	webhook.AfterInsert, webhook.OnUpdate, webhook.OnSubmit, webhook.OnCancel,
	webhook.OnTrash, webhook.OnUpdateAfterSubmit, webhook.OnChange,
}

// hostActions are what a host's hooks do at what the cases name; nothing where
// Frappe has no hook.
var hostActions = map[string]webhook.Action{
	"insert":                           webhook.ActionInsert,
	"insert(docstatus=1)":              webhook.ActionInsertSubmitted,
	"cancel":                           webhook.ActionCancel,
	"update_after_submit":              webhook.ActionUpdateAfterSubmit,
	"db_set":                           webhook.ActionDBSet,
	"save(parent with rows)":           webhook.ActionSave,
	"handler after_insert: doc.db_set": webhook.ActionDBSet, "db.set_value": "",
}

// runEvents does the case's actions with one webhook for each event.
func runEvents(t *testing.T, c *frappeCase) {
	d, r := newDispatcher(t, nil)
	docType := "Order"
	if c.ID == "E13" {
		docType = "Order Item" // its rows are saved with the order
	}
	for _, event := range documentEvents {
		members := map[string]any{"name": event, "webhook_doctype": docType, "webhook_docevent": event, "enabled": 1}
		if c.Given.Enabled != nil {
			members["enabled"] = *c.Given.Enabled
		}
		w := c.webhook(t, members)
		w.Secret = testSecret
		require.NoError(t, d.SaveWebhook(t.Context(), w))
	}
	var actions []string
	require.NoError(t, json.Unmarshal(c.Given.Action, &actions))
	var got []string
	for flag := range max(1, len(c.Given.Flags)) {
		ctx := t.Context()
		if len(c.Given.Flags) > 0 {
			ctx = webhook.Suppress(ctx)
		}
		var events []webhook.Event
		for _, name := range actions {
			action, ok := hostActions[name]
			require.True(t, ok, name)
			if action == "" {
				continue
			}
			made := action.On(webhook.Event{DocType: "Order", Name: fmt.Sprintf("O-%d", flag)})
			if strings.HasPrefix(name, "handler") {
				events = append(made, events...) // it runs before the insert's own events are offered
			} else {
				events = append(events, made...)
			}
		}
		report, err := d.Dispatch(ctx, events...)
		require.NoError(t, err)
		for _, o := range report.Outcomes {
			if o.Decision == webhook.Queued {
				got = append(got, string(o.Type))
			}
		}
	}
	require.NoError(t, d.Drain(t.Context()))
	var arrived []string // in any order: deliveries run side by side
	for _, q := range r.Requests() {
		arrived = append(arrived, q.Event)
	}
	require.ElementsMatch(t, got, arrived)
	want := c.Expect.Fired
	if c.Verdict == "fix" {
		want = []string{"on_update_after_submit", "on_change"}
	}
	require.Equal(t, append([]string{}, want...), append([]string{}, got...))
}

// Every action, those of the cases and the others; a delete does not fire
// on_change, where Frappe's does.
func TestFrappeActions(t *testing.T) {
	for action, want := range map[webhook.Action]string{
		webhook.ActionInsert: "after_insert on_update", webhook.ActionSave: "on_update on_change",
		webhook.ActionSubmit:            "on_update on_submit on_change",
		webhook.ActionInsertSubmitted:   "after_insert on_update on_submit",
		webhook.ActionCancel:            "on_cancel on_change",
		webhook.ActionUpdateAfterSubmit: "on_update_after_submit on_change",
		webhook.ActionDelete:            "on_trash", webhook.ActionDBSet: "on_change",
	} {
		require.Equal(t, want, strings.Trim(fmt.Sprint(action.Events()), "[]"), action)
	}
}

// answers returns a wire that gives the case's responses, then 200.
func (c *frappeCase) answers() *wire {
	w := &wire{}
	w.answer = func(ctx context.Context, _ sending) (*webhook.Response, error) {
		i := w.count("") - 1
		if i >= len(c.Given.Responses) {
			return status(200)
		}
		switch answer := fmt.Sprint(c.Given.Responses[i]); answer {
		case "read_timeout":
			return hang(ctx)
		case "connect_error":
			return nil, errDown
		case "302 Location:/next":
			return status(302, "Location", "/next")
		default:
			var code int
			if _, err := fmt.Sscan(answer, &code); err != nil {
				return nil, err
			}
			return status(code)
		}
	}
	return w
}

// thrice is the retry policy of Frappe's releases: three tries within seconds.
var thrice = webhook.RetryPolicy{Schedule: []time.Duration{time.Second, 4 * time.Second}, Jitter: -1}

// fires saves a webhook, sends one event by it, and lets time pass.
func (c *frappeCase) fires(t *testing.T, change func(*webhook.Webhook), wait time.Duration) (*world, *wire, string) {
	t.Helper()
	sent := c.answers()
	w := newWorld(t, webhook.NewMemoryStore(), sent, webhook.Options{PollInterval: time.Minute})
	hook := c.webhook(t, map[string]any{"webhook_doctype": "Order"})
	if change != nil {
		change(&hook)
	}
	w.save(hook)
	stop := w.run()
	id := w.send("one")
	pass(wait)
	stop()
	return w, sent, id
}

// runThrice sees three failures retried by schedule, as the same delivery.
func runThrice(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		w, sent, id := c.fires(t, nil, time.Hour)
		require.Len(t, sent.all(""), 4, "the fourth attempt arrives")
		for i, s := range sent.all("") {
			require.Equal(t, id, s.ID)
			require.Equal(t, sent.all("")[0].Body, s.Body)
			require.Equal(t, i+1, s.Attempt)
			if i > 0 {
				require.GreaterOrEqual(t, s.At.Sub(sent.all("")[i-1].At), 5*time.Second)
			}
		}
		require.Len(t, w.log(id), 4)
		require.Equal(t, webhook.Delivered, w.state(id))
	})
}

func runWithinSeconds(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		w, sent, id := c.fires(t, retries(thrice), time.Minute)
		n := len(c.Given.Responses)
		require.Len(t, sent.all(""), n)
		require.Len(t, w.log(id), n)
		for i, s := range sent.all("")[1:] {
			require.Equal(t, thrice.Schedule[i], s.At.Sub(sent.all("")[i].At).Truncate(time.Second))
		}
		want := webhook.Exhausted
		if n == 2 {
			want = webhook.Delivered
		}
		require.Equal(t, want, w.state(id))
	})
}

func runRedirect(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		w, sent, id := c.fires(t, nil, 48*time.Hour)
		require.Len(t, sent.all(""), 1)
		require.Equal(t, webhook.Failed, w.state(id))
	})
}

// runSweeper imports max_retries, and sees Frappe's schedule to the second.
func runSweeper(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		schedule := []int{300, 1800, 7200, 18000, 36000, 36000}
		for n, seconds := range c.Expect.Next {
			require.Equal(t, seconds, schedule[int(n[0]-'1')])
		}
		w, sent, id := c.fires(t, nil, 100*time.Hour)
		all := sent.all("")
		attempts := len(c.Given.Responses)
		if c.ID == "D09" {
			attempts++ // the case looks on before the retry, which succeeds
		}
		require.Len(t, all, attempts)
		for i, s := range all[1:] {
			waited := s.At.Sub(all[i].At)
			require.InDelta(t, float64(schedule[i]), waited.Seconds(), 1)
			require.Equal(t, all[0].ID, s.ID)
		}
		require.Len(t, w.log(id), attempts)
		if c.ID == "D09" {
			require.Equal(t, webhook.Delivered, w.state(id))
		} else {
			require.Equal(t, webhook.Exhausted, w.state(id))
		}
	})
}

func runDisabledMeanwhile(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		w, sent, id := c.fires(t, nil, time.Second)
		require.NoError(t, w.Disable(w.ctx, c.ID, "moving"))
		stop := w.run()
		pass(time.Hour)
		require.Len(t, sent.all(""), 1)
		require.NotEqual(t, webhook.Exhausted, w.state(id))
		require.NoError(t, w.Enable(w.ctx, c.ID))
		pass(time.Hour)
		stop()
		require.Equal(t, webhook.Delivered, w.state(id))
	})
	bubble(t, func(t *testing.T) {
		w, sent, id := c.fires(t, nil, time.Second)
		require.NoError(t, w.DeleteWebhook(w.ctx, c.ID))
		stop := w.run()
		pass(time.Hour)
		stop()
		require.Len(t, sent.all(""), 1)
		require.Equal(t, webhook.Canceled, w.state(id))
	})
}

func runWorkflow(t *testing.T, c *frappeCase) {
	im, err := webhook.ImportFrappe(
		strings.NewReader(c.document(map[string]any{"webhook_docevent": "workflow_transition"})))
	require.NoError(t, err)
	require.Empty(t, im.Webhooks)
	requireNotes(t, []string{"webhook_docevent: workflow_transition"}, im.Notes[c.ID])
}

func runEmptyList(t *testing.T, c *frappeCase) {
	for _, body := range []string{"[]", "0", `""`, "null", "false"} {
		bubble(t, func(t *testing.T) {
			_, sent, _ := c.fires(t, func(w *webhook.Webhook) {
				w.Structure, w.Body, w.Secret = webhook.JSON, body, testSecret
			}, time.Hour)
			require.Len(t, sent.all(""), 2)
			for _, s := range sent.all("") {
				require.Equal(t, body, s.Body)
				require.Equal(t, webhook.Sign(testSecret, []byte(body)), s.Header.Get("X-Frappe-Webhook-Signature"))
			}
		})
	}
}

// cloud imports a webhook of Frappe Cloud.
func (c *frappeCase) cloud(t *testing.T, change map[string]any) webhook.Webhook {
	t.Helper()
	doc := map[string]any{
		"doctype": "Press Webhook", "name": c.ID, "team": "team-1",
		"endpoint": "https://example.com/webhook", "enabled": 0,
		"secret": testSecret, "events": []map[string]any{{"event": "Site Plan Change"}},
	}
	if c.Given.Endpoint != "" {
		doc["endpoint"] = c.Given.Endpoint
	}
	if c.Given.Secret != "" {
		doc["secret"] = c.Given.Secret
	}
	maps.Copy(doc, change)
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	w, _ := importOne(t, string(data))
	return w
}

// newCloud returns a dispatcher with the case's webhook, and a receiver that
// takes its secret header.
func (c *frappeCase) newCloud(t *testing.T) (*webhook.Dispatcher, *webhooktest.Receiver) {
	t.Helper()
	d, r := newDispatcher(t, nil)
	w := c.cloud(t, nil)
	r.VerifyWith(&webhook.Verifier{Secrets: []string{w.Secret}, AcceptSecretHeader: true})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	return d, r
}

func runHandshake(t *testing.T, c *frappeCase) {
	d, r := c.newCloud(t)
	a, err := d.Handshake(t.Context(), c.ID)
	require.NoError(t, err)
	require.Equal(t, webhook.Delivered, a.State)
	q := r.Requests()[0]
	require.NoError(t, q.Err)
	require.Equal(t, "POST", q.Method)
	require.JSONEq(t, c.Expect.Body, string(q.Body))
	require.Equal(t, "application/json", q.Header.Get("Content-Type"))
	require.Equal(t, c.Given.Secret, q.Header.Get("X-Webhook-Secret"))
	bubble(t, func(t *testing.T) {
		slow := &wire{answer: func(ctx context.Context, _ sending) (*webhook.Response, error) { return hang(ctx) }}
		w := newWorld(t, webhook.NewMemoryStore(), slow, webhook.Options{})
		w.save(c.cloud(t, nil))
		a, err := w.Handshake(w.ctx, c.ID)
		require.NoError(t, err)
		require.Equal(t, webhook.ClassTimeout, a.Class)
		require.Equal(t, 5*time.Second, time.Since(w.began))
	})
}

// Any 2xx activates, and nothing else does.
func runActivate(t *testing.T, c *frappeCase) {
	for code, want := range map[int]webhook.State{
		200: webhook.Active, 204: webhook.Active, 299: webhook.Active,
		199: webhook.NotActivated, 301: webhook.NotActivated, 401: webhook.NotActivated, 500: webhook.NotActivated,
	} {
		d, r := c.newCloud(t)
		r.Respond(code)
		err := d.Activate(t.Context(), c.ID)
		var refused *webhook.HandshakeError
		require.Equal(t, want == webhook.NotActivated, errors.As(err, &refused), "%d: %v", code, err)
		requireState(t, d, c.ID, want)
	}
}

func runEndpointRefused(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	var ce *webhook.ConfigError
	require.ErrorAs(t, d.SaveWebhook(t.Context(), c.cloud(t, nil)), &ce)
	require.Equal(t, "URL", ce.Field)
}

func runEndpointSaved(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), c.cloud(t, nil)))
}

func runQuery(t *testing.T, c *frappeCase) {
	d, r := c.newCloud(t)
	require.NoError(t, d.Activate(t.Context(), c.ID))
	require.Equal(t, c.Given.Endpoint, r.Requests()[0].URL)
	strict, _ := newDispatcher(t, &webhook.Options{CheckWebhook: func(_ context.Context, w webhook.Webhook) error {
		if u, err := url.Parse(w.URL); err != nil || u.RawQuery != "" {
			return errors.New("the endpoint URL can't contain query parameters")
		}
		return nil
	}})
	require.ErrorContains(t, strict.SaveWebhook(t.Context(), c.cloud(t, nil)), "query parameters")
}

// runGuarded sees that no connection is made. A name of the metadata service is
// stood for by the address it resolves to.
func runGuarded(t *testing.T, c *frappeCase) {
	endpoint := strings.Replace(c.Given.Endpoint, "metadata.google.internal", "169.254.169.254", 1)
	d, _ := newDispatcher(t, &webhook.Options{Transport: webhook.NewHTTPTransport(nil)})
	require.NoError(t, d.SaveWebhook(t.Context(), c.cloud(t, nil)))
	require.NoError(t, d.SaveWebhook(t.Context(), c.cloud(t, map[string]any{"endpoint": endpoint})))
	a, err := d.Handshake(t.Context(), c.ID)
	require.NoError(t, err)
	require.Equal(t, webhook.ClassBlocked, a.Class)
}

func runNoEvents(t *testing.T, c *frappeCase) {
	d, _ := newDispatcher(t, nil)
	var ce *webhook.ConfigError
	require.ErrorAs(t, d.SaveWebhook(t.Context(), c.cloud(t, map[string]any{"events": []any{}})), &ce)
	require.Equal(t, "Events", ce.Field)
	require.ErrorContains(t, ce, "at least one event")
}

// runQuota has the rules of Frappe Cloud's own as the host's: one webhook for an
// endpoint in a team, and five in all.
func runQuota(t *testing.T, c *frappeCase) {
	var d *webhook.Dispatcher
	d, _ = newDispatcher(t, &webhook.Options{CheckWebhook: func(ctx context.Context, w webhook.Webhook) error {
		saved, err := d.Webhooks(ctx)
		if err != nil {
			return err
		}
		others := 0
		for _, s := range saved {
			if s.Tenant != w.Tenant || s.Name == w.Name {
				continue
			}
			if others++; s.URL == w.URL {
				return errors.New("a webhook for this endpoint already exists")
			}
		}
		if others >= 5 {
			return errors.New("the team has its five webhooks")
		}
		return nil
	}})
	save := func(name, team, endpoint string) error {
		return d.SaveWebhook(t.Context(), c.cloud(t, map[string]any{"name": name, "team": team, "endpoint": endpoint}))
	}
	require.NoError(t, save("first", "a", c.Given.Existing[0]))
	require.ErrorContains(t, save("second", "a", c.Given.Endpoint), "already exists")
	require.NoError(t, save("first", "a", c.Given.Endpoint), "again")
	require.NoError(t, save("other team", "b", c.Given.Endpoint))
	for i := range 4 {
		require.NoError(t, save(fmt.Sprint(i), "a", fmt.Sprintf("https://e.com/%d", i)))
	}
	require.ErrorContains(t, save("sixth", "a", "https://e.com/6"), "five webhooks")
	require.NoError(t, save("second", "b", "https://e.com/6"))
}

func runNewEndpoint(t *testing.T, c *frappeCase) {
	d, _ := c.newCloud(t)
	require.NoError(t, d.Activate(t.Context(), c.ID))
	w := c.cloud(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	requireState(t, d, c.ID, webhook.Active)
	w.URL = "https://e.com/new"
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	requireState(t, d, c.ID, webhook.NotActivated)
	require.ErrorIs(t, d.Enable(t.Context(), c.ID), webhook.ErrNotActivated)
	report, err := d.Dispatch(t.Context(), webhook.Event{Type: "Site Plan Change", Tenant: "team-1"})
	require.NoError(t, err)
	require.Equal(t, webhook.Disabled, report.Outcomes[0].Decision)
}

func runNamedEvent(t *testing.T, c *frappeCase) {
	d, r := c.newCloud(t)
	require.NoError(t, d.Activate(t.Context(), c.ID))
	_, err := d.Dispatch(t.Context(),
		webhook.Event{Type: "Site Plan Change", Tenant: "team-1", Doc: hosted(c.Given.Data)},
		webhook.Event{Type: "Site Plan Change", Tenant: "team-2"},
		webhook.Event{Type: "Bench Status Update", Tenant: "team-1"})
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	require.Len(t, r.Requests(), 2, "the handshake, and one event of this team")
	require.JSONEq(t, c.Expect.Body, string(r.Requests()[1].Body))
	require.True(t, bytes.HasPrefix(r.Requests()[1].Body, []byte(`{"event":"Site Plan Change","data":{`)))
}

// cloudRetries is Frappe Cloud's schedule.
var cloudRetries = webhook.RetryPolicy{
	Schedule: []time.Duration{2 * time.Minute, 4 * time.Minute, 8 * time.Minute}, Jitter: -1,
}

func runCloudRetries(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		sent := always(500)
		w := newWorld(t, webhook.NewMemoryStore(), sent, webhook.Options{Retry: cloudRetries})
		hook := c.cloud(t, nil)
		hook.RequireActivation = false
		w.save(hook)
		stop := w.run()
		report, err := w.Dispatch(w.ctx, webhook.Event{Type: "Site Plan Change", Tenant: "team-1"})
		require.NoError(t, err)
		pass(time.Hour)
		stop()
		var minutes []int
		for _, s := range sent.all("") {
			minutes = append(minutes, int(s.At.Sub(w.began).Minutes()))
		}
		require.Equal(t, c.Expect.Minutes, minutes)
		require.Equal(t, webhook.Exhausted, w.state(report.Outcomes[0].DeliveryID))
	})
}

// runEachItsOwn: one endpoint's failure repeats nothing at another's, and a retry
// goes to the endpoint that failed, with its secret.
func runEachItsOwn(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		sent := &wire{}
		sent.answer = func(_ context.Context, s sending) (*webhook.Response, error) {
			if s.Webhook == "B" && s.Attempt == 1 {
				return status(500)
			}
			return status(200)
		}
		w := newWorld(t, webhook.NewMemoryStore(), sent, webhook.Options{Retry: cloudRetries})
		for _, name := range []string{"A", "B"} {
			hook := c.cloud(t, map[string]any{
				"name": name, "endpoint": "https://" + name + ".example/in",
				"secret": "secret of " + name,
			})
			hook.RequireActivation = false
			w.save(hook)
		}
		stop := w.run()
		_, err := w.Dispatch(w.ctx, webhook.Event{Type: "Site Plan Change", Tenant: "team-1"})
		require.NoError(t, err)
		pass(time.Hour)
		stop()
		require.Len(t, sent.all("A"), 1)
		require.Len(t, sent.all("B"), 2)
		require.Equal(t, 2*time.Minute, sent.all("B")[1].At.Sub(sent.all("B")[0].At).Truncate(time.Second))
		for _, s := range sent.all("") {
			require.Equal(t, "secret of "+s.Webhook, s.Header.Get("X-Webhook-Secret"))
		}
	})
}

func runDailyLog(t *testing.T, c *frappeCase) {
	bubble(t, func(t *testing.T) {
		day := 24 * time.Hour
		w := newWorld(t, webhook.NewMemoryStore(), always(200),
			webhook.Options{Retention: webhook.Retention{Delivered: day, Other: day}})
		w.save(c.webhook(t, map[string]any{"webhook_doctype": "Order"}))
		stop := w.run()
		defer stop()
		id := w.send("one")
		pass(23 * time.Hour)
		require.Equal(t, webhook.Delivered, w.state(id))
		pass(2 * time.Hour)
		_, err := w.Delivery(w.ctx, id)
		require.ErrorIs(t, err, webhook.ErrNotFound)
	})
}

// Frappe Cloud's rule is "more than 70 %", here with a minimum sample, and of the
// one webhook: another with its endpoint, of another team, stays.
func TestFrappeCloudRate(t *testing.T) {
	tests := []struct {
		failures, successes int
		want                webhook.State
	}{
		{1, 0, webhook.Active}, // all, but too few to tell
		{7, 3, webhook.Active},
		{8, 3, webhook.Disabled},
		{10, 0, webhook.Disabled},
	}
	for _, tt := range tests {
		bubble(t, func(t *testing.T) {
			sent := newSwitched(200)
			w := newWorld(t, webhook.NewMemoryStore(), sent, webhook.Options{
				AutoDisable: webhook.AutoDisable{Rate: 0.7, Attempts: 10},
				Retry:       webhook.RetryPolicy{Schedule: []time.Duration{}},
			})
			c := &frappeCase{ID: "p"}
			ours, other := c.cloud(t, nil), c.cloud(t, map[string]any{"name": "other", "team": "team-2"})
			ours.RequireActivation, other.RequireActivation = false, false
			w.save(ours, other)
			stop := w.run() // which probes behind the breaker
			for i := range tt.successes + tt.failures {
				if i == tt.successes {
					sent.set(500)
				}
				_, err := w.Dispatch(w.ctx, webhook.Event{Type: "Site Plan Change", Tenant: "team-1"})
				require.NoError(t, err)
				pass(time.Second)
			}
			pass(40 * time.Minute) // the breaker's probes
			stop()
			require.Equal(t, tt.want, w.stands("p").State, "%d of %d", tt.failures, tt.failures+tt.successes)
			require.Equal(t, webhook.Active, w.stands("other").State)
		})
	}
}

// A webhook of Frappe Cloud that is disabled or deleted meanwhile gets no retry.
func TestFrappeCloudRetriesOnlyWhoIsEnabled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sent := always(500)
		w := newWorld(t, webhook.NewMemoryStore(), sent, webhook.Options{Retry: cloudRetries})
		c := &frappeCase{ID: "p"}
		hook := c.cloud(t, nil)
		hook.RequireActivation = false
		w.save(hook)
		stop := w.run()
		report, err := w.Dispatch(w.ctx, webhook.Event{Type: "Site Plan Change", Tenant: "team-1"})
		require.NoError(t, err)
		pass(time.Minute)
		require.NoError(t, w.Disable(w.ctx, "p", "by its team"))
		pass(time.Hour)
		require.Equal(t, 1, sent.count(""))
		require.NoError(t, w.DeleteWebhook(w.ctx, "p"))
		pass(time.Hour)
		stop()
		require.Equal(t, 1, sent.count(""))
		require.Equal(t, webhook.Canceled, w.state(report.Outcomes[0].DeliveryID))
	})
}
