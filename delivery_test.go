package webhook_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
	"github.com/stretchr/testify/require"
)

// What Resend and Cancel answer in each state, and what is stored then.
func TestResendAndCancelByState(t *testing.T) {
	type verb = func(d *webhook.Dispatcher, id string) error
	resend := func(d *webhook.Dispatcher, id string) error { return d.Resend(context.Background(), id) }
	cancel := func(d *webhook.Dispatcher, id string) error { return d.Cancel(context.Background(), id) }
	tests := []struct {
		name  string
		verb  verb
		state webhook.State
		lease time.Duration // left
		err   error
		want  webhook.State
	}{
		{"resend pending", resend, webhook.Pending, 0, nil, webhook.Pending},
		{"resend in flight", resend, webhook.Pending, time.Minute, webhook.ErrInFlight, webhook.Pending},
		{"resend delivered", resend, webhook.Delivered, 0, nil, webhook.Pending},
		{"resend failed", resend, webhook.Failed, 0, nil, webhook.Pending},
		{"resend exhausted", resend, webhook.Exhausted, 0, nil, webhook.Pending},
		{"resend paused", resend, webhook.Paused, 0, webhook.ErrState, webhook.Paused},
		{"resend canceled", resend, webhook.Canceled, 0, nil, webhook.Pending},
		{"cancel pending", cancel, webhook.Pending, 0, nil, webhook.Canceled},
		{"cancel in flight", cancel, webhook.Pending, time.Minute, nil, webhook.Canceled},
		{"cancel delivered", cancel, webhook.Delivered, 0, webhook.ErrState, webhook.Delivered},
		{"cancel failed", cancel, webhook.Failed, 0, nil, webhook.Canceled},
		{"cancel exhausted", cancel, webhook.Exhausted, 0, nil, webhook.Canceled},
		{"cancel paused", cancel, webhook.Paused, 0, nil, webhook.Canceled},
		{"cancel canceled", cancel, webhook.Canceled, 0, nil, webhook.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := webhook.NewMemoryStore()
				d, err := webhook.New(s, &webhook.Options{Transport: webhooktest.NewReceiver("")})
				require.NoError(t, err)
				del := pendingDelivery(1, 10)
				del.State = tt.state
				if tt.lease > 0 {
					del.Owner, del.LeaseUntil = "another", time.Now().Add(tt.lease)
				}
				_, err = s.Enqueue(context.Background(), []webhook.Delivery{del})
				require.NoError(t, err)
				require.ErrorIs(t, tt.verb(d, del.ID), tt.err)
				got, err := s.Delivery(context.Background(), del.ID)
				require.NoError(t, err)
				require.Equal(t, tt.want, got.State)
				changed := tt.err == nil && (tt.state != webhook.Canceled || tt.want != webhook.Canceled)
				require.Equal(t, changed, got.Fence == 1, "the fence rises with a change and not without")
			})
		})
	}
}

// What is not stored any more cannot be resent, and says so.
func TestResendOfWhatIsGone(t *testing.T) {
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Transport: webhooktest.NewReceiver("")})
	require.NoError(t, err)
	require.ErrorIs(t, d.Resend(context.Background(), "msg_gone"), webhook.ErrPruned)
	require.ErrorIs(t, d.Cancel(context.Background(), "msg_gone"), webhook.ErrNotFound)
}

// A silentStore returns neither a delivery nor an error for what it does not
// have.
type silentStore struct{ *webhook.MemoryStore }

func (silentStore) Delivery(context.Context, string) (*webhook.Delivery, error) { return nil, nil }

func TestStoreThatReturnsNoDelivery(t *testing.T) {
	store := silentStore{webhook.NewMemoryStore()}
	d, err := webhook.New(store, &webhook.Options{Transport: webhooktest.NewReceiver("")})
	require.NoError(t, err)
	_, err = d.Delivery(context.Background(), "msg_gone")
	require.ErrorIs(t, err, webhook.ErrNotFound)
	require.ErrorIs(t, d.Cancel(context.Background(), "msg_gone"), webhook.ErrNotFound)
}
