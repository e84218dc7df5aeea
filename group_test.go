package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// disk is a store that takes a while for each Enqueue and Update, as a disk
// does, and remembers how many rows each brought.
type disk struct {
	*webhook.MemoryStore
	takes  time.Duration
	stores time.Duration // of Update, beside takes
	refuse string        // fails for a document of that name

	mu       sync.Mutex // guards the fields below
	enqueued []int
	updated  []int
	updates  []time.Time // when these began
	leased   int         // of the rows that came leased
	claims   int
	panics   bool
}

var errRefused = errors.New("refused")

func (s *disk) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	s.mu.Lock()
	s.enqueued = append(s.enqueued, len(ds))
	panics := s.panics
	s.mu.Unlock()
	if err := wait(ctx, s.takes); err != nil {
		return nil, err
	}
	if panics {
		panic("out of order")
	}
	for i := range ds {
		if s.refuse != "" && ds[i].DocName == s.refuse {
			return nil, errRefused
		}
		if ds[i].Owner != "" {
			s.mu.Lock()
			s.leased++
			s.mu.Unlock()
		}
	}
	return s.MemoryStore.Enqueue(ctx, ds)
}

func (s *disk) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	s.mu.Lock()
	if cs[0].Attempt != nil { // else it gives back what a claim brought
		s.updated, s.updates = append(s.updated, len(cs)), append(s.updates, time.Now())
	}
	takes := s.takes + s.stores
	s.mu.Unlock()
	if err := wait(ctx, takes); err != nil {
		return nil, err
	}
	return s.MemoryStore.Update(ctx, cs)
}

func (s *disk) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	ds, err := s.MemoryStore.Claim(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims += len(ds)
	return ds, err
}

func (s *disk) count() (claims, leased int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims, s.leased
}

// change is an update of a document.
func change(name string) webhook.Event {
	return webhook.Event{Type: webhook.OnUpdate, DocType: "Order", Name: name, Doc: map[string]any{}}
}

// wait waits for a while, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 { // two timers that are due at once crash Go 1.26's race detector in a bubble
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The calls that come while one is under way are written together.
func TestEnqueuesAreJoined(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: 10 * time.Millisecond}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		var group sync.WaitGroup
		for i := range 1001 {
			group.Go(func() {
				r, err := w.Dispatch(w.ctx, change(fmt.Sprint("doc", i)))
				require.NoError(t, err)
				require.Equal(t, webhook.Queued, r.Outcomes[0].Decision)
			})
		}
		began := time.Now()
		group.Wait()
		require.Equal(t, []int{1, 512, 488}, store.enqueued)
		require.Equal(t, 30*time.Millisecond, time.Since(began))
		store.enqueued = nil
		w.fire("later")
		require.Equal(t, []int{1}, store.enqueued, "alone, at once")
	})
}

// None fails for what another brought.
func TestJoinedEnqueueFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: 10 * time.Millisecond, refuse: "doc5"}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				_, err := w.Dispatch(w.ctx, change(fmt.Sprint("doc", i)))
				if i == 5 {
					require.ErrorIs(t, err, errRefused)
				} else {
					require.NoError(t, err)
				}
			})
		}
		group.Wait()
		counts, err := store.Count(w.ctx, "")
		require.NoError(t, err)
		require.Equal(t, 9, counts.ByState[webhook.Pending])
	})
}

// A caller whose context ends gets its error at once; the others' calls go on,
// and a call that nobody waits for any more is broken off.
func TestJoinedEnqueueCanceled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: 800 * time.Millisecond}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		began := time.Now()
		dispatch := func(name string, patience time.Duration) (err error) {
			ctx, cancel := context.WithTimeout(w.ctx, patience)
			defer cancel()
			_, err = w.Dispatch(ctx, change(name))
			return err
		}
		var group sync.WaitGroup
		group.Go(func() { require.NoError(t, dispatch("first", 2*time.Second)) })
		synctest.Wait()
		group.Go(func() {
			require.ErrorIs(t, dispatch("never written", 100*time.Millisecond), context.DeadlineExceeded)
			require.Equal(t, 100*time.Millisecond, time.Since(began))
		})
		group.Go(func() {
			require.ErrorIs(t, dispatch("in vain", 1200*time.Millisecond), context.DeadlineExceeded)
			require.Equal(t, 1200*time.Millisecond, time.Since(began))
		})
		group.Go(func() { require.NoError(t, dispatch("together", 3*time.Second)) })
		group.Wait()
		require.Equal(t, []int{1, 2}, store.enqueued)
		require.Equal(t, 1600*time.Millisecond, time.Since(began))

		began = time.Now()
		group.Go(func() { require.Error(t, dispatch("alone", 100*time.Millisecond)) })
		synctest.Wait()
		group.Go(func() { require.Error(t, dispatch("broken off", 200*time.Millisecond)) })
		group.Wait()
		store.takes = 0
		require.NoError(t, dispatch("after", time.Minute))
		require.Equal(t, 200*time.Millisecond, time.Since(began))
	})
}

// A call that hangs holds up nobody for longer than a second.
func TestJoinedEnqueueHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: 24 * time.Hour}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		began := time.Now()
		var group sync.WaitGroup
		dispatch := func(name string, takes time.Duration) {
			group.Go(func() {
				_, err := w.Dispatch(w.ctx, change(name))
				require.NoError(t, err)
				require.Equal(t, takes, time.Since(began))
			})
			synctest.Wait()
		}
		dispatch("hangs", 24*time.Hour)
		store.takes = 0
		dispatch("waits", time.Second)
		dispatch("waits with it", time.Second)
		time.Sleep(2 * time.Second)
		dispatch("comes later", 2*time.Second)
		dispatch("comes last", 2*time.Second)
		group.Wait()
		counts, err := store.Count(w.ctx, "")
		require.NoError(t, err)
		require.Equal(t, 5, counts.ByState[webhook.Pending])
	})
}

// A store that panics fails the calls it was asked for, and none later.
func TestJoinedEnqueuePanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: time.Millisecond, panics: true}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				_, err := w.Dispatch(w.ctx, change("doc"))
				require.ErrorContains(t, err, "panic in the store: out of order")
			})
		}
		group.Wait()
		store.panics = false
		_, err := w.Dispatch(w.ctx, change("doc"))
		require.NoError(t, err)
	})
}

func TestUpdatesAreJoined(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: 10 * time.Millisecond}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		for i := range 33 {
			w.fire(fmt.Sprint("doc", i))
		}
		require.NoError(t, w.Drain(w.ctx))
		total := 0
		for _, n := range store.updated {
			total += n
		}
		require.Equal(t, 33, total)
		require.Less(t, len(store.updated), 10)
	})
}

// held is a store in which a transaction that has dispatched for a document to an
// ordered webhook is open: whoever does the same waits, and gives up.
type held struct {
	*webhook.MemoryStore
	document string
}

const heldFor = 5 * time.Second

func (s *held) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	for i := range ds {
		if ds[i].Line != "" && ds[i].DocName == s.document {
			if err := wait(ctx, heldFor); err != nil {
				return nil, err
			}
			return nil, errRefused
		}
	}
	return s.MemoryStore.Enqueue(ctx, ds)
}

// Who waits for a transaction holds up nobody but those for documents of ordered
// webhooks that came at the same moment.
func TestNobodyWaitsForALineButItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, &held{MemoryStore: webhook.NewMemoryStore(), document: "held"},
			newAnswers(), webhook.Options{})
		w.save(hook("a"))
		w.save(hook("b", ordered, func(h *webhook.Webhook) { h.DocType = "Ledger" }))
		var mu sync.Mutex
		took := map[string]time.Duration{}
		var group sync.WaitGroup
		dispatch := func(docType, name string) {
			group.Go(func() {
				ev, began := change(name), time.Now()
				ev.DocType = docType
				_, err := w.Dispatch(w.ctx, ev)
				mu.Lock()
				defer mu.Unlock()
				took[name] = time.Since(began)
				if name == "held" {
					require.ErrorIs(t, err, errRefused)
				} else {
					require.NoError(t, err)
				}
			})
		}
		dispatch("Ledger", "held")
		time.Sleep(time.Millisecond)
		for i := range 20 {
			dispatch("Order", fmt.Sprint("free ", i))
		}
		dispatch("Ledger", "beside")
		group.Wait()
		for i := range 20 {
			require.Zero(t, took[fmt.Sprint("free ", i)])
		}
		require.LessOrEqual(t, took["beside"], time.Second, "it goes past a call that hangs")
	})
}

// Of calls that failed together, each is written alone, and none waits until
// another has failed alone too.
func TestNoneWaitsForOneThatFailsAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore(), takes: 10 * time.Millisecond, refuse: "refused"}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		var group sync.WaitGroup
		began := time.Now()
		for i := range 11 {
			group.Go(func() {
				name := fmt.Sprint("doc ", i)
				if i == 5 {
					name = "refused"
				}
				_, err := w.Dispatch(w.ctx, change(name))
				require.Equal(t, name == "refused", errors.Is(err, errRefused))
			})
			if i == 0 {
				time.Sleep(time.Millisecond) // it is written alone, the others after it
			}
		}
		group.Wait()
		require.Equal(t, 30*time.Millisecond, time.Since(began))
	})
}

// Enqueue and Update take turns, so that each finds more to write together; one
// that hangs loses its turn.
func TestGroupsTakeTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &alternating{disk: disk{MemoryStore: webhook.NewMemoryStore(), takes: 10 * time.Millisecond}}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		stop := w.run()
		pass(time.Second)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for k := range 20 {
					_, err := w.Dispatch(w.ctx, change(fmt.Sprint("doc", i, "-", k)))
					require.NoError(t, err)
				}
			})
		}
		group.Wait()
		pass(time.Second)
		require.NotEmpty(t, store.updated)
		require.Zero(t, store.overlaps.Load())

		store.hangs.Store(true)
		w.fire("updated never")
		pass(time.Millisecond)
		began := time.Now()
		w.fire("later")
		require.Less(t, time.Since(began), 2*time.Second)
		store.hangs.Store(false)
		pass(time.Hour)
		stop()
	})
}

// alternating counts calls that begin while another kind is under way.
type alternating struct {
	disk
	hangs    atomic.Bool // Update takes a minute
	enqueues atomic.Int32
	updates  atomic.Int32
	overlaps atomic.Int32
}

func (s *alternating) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	s.enqueues.Add(1)
	defer s.enqueues.Add(-1)
	s.overlaps.Add(s.updates.Load())
	return s.disk.Enqueue(ctx, ds)
}

func (s *alternating) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	s.updates.Add(1)
	defer s.updates.Add(-1)
	s.overlaps.Add(s.enqueues.Load())
	if s.hangs.Load() {
		if err := wait(ctx, time.Minute); err != nil {
			return nil, err
		}
	}
	return s.disk.Update(ctx, cs)
}
