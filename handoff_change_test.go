package webhook_test

import (
	"context"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// What was handed off and waits for its place follows what becomes of its
// webhook.
func TestHandOffAndChange(t *testing.T) {
	moved := hook("a", func(w *webhook.Webhook) { w.URL = "https://other.example/in" })
	tests := []struct {
		name   string
		change func(*world, string) error
		url    string // where it is sent; "" if it is not
		want   webhook.State
	}{
		{"disabled", func(w *world, _ string) error { return w.Disable(w.ctx, "a", "") }, "", webhook.Paused},
		{"deleted", func(w *world, _ string) error { return w.DeleteWebhook(w.ctx, "a") }, "", webhook.Canceled},
		{"moved", func(w *world, _ string) error { return w.SaveWebhook(w.ctx, moved) }, moved.URL, webhook.Delivered},
		{"canceled", func(w *world, id string) error { return w.Cancel(w.ctx, id) }, "", webhook.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := &disk{MemoryStore: webhook.NewMemoryStore()}
				sent := map[string]string{} // one at a time
				transport := webhook.TransportFunc(func(ctx context.Context, r *webhook.Request) (
					*webhook.Response, error) {
					sent[r.DeliveryID] = r.URL
					if err := wait(ctx, 5*time.Second); err != nil {
						return nil, err
					}
					return status(200)
				})
				w := newWorld(t, store, transport, webhook.Options{Concurrency: 2, PerEndpoint: 1, MaxHanging: -1})
				w.save(hook("a"))
				defer w.run()()
				pass(time.Second)
				w.send("under way")
				id := w.send("waits")
				_, leased := store.count()
				require.Equal(t, 2, leased)
				pass(time.Millisecond)
				require.NoError(t, tt.change(w, id))
				pass(time.Minute)
				require.Equal(t, tt.url, sent[id])
				require.Equal(t, tt.want, w.state(id))
			})
		})
	}
}
