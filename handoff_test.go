package webhook_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A running process sends what it dispatches without a claim.
func TestHandOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore()}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		before := w.send("before Run")
		stop := w.run()
		pass(time.Second)
		require.Equal(t, webhook.Delivered, w.state(before))
		claims, leased := store.count()
		require.Equal(t, 1, claims)
		require.Zero(t, leased)
		began := time.Now()
		for i := range 5 {
			id := w.send(fmt.Sprint("doc", i))
			synctest.Wait()
			require.Equal(t, began, time.Now(), "at once")
			pass(10 * time.Millisecond) // the answer, and that it is stored
			del := w.is(id)
			require.Equal(t, webhook.Delivered, del.State)
			require.True(t, del.LeaseUntil.IsZero())
			began = time.Now()
		}
		claims, leased = store.count()
		require.Equal(t, 1, claims)
		require.Equal(t, 5, leased)
		stop()
		require.NoError(t, w.Resend(w.ctx, before))
		w.send("after Run")
		_, leased = store.count()
		require.Equal(t, 5, leased, "nobody runs")
	})
}

// What cannot start soon, or may not be first in its line, is left to claims.
func TestNoHandOff(t *testing.T) {
	tests := []struct {
		name string
		hook webhook.Webhook
		opts webhook.Options
		code int
		send int
		want int // leased
	}{
		{"ordered", hook("a", ordered), webhook.Options{}, 200, 5, 0},
		{"more than there is room for", hook("a"), webhook.Options{Concurrency: 4, MaxHanging: -1}, hangs, 50, 7},
		{"disabled by the first", hook("a"), webhook.Options{}, 410, 1, 1},
		{"behind the gate", hook("a"), webhook.Options{}, 429, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := newSwitched(tt.code)
				answer := wire.answer
				wire.answer = func(ctx context.Context, s sending) (*webhook.Response, error) {
					r, err := answer(ctx, s)
					if r != nil && r.StatusCode == 429 {
						return status(429, "Retry-After", "60")
					}
					return r, err
				}
				store := &disk{MemoryStore: webhook.NewMemoryStore()}
				w := newWorld(t, store, wire, tt.opts)
				w.save(tt.hook)
				defer w.run()()
				pass(2 * time.Second)
				for i := range tt.send {
					w.fire(fmt.Sprint("doc", i))
				}
				synctest.Wait()
				w.fire("one more")
				synctest.Wait()
				_, leased := store.count()
				require.Equal(t, tt.want, leased)
			})
		})
	}
}

// A backlog goes first: nothing is handed off while something older may be due.
func TestNoHandOffBeforeABacklog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore()}
		wire := &wire{}
		wire.answer = func(ctx context.Context, _ sending) (*webhook.Response, error) {
			if err := wait(ctx, time.Second); err != nil {
				return nil, err
			}
			return status(200)
		}
		w := newWorld(t, store, wire, webhook.Options{Concurrency: 2, MaxHanging: -1, PerEndpoint: 2})
		w.save(hook("a"))
		for i := range 20 {
			w.fire(fmt.Sprint("old", i))
		}
		defer w.run()()
		pass(3500 * time.Millisecond)
		young := w.send("young")
		pass(time.Minute)
		sent := wire.all("")
		require.Equal(t, young, sent[len(sent)-1].ID)
	})
}

// What was handed off and not started when Run stops is given back.
func TestHandOffAndStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore()}
		w := newWorld(t, store, newSwitched(hangs),
			webhook.Options{Concurrency: 4, MaxHanging: -1, StopTimeout: time.Second})
		w.save(hook("a"))
		stop := w.run()
		pass(time.Second)
		var ids []string
		for i := range 7 {
			ids = append(ids, w.send(fmt.Sprint("doc", i)))
		}
		_, leased := store.count()
		require.Positive(t, leased)
		stop()
		for _, id := range ids {
			del := w.is(id)
			require.Equal(t, webhook.Pending, del.State)
			require.True(t, del.LeaseUntil.IsZero(), "its lease was given back")
			require.Zero(t, del.Attempts)
		}
	})
}

// When the store's answer is lost, the lease runs out and the delivery is sent.
func TestHandOffAnswerLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &forgetful{disk: &disk{MemoryStore: webhook.NewMemoryStore()}}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Second)
		store.forgets = true
		ev := change("doc")
		ev.ID = "evt-1"
		_, err := w.Dispatch(w.ctx, ev)
		require.ErrorIs(t, err, errRefused)
		store.forgets = false
		r, err := w.Dispatch(w.ctx, ev)
		require.NoError(t, err)
		require.Equal(t, webhook.Duplicate, r.Outcomes[0].Decision)
		id := r.Outcomes[0].DeliveryID
		pass(59 * time.Second)
		require.Equal(t, webhook.Pending, w.state(id))
		pass(3 * time.Second)
		require.Equal(t, webhook.Delivered, w.state(id))
		_, before := store.count()
		for i := range 200 {
			w.fire(fmt.Sprint("doc", i))
			pass(10 * time.Millisecond)
		}
		_, leased := store.count()
		require.Equal(t, 200, leased-before, "the room of what failed came back")
	})
}

// forgetful writes and says that it could not.
type forgetful struct {
	*disk
	forgets bool
}

func (f *forgetful) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	fresh, err := f.disk.Enqueue(ctx, ds)
	if f.forgets {
		return nil, errRefused
	}
	return fresh, err
}

// A transaction of the host's: what is enqueued in it appears when it commits.
type transaction struct {
	store *transactional
	rows  []webhook.Delivery
}

func (tx *transaction) commit() { _, _ = tx.store.MemoryStore.Enqueue(context.Background(), tx.rows) }

type transactionKey struct{}

// transactional is a store with a pool of one connection, which a transaction
// holds until it ends.
type transactional struct {
	*webhook.MemoryStore
	connection chan struct{}
	asked      atomic.Int64 // calls of Claim
	within     atomic.Int64 // calls of Webhooks in the transaction
}

func (s *transactional) begin(ctx context.Context) (context.Context, *transaction) {
	s.connection <- struct{}{}
	tx := &transaction{store: s}
	return context.WithValue(ctx, transactionKey{}, tx), tx
}

// InTransaction implements [webhook.Transactor].
func (s *transactional) InTransaction(ctx context.Context) bool {
	return ctx.Value(transactionKey{}) != nil
}

// use waits for the connection.
func (s *transactional) use(ctx context.Context, f func()) error {
	if s.InTransaction(ctx) {
		f()
		return nil
	}
	select {
	case s.connection <- struct{}{}:
		defer func() { <-s.connection }()
		f()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *transactional) Webhooks(ctx context.Context, seen webhook.Revision) (
	recs []webhook.WebhookRecord, rev webhook.Revision, err error) {
	busy := s.use(ctx, func() {
		if s.InTransaction(ctx) {
			s.within.Add(1)
		}
		recs, rev, err = s.MemoryStore.Webhooks(ctx, seen)
	})
	if busy != nil {
		return nil, webhook.Revision{}, busy
	}
	return recs, rev, err
}

func (s *transactional) Enqueue(ctx context.Context, ds []webhook.Delivery) (fresh []bool, err error) {
	if tx, ok := ctx.Value(transactionKey{}).(*transaction); ok {
		for i := range ds {
			tx.rows, fresh = append(tx.rows, ds[i]), append(fresh, true)
		}
		return fresh, nil
	}
	busy := s.use(ctx, func() { fresh, err = s.MemoryStore.Enqueue(ctx, ds) })
	if busy != nil {
		return nil, busy
	}
	return fresh, err
}

func (s *transactional) Claim(ctx context.Context, c webhook.Claim) (ds []webhook.Delivery, err error) {
	busy := s.use(ctx, func() {
		s.asked.Add(1)
		ds, err = s.MemoryStore.Claim(ctx, c)
	})
	if busy != nil {
		return nil, busy
	}
	return ds, err
}

// In a host's transaction nothing is leased or joined, nobody is waited for, and
// what it committed is found soon, although nobody tells.
func TestDispatchInATransaction(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &transactional{MemoryStore: webhook.NewMemoryStore(), connection: make(chan struct{}, 1)}
		w := newWorld(t, store, newAnswers(), webhook.Options{PollInterval: time.Minute})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Hour + time.Second/2)

		ctx, tx := store.begin(w.ctx)
		go func() { _, _ = w.Dispatch(w.ctx, change("waits for the connection")) }()
		pass(2 * time.Second) // so that Dispatch looks for changed webhooks
		began := time.Now()
		r, err := w.Dispatch(ctx, change("in it"))
		require.NoError(t, err)
		require.Equal(t, began, time.Now())
		require.Positive(t, store.within.Load())
		require.Len(t, tx.rows, 1)
		require.Empty(t, tx.rows[0].Owner)
		require.True(t, tx.rows[0].LeaseUntil.IsZero())
		tx.commit()
		<-store.connection
		pass(50 * time.Millisecond)
		require.Equal(t, webhook.Delivered, w.state(r.Outcomes[0].DeliveryID))
		pass(time.Minute)
		asked := store.asked.Load()
		pass(30 * time.Minute)
		require.Less(t, store.asked.Load()-asked, int64(65), "polling has slowed down")
	})
}

// A dispatcher that has read no webhooks yet reads them in the transaction, also
// while another caller waits for the connection.
func TestFirstDispatchInATransaction(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &transactional{MemoryStore: webhook.NewMemoryStore(), connection: make(chan struct{}, 1)}
		newWorld(t, store, newAnswers(), webhook.Options{}).save(hook("a"))
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		ctx, tx := store.begin(w.ctx)
		other := make(chan error, 1)
		go func() {
			_, err := w.Dispatch(w.ctx, change("waits"))
			other <- err
		}()
		synctest.Wait()
		_, err := w.Dispatch(ctx, change("in it"))
		require.NoError(t, err)
		require.Len(t, tx.rows, 1)
		<-store.connection
		require.NoError(t, <-other)
	})
}

// A Drain beside a Run leaves the hand-off to the Run.
func TestDrainBesideRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &disk{MemoryStore: webhook.NewMemoryStore()}
		w := newWorld(t, store, newAnswers(), webhook.Options{PollInterval: time.Hour})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Second)
		require.NoError(t, w.Drain(w.ctx))
		for i := range 5 {
			id := w.send(fmt.Sprint("doc", i))
			pass(time.Second)
			require.Equal(t, webhook.Delivered, w.state(id))
		}
		_, leased := store.count()
		require.Equal(t, 5, leased)
	})
}

// Dispatch in one transaction after another, however fast, does not put off the
// poll.
func TestManyTransactions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &transactional{MemoryStore: webhook.NewMemoryStore(), connection: make(chan struct{}, 1)}
		w := newWorld(t, store, newAnswers(), webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Second)
		var first string
		for i := range 3000 {
			ctx, tx := store.begin(w.ctx)
			r, err := w.Dispatch(ctx, change(fmt.Sprint("doc", i)))
			require.NoError(t, err)
			if i == 0 {
				first = r.Outcomes[0].DeliveryID
			}
			tx.commit()
			<-store.connection
			pass(2 * time.Millisecond)
		}
		require.Equal(t, webhook.Delivered, w.state(first))
	})
}

// A store that ends the goroutine, as a test's FailNow does.
type quitting struct {
	*disk
	quits atomic.Bool
}

func (q *quitting) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	if err := wait(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	if q.quits.Load() {
		runtime.Goexit()
	}
	return q.disk.Enqueue(ctx, ds)
}

// A store that ends its goroutine fails the calls it was asked for, and neither
// later ones nor the hand-off.
func TestJoinedEnqueueQuits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &quitting{disk: &disk{MemoryStore: webhook.NewMemoryStore()}}
		w := newWorld(t, store, newAnswers(), webhook.Options{Concurrency: 4})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Second)
		store.quits.Store(true)
		for range 20 {
			var group sync.WaitGroup
			for i := range 5 {
				group.Go(func() {
					ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
					defer cancel()
					_, err := w.Dispatch(ctx, change(fmt.Sprint("doc", i)))
					require.Error(t, err)
					require.NoError(t, ctx.Err())
				})
			}
			group.Wait()
		}
		store.quits.Store(false)
		for i := range 20 {
			w.fire(fmt.Sprint("doc", i))
			pass(100 * time.Millisecond)
		}
		_, leased := store.count()
		require.Equal(t, 20, leased)
	})
}

// half fails, and says of each row that it is new.
type half struct {
	*disk
	on atomic.Bool
}

func (h *half) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	if h.on.Load() {
		fresh := make([]bool, len(ds))
		for i := range fresh {
			fresh[i] = true
		}
		return fresh, errDown
	}
	return h.disk.Enqueue(ctx, ds)
}

// What comes beside an error says nothing.
func TestFailedEnqueueIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &half{disk: &disk{MemoryStore: webhook.NewMemoryStore()}}
		wire := always(200)
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		pass(time.Second)
		store.on.Store(true)
		_, err := w.Dispatch(w.ctx, change("doc"))
		require.ErrorIs(t, err, errDown)
		pass(time.Minute)
		require.Zero(t, wire.count(""))
	})
}

// A burst for a slow webhook is not leased to this process because others are
// fast: it would keep what other processes could send.
func TestHandOffGoesByTheWebhooksOwnPace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		w := newWorld(t, store, &wire{answer: func(ctx context.Context, s sending) (*webhook.Response, error) {
			takes := time.Millisecond
			if s.Webhook == "slow" {
				takes = time.Second
			}
			if err := wait(ctx, takes); err != nil {
				return nil, err
			}
			return status(200)
		}}, webhook.Options{})
		w.save(hook("slow"), hook("fast", func(w *webhook.Webhook) { w.DocType = "Fast" }))
		stop := w.run()
		w.fire("first")
		pass(3 * time.Second)
		for i := range 3000 {
			_, err := w.Dispatch(w.ctx, webhook.Event{Type: webhook.OnUpdate, DocType: "Fast", Name: fmt.Sprint(i)})
			require.NoError(t, err)
			if i%50 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		for i := range 1000 {
			w.fire(fmt.Sprint("burst", i))
		}
		pass(100 * time.Millisecond)
		ds, err := store.Deliveries(w.ctx, webhook.DeliveryQuery{
			Webhook: "slow", States: []webhook.State{webhook.Pending}, Limit: 1000,
		})
		require.NoError(t, err)
		require.Len(t, ds, 1000)
		leased := 0
		for _, d := range ds {
			if !d.LeaseUntil.IsZero() {
				leased++
			}
		}
		require.Less(t, leased, 600, "what was on the way, a claim, and a little more")
		stop()
	})
}
