package webhook_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// note is an update of a note.
func note(name, title string) webhook.Event {
	return webhook.Event{Type: webhook.OnUpdate, DocType: "Note", Name: name, Doc: map[string]any{"title": title}}
}

func noteHook(name string) webhook.Webhook {
	return webhook.Webhook{
		Name: name, DocType: "Note", Events: []webhook.EventType{webhook.OnUpdate, webhook.AfterInsert},
		Ordered: true, URL: "https://example.com/" + name,
		Data:   []webhook.Field{{Fieldname: "name"}, {Fieldname: "title"}},
		Secret: testSecret,
	}
}

func TestUnit(t *testing.T) {
	type step = func(*testing.T, *webhook.Unit)
	update := func(name, title string) step {
		return func(t *testing.T, u *webhook.Unit) {
			report, err := u.Dispatch(t.Context(), note(name, title))
			require.NoError(t, err)
			for _, o := range report.Outcomes {
				require.Equal(t, webhook.Held, o.Decision)
				require.NotEmpty(t, o.DeliveryID)
			}
		}
	}
	savepoint := func(t *testing.T, u *webhook.Unit) { u.Savepoint("a") }
	rollbackTo := func(t *testing.T, u *webhook.Unit) { require.NoError(t, u.RollbackTo("a")) }
	rollback := func(t *testing.T, u *webhook.Unit) { u.Rollback() }
	tests := []struct {
		name  string
		hooks []string
		steps []step
		want  []string // bodies, in the order of the store
	}{
		{"last values", []string{"w"}, []step{update("A", "a"), update("A", "b"), update("A", "z")},
			[]string{`{"name":"A","title":"z"}`}},
		{"order of last occurrence", []string{"w"}, []step{update("A", "1"), update("B", "2"), update("A", "3")},
			[]string{`{"name":"B","title":"2"}`, `{"name":"A","title":"3"}`}},
		{"each webhook", []string{"w1", "w2"}, []step{update("A", "1")},
			[]string{`{"name":"A","title":"1"}`, `{"name":"A","title":"1"}`}},
		{"rollback", []string{"w"}, []step{update("A", "1"), rollback, update("B", "2")},
			[]string{`{"name":"B","title":"2"}`}},
		{"savepoint", []string{"w"}, []step{update("A", "1"), savepoint, update("A", "2"),
			update("B", "2"), rollbackTo, update("C", "3")},
			[]string{`{"name":"A","title":"1"}`, `{"name":"C","title":"3"}`}},
		{"savepoint again", []string{"w"}, []step{
			savepoint, update("A", "1"), savepoint, update("B", "2"), rollbackTo, rollbackTo,
		},
			[]string{`{"name":"A","title":"1"}`}},
		{"nothing", []string{"w"}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
			d, _ := newDispatcherOn(t, s, nil)
			for _, h := range tt.hooks {
				require.NoError(t, d.SaveWebhook(t.Context(), noteHook(h)))
			}
			u := d.Begin()
			defer u.Rollback()
			for _, step := range tt.steps {
				step(t, u)
			}
			require.Zero(t, s.calls["Enqueue"])
			report, err := u.Commit(t.Context())
			require.NoError(t, err)
			require.LessOrEqual(t, s.calls["Enqueue"], 1)
			queued := 0
			for _, o := range report.Outcomes {
				if o.Decision == webhook.Queued {
					queued++
				} else {
					require.Equal(t, webhook.Superseded, o.Decision)
				}
			}
			require.Equal(t, len(tt.want), queued)
			ds, err := d.Deliveries(t.Context(), webhook.DeliveryQuery{})
			require.NoError(t, err)
			var got []string
			for _, del := range ds {
				got = append([]string{string(del.Body)}, got...)
			}
			require.Equal(t, tt.want, got)
			require.ErrorIs(t, u.RollbackTo("a"), webhook.ErrNoSavepoint)
		})
	}
}

func TestUnitInContext(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), noteHook("w")))
	u := d.Begin()
	ctx := webhook.WithUnit(t.Context(), u)
	report, err := d.Dispatch(ctx, note("A", "1"))
	require.NoError(t, err)
	require.Equal(t, webhook.Held, report.Outcomes[0].Decision)
	other, _ := newDispatcher(t, nil)
	require.NoError(t, other.SaveWebhook(t.Context(), noteHook("w")))
	report, err = other.Dispatch(ctx, note("A", "1"))
	require.NoError(t, err)
	require.Equal(t, webhook.Queued, report.Outcomes[0].Decision, "the unit is another dispatcher's")
}

// A condition is judged, and a body rendered, when the event happens.
func TestUnitSnapshot(t *testing.T) {
	d, r := newDispatcher(t, nil)
	w := noteHook("w")
	w.Condition = `doc.title == "open"`
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	u := d.Begin()
	for _, title := range []string{"open", "closed"} {
		_, err := u.Dispatch(t.Context(), note("A", title))
		require.NoError(t, err)
	}
	_, err := u.Commit(t.Context())
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	require.Equal(t, `{"name":"A","title":"open"}`, string(r.Requests()[0].Body))
}

func TestUnitCommitFails(t *testing.T) {
	s := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
	d, _ := newDispatcherOn(t, s, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), noteHook("w")))
	u := d.Begin()
	_, err := u.Dispatch(t.Context(), note("A", "1"))
	require.NoError(t, err)
	s.fail = errors.New("disk full")
	_, err = u.Commit(t.Context())
	require.ErrorIs(t, err, s.fail)
	s.fail = nil
	report, err := u.Commit(t.Context())
	require.NoError(t, err)
	require.Equal(t, webhook.Queued, report.Outcomes[0].Decision)
}
