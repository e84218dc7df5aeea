package webhook_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A store with a clock that can be set.
type timed struct {
	*webhook.MemoryStore
	ahead atomic.Int64 // of ours, in nanoseconds
}

func (s *timed) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	recs, rev, err := s.MemoryStore.Webhooks(ctx, seen)
	rev.Now = time.Now().Add(time.Duration(s.ahead.Load()))
	return recs, rev, err
}

// When the store's clock is set back, as where another machine takes over, polls
// go on.
func TestClockSetBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &timed{MemoryStore: webhook.NewMemoryStore()}
		store.ahead.Store(int64(2 * time.Hour))
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		pass(10 * time.Second)
		store.ahead.Store(0)
		w.fire("one") // looks at the store
		other := newWorld(t, store, always(200), webhook.Options{})
		pass(10 * time.Second)
		id := other.send("two")
		pass(2 * time.Minute)
		require.Equal(t, webhook.Delivered, w.state(id))
	})
}
