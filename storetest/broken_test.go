package storetest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

// A broken is a store with a fault, as a wrapper around one without. Its methods
// pass on to the MemoryStore unless they are set.
type broken struct {
	*webhook.MemoryStore
	put        func(ctx context.Context, recs ...webhook.WebhookRecord) error
	remove     func(ctx context.Context, name string) error
	records    func(ctx context.Context, seen webhook.Revision) ([]webhook.WebhookRecord, webhook.Revision, error)
	enqueue    func(ctx context.Context, ds []webhook.Delivery) ([]bool, error)
	claim      func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error)
	update     func(ctx context.Context, cs []webhook.Change) ([]error, error)
	delivery   func(ctx context.Context, id string) (*webhook.Delivery, error)
	deliveries func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error)
	attempts   func(ctx context.Context, id string) ([]webhook.Attempt, error)
	prune      func(ctx context.Context, p webhook.Prune) (int, error)
	count      func(ctx context.Context, name string) (webhook.Counts, error)
	notify     func(ctx context.Context, wake func()) error
	inside     func(ctx context.Context) bool
	commit     func(tx *heldTx) error
	rollback   func(tx *heldTx) error
}

func newBroken() *broken {
	m := webhook.NewMemoryStore()
	b := &broken{
		MemoryStore: m, put: m.PutWebhooks, remove: m.DeleteWebhook, records: m.Webhooks,
		claim: m.Claim, update: m.Update, delivery: m.Delivery, deliveries: m.Deliveries,
		attempts: m.Attempts, prune: m.Prune, count: m.Count,
		inside: func(ctx context.Context) bool { return heldBy(ctx) != nil },
	}
	b.enqueue = b.hold
	b.notify = wakeAlways
	b.commit = func(tx *heldTx) error { _, err := m.Enqueue(context.Background(), tx.ds); return err }
	b.rollback = func(*heldTx) error { return nil }
	return b
}

func (b *broken) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	return b.put(ctx, recs...)
}

func (b *broken) DeleteWebhook(ctx context.Context, name string) error { return b.remove(ctx, name) }

func (b *broken) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	return b.records(ctx, seen)
}

func (b *broken) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	return b.enqueue(ctx, ds)
}

func (b *broken) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	return b.claim(ctx, c)
}

func (b *broken) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	return b.update(ctx, cs)
}

func (b *broken) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	return b.delivery(ctx, id)
}

func (b *broken) Deliveries(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
	return b.deliveries(ctx, q)
}

func (b *broken) Attempts(ctx context.Context, id string) ([]webhook.Attempt, error) {
	return b.attempts(ctx, id)
}

func (b *broken) Prune(ctx context.Context, p webhook.Prune) (int, error) { return b.prune(ctx, p) }

func (b *broken) Count(ctx context.Context, name string) (webhook.Counts, error) {
	return b.count(ctx, name)
}

func (b *broken) Notify(ctx context.Context, wake func()) error { return b.notify(ctx, wake) }

// wakeAlways is a Notify that need not know what happens.
func wakeAlways(ctx context.Context, wake func()) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			wake()
		}
	}
}

// A heldTx is a transaction that holds back what is enqueued in it.
type heldTx struct{ ds []webhook.Delivery }

type heldKey struct{}

func heldBy(ctx context.Context) *heldTx {
	tx, _ := ctx.Value(heldKey{}).(*heldTx)
	return tx
}

func (b *broken) InTransaction(ctx context.Context) bool { return b.inside(ctx) }

// Begin makes it a Beginner.
func (b *broken) Begin(ctx context.Context) (*Transaction, error) {
	tx := &heldTx{}
	return &Transaction{
		Context:  context.WithValue(ctx, heldKey{}, tx),
		Commit:   func() error { return b.commit(tx) },
		Rollback: func() error { return b.rollback(tx) },
	}, nil
}

// hold is Enqueue in a transaction or outside of one.
func (b *broken) hold(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	tx := heldBy(ctx)
	if tx == nil {
		return b.MemoryStore.Enqueue(ctx, ds)
	}
	fresh := make([]bool, len(ds))
	for i, d := range ds {
		_, err := b.MemoryStore.Delivery(ctx, d.ID)
		held := slices.ContainsFunc(tx.ds, func(h webhook.Delivery) bool { return h.ID == d.ID })
		if fresh[i] = errors.Is(err, webhook.ErrNotFound) && !held; fresh[i] {
			tx.ds = append(tx.ds, d)
		}
	}
	return fresh, nil
}

// stored returns a delivery as it is without any fault; zero if there is none.
func (b *broken) stored(id string) webhook.Delivery {
	d, err := b.MemoryStore.Delivery(context.Background(), id)
	if err != nil {
		return webhook.Delivery{}
	}
	return *d
}

// pending returns up to 1,000 pending deliveries.
func (b *broken) pending() []webhook.Delivery {
	ds, _ := b.MemoryStore.Deliveries(context.Background(),
		webhook.DeliveryQuery{States: []webhook.State{webhook.Pending}, Limit: 1000})
	return ds
}

// enqueueing returns the fault to change deliveries as they are enqueued.
func enqueueing(f func(d *webhook.Delivery)) func(*broken) {
	return func(b *broken) {
		next := b.enqueue
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			ds = slices.Clone(ds)
			for i := range ds {
				f(&ds[i])
			}
			return next(ctx, ds)
		}
	}
}

// claiming returns the fault to ask for other deliveries than a claim says.
func claiming(f func(c *webhook.Claim)) func(*broken) {
	return func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			f(&c)
			return b.MemoryStore.Claim(ctx, c)
		}
	}
}

// claimed returns the fault to return other deliveries than were claimed.
func claimed(f func(ds []webhook.Delivery) []webhook.Delivery) func(*broken) {
	return func(b *broken) {
		b.claim = func(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Claim(ctx, c)
			return f(ds), err
		}
	}
}

// changing returns the fault to make other changes than were asked for; stored
// is what they change.
func changing(f func(c *webhook.Change, stored webhook.Delivery)) func(*broken) {
	return func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			cs = slices.Clone(cs)
			for i := range cs {
				if d := b.stored(cs[i].ID); d.ID != "" {
					f(&cs[i], d)
				}
			}
			return b.MemoryStore.Update(ctx, cs)
		}
	}
}

// changed returns the fault to answer a change otherwise.
func changed(f func(c webhook.Change, before webhook.Delivery, err error) error) func(*broken) {
	return func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			before := make([]webhook.Delivery, len(cs))
			for i := range cs {
				before[i] = b.stored(cs[i].ID)
			}
			errs, err := b.MemoryStore.Update(ctx, cs)
			for i := range errs {
				errs[i] = f(cs[i], before[i], errs[i])
			}
			return errs, err
		}
	}
}

// reading returns the fault to return a delivery that is not as it is stored.
func reading(f func(d *webhook.Delivery)) func(*broken) {
	return func(b *broken) {
		b.delivery = func(ctx context.Context, id string) (*webhook.Delivery, error) {
			d, err := b.MemoryStore.Delivery(ctx, id)
			if err == nil {
				f(d)
			}
			return d, err
		}
	}
}

// asking returns the fault to answer another query than was asked.
func asking(f func(q *webhook.DeliveryQuery)) func(*broken) {
	return func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			f(&q)
			return b.MemoryStore.Deliveries(ctx, q)
		}
	}
}

// listing returns the fault to list something else than was found.
func listing(f func(b *broken, q webhook.DeliveryQuery, ds []webhook.Delivery) []webhook.Delivery) func(*broken) {
	return func(b *broken) {
		b.deliveries = func(ctx context.Context, q webhook.DeliveryQuery) ([]webhook.Delivery, error) {
			ds, err := b.MemoryStore.Deliveries(ctx, q)
			return f(b, q, ds), err
		}
	}
}

// logging returns the fault to return other attempts than were kept.
func logging(f func(as []webhook.Attempt) []webhook.Attempt) func(*broken) {
	return func(b *broken) {
		b.attempts = func(ctx context.Context, id string) ([]webhook.Attempt, error) {
			as, err := b.MemoryStore.Attempts(ctx, id)
			return f(as), err
		}
	}
}

// putting returns the fault to put other records than were given.
func putting(f func(b *broken, recs []webhook.WebhookRecord) []webhook.WebhookRecord) func(*broken) {
	return func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			return b.MemoryStore.PutWebhooks(ctx, f(b, slices.Clone(recs))...)
		}
	}
}

// others lets other goroutines run, long enough for them to do the same.
func others() {
	for range 200 {
		runtime.Gosched()
	}
}

// rowLocks are a database's, which finds a deadlock: a call that waits for
// another's row for too long is ended.
type rowLocks struct {
	mu   sync.Mutex // guards held
	held map[string]bool
}

var errDeadlock = errors.New("deadlock found")

// lock takes rows one after the other.
func (l *rowLocks) lock(ids []string) (unlock func(), err error) {
	n := 0
	unlock = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, id := range ids[:n] {
			delete(l.held, id)
		}
	}
	for _, id := range ids {
		for tries := 0; !l.try(id); tries++ {
			if tries == 1000 {
				unlock()
				return nil, errDeadlock
			}
			runtime.Gosched()
		}
		n++
		runtime.Gosched()
	}
	return unlock, nil
}

func (l *rowLocks) try(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[string]bool{}
	}
	if l.held[id] {
		return false
	}
	l.held[id] = true
	return true
}
