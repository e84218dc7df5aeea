package webhook_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

func plans(change func(*webhook.Webhook)) webhook.Webhook {
	w := webhook.Webhook{
		Name: "plans", Events: []webhook.EventType{"Site Plan Change"},
		URL: "https://example.com/webhook", Secret: testSecret, RequireActivation: true,
	}
	if change != nil {
		change(&w)
	}
	return w
}

func newPlans(t *testing.T) (*webhook.Dispatcher, *webhooktest.Receiver) {
	d, r := newDispatcher(t, nil)
	r.VerifyWith(&webhook.Verifier{Secrets: []string{testSecret}, AcceptSecretHeader: true})
	require.NoError(t, d.SaveWebhook(t.Context(), plans(nil)))
	return d, r
}

func planChange(t *testing.T, d *webhook.Dispatcher) webhook.Outcome {
	t.Helper()
	report, err := d.Dispatch(t.Context(), webhook.Event{Type: "Site Plan Change", Doc: map[string]any{"site": "a"}})
	require.NoError(t, err)
	require.Len(t, report.Outcomes, 1)
	return report.Outcomes[0]
}

func requireState(t *testing.T, d *webhook.Dispatcher, name string, want webhook.State) *webhook.Status {
	t.Helper()
	st, err := d.Status(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, want, st.State)
	return st
}

func TestHandshake(t *testing.T) {
	d, r := newPlans(t)
	a, err := d.Handshake(t.Context(), "plans")
	require.NoError(t, err)
	require.Equal(t, webhook.Delivered, a.State)
	require.Equal(t, 200, a.StatusCode)
	q := r.Requests()[0]
	require.NoError(t, q.Err)
	require.Equal(t, "POST", q.Method)
	require.Equal(t, `{"event":"Webhook Validate","data":{}}`, string(q.Body))
	require.Equal(t, "application/json", q.Header.Get("Content-Type"))
	require.Equal(t, testSecret, q.Header.Get("X-Webhook-Secret"))
	requireState(t, d, "plans", webhook.NotActivated)
}

// A webhook that requires it takes nothing until its present URL was activated.
func TestActivate(t *testing.T) {
	d, r := newPlans(t)
	require.Equal(t, webhook.Disabled, planChange(t, d).Decision)
	require.ErrorIs(t, d.Enable(t.Context(), "plans"), webhook.ErrNotActivated)

	r.Respond(401)
	err := d.Activate(t.Context(), "plans")
	var he *webhook.HandshakeError
	require.ErrorAs(t, err, &he)
	require.Equal(t, 401, he.Attempt.StatusCode)
	require.Equal(t, "plans", he.Webhook)
	require.EqualError(t, err, `webhook "plans": the handshake failed: status 401`)
	require.NotContains(t, err.Error(), testSecret)
	requireState(t, d, "plans", webhook.NotActivated)

	r.Respond(204)
	require.NoError(t, d.Activate(t.Context(), "plans"))
	st := requireState(t, d, "plans", webhook.Active)
	require.False(t, st.Activated.IsZero())
	require.Equal(t, webhook.Queued, planChange(t, d).Decision)

	require.NoError(t, d.SaveWebhook(t.Context(), plans(nil)), "saved again at boot")
	requireState(t, d, "plans", webhook.Active)
	require.NoError(t, d.SaveWebhook(t.Context(), plans(func(w *webhook.Webhook) { w.URL += "/new" })))
	requireState(t, d, "plans", webhook.NotActivated)
	require.Equal(t, webhook.Disabled, planChange(t, d).Decision)
}

func TestHandshakeCannotBeSent(t *testing.T) {
	d, _ := newDispatcher(t, &webhook.Options{})
	_, err := d.Handshake(t.Context(), "nobody")
	require.ErrorIs(t, err, webhook.ErrNotFound)
	require.ErrorIs(t, d.Activate(t.Context(), "nobody"), webhook.ErrNotFound)
	require.NoError(t, d.SaveWebhook(t.Context(), plans(func(w *webhook.Webhook) {
		w.URL, w.DynamicURL, w.RequireActivation = "https://example.com/{{ doc.name }}", true, false
	})))
	_, err = d.Handshake(t.Context(), "plans")
	require.ErrorContains(t, err, "dynamic")
}

func TestEnableAndDisable(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	require.NoError(t, d.Disable(t.Context(), "orders", "too loud"))
	st := requireState(t, d, "orders", webhook.Disabled)
	require.Equal(t, webhook.ByOperator, st.By)
	require.Equal(t, "too loud", st.Reason)
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.Disabled, report.Outcomes[0].Decision)

	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)), "a save at boot does not enable it")
	requireState(t, d, "orders", webhook.Disabled)
	require.NoError(t, d.Enable(t.Context(), "orders"))
	requireState(t, d, "orders", webhook.Active)

	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Disabled = true })))
	require.Equal(t, webhook.ByConfiguration, requireState(t, d, "orders", webhook.Disabled).By)
	require.ErrorIs(t, d.Enable(t.Context(), "orders"), webhook.ErrDisabled)
	require.ErrorIs(t, d.Enable(t.Context(), "nobody"), webhook.ErrNotFound)
	require.ErrorIs(t, d.Disable(t.Context(), "nobody", ""), webhook.ErrNotFound)
}

func TestDeleteWebhook(t *testing.T) {
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.NoError(t, d.DeleteWebhook(t.Context(), "orders"))
	require.ErrorIs(t, d.DeleteWebhook(t.Context(), "orders"), webhook.ErrNotFound)
	del, err := d.Delivery(t.Context(), report.Outcomes[0].DeliveryID)
	require.NoError(t, err)
	require.Equal(t, webhook.Canceled, del.State)
	require.Equal(t, "webhook_deleted", del.Reason)
	require.NoError(t, d.Drain(t.Context()))
	require.Empty(t, r.Requests())
}

func TestSendTest(t *testing.T) {
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
		w.Condition, w.Disabled = "false", true
	})))
	a, err := d.SendTest(t.Context(), "orders", updated(map[string]any{"a": 1}))
	require.NoError(t, err)
	require.Equal(t, webhook.Delivered, a.State)
	require.Equal(t, "true", r.Requests()[0].Header.Get("X-Webhook-Test"))
	ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, ds)
	_, err = d.SendTest(t.Context(), "nobody", updated(nil))
	require.ErrorIs(t, err, webhook.ErrNotFound)
	var ee *webhook.EventError
	_, err = d.SendTest(t.Context(), "orders", webhook.Event{})
	require.True(t, errors.As(err, &ee))
}

// The handshake's success is a 2xx, whatever the host makes of deliveries.
func TestHandshakeHeedsNoClassifier(t *testing.T) {
	for _, status := range []int{200, 204, 401} {
		d, r := newDispatcher(t, &webhook.Options{Classifier: func(resp *webhook.Response, _ error) webhook.Verdict {
			if resp.StatusCode == 401 {
				return webhook.VerdictDelivered
			}
			return webhook.VerdictFailed
		}})
		require.NoError(t, d.SaveWebhook(t.Context(), plans(nil)))
		r.Respond(status)
		a, err := d.Handshake(t.Context(), "plans")
		require.NoError(t, err)
		require.Equal(t, status, a.StatusCode)
		require.Equal(t, status < 300, a.State == webhook.Delivered)
		require.Equal(t, status < 300, a.Class == "")
	}
}

// An endpoint has five seconds, however long its webhook waits for deliveries.
func TestHandshakeHeedsNoTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 30 * time.Second} {
		for delay, want := range map[time.Duration]webhook.State{
			4 * time.Second: webhook.Delivered,
			6 * time.Second: webhook.Failed,
		} {
			bubble(t, func(t *testing.T) {
				d, r := newPlans(t)
				w := plans(func(w *webhook.Webhook) { w.Timeout = timeout })
				require.NoError(t, d.SaveWebhook(t.Context(), w))
				r.RespondWith(func(*webhooktest.Request) webhooktest.Response {
					return webhooktest.Response{Delay: delay}
				})
				a, err := d.Handshake(t.Context(), "plans")
				require.NoError(t, err)
				require.Equal(t, want, a.State)
			})
		}
	}
}

// The webhook's URL is changed while its endpoint answers the handshake.
func TestActivateWhileTheURLChanges(t *testing.T) {
	d, r := newPlans(t)
	r.RespondWith(func(*webhooktest.Request) webhooktest.Response {
		w, err := d.Webhook(t.Context(), "plans")
		require.NoError(t, err)
		w.URL += "/new"
		require.NoError(t, d.SaveWebhook(t.Context(), *w))
		return webhooktest.Response{StatusCode: 200}
	})
	err := d.Activate(t.Context(), "plans")
	require.ErrorIs(t, err, webhook.ErrConflict)
	require.NotContains(t, err.Error(), "\n")
	requireState(t, d, "plans", webhook.NotActivated)
}
