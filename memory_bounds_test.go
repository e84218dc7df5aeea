package webhook_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// enqueueMany stores n deliveries that change makes, from number first on.
func enqueueMany(t *testing.T, s *webhook.MemoryStore, first, n, body int, change func(i int, d *webhook.Delivery)) {
	t.Helper()
	for i := first; i < first+n; i += 1000 {
		ds := make([]webhook.Delivery, 0, 1000)
		for j := i; j < min(i+1000, first+n); j++ {
			d := pendingDelivery(j, body)
			change(j, &d)
			ds = append(ds, d)
		}
		_, err := s.Enqueue(context.Background(), ds)
		require.NoError(t, err)
	}
}

func countOf(t *testing.T, s *webhook.MemoryStore, state webhook.State) int {
	t.Helper()
	c, err := s.Count(context.Background(), "")
	require.NoError(t, err)
	return c.ByState[state]
}

func finish(_ int, d *webhook.Delivery) { d.State, d.Finished = webhook.Delivered, d.Created }

func TestMemoryStoreKeepsTheLastFinished(t *testing.T) {
	s := webhook.NewMemoryStore()
	enqueueMany(t, s, 0, 10, 1, func(int, *webhook.Delivery) {})
	enqueueMany(t, s, 10, 12_000, 1, finish)
	require.Equal(t, 10_000, countOf(t, s, webhook.Delivered))
	require.Equal(t, 10, countOf(t, s, webhook.Pending))
	for i, want := range map[int]error{
		0: nil, 10: webhook.ErrNotFound, 2009: webhook.ErrNotFound, 2010: nil, 12_009: nil,
	} {
		_, err := s.Delivery(context.Background(), pendingDelivery(i, 0).ID)
		require.ErrorIs(t, err, want, "delivery %d", i)
	}
}

func TestMemoryStoreBoundsTheBodiesOfFinished(t *testing.T) {
	s := webhook.NewMemoryStore()
	enqueueMany(t, s, 0, 100, 1<<20, finish)
	require.Equal(t, 64, countOf(t, s, webhook.Delivered))
}

// What stops its line is kept, however much finishes after it.
func TestMemoryStoreKeepsWhatStopsItsLine(t *testing.T) {
	s := webhook.NewMemoryStore()
	enqueueMany(t, s, 0, 3, 1, func(i int, d *webhook.Delivery) {
		d.State, d.Line = webhook.Failed, fmt.Sprint("line ", i)
	})
	enqueueMany(t, s, 3, 11_000, 1, finish)
	require.Equal(t, 3, countOf(t, s, webhook.Failed))
	require.Equal(t, 10_000, countOf(t, s, webhook.Delivered))
}

func TestMemoryStoreRefusesAboveAMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("fills 250 MB")
	}
	s := webhook.NewMemoryStore()
	ctx := context.Background()
	ds := make([]webhook.Delivery, 999)
	for i := range 1001 { // 1,001 times 999 is one less than a million
		for j := range ds {
			ds[j].ID, ds[j].State = strconv.Itoa(i*len(ds)+j), webhook.Pending
		}
		_, err := s.Enqueue(ctx, ds)
		require.NoError(t, err)
	}
	old := webhook.Delivery{ID: "7"}
	a, b := pendingDelivery(1_000_001, 0), pendingDelivery(1_000_002, 0)
	_, err := s.Enqueue(ctx, []webhook.Delivery{a, b})
	require.ErrorIs(t, err, webhook.ErrFull)
	fresh, err := s.Enqueue(ctx, []webhook.Delivery{old, a, a})
	require.NoError(t, err, "only what is new needs room")
	require.Equal(t, []bool{false, true, false}, fresh)
	_, err = s.Enqueue(ctx, []webhook.Delivery{b})
	require.ErrorIs(t, err, webhook.ErrFull)
	errs, err := s.Update(ctx, []webhook.Change{{ID: a.ID, State: webhook.Delivered}})
	require.NoError(t, err)
	require.NoError(t, errs[0])
	_, err = s.Enqueue(ctx, []webhook.Delivery{b})
	require.NoError(t, err, "one that finished makes room")
}

// Times are exact, the zero time and those without a nanosecond to spare alike;
// what cannot be kept keeps its order.
func TestMemoryStoreTimes(t *testing.T) {
	for i, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, -1), time.Unix(0, 1),
		time.Date(1700, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(2262, 1, 1, 0, 0, 0, 999_999_999, time.UTC),
		time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600)),
	} {
		s := webhook.NewMemoryStore()
		d := pendingDelivery(i, 0)
		d.Created, d.Due, d.Since, d.PausedAt, d.Finished, d.LeaseUntil = at, at, at, at, at, at
		_, err := s.Enqueue(context.Background(), []webhook.Delivery{d})
		require.NoError(t, err)
		got, err := s.Delivery(context.Background(), d.ID)
		require.NoError(t, err)
		for _, back := range []time.Time{got.Created, got.Due, got.Since, got.PausedAt, got.Finished, got.LeaseUntil} {
			require.True(t, back.Equal(at), "%v came back as %v", at, back)
			require.Equal(t, at.IsZero(), back.IsZero())
			require.Equal(t, time.UTC, back.Location())
		}
	}
	s := webhook.NewMemoryStore()
	d := pendingDelivery(0, 0)
	d.Due = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := s.Enqueue(context.Background(), []webhook.Delivery{d})
	require.NoError(t, err)
	ds, err := s.Claim(context.Background(),
		webhook.Claim{Now: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), Lease: 1, Limit: 1})
	require.NoError(t, err)
	require.Empty(t, ds)
}

// After many random calls the store holds what a map would, and gives back the
// memory of what is gone.
func TestMemoryStoreHoldsWhatAMapWould(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 2))
	s, model := webhook.NewMemoryStore(), map[string]webhook.Delivery{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var order []string
	for i := range 20_000 {
		switch r.IntN(5) {
		case 0, 1:
			d := pendingDelivery(i, r.IntN(3000))
			d.Webhook, d.Due = fmt.Sprint("w", r.IntN(9)), now.Add(time.Duration(r.IntN(1000)))
			d.DocName = fmt.Sprint(r.IntN(4))
			for j := range d.Body {
				d.Body[j] = byte(i)
			}
			_, err := s.Enqueue(ctx, []webhook.Delivery{d})
			require.NoError(t, err)
			model[d.ID], order = d, append(order, d.ID)
		case 2:
			ds, err := s.Claim(ctx, webhook.Claim{Now: now.Add(time.Duration(i)), Lease: 500,
				Owner: "o", Limit: 3, Skip: []string{"w1"}})
			require.NoError(t, err)
			for _, d := range ds {
				m := model[d.ID]
				require.NotEqual(t, "w1", d.Webhook)
				require.False(t, m.LeaseUntil.After(now.Add(time.Duration(i))))
				m.Owner, m.LeaseUntil, m.Fence = "o", now.Add(time.Duration(i)+500), m.Fence+1
				require.Equal(t, m, d)
				model[d.ID] = m
			}
		case 3:
			if len(order) > 0 {
				m := model[order[r.IntN(len(order))]]
				states := []webhook.State{
					webhook.Pending, webhook.Delivered, webhook.Failed, webhook.Paused,
					webhook.Canceled,
				}
				c := webhook.Change{
					ID: m.ID, Fence: m.Fence, State: states[r.IntN(5)],
					Due: now.Add(time.Duration(r.IntN(30_000))), Tries: r.IntN(2),
				}
				errs, err := s.Update(ctx, []webhook.Change{c})
				require.NoError(t, err)
				require.NoError(t, errs[0])
				c.Apply(&m)
				model[m.ID] = m
			}
		case 4:
			if i%50 == 0 {
				n, err := s.Prune(ctx, webhook.Prune{Delivered: now, Other: now, Limit: 1e6})
				require.NoError(t, err)
				before := len(order)
				order = slices.DeleteFunc(order, func(id string) bool {
					m := model[id]
					return m.State != webhook.Pending && m.State != webhook.Paused
				})
				require.Equal(t, before-len(order), n)
			}
		}
	}
	q, seen := webhook.DeliveryQuery{Limit: 1000}, 0
	for {
		ds, err := s.Deliveries(ctx, q)
		require.NoError(t, err)
		if len(ds) == 0 {
			break
		}
		for _, d := range ds {
			require.Equal(t, order[len(order)-1-seen], d.ID)
			require.Equal(t, model[d.ID], d)
			seen++
		}
		q.After = ds[len(ds)-1].ID
	}
	require.Equal(t, len(order), seen)
}

func TestMemoryStoreGivesMemoryBack(t *testing.T) {
	before := heapInUse()
	s := webhook.NewMemoryStore()
	const n = 50_000
	enqueueMany(t, s, 0, n, 1000, func(int, *webhook.Delivery) {})
	full := heapInUse() - before
	for i := range n {
		if i%100 != 0 { // a few stay, spread over everything
			id := pendingDelivery(i, 0).ID
			errs, err := s.Update(context.Background(), []webhook.Change{{ID: id, State: webhook.Delivered}})
			require.NoError(t, err)
			require.NoError(t, errs[0])
		}
	}
	_, err := s.Prune(context.Background(), webhook.Prune{Delivered: time.Now(), Limit: n})
	require.NoError(t, err)
	left := heapInUse() - before
	t.Logf("%d MB full, %d MB with a hundredth left", full>>20, left>>20)
	require.Less(t, left, full/5)
	require.Equal(t, n/100, countOf(t, s, webhook.Pending))
}
