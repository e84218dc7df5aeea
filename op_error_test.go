package webhook_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// An error says what was being done and why it failed, and names the package
// once.
func TestErrorsNameThePackageOnce(t *testing.T) {
	store := webhook.NewMemoryStore()
	d, err := webhook.New(store, &webhook.Options{Transport: webhooktest.NewReceiver("")})
	require.NoError(t, err)
	paused := pendingDelivery(1, 10)
	paused.State = webhook.Paused
	_, err = store.Enqueue(t.Context(), []webhook.Delivery{paused})
	require.NoError(t, err)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Disabled = true })))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		err  error
		is   error
		want string
	}{
		{"a sentinel", d.Enable(t.Context(), "none"), webhook.ErrNotFound, `webhook "none": not found`},
		{"of the configuration", d.Enable(t.Context(), "orders"), webhook.ErrDisabled,
			`webhook "orders": disabled by its configuration`},
		{"a sentinel within a sentinel", d.Resend(t.Context(), "msg_none"), webhook.ErrNotFound,
			`webhook: resend "msg_none": delivery is no longer stored: not found`},
		{"a sentinel that says more", d.Resend(t.Context(), paused.ID), webhook.ErrState,
			`webhook: resend "` + paused.ID + `": delivery is in another state: cannot resend when paused`},
		{"another's", d.Cancel(ended, paused.ID), context.Canceled,
			`webhook: cancel "` + paused.ID + `": context canceled`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.EqualError(t, tt.err, tt.want)
			require.True(t, errors.Is(tt.err, tt.is))
		})
	}
	require.ErrorIs(t, d.Resend(t.Context(), "msg_none"), webhook.ErrPruned)
}
