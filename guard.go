package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// A guardedStore calls the host's store. A panic in it becomes that call's
// error, so that it ends neither the host's write nor, in a goroutine of Run,
// the process. It has the methods of every optional power, which return
// errors.ErrUnsupported where the store lacks it.
type guardedStore struct{ store Store }

// contain, deferred, makes a panic in the host's code the error of the function
// that defers it.
func contain(err *error, where string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic in the %s: %v", where, p)
	}
}

func (g guardedStore) Webhooks(ctx context.Context, seen Revision) (
	_ []WebhookRecord, _ Revision, err error) {
	defer contain(&err, "store")
	return g.store.Webhooks(ctx, seen)
}

func (g guardedStore) PutWebhooks(ctx context.Context, recs ...WebhookRecord) (err error) {
	defer contain(&err, "store")
	return g.store.PutWebhooks(ctx, recs...)
}

func (g guardedStore) DeleteWebhook(ctx context.Context, name string) (err error) {
	defer contain(&err, "store")
	return g.store.DeleteWebhook(ctx, name)
}

func (g guardedStore) Enqueue(ctx context.Context, ds []Delivery) (_ []bool, err error) {
	defer contain(&err, "store")
	return g.store.Enqueue(ctx, ds)
}

func (g guardedStore) Claim(ctx context.Context, c Claim) (_ []Delivery, err error) {
	defer contain(&err, "store")
	return g.store.Claim(ctx, c)
}

func (g guardedStore) Update(ctx context.Context, cs []Change) (_ []error, err error) {
	defer contain(&err, "store")
	return g.store.Update(ctx, cs)
}

func (g guardedStore) Delivery(ctx context.Context, id string) (_ *Delivery, err error) {
	defer contain(&err, "store")
	return g.store.Delivery(ctx, id)
}

func (g guardedStore) Deliveries(ctx context.Context, q DeliveryQuery) (_ []Delivery, err error) {
	defer contain(&err, "store")
	return g.store.Deliveries(ctx, q)
}

func (g guardedStore) Attempts(ctx context.Context, deliveryID string) (_ []Attempt, err error) {
	defer contain(&err, "store")
	return g.store.Attempts(ctx, deliveryID)
}

// Prune calls the store as a [Pruner].
func (g guardedStore) Prune(ctx context.Context, p Prune) (_ int, err error) {
	defer contain(&err, "store")
	if s, ok := g.store.(Pruner); ok {
		return s.Prune(ctx, p)
	}
	return 0, errors.ErrUnsupported
}

// Count calls the store as a [Counter].
func (g guardedStore) Count(ctx context.Context, webhook string) (_ Counts, err error) {
	defer contain(&err, "store")
	if s, ok := g.store.(Counter); ok {
		return s.Count(ctx, webhook)
	}
	return Counts{}, fmt.Errorf("the store cannot count: %w", errors.ErrUnsupported)
}

// Notify calls the store as a [Notifier].
func (g guardedStore) Notify(ctx context.Context, wake func()) (err error) {
	defer contain(&err, "store")
	if s, ok := g.store.(Notifier); ok {
		return s.Notify(ctx, wake)
	}
	return errors.ErrUnsupported
}

// InTransaction calls the store as a [Transactor]. After a panic the context is
// taken to carry a transaction, so that nothing is done beside one that there
// may be.
func (g guardedStore) InTransaction(ctx context.Context) (in bool) {
	s, ok := g.store.(Transactor)
	if !ok {
		return false
	}
	in = true
	safely(func() { in = s.InTransaction(ctx) })
	return in
}

// A guardedHandler calls the host's slog.Handler. A panic in it costs the line
// that was to be logged, and nothing else.
type guardedHandler struct{ slog.Handler }

func (g guardedHandler) Enabled(ctx context.Context, l slog.Level) (on bool) {
	safely(func() { on = g.Handler.Enabled(ctx, l) })
	return on
}

func (g guardedHandler) Handle(ctx context.Context, r slog.Record) (err error) {
	safely(func() { err = g.Handler.Handle(ctx, r) })
	return err
}

// supervise calls f in a goroutine, and returns what f returns or panics as f
// does. When ctx has ended and f has not returned after patience, it returns an
// error and leaves f running.
func supervise(ctx context.Context, patience time.Duration, f func() error) error {
	var err error
	var panicked any
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			if p := recover(); p != nil {
				panicked = fmt.Sprintf("%v\n\n%s", p, debug.Stack())
			}
		}()
		err = errors.New("webhook: the goroutine was ended from within")
		err = f()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
			return errors.New("webhook: a call of the store did not end: it ignores its context")
		}
	}
	if panicked != nil {
		panic(panicked)
	}
	return err
}
