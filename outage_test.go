package webhook_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A flaky store fails, or waits first, as the test says, and counts the calls.
type flaky struct {
	*webhook.MemoryStore

	mu    sync.Mutex // guards the fields below
	calls map[string]int
	fault func(ctx context.Context, call string, cs []webhook.Change) error
}

func newFlaky() *flaky {
	return &flaky{MemoryStore: webhook.NewMemoryStore(), calls: map[string]int{}}
}

// set changes what goes wrong; nil: nothing.
func (f *flaky) set(fault func(context.Context, string, []webhook.Change) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// total returns how often the store was called, and begins anew.
func (f *flaky) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, calls := range f.calls {
		n += calls
	}
	clear(f.calls)
	return n
}

func (f *flaky) call(ctx context.Context, name string, cs ...webhook.Change) error {
	f.mu.Lock()
	f.calls[name]++
	fault := f.fault
	f.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(ctx, name, cs)
}

func (f *flaky) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	if err := f.call(ctx, "Webhooks"); err != nil {
		return nil, webhook.Revision{}, err
	}
	return f.MemoryStore.Webhooks(ctx, seen)
}

func (f *flaky) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	if err := f.call(ctx, "PutWebhooks"); err != nil {
		return err
	}
	return f.MemoryStore.PutWebhooks(ctx, recs...)
}

func (f *flaky) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	if err := f.call(ctx, "Enqueue"); err != nil {
		return nil, err
	}
	return f.MemoryStore.Enqueue(ctx, ds)
}

func (f *flaky) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	if err := f.call(ctx, "Claim"); err != nil {
		return nil, err
	}
	return f.MemoryStore.Claim(ctx, c)
}

func (f *flaky) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	if err := f.call(ctx, "Update", cs...); err != nil {
		return nil, err
	}
	return f.MemoryStore.Update(ctx, cs)
}

func (f *flaky) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	if err := f.call(ctx, "Delivery"); err != nil {
		return nil, err
	}
	return f.MemoryStore.Delivery(ctx, id)
}

func (f *flaky) Count(ctx context.Context, name string) (webhook.Counts, error) {
	if err := f.call(ctx, "Count"); err != nil {
		return webhook.Counts{}, err
	}
	return f.MemoryStore.Count(ctx, name)
}

func (f *flaky) Prune(ctx context.Context, p webhook.Prune) (int, error) {
	if err := f.call(ctx, "Prune"); err != nil {
		return 0, err
	}
	return f.MemoryStore.Prune(ctx, p)
}

func fails(context.Context, string, []webhook.Change) error { return errDown }

// slow answers after a minute, or when its caller has no more patience.
func slow(ctx context.Context, _ string, _ []webhook.Change) error {
	select {
	case <-time.After(time.Minute):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestStoreOutage(t *testing.T) {
	tests := []struct {
		name  string
		fault func(context.Context, string, []webhook.Change) error
	}{
		{"it fails", fails},
		{"it is slow", slow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := newFlaky()
				wire := &wire{}
				wire.answer = func(context.Context, sending) (*webhook.Response, error) {
					time.Sleep(2 * time.Second)
					return status(200)
				}
				w := newWorld(t, store, wire, webhook.Options{})
				w.save(hook("a"))
				var ids []string
				for i := range 50 {
					ids = append(ids, w.send(strconv.Itoa(i)))
				}
				defer w.run()()
				pass(time.Second) // some are in flight
				store.total()
				store.set(tt.fault)
				pass(time.Minute)
				calls := store.total()
				store.set(nil)
				require.Less(t, calls, 400, "it must not spin")
				pass(5 * time.Minute)
				for _, id := range ids {
					require.Equal(t, webhook.Delivered, w.state(id))
				}
				again := w.send("after")
				pass(time.Second)
				require.Equal(t, webhook.Pending, w.state(again), "in flight")
				pass(2 * time.Second)
				require.Equal(t, webhook.Delivered, w.state(again))
			})
		})
	}
}

// While the store fails, Run asks it again half a minute later at the latest.
func TestRunAsksAFailingStoreAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		var asked []time.Time
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		stop := w.run()
		pass(time.Second)
		store.set(func(_ context.Context, call string, _ []webhook.Change) error {
			if call == "Claim" {
				asked = append(asked, time.Now())
			}
			return errDown
		})
		pass(time.Hour)
		stop()
		require.Greater(t, len(asked), 100)
		for i := range asked[1:] {
			require.LessOrEqual(t, asked[i+1].Sub(asked[i]), 31*time.Second)
		}
	})
}

// A store that is down when Run begins is waited for.
func TestRunOutlivesAnOutageAtItsStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		wire := always(200)
		boot := newWorld(t, store, wire, webhook.Options{})
		boot.save(hook("a"))
		id := boot.send("one")
		store.set(fails)
		w := newWorld(t, store, wire, webhook.Options{})
		defer w.run()()
		store.total()
		pass(10 * time.Minute)
		require.Less(t, store.total(), 200)
		store.set(nil)
		pass(time.Minute)
		require.Equal(t, webhook.Delivered, w.state(id))
	})
}

func TestDrainReturnsTheStoresError(t *testing.T) {
	for _, call := range []string{"Webhooks", "Claim"} {
		bubble(t, func(t *testing.T) {
			store := newFlaky()
			w := newWorld(t, store, always(200), webhook.Options{})
			newWorld(t, store, always(200), webhook.Options{}).save(hook("a"))
			store.set(func(_ context.Context, c string, _ []webhook.Change) error {
				if c == call {
					return errDown
				}
				return nil
			})
			require.ErrorIs(t, w.Drain(t.Context()), errDown, call)
		})
	}
}

// A log entry that cannot be written never undoes what happened.
func TestLogThatCannotBeWritten(t *testing.T) {
	tests := []struct {
		name string
		code int
		want webhook.State
	}{
		{"delivered", 200, webhook.Delivered},
		{"failed", 400, webhook.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := newFlaky()
				wire := always(tt.code)
				w := newWorld(t, store, wire, webhook.Options{})
				w.save(hook("a"))
				id := w.send("one")
				store.set(func(_ context.Context, _ string, cs []webhook.Change) error {
					for _, c := range cs {
						if c.Attempt != nil {
							return errDown
						}
					}
					return nil
				})
				defer w.run()()
				pass(5 * time.Minute)
				require.Equal(t, tt.want, w.state(id))
				require.Equal(t, 1, wire.count("a"))
				require.Empty(t, w.log(id))
			})
		})
	}
}

// What waits for a place costs the store nothing.
func TestWaitingForAPlaceDoesNotSpin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		wire := newSwitched(breaks)
		w := newWorld(t, store, wire, webhook.Options{Concurrency: 2, MaxHanging: -1})
		hooks := []webhook.Webhook{}
		for i := range 12 {
			hooks = append(hooks, hook("h"+strconv.Itoa(i)))
		}
		w.save(hooks...)
		w.fire("one")
		w.fire("two")
		stop := w.run()
		pass(4 * time.Second) // no endpoint has answered
		wire.set(hangs)
		pass(3 * time.Second)
		require.Equal(t, 2, wire.inFlight())
		guard := 0
		store.set(func(context.Context, string, []webhook.Change) error {
			if guard++; guard > 10_000 {
				time.Sleep(time.Second) // so that a spin shows as a number and not as a hang
			}
			return nil
		})
		store.total()
		pass(10 * time.Second)
		require.Less(t, store.total(), 400)
		stop()
	})
}

func TestIdleRunAsksSeldom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		w.send("one")
		pass(time.Minute)
		store.total()
		pass(time.Minute)
		require.Less(t, store.total(), 60*4)
	})
}

// The deliveries of a webhook that this process does not know, and cannot read
// now, hold up nobody else's.
func TestUnreadableWebhookOfAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		wire := always(200)
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Second)
		other := newWorld(t, store, wire, webhook.Options{})
		other.save(hook("b", func(b *webhook.Webhook) { b.DocType = "Item" }))
		store.set(func(ctx context.Context, call string, _ []webhook.Change) error {
			if call != "Webhooks" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		for i := range 200 {
			ev := change(strconv.Itoa(i))
			ev.DocType = "Item"
			_, err := other.Dispatch(w.ctx, ev)
			require.NoError(t, err)
		}
		for i := range 30 {
			id := w.send(strconv.Itoa(i))
			pass(5 * time.Second)
			require.Equal(t, webhook.Delivered, w.state(id))
		}
		require.Less(t, store.total(), 1500, "it does not spin")
		store.set(nil)
		pass(time.Minute)
		require.Equal(t, 200, wire.count("b"))
	})
}
