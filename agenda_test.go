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

// tardy answers its first two questions for the records after ten seconds: the
// first by what it has then, the second by what it had when it was asked.
type tardy struct {
	*webhook.MemoryStore
	asked int
}

func (s *tardy) Webhooks(ctx context.Context, seen webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error) {
	s.asked++
	if s.asked == 1 {
		time.Sleep(10 * time.Second)
	}
	recs, rev, err := s.MemoryStore.Webhooks(ctx, seen)
	rev.Now = time.Now()
	if s.asked == 2 {
		time.Sleep(10 * time.Second)
	}
	return recs, rev, err
}

// Of two late answers the nearer one tells the time, or leases would have run
// out when they begin.
func TestClockOfLateAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &tardy{MemoryStore: webhook.NewMemoryStore()}
		boot := newWorld(t, store.MemoryStore, always(200), webhook.Options{})
		boot.save(hook("a"))
		w := newWorld(t, store, always(200), webhook.Options{})
		due := w.is(w.send("one")).Due
		require.Equal(t, 2, store.asked)
		require.WithinDuration(t, time.Now(), due, time.Millisecond)
	})
}

// A process that has not yet asked for the store's time does so before it
// changes a delivery by it.
func TestClockOfRepairs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &timed{MemoryStore: webhook.NewMemoryStore()}
		store.ahead.Store(-int64(10 * time.Minute))
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		theirs := time.Now().Add(-10 * time.Minute)
		claimed, err := store.Claim(t.Context(), webhook.Claim{
			Now: theirs, Lease: time.Minute, Owner: "another process", Limit: 1,
		})
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		began := time.Now()
		require.NoError(t, newWorld(t, store, always(200), webhook.Options{}).Cancel(t.Context(), id))
		require.GreaterOrEqual(t, time.Since(began), time.Second, "it was leased")

		n, err := newWorld(t, store, always(200), webhook.Options{}).ResendAll(t.Context(),
			webhook.DeliveryQuery{States: []webhook.State{webhook.Canceled}})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.WithinDuration(t, theirs, w.is(id).Due, 10*time.Second)
	})
}
