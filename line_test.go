package webhook_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// answers answers each delivery by its id, and all others with 200.
type answers struct {
	*wire
	mu    sync.Mutex // guards codes
	codes map[string]int
}

func newAnswers() *answers {
	a := &answers{wire: &wire{}, codes: map[string]int{}}
	a.answer = func(ctx context.Context, s sending) (*webhook.Response, error) {
		time.Sleep(time.Millisecond) // of the bubble's time: who sends can say first what is answered
		a.mu.Lock()
		code, ok := a.codes[s.ID]
		a.mu.Unlock()
		switch {
		case !ok:
			return status(200)
		case code == hangs:
			return hang(ctx)
		}
		return status(code)
	}
	return a
}

func (a *answers) set(id string, code int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.codes[id] = code
}

// ids returns what was sent, each delivery once.
func (a *answers) ids() []string {
	seen := map[string]bool{}
	var ids []string
	for _, s := range a.all("") {
		if !seen[s.ID] {
			seen[s.ID] = true
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func TestLines(t *testing.T) {
	cancel := func(w *world, _ *answers, id string) error { return w.Cancel(w.ctx, id) }
	tests := []struct {
		name string
		code int // of the first one
		then func(w *world, wire *answers, first string) error
		want webhook.State // of the first, before then
	}{
		{"a retry stops its line", 500, func(_ *world, wire *answers, id string) error {
			wire.set(id, 200)
			return nil
		}, webhook.Pending},
		{"Failed stops its line; Resend moves it", 400, func(w *world, wire *answers, id string) error {
			wire.set(id, 200)
			return w.Resend(w.ctx, id)
		}, webhook.Failed},
		{"Failed stops its line; Cancel moves it", 400, cancel, webhook.Failed},
		{"Exhausted stops its line; Cancel moves it", 503, cancel, webhook.Exhausted},
		{"Cancel of a waiting retry moves it", 500, cancel, webhook.Pending},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := newAnswers()
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
				policy := webhook.RetryPolicy{Schedule: []time.Duration{time.Hour}, Jitter: -1}
				if tt.want == webhook.Exhausted {
					policy.Schedule = []time.Duration{}
				}
				w.save(hook("a", ordered, retries(policy)))
				first := w.send("doc")
				wire.set(first, tt.code)
				second, third := w.send("doc"), w.send("doc")
				defer w.run()()
				pass(time.Second)
				other := w.send("another doc")
				pass(30 * time.Minute)
				require.Equal(t, []string{first, other}, wire.ids(), "other documents go on")
				require.Equal(t, tt.want, w.state(first))
				require.Equal(t, webhook.Pending, w.state(second))
				require.Zero(t, w.is(third).Attempts)
				stats, err := w.Stats(t.Context())
				require.NoError(t, err)
				blocked := 1
				if tt.want == webhook.Pending {
					blocked = 0
				}
				require.Equal(t, blocked, stats.BlockedLines)

				require.NoError(t, tt.then(w, wire, first))
				pass(time.Hour)
				require.Equal(t, []string{first, other, second, third}, wire.ids())
				require.Equal(t, webhook.Delivered, w.state(third))
			})
		})
	}
}

// The age of one that waits in a line begins when it is the first.
func TestAgeInALine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newAnswers()
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", ordered, retries(webhook.RetryPolicy{
			Schedule: []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}, Jitter: -1,
			MaxAge: 150 * time.Minute,
		})))
		first, second := w.send("doc"), w.send("doc")
		wire.set(first, 500)
		wire.set(second, 500)
		defer w.run()()
		pass(5 * time.Hour)
		require.Equal(t, webhook.Exhausted, w.state(first))
		require.NoError(t, w.Cancel(t.Context(), first))
		pass(2*time.Hour + time.Minute)
		require.Equal(t, 3, w.is(second).Attempts, "it is two hours old, not seven")
		require.Equal(t, webhook.Exhausted, w.state(second))
		require.Equal(t, webhook.ReasonAge, w.is(second).Reason)
	})
}

// A delivered one that is resent goes to the front of its line.
func TestResendInALine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newAnswers()
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", ordered, retries(webhook.RetryPolicy{Schedule: []time.Duration{time.Minute}, Jitter: -1})))
		defer w.run()()
		first := w.send("doc")
		pass(time.Second)
		wire.set(first, 500)
		require.NoError(t, w.Resend(t.Context(), first))
		pass(time.Second)
		second := w.send("doc")
		pass(10 * time.Second)
		require.Equal(t, webhook.Pending, w.state(second))
		require.Zero(t, w.is(second).Attempts)
		wire.set(first, 200)
		pass(time.Minute)
		require.Equal(t, webhook.Delivered, w.state(second))
	})
}

func TestPausedLineKeepsItsOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := newAnswers()
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", ordered))
		defer w.run()()
		gone := w.send("another")
		wire.set(gone, 410)
		pass(time.Second)
		require.NoError(t, w.Cancel(t.Context(), gone))
		want := []string{gone}
		for range 10 {
			want = append(want, w.send("doc"))
		}
		pass(time.Minute)
		require.NoError(t, w.Enable(t.Context(), "a"))
		pass(15 * time.Minute)
		require.Equal(t, want, wire.ids())
	})
}
