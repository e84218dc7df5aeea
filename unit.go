package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Unit is a unit of work: it holds back the deliveries of the events of one
// transaction until that commits. Conditions are judged and bodies rendered
// when an event is dispatched. If one webhook would get several deliveries for
// one document, only the last of them is sent. Those that are sent keep their
// order. Frappe does the same at commit (frappe/integrations/doctype/webhook,
// flush_webhook_execution_queue). Events that name no document are all sent.
//
// A Unit is not safe for concurrent use. One that is neither committed nor
// rolled back sends nothing. After either it is empty and can be used again. Make
// one with [Dispatcher.Begin].
type Unit struct {
	d          *Dispatcher
	held       []heldDelivery
	savepoints []savepoint
}

type heldDelivery struct {
	outcome  Outcome
	delivery Delivery
}

type savepoint struct {
	name string
	held int // how many deliveries were held
}

// ErrNoSavepoint is returned by RollbackTo for a name that is not set.
var ErrNoSavepoint = errors.New("webhook: no such savepoint")

// Begin returns an empty unit of work.
func (d *Dispatcher) Begin() *Unit { return &Unit{d: d} }

type unitContext struct{}

// WithUnit returns a context with which Dispatch of the unit's Dispatcher holds
// deliveries back in it.
func WithUnit(ctx context.Context, u *Unit) context.Context {
	return context.WithValue(ctx, unitContext{}, u)
}

// unitFrom returns the unit that a context carries for this Dispatcher.
func (d *Dispatcher) unitFrom(ctx context.Context) *Unit {
	if u, ok := ctx.Value(unitContext{}).(*Unit); ok && u != nil && u.d == d {
		return u
	}
	return nil
}

// Dispatch is Dispatcher.Dispatch, but what fires is Held. Its error is that of
// an invalid event, or of a store whose webhooks could never be read.
func (u *Unit) Dispatch(ctx context.Context, events ...Event) (Report, error) {
	idx, err := u.d.listeners(ctx, events)
	if err != nil || idx == nil {
		return Report{}, err
	}
	b := u.d.judge(ctx, idx, events)
	for i, at := range b.from {
		u.held = append(u.held, heldDelivery{b.outcomes[at], b.deliveries[i]})
		b.outcomes[at].Decision = Held
	}
	report := Report{Outcomes: b.outcomes}
	u.d.report(ctx, report, nil)
	return report, nil
}

// Savepoint marks the present point under a name. A second savepoint of the
// same name hides the first, until a RollbackTo to a savepoint between the two
// drops the second.
func (u *Unit) Savepoint(name string) {
	u.savepoints = append(u.savepoints, savepoint{name, len(u.held)})
}

// RollbackTo drops what was dispatched after a savepoint, which stays set. The
// error is ErrNoSavepoint if there is none of that name.
func (u *Unit) RollbackTo(name string) error {
	for i, s := range slices.Backward(u.savepoints) {
		if s.name == name {
			u.held = u.held[:s.held:s.held]
			u.savepoints = u.savepoints[:i+1]
			return nil
		}
	}
	return fmt.Errorf("%w: %q", ErrNoSavepoint, name)
}

// Rollback drops everything. After Commit there is nothing to drop, so it can be
// deferred.
func (u *Unit) Rollback() {
	u.held, u.savepoints = nil, nil
}

// Commit stores what is held, in one call of Store.Enqueue. The report has an
// outcome for each delivery that was held: Queued, Paused, Duplicate, Superseded,
// or Disabled with ErrMaxPaused. After an error the unit still holds everything:
// commit again, or roll back.
func (u *Unit) Commit(ctx context.Context) (Report, error) {
	b := u.batch()
	err := u.d.enqueue(ctx, b)
	report := Report{Outcomes: b.outcomes}
	if len(b.outcomes) > 0 {
		u.d.report(ctx, report, err)
	}
	if err == nil {
		u.held, u.savepoints = nil, nil
	}
	return report, err
}

// batch returns the deliveries that are to be sent, and the outcomes of all.
func (u *Unit) batch() *batch {
	type document struct{ webhook, tenant, docType, name string }
	last := map[document]int{}
	for i := range u.held {
		if d := &u.held[i].delivery; d.DocName != "" {
			last[document{d.Webhook, d.Tenant, d.DocType, d.DocName}] = i
		}
	}
	b := &batch{}
	for i := range u.held {
		o, d := u.held[i].outcome, u.held[i].delivery
		if d.DocName != "" && last[document{d.Webhook, d.Tenant, d.DocType, d.DocName}] != i {
			o.Decision, o.DeliveryID = Superseded, ""
		} else {
			b.from = append(b.from, len(b.outcomes))
			b.deliveries = append(b.deliveries, d)
		}
		b.outcomes = append(b.outcomes, o)
	}
	return b
}

type suppressContext struct{}

// Suppress silences what is dispatched with the context it returns: every
// outcome is [Suppressed]. It is for imports, patches and migrations, which
// Frappe silences too (frappe/integrations/doctype/webhook/__init__.py).
func Suppress(ctx context.Context) context.Context {
	return context.WithValue(ctx, suppressContext{}, true)
}

func isSuppressed(ctx context.Context) bool {
	on, _ := ctx.Value(suppressContext{}).(bool)
	return on
}
