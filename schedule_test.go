package webhook_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// The default schedule.
var documented = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

func TestDefaultScheduleEndsExhausted(t *testing.T) {
	const poll = 10 * time.Second // what is due is seen by then
	for range 3 {                 // the jitter is random
		bubble(t, func(t *testing.T) {
			wire := always(500)
			w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{PollInterval: poll})
			w.save(hook("a"))
			defer w.run()()
			id := w.send("one")
			pass(40 * time.Hour)

			sent := wire.all("a")
			require.Len(t, sent, len(documented)+1)
			for i, want := range documented {
				got := sent[i+1].At.Sub(sent[i].At)
				require.GreaterOrEqual(t, got, want, "delay %d", i)
				require.LessOrEqual(t, got, want+want/5+poll, "delay %d", i)
				require.Equal(t, i+1, sent[i].Attempt)
				require.Equal(t, sent[0].Body, sent[i].Body)
				require.Equal(t, id, sent[i].ID)
			}
			del := w.is(id)
			require.Equal(t, webhook.Exhausted, del.State)
			require.Equal(t, webhook.ReasonAttempts, del.Reason)
			require.Equal(t, 8, del.Attempts)
			log := w.log(id)
			require.Len(t, log, 8)
			require.Equal(t, webhook.Exhausted, log[7].State)
			require.Equal(t, webhook.Pending, log[6].State)
		})
	}
}

func TestJitterSpreads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := always(500)
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
		w.save(hook("a", retries(webhook.RetryPolicy{Schedule: []time.Duration{time.Minute}})))
		for range 4 { // fewer than open the breaker
			w.send("doc")
		}
		require.NoError(t, w.Drain(t.Context()))
		ds, err := w.Deliveries(t.Context(), webhook.DeliveryQuery{})
		require.NoError(t, err)
		seen := map[time.Time]bool{}
		for _, del := range ds {
			seen[del.Due] = true
		}
		require.Len(t, seen, 4)
	})
}

func TestPolicies(t *testing.T) {
	const m = time.Minute
	tests := []struct {
		name   string
		policy webhook.RetryPolicy
		want   []time.Duration // between attempts
	}{
		{"a schedule of its own", webhook.RetryPolicy{
			Schedule: []time.Duration{m, 3 * m}, Jitter: -1,
		}, []time.Duration{m, 3 * m}},
		{"an empty schedule is one attempt", webhook.RetryPolicy{Schedule: []time.Duration{}}, nil},
		{"whatever MaxAttempts is", webhook.RetryPolicy{Schedule: []time.Duration{}, MaxAttempts: 5}, nil},
		{"unless Initial is set", webhook.RetryPolicy{
			Schedule: []time.Duration{}, Initial: m, MaxAttempts: 2, Jitter: -1,
		}, []time.Duration{m}},
		{"fewer attempts than the schedule has", webhook.RetryPolicy{MaxAttempts: 2, Jitter: -1},
			[]time.Duration{5 * time.Second}},
		{"more attempts repeat the last delay", webhook.RetryPolicy{
			Schedule: []time.Duration{m}, MaxAttempts: 4, Jitter: -1,
		}, []time.Duration{m, m, m}},
		{"exponential", webhook.RetryPolicy{Initial: m, Max: 5 * m, MaxAttempts: 5, Jitter: -1},
			[]time.Duration{m, 2 * m, 4 * m, 5 * m}},
		{"schedule, then exponential", webhook.RetryPolicy{
			Schedule: []time.Duration{3 * m}, Initial: m, Multiplier: 3, MaxAttempts: 4,
			Jitter: -1,
		}, []time.Duration{3 * m, m, 3 * m}},
		{"age ends it first", webhook.RetryPolicy{
			Schedule: []time.Duration{m, m, m, m}, MaxAge: 150 * time.Second, Jitter: -1,
		}, []time.Duration{m, m}},
		{"no bound of age", webhook.RetryPolicy{
			Schedule: []time.Duration{100 * time.Hour}, MaxAge: -1, Jitter: -1,
		}, []time.Duration{100 * time.Hour}},
		{"72 hours by default", webhook.RetryPolicy{
			Schedule: []time.Duration{40 * time.Hour, 40 * time.Hour}, Jitter: -1,
		}, []time.Duration{40 * time.Hour}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := always(500)
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{PollInterval: time.Minute})
				w.save(hook("a", retries(tt.policy)))
				defer w.run()()
				id := w.send("one")
				pass(110 * time.Hour)
				var got []time.Duration
				sent := wire.all("a")
				for i := 1; i < len(sent); i++ {
					got = append(got, sent[i].At.Sub(sent[i-1].At).Round(time.Second))
				}
				require.Equal(t, tt.want, got)
				require.Equal(t, webhook.Exhausted, w.state(id))
			})
		})
	}
}

func TestMaxAge(t *testing.T) {
	hourly := webhook.RetryPolicy{
		Schedule: []time.Duration{time.Hour, time.Hour, time.Hour}, Jitter: -1,
		MaxAge: 150 * time.Minute,
	}
	t.Run("ends a delivery with a reason", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			wire := always(500)
			w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
			w.save(hook("a", retries(hourly)))
			defer w.run()()
			id := w.send("one")
			pass(5 * time.Hour)
			require.Equal(t, 3, wire.count("a"))
			require.Equal(t, webhook.ReasonAge, w.is(id).Reason)
			require.Equal(t, webhook.Exhausted, w.state(id))
		})
	})
	t.Run("no retry is made when it has passed", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			wire := always(500)
			w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
			w.save(hook("a", retries(hourly)))
			id := w.send("one")
			require.NoError(t, w.Drain(t.Context()))
			pass(3 * time.Hour) // nobody runs
			require.NoError(t, w.Drain(t.Context()))
			require.Equal(t, 1, wire.count("a"))
			require.Equal(t, webhook.Exhausted, w.state(id))
			require.Equal(t, webhook.ReasonAge, w.is(id).Reason)
		})
	})
	t.Run("the first attempt is made however old the event is", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			w := newWorld(t, webhook.NewMemoryStore(), always(200), webhook.Options{})
			w.save(hook("a", retries(hourly)))
			id := w.send("one")
			pass(3 * time.Hour)
			require.NoError(t, w.Drain(t.Context()))
			require.Equal(t, webhook.Delivered, w.state(id))
		})
	})
}

func TestClassification(t *testing.T) {
	answers := func(code int) func() (*webhook.Response, error) {
		return func() (*webhook.Response, error) { return status(code) }
	}
	type test struct {
		name   string
		answer func() (*webhook.Response, error)
		want   webhook.State
	}
	var tests []test
	for want, codes := range map[webhook.State][]int{
		webhook.Delivered: {200, 201, 202, 204, 206, 226, 299},
		webhook.Failed: {300, 301, 302, 303, 304, 307, 308, 399, 400, 405, 406, 410, 411, 413, 414, 415, 422,
			431, 501, 505},
		webhook.Pending: {401, 402, 403, 404, 407, 408, 409, 412, 416, 417, 418, 423, 425, 429,
			451, 500, 502, 503, 504, 599, 100, 600, 0},
	} {
		for _, code := range codes {
			tests = append(tests, test{"status " + strconv.Itoa(code), answers(code), want})
		}
	}
	tests = append(tests,
		test{"an error", func() (*webhook.Response, error) { return nil, errDown }, webhook.Pending},
		test{"a permanent error", func() (*webhook.Response, error) {
			return nil, backoff.Permanent(errDown)
		}, webhook.Failed},
		test{"neither", func() (*webhook.Response, error) { return nil, nil }, webhook.Pending},
		test{"a response beside an error", func() (*webhook.Response, error) {
			return &webhook.Response{StatusCode: 200}, errDown
		}, webhook.Pending},
		test{"a 2xx whose body failed", func() (*webhook.Response, error) {
			return &webhook.Response{StatusCode: 200, BodyErr: errors.New("reset")}, nil
		}, webhook.Delivered},
	)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := &wire{answer: func(context.Context, sending) (*webhook.Response, error) { return tt.answer() }}
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{})
				w.save(hook("a"))
				id := w.send("one")
				require.NoError(t, w.Drain(t.Context()))
				require.Equal(t, tt.want, w.state(id))
				require.Len(t, w.log(id), 1)
			})
		})
	}
}
