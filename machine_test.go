package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docevent/webhook"
)

// A machine of the randomized test: a dispatcher with a clock that is wrong, on
// a store that only the machine can fail to reach. In a bubble there is one
// clock, so what the machine says and is told is shifted instead: its time t is
// the store's t+ahead.
type machine struct {
	name  string
	ahead time.Duration
	l     *ledger
	net   *network
	d     *webhook.Dispatcher
	ctx   context.Context // of all calls

	dispatching atomic.Int32 // calls of Dispatch under way

	mu     sync.Mutex // guards the fields below
	dead   bool       // the process is gone: nothing it does reaches the store
	until  time.Time  // the store does not answer before
	before bool       // it acts before it answers late, not after
	stop   func()     // of Run; nil when it does not run
}

// newMachine boots a machine.
func newMachine(ctx context.Context, l *ledger, net *network, rng *rand.Rand, n int) *machine {
	m := &machine{name: fmt.Sprintf("m%d", n), l: l, net: net, ctx: ctx}
	if rng.IntN(2) == 0 {
		m.ahead = time.Duration(rng.IntN(600)-300) * time.Second
	}
	opts := &webhook.Options{
		Transport: m, Logger: slog.New(slog.DiscardHandler), Retry: modelPolicy,
		StopTimeout:  []time.Duration{-1, 5 * time.Second, 0}[rng.IntN(3)],
		PollInterval: []time.Duration{time.Second, 5 * time.Second}[rng.IntN(2)],
		Concurrency:  []int{0, 1, 3}[rng.IntN(3)],
		PerEndpoint:  1 + rng.IntN(3),
	}
	if opts.Concurrency > 0 {
		opts.MaxHanging = -1
	}
	var err error
	if m.d, err = webhook.New(m, opts); err != nil {
		panic(err)
	}
	return m
}

func (m *machine) String() string { return m.name }

func (m *machine) run() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil || m.dead {
		return
	}
	ctx, cancel := context.WithCancel(m.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := m.d.Run(ctx); err != nil {
			m.l.mu.Lock()
			m.l.must(false, "%s: Run: %v", m, err)
			m.l.mu.Unlock()
		}
	}()
	m.stop = func() { cancel(); <-done }
}

// halt stops Run and waits.
func (m *machine) halt() {
	m.mu.Lock()
	stop := m.stop
	m.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	m.mu.Lock()
	m.stop = nil
	reached := !m.dead && time.Since(m.until) > 2*time.Minute
	m.mu.Unlock()
	// A Dispatch under way gives back itself what no Run took.
	if reached && m.dispatching.Load() == 0 {
		m.l.halted(m)
	}
}

// crash ends the process: from now on nothing it does has an effect.
func (m *machine) crash() {
	m.mu.Lock()
	m.dead = true
	m.mu.Unlock()
	m.halt()
}

// stall makes the store unreachable for a while.
func (m *machine) stall(d time.Duration, before bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until, m.before = time.Now().Add(d), before
}

// stalled reports whether it was unreachable within a time.
func (m *machine) stalled(within time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.until) < within
}

// call makes a call of the store, late if the machine is stalled.
func (m *machine) call(ctx context.Context, f func() error) error {
	m.mu.Lock()
	dead, wait, before := m.dead, time.Until(m.until), m.before
	m.mu.Unlock()
	if dead {
		return errDown
	}
	var err error
	if before || wait <= 0 {
		err = f()
	}
	if wait <= 0 {
		return err
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return ctx.Err()
	}
	if !before {
		err = f()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDown
	}
	return err
}

// Send implements [webhook.Transport].
func (m *machine) Send(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
	m.l.sent(m, req)
	resp, err := m.net.answer(ctx, req.Webhook)
	code := 0
	if err == nil {
		code = resp.StatusCode
	}
	m.l.answered(m, req, code, err != nil && errors.Is(ctx.Err(), context.Canceled))
	return resp, err
}

// shifted moves the times that are set.
func shifted(by time.Duration, ts ...*time.Time) {
	for _, t := range ts {
		if !t.IsZero() {
			*t = t.Add(by)
		}
	}
}

func (m *machine) shift(by time.Duration, ds []webhook.Delivery) []webhook.Delivery {
	for i := range ds {
		d := &ds[i]
		shifted(by, &d.Created, &d.Due, &d.Since, &d.PausedAt, &d.Finished, &d.LeaseUntil)
	}
	return ds
}

// Webhooks implements [webhook.Store], as do the others below.
func (m *machine) Webhooks(ctx context.Context, seen webhook.Revision) (
	recs []webhook.WebhookRecord, rev webhook.Revision, err error) {
	err = m.call(ctx, func() (err error) {
		recs, rev, err = m.l.Webhooks(ctx, seen)
		rev.Now = time.Now().Add(-m.ahead)
		return err
	})
	return recs, rev, err
}

func (m *machine) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	return m.call(ctx, func() error { return m.l.PutWebhooks(ctx, recs...) })
}

func (m *machine) DeleteWebhook(ctx context.Context, name string) error {
	return m.call(ctx, func() error { return m.l.DeleteWebhook(ctx, name) })
}

func (m *machine) Enqueue(ctx context.Context, ds []webhook.Delivery) (fresh []bool, err error) {
	ds = m.shift(m.ahead, append([]webhook.Delivery(nil), ds...))
	err = m.call(ctx, func() (err error) {
		fresh, err = m.l.enqueue(ctx, m, ds)
		return err
	})
	return fresh, err
}

func (m *machine) Claim(ctx context.Context, c webhook.Claim) (ds []webhook.Delivery, err error) {
	shifted(m.ahead, &c.Now)
	err = m.call(ctx, func() (err error) {
		ds, err = m.l.claim(ctx, m, c)
		return err
	})
	return m.shift(-m.ahead, ds), err
}

func (m *machine) Update(ctx context.Context, cs []webhook.Change) (errs []error, err error) {
	cs = append([]webhook.Change(nil), cs...)
	for i := range cs {
		c := &cs[i]
		shifted(m.ahead, &c.Due, &c.Since, &c.PausedAt, &c.Finished, &c.LeaseUntil)
		if c.Attempt != nil {
			a := *c.Attempt
			shifted(m.ahead, &a.Time, &a.Next)
			c.Attempt = &a
		}
	}
	err = m.call(ctx, func() (err error) {
		errs, err = m.l.update(ctx, cs)
		return err
	})
	return errs, err
}

func (m *machine) Delivery(ctx context.Context, id string) (d *webhook.Delivery, err error) {
	err = m.call(ctx, func() (err error) {
		d, err = m.l.Delivery(ctx, id)
		return err
	})
	if d != nil {
		*d = m.shift(-m.ahead, []webhook.Delivery{*d})[0]
	}
	return d, err
}

func (m *machine) Deliveries(ctx context.Context, q webhook.DeliveryQuery) (ds []webhook.Delivery, err error) {
	shifted(m.ahead, &q.Since, &q.Until)
	err = m.call(ctx, func() (err error) {
		ds, err = m.l.Deliveries(ctx, q)
		return err
	})
	return m.shift(-m.ahead, ds), err
}

func (m *machine) Attempts(ctx context.Context, id string) (as []webhook.Attempt, err error) {
	err = m.call(ctx, func() (err error) {
		as, err = m.l.Attempts(ctx, id)
		return err
	})
	return as, err
}

// A network answers by webhook, as the test says at the time.
type network struct {
	mu    sync.Mutex // guards modes
	modes map[string]int
}

// Modes of a network that are no status; hangs and breaks are others.
const (
	drags = -2 // a 200 that takes its time
	tears = -3 // a 200 whose body breaks off
)

var modes = []int{200, 200, 500, 400, 410, 429, hangs, breaks, drags, drags, tears}

// hint is what a network asks for with a 429.
const hint = 20 * time.Second

func (n *network) set(name string, mode int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.modes[name] = mode
}

func (n *network) answer(ctx context.Context, name string) (*webhook.Response, error) {
	n.mu.Lock()
	mode := n.modes[name]
	n.mu.Unlock()
	wait := 20 * time.Millisecond
	switch mode {
	case breaks:
		return nil, errDown
	case hangs:
		return hang(ctx)
	case drags:
		mode, wait = 200, 4*time.Second
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if mode == 429 {
		return status(429, "Retry-After", "20")
	}
	if mode == tears {
		return &webhook.Response{StatusCode: 200, BodyErr: errDown}, nil
	}
	return status(mode)
}
