package webhook_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// deaf is a Transport that heeds no context: it returns when the test says.
func deaf(release chan struct{}, code int) *wire {
	return &wire{answer: func(context.Context, sending) (*webhook.Response, error) {
		<-release
		return status(code)
	}}
}

// When a dispatcher has crashed, another one takes over what it held, with the
// same id and bytes, and what the first one still learns changes nothing.
func TestCrash(t *testing.T) {
	for _, late := range []int{200, 500, 410} {
		t.Run(strconv.Itoa(late), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := webhook.NewMemoryStore()
				release := make(chan struct{})
				stuck, well := deaf(release, late), newSwitched(503)
				first := newWorld(t, store, stuck, webhook.Options{})
				first.save(hook("a", dynamicIf(late == 410)))
				id := first.send("one")
				stop := first.runUntil()
				pass(time.Second)
				require.Equal(t, 1, stuck.count("a"))
				crashed := make(chan error)
				go func() { crashed <- stop() }()
				pass(50 * time.Second)

				second := newWorld(t, store, well, webhook.Options{})
				defer second.run()()
				pass(8 * time.Second)
				require.Zero(t, well.count("a"), "the lease holds for 60s")
				pass(2 * time.Second)
				require.Equal(t, 1, well.count("a"))
				require.Equal(t, stuck.all("a")[0].ID, well.all("a")[0].ID)
				require.Equal(t, stuck.all("a")[0].Body, well.all("a")[0].Body)

				before, log := second.is(id), second.log(id)
				close(release)
				require.Error(t, <-crashed, "a transport that ignores its context is no clean stop")
				pass(0)
				require.Equal(t, before, second.is(id))
				require.Equal(t, log, second.log(id))
				well.set(200)
				pass(10 * time.Minute)
				require.Equal(t, webhook.Delivered, second.state(id))
			})
		})
	}
}

// dynamicIf makes the URL dynamic, which a 410 does not disable.
func dynamicIf(on bool) func(*webhook.Webhook) {
	return func(w *webhook.Webhook) { w.DynamicURL = on }
}

// An attempt may begin only while its delivery is still its own, however late
// the store answers.
func TestSlowClaim(t *testing.T) {
	tests := []struct {
		name string
		late map[string]time.Duration // by call, once each
	}{
		{"the claim's answer is late", map[string]time.Duration{"Claim": 20 * time.Second}},
		{"the confirmation's too", map[string]time.Duration{"Claim": 20 * time.Second, "Update": 20 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := &late{MemoryStore: webhook.NewMemoryStore()}
				wire := always(200)
				w := newWorld(t, store, wire, webhook.Options{})
				w.save(hook("a"))
				id := w.send("one")
				store.claim.Store(int64(tt.late["Claim"]))
				store.update.Store(int64(tt.late["Update"]))
				defer w.run()()
				pass(tt.late["Claim"] + tt.late["Update"] - 5*time.Second)
				require.NoError(t, newWorld(t, store, wire, webhook.Options{}).Cancel(t.Context(), id))
				pass(time.Minute)
				require.Zero(t, wire.count("a"), "it was canceled before the store's answer came")
			})
		})
	}
}

// A late store does what it is asked at once, and says so later.
type late struct {
	*webhook.MemoryStore
	claim, update atomic.Int64 // by how much, the next time
}

func (l *late) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	ds, err := l.MemoryStore.Claim(ctx, c)
	if len(ds) > 0 {
		time.Sleep(time.Duration(l.claim.Swap(0)))
	}
	return ds, err
}

func (l *late) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	errs, err := l.MemoryStore.Update(ctx, cs)
	if len(cs) > 0 && cs[0].State == webhook.Pending {
		time.Sleep(time.Duration(l.update.Swap(0)))
	}
	return errs, err
}

func TestFence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		claim := func() webhook.Delivery {
			ds, err := store.Claim(t.Context(),
				webhook.Claim{Now: time.Now(), Lease: time.Minute, Owner: "x", Limit: 10})
			require.NoError(t, err)
			require.Len(t, ds, 1)
			return ds[0]
		}
		old := claim()
		pass(time.Minute)
		now := claim()
		update := func(fence int64) error {
			errs, err := store.Update(t.Context(), []webhook.Change{{ID: id, Fence: fence, State: webhook.Delivered}})
			require.NoError(t, err)
			return errs[0]
		}
		require.ErrorIs(t, update(old.Fence), webhook.ErrLeaseLost)
		require.Equal(t, webhook.Pending, w.state(id))
		require.NoError(t, update(now.Fence))
		require.ErrorIs(t, update(now.Fence), webhook.ErrLeaseLost)
	})
}

func TestLeaseMustOutlastTheTimeout(t *testing.T) {
	_, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{Lease: 24 * time.Second})
	require.ErrorContains(t, err, "Options.Lease")
	_, err = webhook.New(webhook.NewMemoryStore(), &webhook.Options{Lease: 25 * time.Second})
	require.NoError(t, err)
	w := newWorld(t, webhook.NewMemoryStore(), always(200), webhook.Options{})
	var refused *webhook.ConfigError
	require.ErrorAs(t, w.SaveWebhook(t.Context(), hook("a", func(w *webhook.Webhook) {
		w.Timeout = 51 * time.Second
	})), &refused)
	require.Equal(t, "Timeout", refused.Field)
	w.save(hook("a", func(w *webhook.Webhook) { w.Timeout = 50 * time.Second }))
}

// An attempt takes no longer than its timeout.
func TestTimeout(t *testing.T) {
	tests := []struct {
		name string
		own  time.Duration
		want time.Duration
	}{
		{"the default", 0, 15 * time.Second},
		{"the webhook's own", 40 * time.Second, 40 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, webhook.NewMemoryStore(), newSwitched(hangs), webhook.Options{})
				w.save(hook("a", func(w *webhook.Webhook) { w.Timeout = tt.own }))
				id := w.send("one")
				require.NoError(t, w.Drain(t.Context()))
				a := w.log(id)[0]
				require.Equal(t, tt.want, a.Duration)
				require.Equal(t, "timeout", a.Class)
				require.Equal(t, webhook.Pending, a.State)
			})
		})
	}
}

func TestPanics(t *testing.T) {
	boom := func() { panic("boom") }
	tests := []struct {
		name   string
		opts   webhook.Options
		answer func() (*webhook.Response, error)
		want   webhook.State
	}{
		{name: "in the transport", want: webhook.Pending,
			answer: func() (*webhook.Response, error) { panic(errors.New("boom")) }},
		{name: "in the classifier", want: webhook.Delivered,
			opts: webhook.Options{Classifier: func(*webhook.Response, error) webhook.Verdict { panic("boom") }}},
		{name: "a classifier that answers nonsense", want: webhook.Delivered,
			opts: webhook.Options{Classifier: func(*webhook.Response, error) webhook.Verdict { return "perhaps" }}},
		{name: "in every Trace", want: webhook.Delivered,
			opts: webhook.Options{Trace: &webhook.Trace{
				Dispatch: func(context.Context, webhook.Report, error) { boom() },
				Claim:    func(context.Context, int, error) { boom() },
				Attempt:  func(context.Context, webhook.Delivery, webhook.Attempt, error) { boom() },
				Disable:  func(context.Context, string, string, string) { boom() },
				Breaker:  func(context.Context, string, time.Duration) { boom() },
			}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := always(200)
				if tt.answer != nil {
					wire.answer = func(context.Context, sending) (*webhook.Response, error) { return tt.answer() }
				}
				w := newWorld(t, webhook.NewMemoryStore(), wire, tt.opts)
				w.save(hook("a"))
				defer w.run()()
				id := w.send("one")
				pass(time.Second)
				require.Equal(t, tt.want, w.state(id))
				require.Len(t, w.log(id), 1)
				require.NoError(t, w.Disable(t.Context(), "a", ""))
			})
		})
	}
}

// A delivery that waited for the store's confirmation is sent as its webhook is
// then, or not.
func TestDisabledWhileConfirmed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &late{MemoryStore: webhook.NewMemoryStore()}
		wire := always(200)
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a"))
		w.send("one")
		store.claim.Store(int64(5 * time.Second))
		store.update.Store(int64(900 * time.Millisecond))
		defer w.run()()
		pass(5*time.Second + 500*time.Millisecond)
		require.NoError(t, w.Disable(w.ctx, "a", "stop"))
		pass(time.Minute)
		require.Zero(t, wire.count("a"))
	})
}
