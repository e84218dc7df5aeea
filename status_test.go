package webhook_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Since says since when a webhook is in its state, whatever decided that.
func TestStatusSince(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(200)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		at := func(state webhook.State, since time.Duration) {
			t.Helper()
			pass(10 * time.Minute)
			st := w.stands("a")
			require.Equal(t, state, st.State)
			require.Equal(t, since, st.Since.Sub(w.began))
			again := newWorld(t, w.store, wire, webhook.Options{}).stands("a")
			require.Equal(t, st, again, "the same in another process")
		}
		minute := time.Minute
		w.save(hook("a"))
		at(webhook.Active, 0)
		w.save(hook("a"))
		at(webhook.Active, 0)
		w.save(hook("a", func(w *webhook.Webhook) { w.URL += "/v2" }))
		at(webhook.Active, 0)
		w.save(hook("a", func(w *webhook.Webhook) { w.Disabled = true }))
		at(webhook.Disabled, 30*minute)
		w.save(hook("a", func(w *webhook.Webhook) { w.Disabled, w.RequireActivation = true, true }))
		at(webhook.Disabled, 30*minute)
		w.save(hook("a", func(w *webhook.Webhook) { w.RequireActivation = true }))
		at(webhook.NotActivated, 50*minute)
		require.NoError(t, w.Activate(t.Context(), "a"))
		at(webhook.Active, 60*minute)
		require.NoError(t, w.Activate(t.Context(), "a"))
		at(webhook.Active, 60*minute)
		require.NoError(t, w.Disable(t.Context(), "a", "no"))
		at(webhook.Disabled, 80*minute)
		require.NoError(t, w.Enable(t.Context(), "a"))
		at(webhook.Active, 90*minute)
		w.save(hook("a", func(w *webhook.Webhook) { w.URL, w.RequireActivation = w.URL+"/v3", true }))
		at(webhook.NotActivated, 100*minute)
		wire.set(410)
		w.save(hook("a"))
		w.send("gone")
		require.NoError(t, w.Drain(t.Context()))
		at(webhook.Disabled, 110*minute)
	})
}

// The hour of AutoDisable.Rate is the last one, not that of the clock.
func TestAutoDisableRateOverTheHour(t *testing.T) {
	tests := []struct {
		name  string
		every time.Duration
		want  time.Duration // when it is disabled; 0: never
	}{
		{"across the full hour", time.Minute, 69 * time.Minute},
		{"as few as an hour may have", 2*time.Minute + 50*time.Second,
			50*time.Minute + 19*(2*time.Minute+50*time.Second)},
		{"too few in any hour", 4 * time.Minute, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				began := time.Now()
				store := webhook.NewMemoryStore()
				opts := webhook.Options{
					Retry:       webhook.RetryPolicy{Schedule: []time.Duration{}},
					AutoDisable: webhook.AutoDisable{After: -1, Rate: 0.7},
				}
				newWorld(t, store, always(500), opts).save(hook("a"))
				pass(50 * time.Minute)
				disabled := time.Duration(0)
				for i := 0; i < 60 && disabled == 0; i++ {
					// One process after the other: what is stored counts.
					w := newWorld(t, store, always(500), opts)
					stop := w.run()
					w.send(strconv.Itoa(i))
					pass(time.Second)
					if st := w.stands("a"); st.State == webhook.Disabled {
						require.Equal(t, "too many failures in an hour", st.Reason)
						disabled = time.Since(began) - time.Second
					}
					stop()
					pass(tt.every - time.Second)
				}
				require.Equal(t, tt.want, disabled)
			})
		})
	}
}

// Successes keep the rate down, and counts of the hour before do not come back.
func TestAutoDisableRateOfSomeFailures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(200)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{
			Retry:       webhook.RetryPolicy{Schedule: []time.Duration{}},
			AutoDisable: webhook.AutoDisable{After: -1, Rate: 0.7},
		})
		w.save(hook("a"))
		defer w.run()()
		fail := func(minutes, of int) {
			for i := range minutes {
				wire.set(map[bool]int{true: 200, false: 500}[i%of == 0])
				w.send(time.Now().String())
				pass(time.Minute)
			}
		}
		fail(300, 3)
		require.Equal(t, webhook.Active, w.stands("a").State, "two of three fail")
		fail(60, 4)
		require.Equal(t, webhook.Disabled, w.stands("a").State, "three of four fail")
	})
}

// What is counted of many webhooks is stored in one call.
func TestHealthIsStoredAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		w := newWorld(t, store, always(500), webhook.Options{})
		var hooks []webhook.Webhook
		for i := range 50 {
			hooks = append(hooks, hook("h"+strconv.Itoa(i)))
		}
		w.save(hooks...)
		w.fire("one")
		store.calls["PutWebhooks"] = 0
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 1, store.calls["PutWebhooks"])
		other := newWorld(t, store, always(500), webhook.Options{})
		for i := range 50 {
			require.Equal(t, 1, other.stands("h"+strconv.Itoa(i)).Failures)
		}
	})
}

// halfDeleting is a store whose process dies between a webhook and its status.
type halfDeleting struct{ webhook.Store }

func (s halfDeleting) DeleteWebhook(ctx context.Context, name string) error {
	if strings.HasPrefix(name, "~") {
		return errDown
	}
	return s.Store.DeleteWebhook(ctx, name)
}

// A webhook does not inherit what a deleted one of its name left behind.
func TestStatusOfADeletedNamesake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := halfDeleting{webhook.NewMemoryStore()}
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		require.NoError(t, w.Disable(t.Context(), "a", "the old one"))
		require.ErrorIs(t, w.DeleteWebhook(t.Context(), "a"), errDown)
		w.save(hook("a"))
		for _, w := range []*world{w, newWorld(t, store, always(200), webhook.Options{})} {
			st := w.stands("a")
			require.Equal(t, webhook.Active, st.State)
			require.Empty(t, st.Reason)
		}
		require.NoError(t, w.Disable(t.Context(), "a", "the new one"))
		require.Equal(t, "the new one", newWorld(t, store, always(200), webhook.Options{}).stands("a").Reason)
	})
}

// newer is a webhook's record as a version of the library might write it that has
// more to say.
const newer = `{"version":2,"id":"wh_1","colour":"red","secrets":[{"value":"s3cret","kind":"new"}],
	"webhook":{"name":"a","doctype":"Order","events":["on_update"],"url":"https://a.example/in","method":"POST",
	"signatures":["frappe"],"shape":"round"}}`

// A record that a newer version wrote is used, and left as it is.
func TestRecordOfANewerVersion(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := webhook.NewMemoryStore()
		require.NoError(t, store.PutWebhooks(t.Context(),
			webhook.WebhookRecord{Name: "a", Data: []byte(newer)},
			webhook.WebhookRecord{Name: "~status/a", Data: []byte(
				`{"version":2,"webhook":"wh_1","mood":"good","failures":1}`)}))
		wire := newSwitched(500)
		w := newWorld(t, store, wire, webhook.Options{})
		w.send("one")
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 1, wire.count("a"))
		require.Equal(t, 2, w.stands("a").Failures)
		require.Empty(t, w.stands("a").Error)

		w.save(hook("a")) // what is there already
		for _, err := range []error{
			w.SaveWebhook(t.Context(), hook("a", ordered)),
			func() error { _, err := w.RotateSecret(t.Context(), "a", "", 0); return err }(),
			w.Disable(t.Context(), "a", "no"),
		} {
			require.ErrorContains(t, err, "newer version")
			require.NotContains(t, err.Error(), "s3cret")
		}
		recs, _, err := store.Webhooks(t.Context(), webhook.Revision{})
		require.NoError(t, err)
		for _, r := range recs {
			if r.Name == "a" {
				require.Equal(t, newer, string(r.Data))
			}
			require.NotContains(t, []int64{2, 3}, r.Revision, "%s was written", r.Name)
		}
		require.NoError(t, w.DeleteWebhook(t.Context(), "a"))
	})
}

// A record that cannot be read is told of where people look, and is not lost.
func TestRecordThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name string
		data string
		want []webhook.Decision
	}{
		{"not JSON", `{`, nil},
		{"another meaning of a member", strings.Replace(newer, `"round"`, `"round","condition":{"all":[]}`, 1),
			[]webhook.Decision{webhook.RenderError}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := webhook.NewMemoryStore()
				require.NoError(t, store.PutWebhooks(t.Context(),
					webhook.WebhookRecord{Name: "a", Data: []byte(tt.data)}))
				w := newWorld(t, store, always(200), webhook.Options{})
				var got []webhook.Decision
				for _, o := range w.fire("one") {
					got = append(got, o.Decision)
					require.Error(t, o.Err)
				}
				require.Equal(t, tt.want, got)
				require.Contains(t, w.stands("a").Error, "decode stored webhook")
				require.NotContains(t, w.stands("a").Error, "s3cret")
				all, err := w.Webhooks(t.Context())
				require.NoError(t, err)
				require.Len(t, all, 1)
				require.Equal(t, "a", all[0].Name)
				saved := w.SaveWebhook(t.Context(), hook("a"))
				require.ErrorContains(t, saved, "not saved over")
				_, sent := w.SendTest(t.Context(), "a", webhook.Event{
					Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-1",
				})
				for _, err := range []error{saved, sent} {
					require.Equal(t, 1, strings.Count(err.Error(), `webhook "a"`), err)
				}
				_, err = w.RotateSecret(t.Context(), "a", "", 0)
				require.Error(t, err)
				require.NoError(t, w.Disable(t.Context(), "a", "broken"))
				require.NoError(t, w.DeleteWebhook(t.Context(), "a"))
				w.save(hook("a"))
				require.Len(t, w.fire("two"), 1)
			})
		})
	}
}

// Each secret in force is a signature in every request, so there are not many.
func TestRotateSecretOften(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(200)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", func(w *webhook.Webhook) {
			w.Secret, w.Signatures = webhook.NewSecret(), []webhook.Scheme{webhook.SchemeStandard}
		}))
		rotate := func(overlap time.Duration) error {
			_, err := w.RotateSecret(t.Context(), "a", "", overlap)
			return err
		}
		signatures := func() int {
			w.send(time.Now().String())
			require.NoError(t, w.Drain(t.Context()))
			all := wire.all("a")
			return len(strings.Fields(all[len(all)-1].Header.Get("Webhook-Signature")))
		}
		for range 9 {
			require.NoError(t, rotate(time.Hour))
		}
		var refused *webhook.ConfigError
		require.True(t, errors.As(rotate(time.Hour), &refused))
		require.Equal(t, "Secret", refused.Field)
		require.Equal(t, 10, signatures())
		require.NoError(t, rotate(0))
		require.Equal(t, 1, signatures())
		require.NoError(t, rotate(time.Hour))
		pass(61 * time.Minute)
		require.Equal(t, 1, signatures())
	})
}

// stuck is a store of which one question for the records hangs.
type stuck struct {
	*webhook.MemoryStore
	next atomic.Bool // the next one hangs
}

func (s *stuck) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	if s.next.CompareAndSwap(true, false) {
		_, err := hang(ctx)
		return nil, webhook.Revision{}, err
	}
	return s.MemoryStore.Webhooks(ctx, seen)
}

// A call that waits for the store holds up nobody else who wants to know what
// changed.
func TestChangeIsSeenBesideACallThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &stuck{MemoryStore: webhook.NewMemoryStore()}
		w := newWorld(t, store, always(200), webhook.Options{})
		w.save(hook("a"))
		w.send("one")
		store.next.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := w.Status(ctx, "a")
			done <- err
		}()
		pass(time.Second)
		newWorld(t, store, always(200), webhook.Options{}).save(hook("b"))
		pass(time.Second)
		require.Len(t, w.fire("two"), 2)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}
