package webhook_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// panickingStore is a store whose methods panic while they are told to.
func panickingStore() *flaky {
	f := newFlaky()
	f.set(func(context.Context, string, []webhook.Change) error { panic("store") })
	return f
}

// A panic in the store is that call's error, wherever it is called from.
func TestPanicsInTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := panickingStore()
		wire := always(200)
		w := newWorld(t, store, wire, webhook.Options{})
		require.ErrorContains(t, w.SaveWebhook(t.Context(), hook("a")), "panic in the store: store")
		store.set(nil)
		w.save(hook("a"))
		fault := panickingStore().fault
		store.set(fault)
		_, err := w.Dispatch(t.Context(), webhook.Event{Type: webhook.OnUpdate, DocType: "Order", Name: "one"})
		require.ErrorContains(t, err, "panic in the store")
		_, err = w.Stats(t.Context())
		require.ErrorContains(t, err, "panic in the store")
		require.ErrorContains(t, w.Drain(t.Context()), "panic in the store")

		stop := w.run()
		pass(5 * time.Minute)
		store.set(nil)
		id := w.send("two")
		store.set(fault) // while it is attempted
		pass(10 * time.Second)
		store.set(nil)
		pass(5 * time.Minute)
		require.Equal(t, webhook.Delivered, w.state(id))
		stop()
	})
}

// handler is a slog.Handler that panics.
type handler struct{ slog.Handler }

func (handler) Handle(context.Context, slog.Record) error { panic("log") }

// A panic in the host's log handler fails nothing.
func TestPanicsInTheLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(410)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{
			Logger: slog.New(handler{slog.NewTextHandler(t.Output(), nil)}),
		})
		w.save(hook("a"), hook("b", func(w *webhook.Webhook) { w.Condition = "doc.a.b" }))
		stop := w.run()
		outcomes := w.fire("one")
		require.Equal(t, webhook.ConditionError, outcomes[1].Decision)
		pass(time.Second)
		require.Equal(t, webhook.Disabled, w.stands("a").State)
		stop()
	})
}

// A store that ignores its context does not keep Run and Drain for ever.
func TestStoreThatIgnoresItsContext(t *testing.T) {
	for _, call := range []string{"Webhooks", "Claim", "Update", "Count", "Prune", "PutWebhooks"} {
		t.Run(call, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := newFlaky()
				wire := newSwitched(200)
				w := newWorld(t, store, wire, webhook.Options{StopTimeout: 20 * time.Second, PollInterval: time.Second})
				w.save(hook("a"), hook("b"))
				w.fire("one")
				never := make(chan struct{})
				defer func() { close(never); time.Sleep(time.Minute) }() // the bubble waits for all goroutines
				store.set(func(_ context.Context, name string, _ []webhook.Change) error {
					if name == call {
						<-never
					}
					return nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				began := time.Now()
				err := w.Run(ctx)
				require.LessOrEqual(t, time.Since(began), 3*time.Minute+20*time.Second+15*time.Second)
				if time.Since(began) > 3*time.Minute+20*time.Second {
					require.ErrorContains(t, err, "context")
				}
				if err != nil && strings.Contains(err.Error(), "a call of the store") {
					require.ErrorContains(t, w.Run(t.Context()), "running already", "the old one has not ended")
				}
				ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began = time.Now()
				_ = w.Drain(ctx)
				require.LessOrEqual(t, time.Since(began), 75*time.Second)
			})
		})
	}
}

// doubling is a store that returns each row twice, and again in every claim until
// its lease is given back.
type doubling struct {
	*webhook.MemoryStore
	mu     sync.Mutex
	last   []webhook.Delivery
	claims int
}

func (s *doubling) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	ds, err := s.MemoryStore.Claim(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims++
	if len(ds) > 0 {
		s.last = slices.Clone(ds)
	}
	s.last = slices.DeleteFunc(s.last, func(d webhook.Delivery) bool {
		now, err := s.MemoryStore.Delivery(ctx, d.ID)
		return err != nil || now.Fence != d.Fence
	})
	return slices.Concat(ds, s.last), err
}

// What a store returns twice is attempted once, and no reason to ask it again
// and again.
func TestStoreThatReturnsRowsTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &doubling{MemoryStore: webhook.NewMemoryStore()}
		wire := &wire{answer: func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(10 * time.Second)
			return status(200)
		}}
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a"), hook("b"))
		w.fire("one")
		stop := w.run()
		pass(9 * time.Second)
		require.Equal(t, 2, wire.count(""))
		require.Less(t, store.claims, 50)
		stop()

		w.fire("two")
		err := w.Drain(t.Context())
		require.Error(t, err)
		require.False(t, errors.Is(err, context.Canceled))
		require.ErrorContains(t, err, "again")
		require.Equal(t, 4, wire.count(""))
	})
}

// panickingSealer panics while it is told to.
type panickingSealer struct{ on *atomic.Bool }

func (s panickingSealer) Seal(data, _ []byte) ([]byte, error) { return data, s.fail() }
func (s panickingSealer) Open(data, _ []byte) ([]byte, error) { return data, s.fail() }

func (s panickingSealer) fail() error {
	if s.on.Load() {
		panic("sealer")
	}
	return nil
}

// A panic in the Sealer is the error of what needed it, also in Run.
func TestPanicsInTheSealer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var on atomic.Bool
		opts := webhook.Options{Sealer: panickingSealer{&on}}
		wire, store := always(200), webhook.NewMemoryStore()
		w := newWorld(t, store, wire, opts)
		on.Store(true)
		require.ErrorContains(t, w.SaveWebhook(t.Context(), hook("a")), "panic in the sealer")
		on.Store(false)
		w.save(hook("a"))
		id := w.send("one")
		on.Store(true)
		other := newWorld(t, store, wire, opts)
		require.ErrorContains(t, other.Drain(t.Context()), "panic in the sealer")
		stop := other.run()
		pass(time.Minute)
		require.Equal(t, webhook.Pending, w.state(id))
		on.Store(false)
		pass(time.Minute)
		require.Equal(t, webhook.Delivered, w.state(id))
		stop()
	})
}
