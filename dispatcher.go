package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docevent/webhook/internal/jinja"
)

// A Dispatcher turns document events into deliveries, and deliveries into
// requests. Make one with [New]. All methods may be called by many goroutines
// at once. It starts no goroutine but in Run and Drain, which end with them,
// and while calls wait for each other at the store.
type Dispatcher struct {
	store guardedStore
	opts  Options
	env   *jinja.Env
	log   *slog.Logger
	owner string         // names this process in leases
	own   *HTTPTransport // made by New, so that the host cannot close it; nil: there is none
	made  time.Time

	index  atomic.Pointer[index]
	looked atomic.Int64  // when index was last compared with the store: nanoseconds since made
	agreed atomic.Int64  // when the last look began that found out what the store has: the same
	clock  clock         // the store's
	wake   chan struct{} // holds one token while something may be due
	hurry  chan struct{} // holds one token while a transaction of the host's may commit

	hand     handoff               // from Dispatch to Run
	enqueues group[Delivery, bool] // joins calls of Store.Enqueue
	lined    group[Delivery, bool] // those of ordered ones, which may wait for a host's transaction
	updates  group[Change, error]  // joins calls of Store.Update
	reload   chan struct{}         // holds one token while the records are read; see refresh
	valves   valves                // gates, breakers and health of the webhooks, in this process
	run      sync.Mutex            // held by Run

	housekept atomic.Pointer[time.Time] // when housekeep was last begun; nil: never
	recounts  atomic.Pointer[time.Time] // when to apply Retention.PerWebhook again; nil: now
}

// New returns a Dispatcher on a store. A nil opts means all defaults. It does
// no I/O. The error names the field of Options that is invalid.
func New(store Store, opts *Options) (*Dispatcher, error) {
	if store == nil {
		return nil, errors.New("webhook: New: store is nil")
	}
	o := opts.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	var own *HTTPTransport
	if o.Transport == nil {
		own = NewHTTPTransport(&HTTPOptions{IdlePerEndpoint: o.PerEndpoint})
		o.Transport = own
	}
	env, err := jinja.NewEnv(o.Funcs)
	if err != nil {
		return nil, fmt.Errorf("webhook: Options.Funcs: %w", err)
	}
	guarded := guardedStore{store}
	_, inMemory := store.(*MemoryStore)
	turns := newTurns()
	return &Dispatcher{
		store: guarded, opts: o, env: env, log: slog.New(guardedHandler{o.Logger.Handler()}),
		owner: newID("run_"), own: own, made: time.Now(),
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), reload: make(chan struct{}, 1),
		enqueues: group[Delivery, bool]{write: guarded.Enqueue, apart: inMemory, turns: turns},
		lined:    group[Delivery, bool]{write: guarded.Enqueue, apart: inMemory, turns: newTurns()},
		updates: group[Change, error]{
			write: guarded.Update, apart: inMemory, turns: turns, enough: min(2*o.Concurrency, 64),
		},
	}, nil
}

// now returns the time by the store's clock.
func (d *Dispatcher) now() time.Time { return d.clock.at(time.Now()) }

// Wake makes Run look for due deliveries at once: after the commit of a
// transaction that the library could not see, for instance. It never blocks.
func (d *Dispatcher) Wake() { signal(d.wake) }

// signal puts a token into a channel that holds one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Dispatch decides for each event which webhooks fire, renders their bodies, and
// stores the deliveries in one call of Store.Enqueue, which other callers may
// share; Run or Drain send them later. It does no network I/O of its own. When a
// [Transactor]'s transaction is in ctx, the call is made in it, for this caller
// alone: an error means that the host should roll back.
//
// The report has an outcome for each event and each webhook subscribed to it.
// What goes wrong in a webhook is an outcome and never an error. The end of ctx
// does not cut short the evaluation of conditions and templates, but it does
// the call of the store. The error is an *[EventError] when an event is
// invalid, and then nothing was dispatched; or the store's, and then the
// deliveries may have been stored or not: dispatch again with the outcomes'
// event IDs.
//
// With a context of [WithUnit], what fires is Held by the unit instead.
func (d *Dispatcher) Dispatch(ctx context.Context, events ...Event) (Report, error) {
	idx, err := d.listeners(ctx, events)
	if err != nil || idx == nil {
		return Report{}, err
	}
	if u := d.unitFrom(ctx); u != nil {
		return u.Dispatch(ctx, slices.Clone(events)...)
	}
	return d.dispatch(ctx, idx, events)
}

// Listens reports whether a webhook is subscribed to one of these events of a
// document type, so that an ORM's hook need not read what changed where nobody
// asks. Conditions, tenants and disabled webhooks are not looked at. It is false
// within [Suppress]. The error is that of a store whose webhooks could never be
// read.
func (d *Dispatcher) Listens(ctx context.Context, docType string,
	types ...EventType) (bool, error) {
	if isSuppressed(ctx) {
		return false, nil
	}
	idx, err := d.current(ctx)
	if err != nil {
		return false, err
	}
	listens := func(t EventType) bool { return idx.listens(docType, t) }
	return slices.ContainsFunc(types, listens), nil
}

// listeners checks the events, and returns the index if anyone listens to one of
// them. For events that nobody listens to it allocates nothing.
func (d *Dispatcher) listeners(ctx context.Context, events []Event) (*index, error) {
	idx, err := d.current(ctx)
	listened := false
	for i := range events {
		if err := d.checkDispatch(&events[i]); err != nil {
			return nil, &EventError{Index: i, Err: err}
		}
		listened = listened || idx.listens(events[i].DocType, events[i].Type)
	}
	if err != nil || !listened {
		return nil, err
	}
	return idx, nil
}
