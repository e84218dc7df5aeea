package sqltest_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

var (
	kills   = flag.Int("kills", 8, "workers that TestCrash kills")
	crashed = flag.Int("deliveries", 800, "deliveries of TestCrash")
)

// A killPoint is where a worker dies.
type killPoint string

const (
	inEnqueue killPoint = "inside enqueue"
	claimed   killPoint = "after a claim"
	answered  killPoint = "after the receiver answered, before the update"
	inUpdate  killPoint = "inside the update"
)

var killPoints = []killPoint{inEnqueue, claimed, answered, inUpdate}

// mortal is a store whose process dies at a point.
type mortal struct {
	*sqlstore.Store
	config workerConfig
	calls  atomic.Int64
}

// reached reports whether this is the call in which to die.
func (m *mortal) reached(p killPoint) bool {
	return m.config.Kill == p && m.calls.Add(1) == int64(m.config.Nth)
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (m *mortal) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	if m.reached(inEnqueue) {
		time.AfterFunc(m.config.Delay, die)
	}
	return m.Store.Enqueue(ctx, ds)
}

func (m *mortal) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	ds, err := m.Store.Claim(ctx, c)
	if len(ds) > 0 && m.reached(claimed) {
		die()
	}
	return ds, err
}

func (m *mortal) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	for i := range cs {
		if cs[i].Attempt == nil {
			continue
		}
		if m.reached(answered) {
			die()
		}
		if m.reached(inUpdate) {
			time.AfterFunc(m.config.Delay, die)
		}
		break
	}
	return m.Store.Update(ctx, cs)
}

// atRisk is how many messages a worker may have out, or answered and not stored:
// those it has places for, and four times as many.
const atRisk = 5 * concurrency

// TestCrash kills workers with SIGKILL while they dispatch and deliver. What a
// Dispatch acknowledged arrives, under one id and with one body; what was
// rolled back does not; and no more comes twice than was in flight, or not
// stored yet, when a worker died.
func TestCrash(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		t.Parallel() // most of it waits for leases
		c := &crash{
			t: t, d: d, judge: newJudge(t), todo: make(chan string, 2**crashed),
			aimed: map[killPoint]int{}, died: map[killPoint]int{},
		}
		c.store, _ = d.setUp(t, c.judge)
		for i := range *crashed {
			c.todo <- []string{"dispatch ", "commit "}[i%2] + fmt.Sprintf("event-%d", i)
			if i%10 == 0 {
				c.todo <- fmt.Sprintf("rollback phantom-%d", i)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		var group sync.WaitGroup
		for i := range 3 {
			group.Go(func() { c.spawn(ctx, i) })
		}
		group.Wait()
		require.NoError(t, ctx.Err())
		require.Empty(t, c.failed)
		n, requests := c.judge.arrived()
		t.Logf("%s: %d deliveries, %d kills %v, %d requests: %d duplicates, %d allowed",
			d.Dialect, n, c.killed.Load(), c.died,
			requests, requests-n, c.killed.Load()*atRisk)
		require.Equal(t, *crashed, n, "events that arrived: none lost, none that was rolled back")
		require.Empty(t, c.judge.wrong)
		require.LessOrEqual(t, int64(requests-n), c.killed.Load()*atRisk, "duplicates")
		require.GreaterOrEqual(t, c.killed.Load(), int64(*kills))
		counts, err := c.store.Count(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, map[webhook.State]int{webhook.Delivered: *crashed}, counts.ByState)
	})
}

// A crash is a run of TestCrash.
type crash struct {
	t      *testing.T
	d      database
	judge  *judge
	store  *sqlstore.Store
	todo   chan string // orders
	handed atomic.Int64
	killed atomic.Int64

	mu     sync.Mutex // guards the fields below
	failed []string
	aimed  map[killPoint]int
	died   map[killPoint]int
}

// over reports whether all has arrived and is stored as delivered, and enough
// workers died.
func (c *crash) over() bool {
	n, _ := c.judge.arrived()
	if n < *crashed || len(c.todo) > 0 || c.killed.Load() < int64(*kills) {
		return false
	}
	counts, err := c.store.Count(context.Background(), "")
	return err == nil && counts.ByState[webhook.Pending] == 0
}

// mayHand reports whether a worker gets another order: each death makes room for
// some more, so that there is work until the last.
func (c *crash) mayHand() bool {
	room := int64(*crashed) * (c.killed.Load() + 1) / int64(*kills)
	return c.handed.Load() < room || c.killed.Load() >= int64(*kills)
}

// spawn keeps one worker alive, a new one for each that died, until all is over.
func (c *crash) spawn(ctx context.Context, i int) {
	random := rand.New(rand.NewPCG(uint64(i), 5))
	for !c.over() && ctx.Err() == nil {
		config := workerConfig{Database: c.d.Database, Idle: i == 2}
		if c.killed.Load() < int64(*kills) {
			config.Kill = c.aim(config.Idle)
			config.Nth, config.Delay = 1+random.IntN(8), time.Duration(random.IntN(4000))*time.Microsecond
		}
		if err := c.live(ctx, config); err != nil {
			c.mu.Lock()
			c.failed = append(c.failed, err.Error())
			c.mu.Unlock()
			return
		}
	}
}

// aim returns where the next worker dies: where the fewest were to. One that
// delivers nothing can only die inside enqueue.
func (c *crash) aim(idle bool) killPoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	least := slices.MinFunc(killPoints, func(a, b killPoint) int { return cmp.Compare(c.aimed[a], c.aimed[b]) })
	if idle && least != inEnqueue {
		return ""
	}
	c.aimed[least]++
	return least
}

// live runs a worker until it dies or all is over, and takes back the orders that
// it did not carry out.
func (c *crash) live(ctx context.Context, config workerConfig) error {
	w := start(c.t, config)
	given := map[string]string{} // orders by id
	var mu sync.Mutex            // guards given
	done := make(chan struct{})
	go func() {
		defer close(done)
		for w.said.Scan() {
			var verb, id string
			_, _ = fmt.Sscan(w.said.Text(), &verb, &id)
			mu.Lock()
			if verb == "failed" {
				c.todo <- given[id]
			}
			delete(given, id)
			mu.Unlock()
		}
	}()
	patience := time.After(3 * time.Second) // a point may never be reached
	for alive := true; alive; {
		mu.Lock()
		room := len(given) < 16 && c.mayHand()
		mu.Unlock()
		var todo chan string
		if room {
			todo = c.todo
		}
		select {
		case <-done:
			alive = false
		case <-ctx.Done():
			_ = w.cmd.Process.Kill()
		case <-patience:
			if c.killed.Load() < int64(*kills) {
				_ = w.cmd.Process.Kill()
			}
		case order := <-todo:
			var verb, id string
			_, _ = fmt.Sscan(order, &verb, &id)
			mu.Lock()
			given[id] = order
			mu.Unlock()
			c.handed.Add(1)
			_, _ = fmt.Fprintln(w.orders, order) // if it is dead, the order is taken back
		case <-time.After(50 * time.Millisecond):
			if c.over() {
				_ = w.orders.Close()
			}
		}
	}
	for _, order := range given {
		c.todo <- order
	}
	killed, err := w.killed()
	if killed {
		c.killed.Add(1)
		c.mu.Lock()
		c.died[config.Kill]++
		c.mu.Unlock()
	}
	return err
}
