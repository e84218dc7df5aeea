package webhook_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

func TestDrainAttemptsOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(500)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		var hooks []webhook.Webhook
		for i := range 20 {
			hooks = append(hooks, hook("h"+strconv.Itoa(i),
				retries(webhook.RetryPolicy{Schedule: []time.Duration{0, 0, 0}})))
		}
		w.save(hooks...)
		for i := range 4 {
			w.fire("doc" + strconv.Itoa(i))
		}
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 80, wire.count(""))
		require.Zero(t, time.Since(w.began), "it does not wait for retries")
		for _, s := range wire.all("") {
			require.Equal(t, 1, s.Attempt)
		}
		pass(time.Second)
		require.NoError(t, w.Drain(t.Context()))
		require.Less(t, wire.count(""), 161)
	})
}

// A Drain that takes longer than a lease still records what it did.
func TestLongDrain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		wire := &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(5 * time.Second)
			return status(200)
		}
		w := newWorld(t, store, wire, webhook.Options{Concurrency: 1, MaxHanging: -1})
		w.save(hook("a"))
		for i := range 40 {
			w.send(strconv.Itoa(i))
		}
		other := newWorld(t, store, wire, webhook.Options{Concurrency: 1, MaxHanging: -1})
		done := make(chan error)
		go func() { done <- w.Drain(t.Context()) }()
		pass(90 * time.Second)
		require.NoError(t, other.Drain(t.Context()))
		require.NoError(t, <-done)
		require.Equal(t, 40, wire.count("a"))
		stats, err := w.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[webhook.State]int{webhook.Delivered: 40}, stats.ByState)
	})
}

func TestDrainEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(hangs)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		require.ErrorIs(t, w.Drain(ctx), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(w.began))
		require.Empty(t, w.log(id), "a canceled attempt does not count")
		wire.set(200)
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, webhook.Delivered, w.state(id))
		require.Equal(t, 1, w.is(id).Attempts)
	})
}

// Drain makes what is due of a line, one after the other.
func TestDrainOfALine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(200)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", ordered))
		var want []string
		for range 20 {
			want = append(want, w.send("doc"))
		}
		require.NoError(t, w.Drain(t.Context()))
		var got []string
		for _, s := range wire.all("a") {
			got = append(got, s.ID)
		}
		require.Equal(t, want, got)
	})
}

func TestWaitingForARetryCostsNoGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(500)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		var hooks []webhook.Webhook
		for i := range 100 {
			hooks = append(hooks, hook("h"+strconv.Itoa(i),
				retries(webhook.RetryPolicy{Schedule: []time.Duration{time.Hour}})))
		}
		w.save(hooks...)
		stop := w.run()
		pass(time.Second)
		idle := runtime.NumGoroutine()
		for i := range 100 {
			w.fire("doc" + strconv.Itoa(i))
		}
		pass(30 * time.Minute)
		stats, err := w.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, 10_000, stats.ByState[webhook.Pending])
		// The count is the whole program's: others of it come and go.
		require.LessOrEqual(t, runtime.NumGoroutine(), idle+10)
		stop()
	})
}

func TestCaps(t *testing.T) {
	tests := []struct {
		name  string
		opts  webhook.Options
		hooks []webhook.Webhook
		want  int // in flight at once
	}{
		{"Concurrency", webhook.Options{Concurrency: 7, MaxHanging: -1},
			[]webhook.Webhook{hook("a"), hook("b"), hook("c")}, 7},
		{"PerEndpoint", webhook.Options{PerEndpoint: 5},
			[]webhook.Webhook{hook("a", host("s")), hook("b", host("s"))}, 5},
		{"Webhook.Concurrency below PerEndpoint", webhook.Options{}, []webhook.Webhook{hook("a", one)}, 1},
		{"Webhook.Concurrency as PerEndpoint", webhook.Options{PerEndpoint: 3}, []webhook.Webhook{
			hook("a", func(w *webhook.Webhook) { w.Concurrency = 3 }),
		}, 3},
		{"the defaults", webhook.Options{}, []webhook.Webhook{hook("a")}, 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := &wire{}
				wire.answer = func(context.Context, sending) (*webhook.Response, error) {
					time.Sleep(200 * time.Millisecond)
					return status(200)
				}
				w := newWorld(t, webhook.NewMemoryStore(), wire, tt.opts)
				w.save(tt.hooks...)
				for i := range 60 {
					w.fire(strconv.Itoa(i))
				}
				defer w.run()()
				pass(time.Minute)
				require.Equal(t, 60*len(tt.hooks), wire.count(""))
				require.Equal(t, tt.want, wire.most)
			})
		})
	}
}

// Where endpoints hang, Concurrency says only how many attempts are in flight to
// others: written out, the default is what it is left out.
func TestMaxHanging(t *testing.T) {
	tests := []struct {
		name string
		opts webhook.Options
		want int // hanging at once
	}{
		{"the defaults", webhook.Options{}, 200},
		{"the defaults written out", webhook.Options{Concurrency: 64, MaxHanging: 960}, 200},
		{"the default of Concurrency", webhook.Options{Concurrency: 64}, 200},
		{"the default of MaxHanging", webhook.Options{Concurrency: 4}, 60 + 4 - 1},
		{"MaxHanging", webhook.Options{MaxHanging: 10}, 10 + 64 - 16}, // a quarter is kept for those that answer
		{"none", webhook.Options{Concurrency: 12, MaxHanging: -1}, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := &wire{}
				wire.answer = func(ctx context.Context, _ sending) (*webhook.Response, error) {
					return hang(ctx)
				}
				w := newWorld(t, webhook.NewMemoryStore(), wire, tt.opts)
				var hooks []webhook.Webhook
				for i := range 200 {
					hooks = append(hooks, hook("h"+strconv.Itoa(i)))
				}
				w.save(hooks...)
				w.fire("one")
				defer w.run()()
				pass(10 * time.Second)
				require.Equal(t, tt.want, wire.inFlight())
				pass(time.Minute)
			})
		})
	}
}

// What was saved when the host allowed more goes on within what it allows now.
func TestLimitsLoweredLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store, wire := webhook.NewMemoryStore(), &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(time.Second)
			return status(200)
		}
		before := newWorld(t, store, wire, webhook.Options{})
		before.save(hook("a", func(w *webhook.Webhook) { w.Concurrency, w.Timeout = 16, 50*time.Second }))
		w := newWorld(t, store, wire, webhook.Options{PerEndpoint: 2, Lease: 30 * time.Second})
		for i := range 10 {
			w.send(strconv.Itoa(i))
		}
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 10, wire.count("a"))
		require.Equal(t, 2, wire.most)
		wire.answer = func(ctx context.Context, _ sending) (*webhook.Response, error) { return hang(ctx) }
		id := w.send("hangs")
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 20*time.Second, w.log(id)[0].Duration)
	})
}

// Two dispatchers that call each other stop after one round.
func TestCircle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var decisions []webhook.Decision
		var here, there *world
		// Whoever is called changes the document, as a receiver may.
		call := func(w **world) *wire {
			return &wire{answer: func(ctx context.Context, s sending) (*webhook.Response, error) {
				return handle(ctx, *w, s.Header, func(ctx context.Context) {
					report, err := (*w).Dispatch(ctx, webhook.Event{
						Type: webhook.OnUpdate, DocType: "Order", Name: "one", Doc: map[string]any{},
					})
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						decisions = append(decisions, report.Outcomes[0].Decision)
					}
				})
			}}
		}
		out, back := call(&there), call(&here)
		here = newWorld(t, webhook.NewMemoryStore(), out, webhook.Options{})
		there = newWorld(t, webhook.NewMemoryStore(), back, webhook.Options{})
		here.save(hook("to-there"))
		there.save(hook("to-here"))
		defer here.run()()
		defer there.run()()
		here.fire("one")
		pass(time.Hour)
		require.Equal(t, 1, out.count(""))
		require.Equal(t, 1, back.count(""))
		require.ElementsMatch(t, []webhook.Decision{webhook.Queued, webhook.Loop}, decisions)
	})
}

// A host that only Drains keeps to its Retention, and to MaxPaused with others.
func TestDrainKeepsHouse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		wire := newSwitched(200)
		w := newWorld(t, store, wire, webhook.Options{MaxPaused: 2, Retention: webhook.Retention{Delivered: time.Hour}})
		w.save(hook("a"))
		old := w.send("old")
		require.NoError(t, w.Drain(t.Context()))
		pass(61 * time.Minute)
		fresh := w.send("fresh")
		require.NoError(t, w.Drain(t.Context()))
		_, err := w.Delivery(t.Context(), old)
		require.ErrorIs(t, err, webhook.ErrNotFound)
		require.Equal(t, webhook.Delivered, w.state(fresh))

		wire.set(410)
		w.send("gone")
		require.NoError(t, w.Drain(t.Context()))
		other := newWorld(t, store, wire, webhook.Options{MaxPaused: 2})
		for i := range 2 {
			require.Equal(t, webhook.Paused, other.fire("other" + strconv.Itoa(i))[0].Decision)
		}
		pass(time.Minute)
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, webhook.Disabled, w.fire("one more")[0].Decision)
	})
}

// slowToRelease is a store that takes a second to take deliveries back.
type slowToRelease struct{ webhook.Store }

func (s slowToRelease) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	if cs[0].Attempt == nil {
		time.Sleep(time.Second)
	}
	return s.Store.Update(ctx, cs)
}

// What a Drain gave back, because an attempt to an endpoint that does not answer
// was under way, it attempts once that has ended, however long the store took to
// take it back.
func TestDrainAttemptsWhatItGaveBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			return nil, backoff.Permanent(errors.New("no such host"))
		}
		w := newWorld(t, slowToRelease{webhook.NewMemoryStore()}, wire, webhook.Options{})
		w.save(hook("a"))
		for i := range 12 {
			w.fire("doc" + strconv.Itoa(i))
		}
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 12, wire.count(""))
	})
}
