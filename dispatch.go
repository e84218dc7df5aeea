package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// checkDispatch refuses an event that cannot be dispatched.
func (d *Dispatcher) checkDispatch(ev *Event) error {
	if err := ev.validate(); err != nil {
		return err
	}
	if !ev.Type.IsDocumentEvent() && len(d.opts.NamedEvents) > 0 &&
		!slices.Contains(d.opts.NamedEvents, ev.Type) {
		return fmt.Errorf("%q is not among the named events", ev.Type)
	}
	return nil
}

// dispatch is the rest of Dispatch, when a webhook listens to one of the
// events.
func (d *Dispatcher) dispatch(ctx context.Context, idx *index, events []Event) (Report, error) {
	b := d.judge(ctx, idx, events)
	report := Report{Outcomes: b.outcomes}
	err := d.enqueue(ctx, b)
	d.report(ctx, report, err)
	return report, err
}

// report tells log and Trace what a Dispatch did.
func (d *Dispatcher) report(ctx context.Context, r Report, err error) {
	for _, o := range r.Outcomes {
		if o.Err != nil && o.Decision != "" {
			d.log.WarnContext(ctx, "webhook: not sent", "webhook", o.Webhook, "event", o.EventID,
				"type", o.Type, "decision", o.Decision, "error", o.Err)
		}
	}
	if f := d.opts.Trace.Dispatch; f != nil {
		safely(func() { f(ctx, r, err) })
	}
}

// A batch is what a Dispatch made: its outcomes, and the deliveries some of
// them led to.
type batch struct {
	outcomes   []Outcome
	deliveries []Delivery
	from       []int  // the outcome of each delivery
	few        [2]int // where from begins: mostly there are no more
}

// add judges one event for one webhook, and renders the delivery if it fires.
func (b *batch) add(j *judgment, suppressed bool) {
	o := j.decide(suppressed)
	if o.fires() {
		n := len(b.deliveries)
		b.deliveries = append(b.deliveries, Delivery{})
		if j.render(&o, &b.deliveries[n]); o.fires() {
			b.from = append(b.from, len(b.outcomes))
		} else {
			b.deliveries = b.deliveries[:n]
		}
	}
	b.outcomes = append(b.outcomes, o)
}

// judge judges each event for each webhook that listens to it.
func (d *Dispatcher) judge(ctx context.Context, idx *index, events []Event) *batch {
	made := &batch{}
	made.from = made.few[:0]
	suppressed := isSuppressed(ctx)
	budget := d.budget(len(events))
	for i := range events {
		hooks := idx.hooks(events[i].DocType, events[i].Type)
		if len(hooks) == 0 {
			continue
		}
		v := d.newEvaluation(ctx, budget, idx, &events[i])
		made.outcomes = slices.Grow(made.outcomes, len(hooks))
		for _, e := range hooks {
			if e.hook.w.Tenant == v.ev.Tenant {
				made.add(&judgment{v, e}, suppressed)
			}
		}
	}
	if len(made.deliveries) > 0 {
		carried := d.opts.Trace.carry(ctx)
		for i := range made.deliveries {
			made.deliveries[i].Trace = carried
		}
	}
	return made
}

// enqueue stores the deliveries, and corrects the outcomes of those that were
// there already or that the store did not take.
func (d *Dispatcher) enqueue(ctx context.Context, b *batch) error {
	d.boundPaused(b)
	if len(b.deliveries) == 0 {
		return nil
	}
	fresh, err := d.put(ctx, b.deliveries)
	if err != nil {
		err = wrap(err, "webhook: enqueue deliveries")
	}
	for i, at := range b.from {
		o := &b.outcomes[at]
		if o.Decision == Paused && (err != nil || !fresh[i]) {
			d.valves.notPaused(o.Webhook)
		}
		switch {
		case err != nil:
			o.Decision, o.Err = "", err
		case !fresh[i]:
			o.Decision = Duplicate
		}
	}
	return err
}

// put calls the store, and lets Run know.
func (d *Dispatcher) put(ctx context.Context, ds []Delivery) (fresh []bool, err error) {
	if d.store.InTransaction(ctx) {
		fresh, err := d.enqueues.call(ctx, ds)
		if err == nil {
			signal(d.hurry)
		}
		return fresh, err
	}
	join := &d.enqueues
	if slices.ContainsFunc(ds, func(del Delivery) bool { return del.Line != "" }) {
		join = &d.lined
	}
	asked := time.Now()
	leased := d.lease(ds)
	if leased > 0 {
		// Deferred: the store may end the goroutine, as a test's FailNow does.
		defer func() { d.handOver(ctx, ds, fresh, leased, asked) }()
	}
	if fresh, err = join.do(ctx, ds); err == nil && leased < len(ds) {
		d.Wake()
	}
	return fresh, err
}
