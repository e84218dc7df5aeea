package webhook_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

// The ledger of the randomized test: the one store that all machines share,
// with its own memory of who may do what. It knows the documented sentences and
// nothing of the dispatcher.
type ledger struct {
	*webhook.MemoryStore

	mu       sync.Mutex // guards the fields below, and orders the store's calls
	rows     map[string]*ledgerRow
	ids      []string // of the rows, as enqueued
	broken   []string // sentences that did not hold
	canceled map[string]verdictAt
	resends  map[string]*calls
	disabled map[string]verdictAt
	enables  map[string]*calls
	disables map[string]bool // Disable was called at all
	gates    map[gateKey]gate
}

// A gate is closed after one answer, for one machine's requests of a webhook.
type gateKey struct {
	m       *machine
	webhook string
}

type gate struct{ from, until time.Time }

// A ledgerRow is what the ledger knows of a delivery.
type ledgerRow struct {
	id, webhook, line, body string
	seq                     int64
	state                   webhook.State
	budget, attempts, tries int
	resentAt                int      // attempts before the last Resend
	resendsAsked            int      // and not seen yet
	holder                  *machine // of the lease, also when it is lost
	loser                   *machine // whose lease was lost last
	until, lost             time.Time
	fence                   int64
	sentNumber              int
	delivered, permanent    bool     // an answer said so
	answer                  int      // the last one; 0 if the attempt brought none
	cut                     bool     // the last attempt was cut off by its machine's stop
	by                      *machine // whose attempt the two are of
}

// A verdictAt is when a call returned, and on which machine.
type verdictAt struct {
	at time.Time
	m  *machine
}

// calls counts calls that undo others' effect: begun, and under way.
type calls struct{ begun, underWay int }

func newLedger() *ledger {
	return &ledger{
		MemoryStore: webhook.NewMemoryStore(), rows: map[string]*ledgerRow{},
		canceled: map[string]verdictAt{}, resends: map[string]*calls{},
		disabled: map[string]verdictAt{}, enables: map[string]*calls{},
		disables: map[string]bool{}, gates: map[gateKey]gate{},
	}
}

// must notes a sentence that did not hold. mu is held.
func (l *ledger) must(holds bool, sentence string, args ...any) {
	if !holds && len(l.broken) < 20 {
		l.broken = append(l.broken,
			fmt.Sprintf("%v %s", time.Now().Format("15:04:05.000"), fmt.Sprintf(sentence, args...)))
	}
}

func (l *ledger) enqueue(ctx context.Context, m *machine, ds []webhook.Delivery) ([]bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh, err := l.MemoryStore.Enqueue(ctx, ds)
	for i := range fresh {
		if !fresh[i] {
			continue
		}
		d, err := l.MemoryStore.Delivery(context.Background(), ds[i].ID)
		if err != nil {
			l.must(false, "%s: stored: %v", ds[i].ID, err)
			continue
		}
		l.ids = append(l.ids, d.ID)
		r := &ledgerRow{
			id: d.ID, webhook: d.Webhook, line: d.Line, seq: d.Seq, body: string(d.Body),
			state: d.State, fence: d.Fence, budget: budgets[d.Webhook],
		}
		l.rows[d.ID] = r
		if !d.LeaseUntil.IsZero() {
			l.must(r.line == "" && r.state == webhook.Pending,
				"%s: handed off although %s, or in a line", r.id, r.state)
			r.holder, r.until = m, d.LeaseUntil
		}
	}
	return fresh, err
}

func (l *ledger) claim(ctx context.Context, m *machine, c webhook.Claim) ([]webhook.Delivery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ds, err := l.MemoryStore.Claim(ctx, c)
	now := time.Now()
	for i := range ds {
		r := l.rows[ds[i].ID]
		l.must(!r.until.After(now),
			"%s: never two valid leases: %s held it until %v, now %s took it",
			r.id, r.holder, r.until, m)
		l.must(!ds[i].Due.After(now), "%s: claimed %v early by %s", r.id, ds[i].Due.Sub(now), m)
		for _, o := range l.rows {
			if r.line != "" && o.line == r.line && o.seq < r.seq {
				l.must(o.state == webhook.Delivered || o.state == webhook.Canceled,
					"%s: claimed although %s before it in its line is %s", r.id, o.id, o.state)
			}
		}
		r.holder, r.until, r.fence = m, ds[i].LeaseUntil, ds[i].Fence
		r.by, r.answer, r.cut = nil, 0, false
	}
	return ds, err
}

func (l *ledger) update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs, err := l.MemoryStore.Update(ctx, cs)
	for i := range errs {
		if errs[i] == nil {
			l.changed(&cs[i])
		}
	}
	return errs, err
}

func (l *ledger) changed(c *webhook.Change) {
	r, now := l.rows[c.ID], time.Now()
	l.must(c.Fence == r.fence, "%s: a lost lease changes nothing: fence %d of %d", r.id, c.Fence, r.fence)
	r.fence++
	if c.Attempt != nil && r.by == r.holder {
		l.must(!r.cut, "%s: an attempt that the stop cut off counts", r.id)
		l.must(r.answer != 200 || c.State == webhook.Delivered, "%s: a 2xx came and it is %s", r.id, c.State)
	}
	finished := r.state != webhook.Pending && r.state != webhook.Paused
	if finished {
		revived := c.State == webhook.Pending && r.resendsAsked > 0 ||
			c.State == webhook.Canceled && r.state != webhook.Delivered
		l.must(revived, "%s: %s became %s", r.id, r.state, c.State)
	}
	if finished && c.State == webhook.Pending || c.Tries < r.tries {
		l.must(r.resendsAsked > 0, "%s: a fresh budget without Resend", r.id)
		r.resentAt = c.Attempts
		r.resendsAsked--
	}
	r.tries = c.Tries
	l.must(c.Attempts == r.attempts || c.Attempts == r.attempts+1,
		"%s: attempts from %d to %d", r.id, r.attempts, c.Attempts)
	made := c.Attempts - r.resentAt
	l.must(made <= r.budget, "%s: %d attempts of %d", r.id, made, r.budget)
	switch c.State {
	case webhook.Delivered:
		l.must(r.delivered, "%s: Delivered without a 2xx", r.id)
	case webhook.Failed:
		l.must(r.permanent, "%s: Failed without a permanent answer", r.id)
	case webhook.Exhausted:
		l.must(c.Reason == webhook.ReasonAge || c.Reason == webhook.ReasonAttempts && made == r.budget,
			"%s: Exhausted after %d attempts of %d: %q", r.id, made, r.budget, c.Reason)
	case webhook.Canceled:
		l.must(c.Reason == webhook.ReasonCanceled || c.Reason == webhook.ReasonWebhookDeleted,
			"%s: Canceled: %q", r.id, c.Reason)
	}
	r.state, r.attempts = c.State, c.Attempts
	if c.LeaseUntil.IsZero() && r.until.After(now) {
		r.lost, r.loser = now, r.holder
	}
	r.until = c.LeaseUntil
}

// sent checks a request as it leaves a machine.
func (l *ledger) sent(m *machine, req *webhook.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	r := l.rows[req.DeliveryID]
	if r == nil {
		l.must(false, "%s: sent and never stored", req.DeliveryID)
		return
	}
	l.must(string(req.Body) == r.body, "%s: its bytes changed", r.id)
	holds := r.holder == m && r.until.After(now)
	// What takes a delivery out of a lease waits for a second.
	just := r.loser == m && now.Sub(r.lost) <= time.Second
	l.must(holds || just, "%s: sent by %s without a lease; %s holds it until %v", r.id, m, r.holder, r.until)
	if c, ok := l.canceled[r.id]; ok {
		l.must(!now.After(c.at), "%s: sent after Cancel returned at %v", r.id, c.at)
	}
	if d, ok := l.disabled[r.webhook]; ok {
		l.must(!now.After(d.at) || d.m != m,
			"%s: sent for %s after Disable returned at %v on the same machine",
			r.id, r.webhook, d.at)
		l.must(now.Sub(d.at) < 4*time.Second || m.stalled(4*time.Second),
			"%s: sent for %s, disabled since %v", r.id, r.webhook, d.at)
	}
	enabling := l.enables[r.webhook] != nil && l.enables[r.webhook].underWay > 0
	if g, ok := l.gates[gateKey{m, r.webhook}]; ok && now.After(g.from) && !enabling {
		l.must(!now.Before(g.until), "%s: sent for %s, gated until %v", r.id, r.webhook, g.until)
	}
	l.must(r.state != webhook.Delivered || just, "%s: sent although Delivered", r.id)
	l.must(req.Attempt >= r.sentNumber, "%s: attempt %d after %d", r.id, req.Attempt, r.sentNumber)
	r.sentNumber = req.Attempt
}

// answered notes what an attempt came to: a status, 0 for none.
func (l *ledger) answered(m *machine, req *webhook.Request, code int, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if code == 429 {
		now := time.Now()
		l.gates[gateKey{m, req.Webhook}] = gate{now, now.Add(hint)}
	}
	if r := l.rows[req.DeliveryID]; r != nil {
		r.delivered = r.delivered || code == 200
		r.permanent = r.permanent || code == 400 || code == 410
		r.answer, r.cut, r.by = code, cut, m
	}
}

// halted checks that a machine that stopped holds nothing.
func (l *ledger) halted(m *machine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.rows {
		l.must(r.holder != m || !r.until.After(time.Now()), "%s: %s stopped and holds it until %v", r.id, m, r.until)
	}
}

// decided checks what a Dispatch says.
func (l *ledger) decided(r webhook.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range r.Outcomes {
		l.must(o.Decision != webhook.Disabled || l.disables[o.Webhook],
			"%s: refused for %s, which no operator disabled", o.EventID, o.Webhook)
	}
}

// resend and cancel make the call and note what follows from it.
func (l *ledger) resend(m *machine, id string) {
	l.mu.Lock()
	c := l.resends[id]
	if c == nil {
		c = &calls{}
		l.resends[id] = c
	}
	c.begun++
	c.underWay++
	l.rows[id].resendsAsked++
	delete(l.canceled, id)
	l.mu.Unlock()
	_ = m.d.Resend(m.ctx, id)
	l.mu.Lock()
	c.underWay--
	l.mu.Unlock()
}

func (l *ledger) cancel(m *machine, id string) {
	l.mu.Lock()
	before := calls{}
	if c := l.resends[id]; c != nil {
		before = *c
	}
	l.mu.Unlock()
	err := m.d.Cancel(m.ctx, id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.resends[id]; err == nil && before.underWay == 0 && (c == nil || c.begun == before.begun) {
		l.canceled[id] = verdictAt{time.Now(), m}
	}
}

func (l *ledger) enable(m *machine, name string) {
	l.mu.Lock()
	c := l.enables[name]
	if c == nil {
		c = &calls{}
		l.enables[name] = c
	}
	c.begun++
	c.underWay++
	delete(l.disabled, name)
	l.mu.Unlock()
	_ = m.d.Enable(m.ctx, name)
	l.mu.Lock()
	c.underWay--
	// What was closed until then is open, or will be.
	maps.DeleteFunc(l.gates, func(k gateKey, _ gate) bool { return k.webhook == name })
	l.mu.Unlock()
}

func (l *ledger) disable(m *machine, name string) {
	l.mu.Lock()
	l.disables[name] = true
	before := calls{}
	if c := l.enables[name]; c != nil {
		before = *c
	}
	l.mu.Unlock()
	err := m.d.Disable(m.ctx, name, "model")
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.enables[name]; err == nil && before.underWay == 0 && (c == nil || c.begun == before.begun) {
		l.disabled[name] = verdictAt{time.Now(), m}
	}
}

// any returns some delivery's id, "" if there is none. Most often a late one.
func (l *ledger) any(rng *rand.Rand) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.ids)
	if n == 0 {
		return ""
	}
	return l.ids[n-1-min(rng.IntN(n), rng.IntN(n))]
}
