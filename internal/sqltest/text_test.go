package sqltest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
)

// What any statement that writes several rows has to spell comes back as it was:
// text that looks like the spelling of a list, and bytes of every kind.
func TestTextInRows(t *testing.T) {
	texts := []string{
		"plain", `{"a","b"}`, `\`, `\\"`, "NULL", "null", "", "a,b", "{}", " ", "'",
		"$1 ? %s", "tab\tand\nline", "é\u2028😀",
	}
	bodies := [][]byte{nil, {}, {0}, []byte("text"), {0xff, 0xfe, 0}, []byte(`\x00`), []byte("')--")}
	for _, dialect := range sqltest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			d := open(t, dialect)
			db, err := d.Connect()
			require.NoError(t, err)
			defer db.Close()
			s, err := d.Store(db)
			require.NoError(t, err)
			ctx := t.Context()
			require.NoError(t, s.Migrate(ctx))
			now := time.UnixMicro(1_700_000_000_000_000).UTC()
			var ds []webhook.Delivery
			var cs []webhook.Change
			for i := range 30 {
				text, body := texts[i%len(texts)], bodies[i%len(bodies)]
				id := fmt.Sprintf("%s %d", text, i)
				ds = append(ds, webhook.Delivery{
					ID: id, EventID: text, Type: webhook.EventType(text), Webhook: text,
					DocType: text, DocName: text, Tenant: text,
					Method: "POST", URL: text, Body: body, ContentType: text, Chain: text, Trace: text, Created: now,
					Version: 1, State: webhook.Pending, Reason: text, Due: now, Since: now, Owner: text,
					LeaseUntil: now.Add(time.Minute), Fence: 1,
				})
				cs = append(cs, webhook.Change{
					ID: id, Fence: 1, State: webhook.Failed, Reason: text, Attempts: 1, Tries: 1,
					Due: now, Since: now, Finished: now, Owner: text,
					Attempt: &webhook.Attempt{Number: 1, Time: now, StatusCode: 500, Class: text, Error: text,
						Header: http.Header{"X-Text": {text}}, Body: body, State: webhook.Failed},
				})
			}
			fresh, err := s.Enqueue(ctx, append(ds[:20:20], ds[3]))
			require.NoError(t, err)
			require.Equal(t, append(slices.Repeat([]bool{true}, 20), false), fresh)
			fresh, err = s.Enqueue(ctx, ds)
			require.NoError(t, err)
			require.Equal(t, append(slices.Repeat([]bool{false}, 20), slices.Repeat([]bool{true}, 10)...), fresh)
			for i := range ds {
				got, err := s.Delivery(ctx, ds[i].ID)
				require.NoError(t, err)
				require.Equal(t, &ds[i], got)
			}
			errs, err := s.Update(ctx, append(cs, webhook.Change{ID: "nobody", Fence: 1},
				webhook.Change{ID: ds[0].ID, Fence: 1}))
			require.NoError(t, err)
			require.Equal(t, webhook.ErrNotFound, errs[len(cs)])
			require.Equal(t, webhook.ErrLeaseLost, errs[len(cs)+1])
			for i := range cs {
				require.NoError(t, errs[i])
				want := ds[i]
				cs[i].Apply(&want)
				got, err := s.Delivery(ctx, want.ID)
				require.NoError(t, err)
				require.Equal(t, &want, got)
				as, err := s.Attempts(ctx, want.ID)
				require.NoError(t, err)
				cs[i].Attempt.DeliveryID = want.ID
				require.Equal(t, []webhook.Attempt{*cs[i].Attempt}, as)
			}
		})
	}
}

// Rows come back as they were, whether those of a statement are alike in a
// column, or the first or last is another, or nothing is there in some or in
// all.
func TestAlikeInRows(t *testing.T) {
	now := time.UnixMicro(1_700_000_000_000_000).UTC()
	ds := [2]webhook.Delivery{{Webhook: "v", State: webhook.Paused}, {
		EventID: "e", Type: "t", Webhook: "w", DocType: "dt", DocName: "dn", Tenant: "tn",
		Method: "POST", URL: "u", Body: []byte("b"), ContentType: "ct", Chain: "c", Trace: "tr",
		Line: "l", Created: now, Version: 1, State: webhook.Pending, Reason: "r",
		Attempts: 2, Tries: 1, Due: now, Since: now, PausedAt: now, Finished: now,
		Owner: "o", LeaseUntil: now, Fence: 3,
	}}
	cs := [2]webhook.Change{{State: webhook.Failed, Attempt: &webhook.Attempt{}}, {
		State: webhook.Pending, Reason: "r", Attempts: 3, Tries: 2, Due: now, Since: now,
		PausedAt: now, Finished: now, Owner: "o",
		LeaseUntil: now, Attempt: &webhook.Attempt{Number: 3, Time: now, Duration: time.Second,
			StatusCode: 500, Class: "c",
			Error: "e", Header: http.Header{"H": {"h"}}, Body: []byte("b"), State: webhook.Pending, Next: now},
	}}
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, d.connect(t))
		for _, size := range []int{1, 3, 12} {
			for _, which := range []func(row int) bool{
				func(int) bool { return false },
				func(int) bool { return true },
				func(row int) bool { return row == 0 },
				func(row int) bool { return row > 0 },
				func(row int) bool { return row == size-1 },
				func(row int) bool { return row < size-1 },
			} {
				group := make([]webhook.Delivery, size)
				changes := make([]webhook.Change, size)
				for i := range group {
					kind := 0
					if which(i) {
						kind = 1
					}
					group[i], changes[i] = ds[kind], cs[kind]
					group[i].ID = fmt.Sprintf("d%04d", counter.Add(1))
					changes[i].ID, changes[i].Fence = group[i].ID, group[i].Fence
				}
				fresh, err := s.Enqueue(t.Context(), group)
				require.NoError(t, err)
				require.NotContains(t, fresh, false)
				stored := func(want webhook.Delivery) {
					got, err := s.Delivery(t.Context(), want.ID)
					require.NoError(t, err)
					want.Seq = got.Seq
					require.Equal(t, &want, got)
				}
				for _, want := range group {
					stored(want)
				}
				errs, err := s.Update(t.Context(), changes)
				require.NoError(t, err)
				require.Equal(t, make([]error, size), errs)
				for i, c := range changes {
					c.Apply(&group[i])
					stored(group[i])
					as, err := s.Attempts(t.Context(), c.ID)
					require.NoError(t, err)
					a := *c.Attempt
					a.DeliveryID = c.ID
					require.Equal(t, []webhook.Attempt{a}, as)
				}
			}
		}
	})
}
