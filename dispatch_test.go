package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func TestActionEvents(t *testing.T) {
	tests := []struct {
		action webhook.Action
		want   []webhook.EventType
	}{
		{webhook.ActionInsert, []webhook.EventType{webhook.AfterInsert, webhook.OnUpdate}},
		{webhook.ActionSave, []webhook.EventType{webhook.OnUpdate, webhook.OnChange}},
		{webhook.ActionSubmit, []webhook.EventType{webhook.OnUpdate, webhook.OnSubmit, webhook.OnChange}},
		{webhook.ActionInsertSubmitted, []webhook.EventType{webhook.AfterInsert, webhook.OnUpdate, webhook.OnSubmit}},
		{webhook.ActionCancel, []webhook.EventType{webhook.OnCancel, webhook.OnChange}},
		{webhook.ActionUpdateAfterSubmit, []webhook.EventType{webhook.OnUpdateAfterSubmit, webhook.OnChange}},
		{webhook.ActionDelete, []webhook.EventType{webhook.OnTrash}},
		{webhook.ActionDBSet, []webhook.EventType{webhook.OnChange}},
		{"unheard of", nil},
	}
	for _, tt := range tests {
		t.Run(string(tt.action), func(t *testing.T) {
			require.Equal(t, tt.want, tt.action.Events())
			if tt.want == nil {
				return
			}
			d, r := newDispatcher(t, nil)
			require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
			events := tt.action.On(webhook.Event{DocType: "Sales Order", Name: "SO-1"})
			_, err := d.Dispatch(t.Context(), events...)
			require.NoError(t, err)
			require.NoError(t, d.Drain(t.Context()))
			var got []webhook.EventType
			for _, q := range r.Requests() {
				require.Equal(t, events[0].ID, q.EventID)
				got = append(got, webhook.EventType(q.Event))
			}
			require.ElementsMatch(t, tt.want, got)
		})
	}
}

// A countingStore counts the calls of its methods.
type countingStore struct {
	webhook.Store
	calls map[string]int
	fail  error // of Enqueue
}

func (s *countingStore) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	s.calls["Webhooks"]++
	return s.Store.Webhooks(ctx, seen)
}

func (s *countingStore) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	s.calls["Enqueue"]++
	if s.fail != nil {
		return nil, s.fail
	}
	return s.Store.Enqueue(ctx, ds)
}

func (s *countingStore) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	s.calls["PutWebhooks"]++
	return s.Store.PutWebhooks(ctx, recs...)
}

func (s *countingStore) DeleteWebhook(ctx context.Context, name string) error {
	s.calls["DeleteWebhook"]++
	return s.Store.DeleteWebhook(ctx, name)
}

func (s *countingStore) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	s.calls["Claim"]++
	return s.Store.Claim(ctx, c)
}

func (s *countingStore) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	s.calls["Update"]++
	return s.Store.Update(ctx, cs)
}

func (s *countingStore) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	s.calls["Delivery"]++
	return s.Store.Delivery(ctx, id)
}

func (s *countingStore) Deliveries(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
	s.calls["Deliveries"]++
	return s.Store.Deliveries(ctx, q)
}

func (s *countingStore) Attempts(ctx context.Context, id string) ([]webhook.Attempt, error) {
	s.calls["Attempts"]++
	return s.Store.Attempts(ctx, id)
}

func manyEvents(n int) []webhook.Event {
	events := make([]webhook.Event, n)
	for i := range events {
		events[i] = updated(map[string]any{"grand_total": i})
		events[i].Name = fmt.Sprintf("SO-%05d", i)
	}
	return events
}

func TestDispatchMakesOneStoreCall(t *testing.T) {
	for _, n := range []int{1, 10, 1000} {
		t.Run(fmt.Sprintf("%d events", n), func(t *testing.T) {
			s := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
			d, _ := newDispatcherOn(t, s, nil)
			for i := range 50 {
				require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
					w.Name = fmt.Sprintf("orders %02d", i)
				})))
			}
			clear(s.calls)
			report, err := d.Dispatch(t.Context(), manyEvents(n)...)
			require.NoError(t, err)
			require.Len(t, report.Outcomes, 50*n)
			require.Equal(t, map[string]int{"Enqueue": 1}, s.calls)
		})
	}
}

func TestDispatchEnqueueFails(t *testing.T) {
	s := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
	d, _ := newDispatcherOn(t, s, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	s.fail = errors.New("disk full")
	events := manyEvents(10)
	report, err := d.Dispatch(t.Context(), events...)
	require.ErrorIs(t, err, s.fail)
	require.Len(t, report.Outcomes, 10)
	for _, o := range report.Outcomes {
		require.Empty(t, o.Decision)
		require.ErrorIs(t, o.Err, s.fail)
		require.NotEmpty(t, o.EventID)
	}
	s.fail = nil
	ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, ds)
}

func TestDispatchRefusesInvalidEvents(t *testing.T) {
	tests := []struct {
		name string
		ev   webhook.Event
		want string
	}{
		{"no type", webhook.Event{DocType: "Note", Name: "n"}, "no Type"},
		{"no name", webhook.Event{Type: webhook.OnUpdate, DocType: "Note"}, "no Name"},
		{"no doctype", webhook.Event{Type: webhook.OnUpdate, Name: "n"}, "needs a DocType"},
		{"named with doctype, no name", webhook.Event{Type: "Plan Change", DocType: "Site"}, "no Name"},
		{"handshake", webhook.Event{Type: "Webhook Validate"}, "handshake"},
		{"unknown action", webhook.Action("?").On(webhook.Event{DocType: "Note", Name: "n"})[0], "no Type"},
		{"long name", webhook.Event{Type: "x", DocType: "Note", Name: strings.Repeat("n", 256)}, "longer than 255"},
		{"bad UTF-8", webhook.Event{Type: "x", ID: "\xff"}, "not valid UTF-8"},
		{"NUL", webhook.Event{Type: "x", Tenant: "a\x00"}, "NUL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := newDispatcher(t, nil)
			require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
			_, err := d.Dispatch(t.Context(), updated(nil), tt.ev)
			var ee *webhook.EventError
			require.ErrorAs(t, err, &ee)
			require.Equal(t, 1, ee.Index)
			require.ErrorContains(t, err, tt.want)
			ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
			require.NoError(t, err)
			require.Empty(t, ds, "the valid event beside it was dispatched")
		})
	}
}

// An ended context never makes an event vanish: the store's error is returned.
func TestDispatchWithEndedContext(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Condition = "doc.total > 1" })))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Dispatch(ctx, updated(map[string]any{"total": 2}))
	require.ErrorIs(t, err, context.Canceled)
}

// Slow templates take no time from those that are not slow.
func TestSlowConditionsDoNotStarveOthers(t *testing.T) {
	bubble(t, func(t *testing.T) { slowConditions(t) })
}

func slowConditions(t *testing.T) {
	d, _ := newDispatcher(t, &webhook.Options{
		RenderTimeout: 20 * time.Millisecond,
		Funcs:         map[string]any{"nap": func() bool { time.Sleep(5 * time.Millisecond); return true }},
	})
	for i := range 12 {
		require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
			w.Name = fmt.Sprintf("a slow %02d", i)
			w.Condition = "{% for i in range(2000) %}{{ nap() }}{% endfor %}"
		})))
	}
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) {
		w.Name, w.Condition = "quick", "doc.total > 1"
	})))
	report, err := d.Dispatch(t.Context(), updated(map[string]any{"total": 2}))
	require.NoError(t, err)
	require.Equal(t, webhook.Queued, report.Outcomes[12].Decision, "%v", report.Outcomes[12].Err)
}

func TestDispatchDuplicate(t *testing.T) {
	d, r := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhooks(t.Context(), orders(nil), orders(func(w *webhook.Webhook) {
		w.Name = "same URL"
	})))
	ev := updated(nil)
	ev.ID = "evt_1"
	for i, want := range []webhook.Decision{webhook.Queued, webhook.Duplicate} {
		report, err := d.Dispatch(t.Context(), ev)
		require.NoError(t, err)
		require.Len(t, report.Outcomes, 2)
		for _, o := range report.Outcomes {
			require.Equal(t, want, o.Decision, "dispatch %d of %s", i, o.Webhook)
		}
		require.NotEqual(t, report.Outcomes[0].DeliveryID, report.Outcomes[1].DeliveryID)
	}
	other := ev
	other.Type = webhook.OnChange
	report, err := d.Dispatch(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, webhook.Queued, report.Outcomes[0].Decision, "one ID may serve all events of an action")
	require.NoError(t, d.Drain(t.Context()))
	require.Len(t, r.Requests(), 4)
}

func TestDispatchTenant(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Tenant = "a" })))
	for tenant, want := range map[string]int{"": 0, "a": 1, "A": 0} {
		ev := updated(nil)
		ev.Tenant = tenant
		report, err := d.Dispatch(t.Context(), ev)
		require.NoError(t, err)
		require.Len(t, report.Outcomes, want, tenant)
	}
}

func TestSuppress(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	report, err := d.Dispatch(webhook.Suppress(t.Context()), updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.Suppressed, report.Outcomes[0].Decision)
	ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, ds)
}

// An event nobody listens to costs nothing.
func TestDispatchWithoutListenersAllocatesNothing(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	ctx := context.Background()
	var doc any = map[string]any{"title": "x"}
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := d.Dispatch(ctx, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Note", Name: "n", Doc: doc,
		}); err != nil {
			t.Fatal(err)
		}
	})
	require.Zero(t, allocs)
}

func BenchmarkDispatch(b *testing.B) {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	require.NoError(b, err)
	require.NoError(b, d.SaveWebhook(b.Context(), orders(nil)))
	var doc any = map[string]any{"grand_total": 15000.0, "customer": "Customer A"}
	for _, docType := range []string{"Note", "Sales Order"} {
		b.Run(docType, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ev := webhook.Event{Type: webhook.OnUpdate, DocType: docType, Name: "n", Doc: doc}
				if _, err := d.Dispatch(b.Context(), ev); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
