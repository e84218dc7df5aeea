package webhook_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

var (
	histories = flag.Int("histories", 300, "random histories of TestRandomHistories")
	modelSeed = flag.Uint64("seed", 1, "first seed of TestRandomHistories; 0: a new one")
)

// modelPolicy is the one of most webhooks; budgets are the attempts of each.
var (
	modelPolicy = webhook.RetryPolicy{
		Schedule: []time.Duration{2 * time.Second, 20 * time.Second, 90 * time.Second}, MaxAge: 20 * time.Minute,
	}
	budgets = map[string]int{"plain": 4, "line": 4, "slow": 4, "brief": 2}
)

// modelHooks are a plain webhook, an ordered one, one with one place and an
// order, and one that gives up soon.
func modelHooks() []webhook.Webhook {
	return []webhook.Webhook{
		hook("plain"), hook("line", ordered), hook("slow", ordered, one, host("plain")),
		hook("brief", retries(webhook.RetryPolicy{Schedule: []time.Duration{5 * time.Second}})),
	}
}

// TestRandomHistories lets machines whose clocks differ share a store through
// crashes, outages and whatever operators do, and holds what happens against
// the sentences that the ledger knows. A history that fails prints its seed:
//
//	go test -run TestRandomHistories -histories 1 -seed N
//
// The seed decides what happens and when, but not which of two goroutines is
// first at one instant; repeat it a few times with -count.
func TestRandomHistories(t *testing.T) {
	seed := *modelSeed
	if seed == 0 {
		seed = rand.Uint64() >> 16
	}
	for i := range *histories {
		t.Run(fmt.Sprintf("seed %d", seed+uint64(i)), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) { play(t, seed+uint64(i)) })
		})
	}
}

// A history is one run of the test.
type history struct {
	t        *testing.T
	ctx      context.Context
	rng      *rand.Rand
	l        *ledger
	net      *network
	machines []*machine
	booted   int
	events   int
	ops      sync.WaitGroup // calls under way
	told     []string       // what happened, for people
}

func play(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := &history{t: t, ctx: t.Context(), rng: rng, l: newLedger(), net: &network{modes: map[string]int{}}}
	for name := range budgets {
		h.net.set(name, 200)
	}
	for range 1 + rng.IntN(3) {
		h.boot()
	}
	for range 10 + rng.IntN(40) {
		h.step()
		time.Sleep(h.moment())
	}
	h.end()
	h.l.mu.Lock()
	broken := h.l.broken
	h.l.mu.Unlock()
	if len(broken) > 0 {
		for _, line := range h.told {
			t.Log(line)
		}
		for _, line := range broken {
			t.Error(line)
		}
	}
}

// moment returns how long until the next step: mostly short.
func (h *history) moment() time.Duration {
	most := []time.Duration{0, 10 * time.Millisecond, time.Second, 5 * time.Second, 70 * time.Second}[h.rng.IntN(5)]
	return time.Duration(h.rng.Int64N(int64(most) + 1))
}

func (h *history) tell(format string, args ...any) {
	h.told = append(h.told, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// boot adds a machine, which saves its webhooks as hosts do.
func (h *history) boot() {
	h.booted++
	m := newMachine(h.ctx, h.l, h.net, h.rng, h.booted)
	h.tell("%s boots, ahead by %v", m, m.ahead)
	if h.booted == 1 {
		require.NoError(h.t, m.d.SaveWebhooks(h.ctx, modelHooks()...))
	} else if h.rng.IntN(2) == 0 {
		h.do(func() { _ = m.d.SaveWebhooks(h.ctx, modelHooks()...) })
	}
	m.run()
	h.machines = append(h.machines, m)
}

// do makes calls beside the history.
func (h *history) do(f func()) { h.ops.Go(f) }

// step does something at random.
func (h *history) step() {
	i := h.rng.IntN(len(h.machines))
	m := h.machines[i]
	name := []string{"plain", "line", "slow", "brief"}[h.rng.IntN(4)]
	switch n := h.rng.IntN(100); {
	case n < 40:
		h.dispatch(m, 1+h.rng.IntN(5))
	case n < 58:
		mode := modes[h.rng.IntN(len(modes))]
		h.tell("%s answers %d", name, mode)
		h.net.set(name, mode)
	case n < 63:
		h.tell("%s crashes", m)
		h.machines = append(h.machines[:i], h.machines[i+1:]...)
		h.do(m.crash)
		h.boot()
	case n < 68:
		h.tell("%s stops", m)
		h.do(func() { m.halt() })
	case n < 75:
		h.tell("%s runs", m)
		m.run()
	case n < 80:
		long, before := time.Duration(h.rng.IntN(120))*time.Second, h.rng.IntN(2) == 0
		h.tell("%s is cut off for %v, %v", m, long, before)
		m.stall(long, before)
	case n < 83:
		h.tell("%s disables %s", m, name)
		h.do(func() { h.l.disable(m, name) })
	case n < 87:
		h.tell("%s enables %s", m, name)
		h.do(func() { h.l.enable(m, name) })
	case n < 92:
		h.repair(m, "resends", h.l.resend)
	case n < 98:
		h.repair(m, "cancels", h.l.cancel)
	case len(h.machines) < 4:
		h.boot()
	}
}

func (h *history) repair(m *machine, verb string, call func(*machine, string)) {
	if id := h.l.any(h.rng); id != "" {
		h.tell("%s %s %s", m, verb, id)
		h.do(func() { call(m, id) })
	}
}

func (h *history) dispatch(m *machine, n int) {
	var events []webhook.Event
	for range n {
		h.events++
		events = append(events, webhook.Event{
			ID: strconv.Itoa(h.events), Type: webhook.OnUpdate, DocType: "Order",
			Name: "doc" + strconv.Itoa(h.rng.IntN(2)), Doc: map[string]any{"n": h.events},
		})
	}
	h.tell("%s dispatches %d events", m, n)
	h.do(func() {
		m.dispatching.Add(1)
		report, _ := m.d.Dispatch(h.ctx, events...)
		m.dispatching.Add(-1)
		h.l.decided(report)
	})
}

// end lets everything get well, and sees that every delivery ends.
func (h *history) end() {
	h.tell("all get well")
	for name := range budgets {
		h.net.set(name, 200)
	}
	time.Sleep(2 * time.Minute) // whatever is cut off comes back
	h.ops.Wait()
	for _, m := range h.machines {
		m.halt()
	}
	m := newMachine(h.ctx, h.l, h.net, h.rng, 0)
	for name := range budgets {
		h.l.enable(m, name)
	}
	m.run()
	for range 60 {
		time.Sleep(time.Minute)
		if h.finished(m) {
			break
		}
	}
	m.halt()
	synctest.Wait()
	h.l.mu.Lock()
	defer h.l.mu.Unlock()
	for _, r := range h.l.rows {
		h.l.must(r.state != webhook.Pending && r.state != webhook.Paused,
			"%s of %s: never ended: %s", r.id, r.webhook, r.state)
		h.judge(r)
	}
}

// finished reports whether nothing waits, and cancels what stops a line.
func (h *history) finished(m *machine) bool {
	done := true
	var heads []string
	h.l.mu.Lock()
	for _, r := range h.l.rows {
		done = done && r.state != webhook.Pending && r.state != webhook.Paused
		if r.line != "" && (r.state == webhook.Failed || r.state == webhook.Exhausted) {
			heads = append(heads, r.id)
		}
	}
	h.l.mu.Unlock()
	if done {
		return true
	}
	for _, id := range heads {
		h.l.cancel(m, id)
	}
	return false
}

// judge holds a delivery that ended against its log.
func (h *history) judge(r *ledgerRow) {
	del, err := h.l.MemoryStore.Delivery(h.ctx, r.id)
	if err != nil {
		h.l.must(false, "%s: lost: %v", r.id, err)
		return
	}
	h.l.must(string(del.Body) == r.body, "%s: its stored bytes changed", r.id)
	log, err := h.l.MemoryStore.Attempts(h.ctx, r.id)
	h.l.must(err == nil, "%s: log: %v", r.id, err)
	for i := range log {
		h.l.must(i == 0 || log[i].Number > log[i-1].Number,
			"%s: attempt %d after %d", r.id, log[i].Number, log[max(0, i-1)].Number)
	}
	// Where the store could not be reached, entries may be missing.
	if n := len(log); n > 0 && n == del.Attempts && del.State != webhook.Canceled && del.Reason != webhook.ReasonAge {
		h.l.must(log[n-1].State == del.State, "%s is %s and its last attempt says %s", r.id, del.State, log[n-1].State)
	}
}
