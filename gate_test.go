package webhook_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(http.TimeFormat) }
	text := func(s string) func() []string { return func() []string { return []string{"Retry-After", s} } }
	const short, long = 5 * time.Second, 3 * time.Hour
	tests := []struct {
		name     string
		code     int
		header   func() []string
		schedule time.Duration
		want     time.Duration // at least; at most a fifth and a poll more
	}{
		{"seconds on 429", 429, text("120"), short, 2 * time.Minute},
		{"seconds on 503", 503, text("120"), short, 2 * time.Minute},
		{"seconds on 500", 500, text("120"), short, 2 * time.Minute},
		{"seconds on 599", 599, text(" 120 "), short, 2 * time.Minute},
		{"not on 404", 404, text("120"), short, short},
		{"date on 429", 429, func() []string {
			return []string{"Retry-After", date(10 * time.Minute)}
		}, short, 10 * time.Minute},
		{"date by the endpoint's clock", 503, func() []string {
			return []string{"Retry-After", date(70 * time.Minute), "Date", date(time.Hour)}
		}, short, 10 * time.Minute},
		{"a date that has passed", 503, func() []string {
			return []string{"Retry-After", date(-time.Hour)}
		}, short, short},
		{"zero", 429, text("0"), short, short},
		{"less than the schedule", 429, text("120"), long, long},
		{"nonsense", 429, text("soon"), short, short},
		{"negative", 429, text("-5"), short, short},
		{"a fraction", 429, text("1.5"), short, short},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := &wire{}
				wire.answer = func(context.Context, sending) (*webhook.Response, error) {
					return status(tt.code, tt.header()...)
				}
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
				w.save(hook("a", retries(webhook.RetryPolicy{Schedule: []time.Duration{tt.schedule}})))
				defer w.run()()
				w.send("one")
				pass(2 * tt.want)
				sent := wire.all("a")
				require.Len(t, sent, 2)
				got := sent[1].At.Sub(sent[0].At)
				require.GreaterOrEqual(t, got, tt.want)
				require.LessOrEqual(t, got, tt.want+tt.want/5+time.Second+10*time.Millisecond)
			})
		})
	}
}

func TestRetryAfterIsCapped(t *testing.T) {
	for _, text := range []string{"30000", "86400", "99999999999999999999999"} {
		bubble(t, func(t *testing.T) {
			wire := &wire{}
			wire.answer = func(context.Context, sending) (*webhook.Response, error) {
				return status(503, "Retry-After", text)
			}
			w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{PollInterval: time.Minute})
			w.save(hook("a", retries(webhook.RetryPolicy{Schedule: []time.Duration{time.Second}})))
			defer w.run()()
			w.send("one")
			pass(8 * time.Hour)
			sent := wire.all("a")
			require.Len(t, sent, 2)
			got := sent[1].At.Sub(sent[0].At)
			require.GreaterOrEqual(t, got, 6*time.Hour)
			require.LessOrEqual(t, got, 6*time.Hour+10*time.Millisecond)
		})
	}
}

// A hint gates the webhook, and nobody else on its host.
func TestGate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		var once sync.Once
		wire.answer = func(_ context.Context, s sending) (*webhook.Response, error) {
			code := 200
			if s.Webhook == "gated" {
				once.Do(func() { code = 429 })
			}
			return status(code, "Retry-After", "600")
		}
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("gated", host("shared")), hook("other", host("shared")))
		defer w.run()()
		w.fire("one")
		pass(time.Second)
		require.Equal(t, 1, wire.count("gated"))
		for i := range 10 {
			w.fire("more" + strconv.Itoa(i))
			pass(time.Second)
		}
		require.Equal(t, 11, wire.count("other"))
		require.Equal(t, 1, wire.count("gated"), "all its deliveries wait")
		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 1, wire.count("gated"), "for Drain too")

		pass(600*time.Second - time.Since(w.began) - time.Millisecond)
		require.Equal(t, 1, wire.count("gated"))
		pass(2 * time.Minute)
		require.Equal(t, 12, wire.count("gated"))
		for _, s := range wire.all("gated")[1:] {
			require.GreaterOrEqual(t, s.At.Sub(w.began), 600*time.Second)
			if s.Attempt == 1 {
				require.LessOrEqual(t, s.At.Sub(w.began), 601*time.Second, "the gate opens when the hint has passed")
			}
		}
	})
}

func TestBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(500)
		var opened []time.Duration
		var mu sync.Mutex
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{Trace: &webhook.Trace{
			Breaker: func(_ context.Context, name string, open time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				if name == "a" {
					opened = append(opened, open)
				}
			},
		}})
		// Each delivery has one attempt, and there is one at a time, so that
		// neither schedule nor what is in flight meddles.
		w.save(hook("a", retries(webhook.RetryPolicy{Schedule: []time.Duration{}}),
			func(w *webhook.Webhook) { w.Concurrency = 1 }))
		for i := range 40 {
			w.send("doc" + strconv.Itoa(i))
		}
		defer w.run()()
		pass(10 * time.Hour)

		sent := wire.all("a")
		m := time.Minute
		want := []time.Duration{0, 0, 0, 0, m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 60 * m, 60 * m}
		require.Greater(t, len(sent), len(want)+1)
		for i, d := range want {
			got := sent[i+1].At.Sub(sent[i].At)
			require.GreaterOrEqual(t, got, d, "before request %d", i+2)
			require.LessOrEqual(t, got, d+time.Second, "before request %d", i+2)
		}
		require.Equal(t, []time.Duration{m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 60 * m, 60 * m}, opened[:8])
		counts, err := w.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, counts.OpenBreakers)
		require.Equal(t, 40-len(sent), counts.ByState[webhook.Pending])
		ds, err := w.Deliveries(t.Context(), webhook.DeliveryQuery{States: []webhook.State{webhook.Pending}})
		require.NoError(t, err)
		for _, del := range ds {
			require.Zero(t, del.Attempts, "waiting is no attempt")
			require.Empty(t, w.log(del.ID))
		}

		wire.set(200) // one probe closes it, and everything flows
		pass(61 * time.Minute)
		require.Equal(t, 40, wire.count("a"))
	})
}

// While the breaker probes, one request at a time is on its way.
func TestBreakerProbesOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newSwitched(500)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", host("shared"), retries(webhook.RetryPolicy{Schedule: []time.Duration{}})),
			hook("b", host("shared")))
		for i := range 30 {
			w.fire("doc" + strconv.Itoa(i))
		}
		defer w.run()()
		pass(30 * time.Second)
		before := wire.count("a")
		require.GreaterOrEqual(t, before, 5)
		require.Less(t, before, 30)
		wire.set(0)
		pass(35 * time.Second)
		require.Equal(t, before+1, wire.count("a"), "a probe")
		pass(9 * time.Second)
		require.Equal(t, before+1, wire.count("a"), "a second one beside it")
	})
}

func TestBreakerOfOneWebhookStopsNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		wire.answer = func(_ context.Context, s sending) (*webhook.Response, error) {
			if s.Webhook == "sick" {
				return status(500)
			}
			return status(200)
		}
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("sick", host("shared")), hook("well", host("shared")))
		defer w.run()()
		for i := range 20 {
			began := wire.count("well")
			w.fire("doc" + strconv.Itoa(i))
			pass(10 * time.Millisecond)
			require.Equal(t, began+1, wire.count("well"))
		}
		require.Less(t, wire.count("sick"), 20)
	})
}

// An operator who mended an endpoint, or its URL, does not wait for what was
// known of the old one; the process that delivers is another.
func TestMendedEndpointIsNotWaitedFor(t *testing.T) {
	newURL := func(w *webhook.Webhook) { w.URL += "/new" }
	once := retries(webhook.RetryPolicy{Schedule: []time.Duration{}})
	for _, tt := range []struct {
		name string
		hint string // Retry-After
		mend func(w *world) error
		want bool // it is tried again
	}{
		{"breaker, enabled", "", func(w *world) error { return w.Enable(w.ctx, "a") }, true},
		{"gate, enabled", "3600", func(w *world) error { return w.Enable(w.ctx, "a") }, true},
		{"breaker, another URL", "", func(w *world) error { return w.SaveWebhook(w.ctx, hook("a", once, newURL)) }, true},
		{"gate, another URL", "3600", func(w *world) error { return w.SaveWebhook(w.ctx, hook("a", once, newURL)) }, true},
		{"another name for the condition", "", func(w *world) error {
			return w.SaveWebhook(w.ctx, hook("a", once, func(w *webhook.Webhook) { w.Condition = "1 == 1" }))
		}, false},
		{"another webhook of the name", "3600", func(w *world) error {
			if err := w.DeleteWebhook(w.ctx, "a"); err != nil {
				return err
			}
			return w.SaveWebhook(w.ctx, hook("a", once))
		}, false}, // the delivery ends with the webhook
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := &wire{answer: func(context.Context, sending) (*webhook.Response, error) {
					return status(503, "Retry-After", tt.hint)
				}}
				store := webhook.NewMemoryStore()
				w := newWorld(t, store, wire, webhook.Options{})
				w.save(hook("a", once))
				defer w.run()()
				for i := range 5 {
					w.send("doc" + strconv.Itoa(i))
				}
				pass(time.Second)
				closed := wire.count("a")
				require.Positive(t, closed)
				w.send("one more")
				pass(10 * time.Second)
				require.Equal(t, closed, wire.count("a"))
				require.NoError(t, tt.mend(newWorld(t, store, wire, webhook.Options{})))
				pass(3 * time.Second)
				require.Equal(t, tt.want, wire.count("a") > closed)
			})
		})
	}
}

// What an endpoint asks for after it was said to be mended holds, also where
// that is heard of later.
func TestHintAfterEnable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{answer: func(context.Context, sending) (*webhook.Response, error) {
			return status(503, "Retry-After", "3600")
		}}
		store := webhook.NewMemoryStore()
		w := newWorld(t, store, wire, webhook.Options{})
		w.save(hook("a"))
		defer w.run()()
		pass(10 * time.Millisecond)
		require.NoError(t, newWorld(t, store, wire, webhook.Options{}).Enable(w.ctx, "a"))
		pass(10 * time.Millisecond)
		w.send("first")
		pass(10 * time.Second)
		require.Equal(t, 1, wire.count("a"))
		w.send("second")
		pass(10 * time.Second)
		require.Equal(t, 1, wire.count("a"))
	})
}
