package sqltest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

func lined(id, line string) webhook.Delivery {
	now := time.Now()
	return webhook.Delivery{
		ID: id, EventID: id, Type: webhook.OnUpdate, Webhook: "w", DocType: "Order", DocName: line, Line: line,
		Version: webhook.DeliveryVersion, State: webhook.Pending, Created: now, Due: now, Method: "POST",
	}
}

// TestLineOfTwoTransactions has a second transaction number a delivery of a line
// in which a first one has one that is not committed: it waits.
func TestLineOfTwoTransactions(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.connect(t)
		s := d.store(t, db)
		first, err := db.Begin()
		require.NoError(t, err)
		enqueue := func(tx *sql.Tx, id string) error {
			_, err := s.Enqueue(sqlstore.WithTx(t.Context(), tx), []webhook.Delivery{lined(id, "x")})
			return err
		}
		require.NoError(t, enqueue(first, "a"))
		done := make(chan error, 1)
		go func() {
			second, err := db.Begin()
			if err == nil {
				err = errors.Join(enqueue(second, "b"), second.Commit())
			}
			done <- err
		}()
		select {
		case err := <-done:
			t.Fatalf("the second did not wait for the first: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		require.NoError(t, enqueue(first, "c"))
		require.NoError(t, first.Commit())
		require.NoError(t, <-done)
		require.Equal(t, []string{"a", "c", "b"}, claimAll(t, s))
	})
}

// TestLineThatIsHeld has a Dispatch beside the transaction that it is called
// from, whose context was left out: it says what it waited for.
func TestLineThatIsHeld(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("it has one writer")
		}
		t.Parallel() // it waits
		h := newHost(t, d)
		require.NoError(t, h.d.SaveWebhook(t.Context(), h.webhook("ordered", true)))
		err := sqlstore.InTx(t.Context(), h.d, h.db, nil, func(ctx context.Context, tx *sql.Tx) error {
			own := sqlstore.WithTx(t.Context(), tx) // at once, not when the unit is committed
			if _, err := h.d.Dispatch(own, inserted("a")); err != nil {
				return err
			}
			again := inserted("a")
			again.Type = webhook.OnUpdate
			_, err := h.d.Dispatch(t.Context(), again)
			return err
		})
		require.ErrorIs(t, err, sqlstore.ErrLineHeld)
		require.ErrorContains(t, err, "ordered webhook")
		h.holds()
	})
}

// claimAll claims and delivers until nothing is left, and returns the ids in the
// order of the claims.
func claimAll(t *testing.T, s *sqlstore.Store) []string {
	var ids []string
	for {
		ds, err := s.Claim(t.Context(), webhook.Claim{Now: time.Now(), Lease: time.Minute, Limit: 10})
		require.NoError(t, err)
		if len(ds) == 0 {
			return ids
		}
		for _, d := range ds {
			ids = append(ids, d.ID)
		}
		deliver(t, s, ds, webhook.Delivered)
	}
}

func deliver(t *testing.T, s *sqlstore.Store, ds []webhook.Delivery, to webhook.State) {
	cs := make([]webhook.Change, len(ds))
	for i, d := range ds {
		cs[i] = webhook.Change{ID: d.ID, Fence: d.Fence, State: to, Finished: time.Now()}
	}
	errs, err := s.Update(t.Context(), cs)
	require.NoError(t, err)
	for _, err := range errs {
		if !errors.Is(err, webhook.ErrLeaseLost) {
			require.NoError(t, err)
		}
	}
}

// TestLinesUnderLoad has transactions of the host's fill a few lines, some of
// them rolled back, while several stores claim, deliver and give back, and
// others cancel: every line ends empty, in order, and none is left behind.
func TestLinesUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const lines, writers, each, claimers = 4, 4, 60, 3
		main := d.store(t, d.connect(t))
		o := &order{last: map[string]int64{}}
		ctx, filled := context.WithCancel(t.Context())
		var writing, claiming sync.WaitGroup
		for w := range writers {
			db := d.connect(t)
			s := d.bare(t, db)
			random := rand.New(rand.NewPCG(uint64(w), 1))
			writing.Go(func() {
				for n := range each {
					fill(t, db, s, fmt.Sprintf("%d-%d", w, n),
						fmt.Sprint("line ", random.IntN(lines)), random.IntN(5) == 0)
				}
			})
		}
		for c := range claimers {
			s := d.bare(t, d.connect(t))
			random := rand.New(rand.NewPCG(uint64(c), 2))
			claiming.Go(func() {
				for ctx.Err() == nil {
					o.step(t, s, random)
				}
			})
		}
		claiming.Go(func() {
			for ctx.Err() == nil {
				ds, err := main.Deliveries(t.Context(),
					webhook.DeliveryQuery{States: []webhook.State{webhook.Pending}, Limit: 2})
				require.NoError(t, err)
				deliver(t, main, ds, webhook.Canceled)
				time.Sleep(20 * time.Millisecond)
			}
		})
		writing.Wait()
		filled()
		claiming.Wait()
		random := rand.New(rand.NewPCG(3, 3))
		for range 1000 {
			if o.step(t, main, random) == 0 {
				break
			}
		}
		c, err := main.Count(t.Context(), "")
		require.NoError(t, err)
		require.Zero(t, c.ByState[webhook.Pending], "left behind: %v", c.ByState)
		require.Empty(t, o.wrong)
		require.NotZero(t, c.ByState[webhook.Delivered])
	})
}

// fill enqueues a delivery of a line in a transaction of the host's.
func fill(t *testing.T, db *sql.DB, s *sqlstore.Store, id, line string, undo bool) {
	for {
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = s.Enqueue(sqlstore.WithTx(t.Context(), tx), []webhook.Delivery{lined(id, line), lined(id+"+", line)})
		if err == nil && !undo {
			require.NoError(t, tx.Commit())
		} else {
			require.NoError(t, tx.Rollback())
		}
		// When one is rolled back that was the first of its line, InnoDB has
		// those that wait for it deadlock. A host on MySQL repeats its
		// transactions.
		if err == nil || !strings.Contains(err.Error(), "Error 1213") {
			require.NoError(t, err)
			return
		}
	}
}

// order notes in which order the deliveries of lines were delivered.
type order struct {
	mu    sync.Mutex // guards the fields below
	last  map[string]int64
	wrong []string
}

// step claims, gives some back, and delivers the others.
func (o *order) step(t *testing.T, s *sqlstore.Store, random *rand.Rand) int {
	ds, err := s.Claim(t.Context(), webhook.Claim{Now: time.Now(), Lease: time.Minute, Limit: 5})
	require.NoError(t, err)
	var done []webhook.Delivery
	for _, d := range ds {
		if random.IntN(4) == 0 {
			deliver(t, s, []webhook.Delivery{d}, webhook.Pending)
			continue
		}
		o.mu.Lock()
		if d.Seq < o.last[d.Line] {
			o.wrong = append(o.wrong, fmt.Sprintf("%s: %d after %d", d.Line, d.Seq, o.last[d.Line]))
		}
		o.last[d.Line] = max(o.last[d.Line], d.Seq)
		o.mu.Unlock()
		done = append(done, d)
	}
	deliver(t, s, done, webhook.Delivered)
	return len(ds)
}

// TestLongLine has a claim come across a line of thousands that wait behind
// one: it offers what is due behind them all the same, and later claims do not
// see them.
func TestLongLine(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, d.connect(t))
		ds := make([]webhook.Delivery, 3000)
		for i := range ds {
			ds[i] = lined(fmt.Sprintf("x%04d", i), "x")
		}
		ds = append(ds, lined("y", "y"))
		for len(ds) > 0 {
			n := min(512, len(ds))
			_, err := s.Enqueue(t.Context(), ds[:n])
			require.NoError(t, err)
			ds = ds[n:]
		}
		got, err := s.Claim(t.Context(), webhook.Claim{Now: time.Now(), Lease: time.Minute, Limit: 10})
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, "x0000 y", got[0].ID+" "+got[1].ID)
		deliver(t, s, got, webhook.Delivered)
		for i := 1; i < 5; i++ {
			got, err := s.Claim(t.Context(), webhook.Claim{Now: time.Now(), Lease: time.Minute, Limit: 10})
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.True(t, strings.HasPrefix(got[0].ID, fmt.Sprintf("x%04d", i)), got[0].ID)
			deliver(t, s, got, webhook.Delivered)
		}
	})
}

// A call of Prune removes many of the rows that lines were locked by, not all
// however many there are, and none that somebody holds.
func TestPruneOfLines(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("it has one writer, and locks no lines")
		}
		db := d.connect(t)
		store := d.store(t, db)
		const many, removed = 21_000, 20_000
		for from := 0; from < many; from += 1000 {
			var values []string
			for i := range 1000 {
				values = append(values, fmt.Sprintf("('line %d')", from+i))
			}
			_, err := db.Exec(d.SQL("INSERT INTO {prefix}lines (line) VALUES " + strings.Join(values, ", ")))
			require.NoError(t, err)
		}
		left := func() (n int) {
			require.NoError(t, db.QueryRow(d.SQL("SELECT COUNT(*) FROM {prefix}lines")).Scan(&n))
			return n
		}
		tx, err := db.Begin()
		require.NoError(t, err)
		defer tx.Rollback() //nolint:errcheck // it holds a line for the test
		_, err = tx.Exec(d.SQL("SELECT line FROM {prefix}lines WHERE line = 'line 7' FOR UPDATE"))
		require.NoError(t, err)
		for _, want := range []int{many - removed, 1, 1} {
			_, err := store.Prune(t.Context(), webhook.Prune{Limit: 1})
			require.NoError(t, err)
			require.Equal(t, want, left())
		}
	})
}
