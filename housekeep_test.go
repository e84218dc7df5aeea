package webhook_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A ponderous store takes a while for what it counts, and notes what it is asked.
type ponderous struct {
	*webhook.MemoryStore
	counting time.Duration

	mu     sync.Mutex // guards the fields below
	counts []string   // whose deliveries Count counted
	prunes []webhook.Prune
}

func (p *ponderous) Prune(ctx context.Context, q webhook.Prune) (int, error) {
	p.mu.Lock()
	p.prunes = append(p.prunes, q)
	p.mu.Unlock()
	if q.Keep > 0 {
		time.Sleep(p.counting)
	}
	return p.MemoryStore.Prune(ctx, q)
}

func (p *ponderous) Count(ctx context.Context, name string) (webhook.Counts, error) {
	p.mu.Lock()
	p.counts = append(p.counts, name)
	p.mu.Unlock()
	return p.MemoryStore.Count(ctx, name)
}

// What a process costs a store in an hour does not grow with the log: what was
// finished long ago is pruned every minute, what is beyond PerWebhook as often as
// the count is worth.
func TestHousekeepingIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name     string
		counting time.Duration
		want     int // times that it was counted
	}{
		{"a small log", 0, 60},
		{"a log that takes a tenth of a second", 100 * time.Millisecond, 60},
		{"a log that takes a second", time.Second, 7},
		{"a log that takes longer than there is time", 2 * time.Minute, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := &ponderous{MemoryStore: webhook.NewMemoryStore(), counting: tt.counting}
				w := newWorld(t, store, always(200), webhook.Options{})
				w.save(hook("a"))
				w.send("doc")
				stop := w.run()
				pass(time.Hour - time.Second)
				stop()
				store.mu.Lock()
				defer store.mu.Unlock()
				counted := slices.DeleteFunc(slices.Clone(store.prunes),
					func(p webhook.Prune) bool { return p.Keep == 0 })
				require.InDelta(t, tt.want, len(counted), 1)
				require.Greater(t, len(store.prunes), 55)
				require.Empty(t, store.counts, "nobody asked for the counts")
			})
		})
	}
}
