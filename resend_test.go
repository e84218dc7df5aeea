package webhook_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

func TestResend(t *testing.T) {
	tests := []struct {
		name string
		code int
		end  func(w *world, id string) error
		from webhook.State
	}{
		{"Delivered", 200, nil, webhook.Delivered},
		{"Failed", 400, nil, webhook.Failed},
		{"Exhausted", 500, nil, webhook.Exhausted},
		{"Canceled", 500, func(w *world, id string) error { return w.Cancel(w.ctx, id) }, webhook.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := newSwitched(tt.code)
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
				w.save(hook("a", retries(webhook.RetryPolicy{
					Schedule: []time.Duration{time.Minute}, Jitter: -1, MaxAge: time.Hour,
				})))
				defer w.run()()
				id := w.send("one")
				pass(5 * time.Minute)
				if tt.end != nil {
					require.NoError(t, tt.end(w, id))
				}
				require.Equal(t, tt.from, w.state(id))
				made := w.is(id).Attempts
				pass(2 * time.Hour) // longer than its age

				wire.set(500)
				require.NoError(t, w.Resend(t.Context(), id))
				pass(5 * time.Minute)
				del := w.is(id)
				require.Equal(t, webhook.Exhausted, del.State)
				require.Equal(t, webhook.ReasonAttempts, del.Reason, "a fresh budget of attempts and age")
				require.Equal(t, made+2, del.Attempts)
				for i, s := range wire.all("a") {
					require.Equal(t, i+1, s.Attempt, "numbers go on")
					require.Equal(t, id, s.ID)
					require.Equal(t, wire.all("a")[0].Body, s.Body)
				}
				wire.set(200)
				require.NoError(t, w.Resend(t.Context(), id))
				pass(time.Second)
				require.Equal(t, webhook.Delivered, w.state(id))
			})
		})
	}
}

func TestResendAndCancelRefuse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(hangs)
		w := newWorld(t, webhook.NewMemoryStore(), wire,
			webhook.Options{Retention: webhook.Retention{Delivered: time.Hour}})
		w.save(hook("a"))
		id := w.send("one")
		stop := w.run()
		pass(time.Second)
		require.ErrorIs(t, w.Resend(t.Context(), id), webhook.ErrInFlight)
		wire.set(200)
		pass(time.Minute)
		require.Equal(t, webhook.Delivered, w.state(id))
		require.ErrorIs(t, w.Cancel(t.Context(), id), webhook.ErrState)
		pass(2 * time.Hour)
		stop()
		err := w.Resend(t.Context(), id)
		require.ErrorIs(t, err, webhook.ErrPruned)
		require.ErrorIs(t, err, webhook.ErrNotFound)
		require.ErrorIs(t, w.Cancel(t.Context(), id), webhook.ErrNotFound)
		_, err = w.Delivery(t.Context(), id)
		require.ErrorIs(t, err, webhook.ErrNotFound)
	})
}

func TestResendAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(400)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a"))
		for i := range 1200 { // more than a page
			w.send(strconv.Itoa(i))
		}
		require.NoError(t, w.Drain(t.Context()))
		wire.set(200)
		for i := range 30 {
			w.send("well" + strconv.Itoa(i))
		}
		require.NoError(t, w.Drain(t.Context()))
		n, err := w.ResendAll(t.Context(), webhook.DeliveryQuery{Webhook: "b"})
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = w.ResendAll(t.Context(), webhook.DeliveryQuery{Webhook: "a", Limit: 10})
		require.NoError(t, err)
		require.Equal(t, 1200, n)
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 2430, wire.count("a"))
		n, err = w.ResendAll(t.Context(), webhook.DeliveryQuery{States: []webhook.State{webhook.Delivered}})
		require.NoError(t, err)
		require.Equal(t, 1230, n)
	})
}

// No attempt begins after Cancel returned, whatever was claimed by whom.
func TestCancelOfWhatIsQueued(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(300 * time.Millisecond)
			return status(200)
		}
		store := webhook.NewMemoryStore()
		w := newWorld(t, store, wire, webhook.Options{})
		other := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a", one))
		var ids []string
		for i := range 30 {
			ids = append(ids, w.send(strconv.Itoa(i)))
		}
		defer w.run()()
		defer other.run()()
		pass(time.Second)
		returned := make(chan time.Time, len(ids))
		for _, id := range ids {
			go func() {
				_ = other.Cancel(t.Context(), id)
				returned <- time.Now()
			}()
		}
		last := time.Now()
		for range ids {
			last = <-returned
		}
		require.LessOrEqual(t, last.Sub(w.began), 2*time.Second+100*time.Millisecond)
		made := wire.count("a")
		require.Less(t, made, 20)
		pass(time.Hour)
		require.Equal(t, made, wire.count("a"))
		for _, id := range ids {
			require.Contains(t, []webhook.State{webhook.Delivered, webhook.Canceled}, w.state(id))
		}
	})
}

// A second Cancel promises no less than the first, which still waits.
func TestCancelTwiceAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		claimed, err := store.Claim(t.Context(), webhook.Claim{
			Now: time.Now(), Lease: time.Minute, Owner: "another process", Limit: 1,
		})
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		began := time.Now()
		took := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				_ = w.Cancel(t.Context(), id)
				took <- time.Since(began)
			}()
			pass(100 * time.Millisecond)
		}
		require.GreaterOrEqual(t, <-took, time.Second)
		require.GreaterOrEqual(t, <-took, time.Second)
		pass(time.Second)
		again := time.Now()
		require.NoError(t, w.Cancel(t.Context(), id))
		require.Zero(t, time.Since(again), "nothing was leased a second ago")
	})
}

// A delivery that is canceled during its attempt stays canceled.
func TestCancelInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(10 * time.Second)
			return status(500)
		}
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		defer w.run()()
		pass(time.Second)
		require.NoError(t, w.Cancel(t.Context(), id))
		require.NoError(t, w.Cancel(t.Context(), id), "twice is once")
		pass(time.Hour)
		require.Equal(t, webhook.Canceled, w.state(id))
		require.Equal(t, webhook.ReasonCanceled, w.is(id).Reason)
		require.Equal(t, 1, wire.count("a"))
		require.NoError(t, w.Resend(t.Context(), id))
		pass(time.Minute)
		require.Greater(t, wire.count("a"), 1)
	})
}

func TestDeleteCancels(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(500)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", retries(webhook.RetryPolicy{Schedule: []time.Duration{time.Hour}})))
		defer w.run()()
		retry := w.send("one")
		pass(time.Second)
		require.NoError(t, w.Disable(t.Context(), "a", ""))
		pass(2 * time.Hour)
		require.Equal(t, webhook.Paused, w.state(retry))
		require.NoError(t, w.DeleteWebhook(t.Context(), "a"))
		require.Equal(t, webhook.Canceled, w.state(retry))
		require.Equal(t, webhook.ReasonWebhookDeleted, w.is(retry).Reason)
		require.Len(t, w.log(retry), 1, "the log stays")
		_, err := w.Status(t.Context(), "a")
		require.ErrorIs(t, err, webhook.ErrNotFound)
		require.ErrorIs(t, w.DeleteWebhook(t.Context(), "a"), webhook.ErrNotFound)

		w.save(hook("a")) // another one of that name
		require.Equal(t, webhook.Active, w.stands("a").State)
		require.NoError(t, w.DeleteWebhook(t.Context(), "a"))
		require.NoError(t, w.Resend(t.Context(), retry))
		pass(time.Minute)
		require.Equal(t, webhook.Canceled, w.state(retry))
		require.Equal(t, 1, wire.count("a"))
	})
}

func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name string
		keep webhook.Retention
		code int
		age  time.Duration
		want int // of ten
	}{
		{"delivered, young", webhook.Retention{}, 200, 29 * day, 10},
		{"delivered, old", webhook.Retention{}, 200, 31 * day, 0},
		{"failed, young", webhook.Retention{}, 400, 89 * day, 10},
		{"failed, old", webhook.Retention{}, 400, 91 * day, 0},
		{"of its own", webhook.Retention{Delivered: day}, 200, 2 * day, 0},
		{"the others' own", webhook.Retention{Delivered: day}, 400, 2 * day, 10},
		{"for ever", webhook.Retention{Delivered: -1}, 200, 200 * day, 10},
		{"the newest", webhook.Retention{PerWebhook: 3}, 200, time.Hour, 3},
		{"all", webhook.Retention{PerWebhook: -1}, 200, time.Hour, 10},
		{"never what waits", webhook.Retention{Other: time.Hour, PerWebhook: 1}, 500, 3 * time.Hour, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, webhook.NewMemoryStore(), always(tt.code), webhook.Options{Retention: tt.keep})
				w.save(hook("a", retries(webhook.RetryPolicy{Schedule: []time.Duration{5 * time.Hour}})))
				for i := range 10 {
					w.send(strconv.Itoa(i))
				}
				require.NoError(t, w.Drain(t.Context()))
				pass(tt.age)
				stop := w.run()
				pass(2 * time.Minute)
				stop()
				ds, err := w.Deliveries(t.Context(), webhook.DeliveryQuery{})
				require.NoError(t, err)
				require.Len(t, ds, tt.want)
			})
		})
	}
}
