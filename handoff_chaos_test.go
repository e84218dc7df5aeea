package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A chaotic store fails, panics, is slow, forgets that it wrote, and miscounts.
type chaotic struct {
	*disk
	on atomic.Bool

	mu  sync.Mutex // guards rng
	rng *rand.Rand
}

func (c *chaotic) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

// while returns a random time below n milliseconds.
func (c *chaotic) while(n int) time.Duration { return time.Duration(c.roll(n)) * time.Millisecond }

func (c *chaotic) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	if !c.on.Load() {
		return c.disk.Enqueue(ctx, ds)
	}
	switch c.roll(8) {
	case 0:
		return nil, errDown
	case 1:
		panic("chaos")
	case 2:
		_, _ = c.disk.MemoryStore.Enqueue(ctx, ds)
		return nil, errDown
	case 3:
		fresh, err := c.disk.Enqueue(ctx, ds)
		if err == nil {
			fresh = fresh[:len(fresh)-1]
		}
		return fresh, err
	case 4:
		if err := wait(ctx, c.while(3000)); err != nil {
			return nil, err
		}
	case 5:
		return nil, webhook.ErrFull
	}
	return c.disk.Enqueue(ctx, ds)
}

func (c *chaotic) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	if c.on.Load() {
		switch c.roll(8) {
		case 0:
			return nil, errDown
		case 1:
			panic("chaos")
		case 2:
			_, _ = c.disk.MemoryStore.Update(ctx, cs)
			return nil, errDown
		}
	}
	if len(cs) == 0 {
		return nil, errors.New("no changes at all")
	}
	return c.disk.Update(ctx, cs)
}

// answers answers after a while, or panics; after a long time when slow is set.
func (c *chaotic) answers(slow *atomic.Bool) *wire {
	return &wire{answer: func(ctx context.Context, _ sending) (*webhook.Response, error) {
		patience := c.while(200)
		if slow.Load() {
			patience = 10 * time.Second
		}
		if err := wait(ctx, patience); err != nil {
			return nil, err
		}
		if c.on.Load() && c.roll(20) == 0 {
			panic("transport")
		}
		return status(200)
	}}
}

// dispatch dispatches many events, each twice, from many goroutines, with little
// patience. It returns the deliveries of the calls that returned no error.
func (c *chaotic) dispatch(w *world) map[string]bool {
	var group sync.WaitGroup
	var mu sync.Mutex // guards promised
	promised := map[string]bool{}
	for g := range 20 {
		group.Go(func() {
			for i := range 60 {
				ctx, cancel := context.WithTimeout(w.ctx, c.while(2000))
				ev := change(fmt.Sprint("doc", c.roll(10)))
				ev.ID = fmt.Sprint("evt-", g, "-", i/2)
				r, err := w.Dispatch(ctx, ev)
				cancel()
				mu.Lock()
				for _, o := range r.Outcomes {
					if err == nil {
						promised[o.DeliveryID] = true
					}
				}
				mu.Unlock()
				time.Sleep(c.while(100))
			}
		})
	}
	group.Wait()
	return promised
}

// Whatever the store does, and however often Run starts anew: what a Dispatch
// promised is delivered, nothing is sent that is not stored, and the hand-off has
// its whole room afterwards.
func TestHandOffOnAChaoticStore(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := &chaotic{
					disk: &disk{MemoryStore: webhook.NewMemoryStore()},
					rng:  rand.New(rand.NewPCG(seed, 1)),
				}
				slow := &atomic.Bool{}
				wire := store.answers(slow)
				w := newWorld(t, store, wire, webhook.Options{Concurrency: 8, MaxHanging: -1, StopTimeout: time.Second})
				w.save(hook("a"), hook("b"), hook("c"))
				store.on.Store(true)
				promised := make(chan map[string]bool)
				go func() { promised <- store.dispatch(w) }()
				for range 20 {
					stop := w.run()
					pass(store.while(2000))
					stop()
					pass(store.while(50))
				}
				stop := w.run()
				ids := <-promised
				require.NotEmpty(t, ids)
				store.on.Store(false)
				pass(2 * time.Hour)
				for id := range ids {
					require.Equal(t, webhook.Delivered, w.state(id))
				}
				for _, s := range wire.all("") {
					w.is(s.ID)
				}
				slow.Store(true)
				_, before := store.count()
				for i := range 50 {
					w.fire(fmt.Sprint("full", i))
				}
				_, leased := store.count()
				require.Equal(t, 8+8/2+1, leased-before)
				stop()
			})
		})
	}
}
