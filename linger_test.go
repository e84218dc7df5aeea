package webhook_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// That something was delivered is stored with what else is within three
// milliseconds; whatever is in a hurry takes it along.
func TestDeliveredIsStoredWithOthers(t *testing.T) {
	const ms = time.Millisecond
	steady := hook("steady")
	failing := hook("failing", func(w *webhook.Webhook) { w.DocType = "Failing" })
	lined := hook("lined", ordered, func(w *webhook.Webhook) { w.DocType = "Lined" })
	type sent struct {
		docType string
		at      time.Duration
	}
	tests := []struct {
		name string
		opts webhook.Options
		send []sent // each is answered a millisecond later
		want []int  // changes of each Update, with when it began
		at   []time.Duration
	}{
		{"alone", webhook.Options{}, []sent{{"Order", 0}}, []int{1}, []time.Duration{4 * ms}},
		{"with others", webhook.Options{}, []sent{{"Order", 0}, {"Order", ms}, {"Order", 2 * ms}},
			[]int{3}, []time.Duration{4 * ms}},
		{"not with later ones", webhook.Options{}, []sent{{"Order", 0}, {"Order", 4 * ms}},
			[]int{1, 1}, []time.Duration{4 * ms, 8 * ms}},
		{"with one that failed", webhook.Options{}, []sent{{"Order", 0}, {"Failing", ms}}, []int{2},
			[]time.Duration{2 * ms}},
		{"a line goes on", webhook.Options{}, []sent{{"Lined", 0}}, []int{1}, []time.Duration{ms}},
		{"enough of them", webhook.Options{Concurrency: 1}, []sent{{"Order", 0}, {"Order", ms}},
			[]int{2}, []time.Duration{2 * ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := &disk{MemoryStore: webhook.NewMemoryStore()}
				answers := newAnswers()
				ok := answers.answer
				answers.answer = func(ctx context.Context, s sending) (*webhook.Response, error) {
					if s.Webhook == "failing" {
						time.Sleep(ms)
						return status(500)
					}
					return ok(ctx, s)
				}
				w := newWorld(t, store, answers, tt.opts)
				w.save(steady, failing, lined)
				stop := w.run()
				pass(time.Second)
				began := time.Now()
				for i, s := range tt.send {
					time.Sleep(time.Until(began.Add(s.at)))
					_, err := w.Dispatch(w.ctx, webhook.Event{Type: webhook.OnUpdate,
						DocType: s.docType, Name: fmt.Sprint(i), Doc: map[string]any{}})
					require.NoError(t, err)
				}
				pass(time.Second / 10)
				require.Equal(t, tt.want, store.updated)
				for i, at := range tt.at {
					require.Equal(t, at, store.updates[i].Sub(began))
				}
				stop()
			})
		})
	}
}
