package webhook_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

func dynamic(w *webhook.Webhook) { w.DynamicURL = true }

func TestGoneDisables(t *testing.T) {
	tests := []struct {
		name string
		hook webhook.Webhook
		want webhook.State
	}{
		{"a static URL", hook("a"), webhook.Disabled},
		{"a dynamic URL", hook("a", dynamic), webhook.Active},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, webhook.NewMemoryStore(), always(410), webhook.Options{})
				w.save(tt.hook)
				id := w.send("one")
				require.NoError(t, w.Drain(t.Context()))
				require.Equal(t, webhook.Failed, w.state(id))
				require.Equal(t, tt.want, w.stands("a").State)
			})
		})
	}
}

// hourly repeats for ever, once an hour.
var hourly = retries(webhook.RetryPolicy{
	Initial: time.Hour, Max: time.Hour, Multiplier: 1, MaxAttempts: 1000, MaxAge: -1, Jitter: -1,
})

func TestAutoDisable(t *testing.T) {
	tests := []struct {
		name  string
		every time.Duration // between attempts
		mend  time.Duration // when one succeeds; 0: never
		rule  webhook.AutoDisable
		want  time.Duration // when it is disabled; 0: not within ten days
	}{
		{name: "120 hours", every: time.Hour, want: 120 * time.Hour},
		{name: "20 attempts", every: 10 * time.Hour, want: 190 * time.Hour},
		{name: "a success starts it anew", every: time.Hour, mend: 100 * time.Hour, want: 221 * time.Hour},
		{name: "other hours", every: time.Hour, rule: webhook.AutoDisable{After: 30 * time.Hour}, want: 30 * time.Hour},
		{name: "other attempts", every: time.Hour, rule: webhook.AutoDisable{
			After: time.Hour, Attempts: 5,
		}, want: 4 * time.Hour},
		{name: "never", every: time.Hour, rule: webhook.AutoDisable{After: -1}},
		{name: "a rate", every: time.Minute,
			rule: webhook.AutoDisable{After: -1, Rate: 0.7, Attempts: 10}, want: 35 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				began := time.Now()
				var disabled time.Duration
				var by string
				wire := &wire{}
				wire.answer = func(context.Context, sending) (*webhook.Response, error) {
					if tt.mend > 0 && time.Since(began).Round(time.Hour) == tt.mend {
						return status(200)
					}
					return status(500)
				}
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{
					AutoDisable: tt.rule, Retry: webhook.RetryPolicy{Schedule: []time.Duration{}},
					Trace: &webhook.Trace{Disable: func(_ context.Context, name, who, _ string) {
						disabled, by = time.Since(began), who
					}},
				})
				w.save(hook("a"))
				for time.Since(began) < 240*time.Hour && disabled == 0 {
					w.send("doc")
					require.NoError(t, w.Drain(t.Context()))
					pass(tt.every)
				}
				require.Equal(t, tt.want, disabled.Round(time.Minute))
				if tt.want > 0 {
					require.Equal(t, webhook.ByLibrary, by)
					st := w.stands("a")
					require.Equal(t, webhook.Disabled, st.State)
					require.Equal(t, webhook.ByLibrary, st.By)
					require.NotEmpty(t, st.Reason)
				}
			})
		})
	}
}

// What a webhook's failures amount to is counted over processes and restarts.
func TestAutoDisableCountsAcrossProcesses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		opts := webhook.Options{Retry: webhook.RetryPolicy{Schedule: []time.Duration{}}, PollInterval: time.Minute}
		first := newWorld(t, store, always(500), opts)
		first.save(hook("a"))
		for i := 0; ; i++ {
			w := newWorld(t, store, always(500), opts)
			stop := w.run()
			w.fire(strconv.Itoa(i) + "-" + strconv.FormatInt(time.Now().Unix(), 10))
			pass(20 * time.Second) // less than the minute between two notes of the health
			w.fire(strconv.Itoa(i) + "+" + strconv.FormatInt(time.Now().Unix(), 10))
			pass(20 * time.Second)
			stop()
			pass(10*time.Hour - 40*time.Second)
			if w.stands("a").State == webhook.Disabled {
				require.Equal(t, 12, i, "120 hours, 20 attempts")
				return
			}
			require.Less(t, i, 13)
			require.Equal(t, 2*(i+1), w.stands("a").Failures)
		}
	})
}

// A success in the last minute before a stop is not forgotten.
func TestSuccessBeforeStopCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		wire := newSwitched(500)
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a", hourly))
		stop := w.run()
		w.send("one")
		pass(90 * time.Second) // the failure is stored
		require.Equal(t, 1, newWorld(t, store, wire, webhook.Options{}).stands("a").Failures)
		wire.set(200)
		w.send("two")
		pass(5 * time.Second)
		stop()
		st := newWorld(t, store, wire, webhook.Options{}).stands("a")
		require.Zero(t, st.Failures)
		require.True(t, st.FailingSince.IsZero())
		require.False(t, st.LastSuccess.IsZero())
	})
}

// An attempt that ends while Run stops counts too.
func TestHealthOfLastAttemptsCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		wire := &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(10 * time.Second)
			return status(500)
		}
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a"))
		stop := w.run()
		w.send("one")
		pass(time.Second)
		stop()
		require.Equal(t, 1, newWorld(t, store, wire, webhook.Options{}).stands("a").Failures)
	})
}

func TestPausedByTheLibrary(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(410)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{MaxPaused: 50})
		w.save(hook("a", retries(webhook.RetryPolicy{
			Schedule: []time.Duration{10 * time.Hour, time.Hour}, Jitter: -1,
			MaxAge: 24 * time.Hour,
		})))
		defer w.run()()
		wire.set(500)
		waiting := w.send("waiting")
		pass(time.Second)
		wire.set(410)
		gone := w.send("gone")
		pass(time.Second)
		require.Equal(t, webhook.Failed, w.state(gone))
		require.Equal(t, webhook.Disabled, w.stands("a").State)

		var ids []string
		for i := range 60 {
			o := w.fire("doc" + strconv.Itoa(i))[0]
			if i < 50 {
				require.Equal(t, webhook.Paused, o.Decision, i)
				require.Equal(t, webhook.Paused, w.state(o.DeliveryID))
				ids = append(ids, o.DeliveryID)
			} else {
				require.Equal(t, webhook.Disabled, o.Decision, i)
				require.ErrorIs(t, o.Err, webhook.ErrMaxPaused)
				require.Empty(t, o.DeliveryID)
			}
		}
		pass(11 * time.Hour)
		require.Equal(t, 2, wire.count("a"), "nothing is sent while it is disabled")
		require.Equal(t, webhook.Paused, w.state(waiting), "the retry became due and waits too")
		require.Equal(t, webhook.ReasonDisabled, w.is(waiting).Reason)

		wire.set(200)
		enabled := time.Now()
		require.NoError(t, w.Enable(t.Context(), "a"))
		pass(2 * time.Minute)
		early, late := 0, 0
		for _, s := range wire.all("a")[2:] {
			after := s.At.Sub(enabled)
			require.LessOrEqual(t, after, 61*time.Second)
			if after < 30*time.Second {
				early++
			} else {
				late++
			}
		}
		require.Greater(t, early, 5)
		require.Greater(t, late, 5)
		for _, id := range append(ids, waiting) {
			require.Equal(t, webhook.Delivered, w.state(id))
		}
		require.Equal(t, webhook.Active, w.stands("a").State)
	})
}

// Time spent paused makes nothing too old.
func TestPauseDoesNotAge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(500)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", retries(webhook.RetryPolicy{
			Schedule: []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}, Jitter: -1,
			MaxAge: 150 * time.Minute,
		})))
		defer w.run()()
		id := w.send("one")
		pass(30 * time.Minute)
		require.NoError(t, w.Disable(t.Context(), "a", "works"))
		pass(10 * time.Hour)
		require.Equal(t, webhook.Paused, w.state(id))
		require.NoError(t, w.Enable(t.Context(), "a"))
		pass(2 * time.Minute)
		require.Equal(t, 2, wire.count("a"))
		require.Equal(t, webhook.Pending, w.state(id), "an hour old, the pause apart")
		pass(2 * time.Hour)
		require.Equal(t, webhook.Exhausted, w.state(id))
		require.Equal(t, webhook.ReasonAge, w.is(id).Reason)
		require.Equal(t, 3, wire.count("a"))
	})
}

func TestDisableAndEnableByOperator(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(200)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a"))
		waits := w.send("before")
		require.NoError(t, w.Disable(t.Context(), "a", "maintenance"))
		defer w.run()()
		require.Equal(t, webhook.Disabled, w.fire("refused")[0].Decision)
		pass(10 * time.Minute)
		require.Equal(t, webhook.Paused, w.state(waits))
		st := w.stands("a")
		require.Equal(t, webhook.Disabled, st.State)
		require.Equal(t, webhook.ByOperator, st.By)
		require.Equal(t, "maintenance", st.Reason)
		w.save(hook("a")) // as at every boot
		require.Equal(t, webhook.Disabled, w.stands("a").State)
		require.Zero(t, wire.count("a"))

		require.NoError(t, w.Enable(t.Context(), "a"))
		require.Equal(t, webhook.Queued, w.fire("taken")[0].Decision)
		pass(2 * time.Minute)
		require.Equal(t, webhook.Delivered, w.state(waits))
		require.Equal(t, 2, wire.count("a"))
	})
}

// Nothing is sent for a disabled webhook beyond what is in flight, also not
// what was claimed and had no place yet.
func TestDisableStopsWhatIsQueued(t *testing.T) {
	disable := map[string]func(*world) error{
		"by the operator": func(w *world) error { return w.Disable(w.ctx, "a", "") },
		"by its configuration": func(w *world) error {
			return w.SaveWebhook(w.ctx, hook("a", one, func(h *webhook.Webhook) { h.Disabled = true }))
		},
		"by deleting it": func(w *world) error { return w.DeleteWebhook(w.ctx, "a") },
	}
	for name, disable := range disable {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := &wire{}
				wire.answer = func(context.Context, sending) (*webhook.Response, error) {
					time.Sleep(100 * time.Millisecond)
					return status(200)
				}
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
				w.save(hook("a", one))
				for i := range 12 {
					w.send(strconv.Itoa(i))
				}
				defer w.run()()
				pass(250 * time.Millisecond)
				require.Equal(t, 3, wire.count("a"))
				require.NoError(t, disable(w))
				pass(time.Minute)
				require.Equal(t, 3, wire.count("a"))
			})
		})
	}
}

// one lets a webhook send one delivery at a time.
func one(w *webhook.Webhook) { w.Concurrency = 1 }

func TestConfigurationDisables(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(200)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		off := hook("a")
		off.Disabled = true
		w.save(off)
		defer w.run()()
		pass(time.Minute)
		require.Equal(t, webhook.Paused, w.state(id))
		require.ErrorIs(t, w.Enable(t.Context(), "a"), webhook.ErrDisabled)
		require.Equal(t, webhook.ByConfiguration, w.stands("a").By)
		w.save(hook("a"))
		pass(3 * time.Minute)
		require.Equal(t, webhook.Delivered, w.state(id))
	})
}

func TestRequireActivation(t *testing.T) {
	activated := func(w *webhook.Webhook) { w.RequireActivation = true }
	bubble(t, func(t *testing.T) {
		wire := newSwitched(401)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", activated))
		defer w.run()()
		require.Equal(t, webhook.NotActivated, w.stands("a").State)
		require.Equal(t, webhook.Disabled, w.fire("one")[0].Decision)
		require.ErrorIs(t, w.Enable(t.Context(), "a"), webhook.ErrNotActivated)
		var refused *webhook.HandshakeError
		require.ErrorAs(t, w.Activate(t.Context(), "a"), &refused)
		require.Equal(t, 401, refused.Attempt.StatusCode)
		require.Equal(t, webhook.NotActivated, w.stands("a").State)

		wire.set(204)
		require.NoError(t, w.Activate(t.Context(), "a"))
		st := w.stands("a")
		require.Equal(t, webhook.Active, st.State)
		require.False(t, st.Activated.IsZero())
		wire.set(0)
		id := w.send("two")
		pass(time.Second)
		w.save(hook("a", activated)) // the same again
		require.Equal(t, webhook.Active, w.stands("a").State)

		moved := hook("a", activated)
		moved.URL = "https://a.example/elsewhere"
		w.save(moved)
		require.Equal(t, webhook.NotActivated, w.stands("a").State)
		require.Equal(t, webhook.Disabled, w.fire("three")[0].Decision)
		pass(time.Hour)
		require.Equal(t, webhook.Paused, w.state(id), "its retry waits for the activation")
		before := wire.count("a")
		wire.set(200)
		require.NoError(t, w.Activate(t.Context(), "a"))
		pass(2 * time.Minute)
		require.Equal(t, before+2, wire.count("a"), "the handshake and the retry")
		require.Equal(t, webhook.Delivered, w.state(id))
	})
}

// What is saved again at boot keeps what the library learned.
func TestSaveKeepsStatus(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		opts := webhook.Options{Retry: webhook.RetryPolicy{Schedule: []time.Duration{}}}
		w := newWorld(t, store, always(500), opts)
		w.save(hook("a"))
		w.send("one")
		require.NoError(t, w.Drain(t.Context()))
		want := w.stands("a")
		require.Equal(t, 1, want.Failures)
		_, rev, err := store.Webhooks(t.Context(), webhook.Revision{})
		require.NoError(t, err)

		boot := newWorld(t, store, always(500), opts)
		boot.save(hook("a"))
		require.Equal(t, want, boot.stands("a"))
		_, now, err := store.Webhooks(t.Context(), webhook.Revision{})
		require.NoError(t, err)
		require.Equal(t, rev.N, now.N, "the same again writes nothing")
		boot.save(hook("a", func(w *webhook.Webhook) { w.URL += "/v2" }))
		require.Equal(t, want, boot.stands("a"))
	})
}

func TestMaxPausedCountsWhatWasPaused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, webhook.NewMemoryStore(), always(410), webhook.Options{MaxPaused: 2})
		w.save(hook("a"))
		w.send("one")
		require.NoError(t, w.Drain(t.Context()))
		ev := webhook.Event{ID: "same", Type: webhook.OnUpdate, DocType: "Order", Name: "x", Doc: map[string]any{}}
		for i := range 5 {
			report, err := w.Dispatch(t.Context(), ev)
			require.NoError(t, err)
			want := webhook.Paused
			if i > 0 {
				want = webhook.Duplicate
			}
			require.Equal(t, want, report.Outcomes[0].Decision, i)
		}
		require.Equal(t, webhook.Paused, w.fire("two")[0].Decision)
		require.Equal(t, webhook.Disabled, w.fire("three")[0].Decision)
	})
}

// Only what is stored counts among the paused: not what a unit of work drops,
// supersedes, or could not store.
func TestMaxPausedInUnits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		w := newWorld(t, store, always(410), webhook.Options{MaxPaused: 2})
		w.save(hook("a"))
		w.send("one")
		require.NoError(t, w.Drain(t.Context()))
		for range 3 {
			u := w.Begin()
			w.ctx = webhook.WithUnit(t.Context(), u)
			u.Savepoint("s")
			require.Equal(t, webhook.Held, w.fire("dropped")[0].Decision)
			require.NoError(t, u.RollbackTo("s"))
			for range 5 {
				require.Equal(t, webhook.Held, w.fire("two")[0].Decision)
			}
			store.set(fails)
			_, err := u.Commit(t.Context())
			require.ErrorIs(t, err, errDown)
			store.set(nil)
			u.Rollback()
		}
		u := w.Begin()
		w.ctx = webhook.WithUnit(t.Context(), u)
		for _, doc := range []string{"two", "two", "three", "four"} {
			require.Equal(t, webhook.Held, w.fire(doc)[0].Decision)
		}
		report, err := u.Commit(t.Context())
		require.NoError(t, err)
		var got []webhook.Decision
		for _, o := range report.Outcomes {
			got = append(got, o.Decision)
		}
		require.Equal(t, []webhook.Decision{webhook.Superseded, webhook.Paused, webhook.Paused, webhook.Disabled}, got)
		require.ErrorIs(t, report.Err(), webhook.ErrMaxPaused)
		stats, err := w.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, stats.ByState[webhook.Paused])
	})
}
