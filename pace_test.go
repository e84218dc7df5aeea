package webhook_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A store that waits for its disk does not keep places idle: the next attempts
// are made while what was delivered is being stored, but not without bound.
func TestPlacesAreNotKeptForTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore()}
		var sent atomic.Int64
		wire := webhook.TransportFunc(func(ctx context.Context, _ *webhook.Request) (*webhook.Response, error) {
			sent.Add(1)
			if err := wait(ctx, 10*time.Millisecond); err != nil {
				return nil, err
			}
			return status(200)
		})
		w := newWorld(t, store, wire, webhook.Options{Concurrency: 4, PerEndpoint: 4})
		w.save(hook("a"))
		w.fire("first")
		stop := w.run()
		pass(time.Second)
		for i := range 100 {
			w.fire(fmt.Sprint("doc", i))
		}
		pass(time.Second)
		require.EqualValues(t, 101, sent.Load())

		store.mu.Lock()
		store.stores = 300 * time.Millisecond
		store.mu.Unlock()
		for i := range 100 {
			w.fire(fmt.Sprint("more", i))
		}
		pass(290 * time.Millisecond)
		require.GreaterOrEqual(t, sent.Load(), int64(101+4*4), "four times the places wait for the store")
		require.LessOrEqual(t, sent.Load(), int64(101+5*4))
		pass(time.Hour)
		require.EqualValues(t, 201, sent.Load())
		stop()
		counts, err := store.Count(w.ctx, "")
		require.NoError(t, err)
		require.Equal(t, map[webhook.State]int{webhook.Delivered: 201}, nonzero(counts.ByState))
	})
}

func nonzero(m map[webhook.State]int) map[webhook.State]int {
	for k, n := range m {
		if n == 0 {
			delete(m, k)
		}
	}
	return m
}
