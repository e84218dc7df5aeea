package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/docevent/webhook/internal/jinja"
)

// checkDispatch refuses an event that cannot be dispatched.
func (d *Dispatcher) checkDispatch(ev Event) error {
	if err := ev.validate(); err != nil {
		return err
	}
	if !ev.Type.IsDocumentEvent() && len(d.opts.NamedEvents) > 0 &&
		!slices.Contains(d.opts.NamedEvents, ev.Type) {
		return fmt.Errorf("%q is not among the named events", ev.Type)
	}
	return nil
}

// dispatch is Dispatch once someone listens.
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

// An evaluation is what all webhooks see of one event while it is judged.
type evaluation struct {
	d      *Dispatcher
	idx    *index
	ev     Event
	scope  jinja.Scope
	budget renderBudget
	chain  chain
	now    time.Time
}

// newEvaluation copies the event and fills in what it left empty.
func (d *Dispatcher) newEvaluation(ctx context.Context, budget renderBudget, idx *index, ev *Event) *evaluation {
	v := &evaluation{budget: budget, d: d, idx: idx, ev: *ev, chain: chainFrom(ctx), now: d.now()}
	if ev = &v.ev; ev.ID == "" {
		ev.ID = newID("evt_")
	}
	if ev.Time.IsZero() {
		ev.Time = v.now
	}
	d.setScope(&v.scope, ev)
	return v
}

// A judgment decides what one webhook does with one event.
type judgment struct {
	*evaluation
	entry *entry
}

// fires reports whether the outcome is a delivery.
func (o *Outcome) fires() bool { return o.Decision == Queued || o.Decision == Paused }

// decide returns the outcome as it is before rendering.
func (j *judgment) decide(suppressed bool) Outcome {
	h := j.entry.hook
	o := Outcome{Webhook: h.w.Name, EventID: j.ev.ID, Type: j.ev.Type}
	if suppressed {
		o.Decision = Suppressed
		return o
	}
	if h.err != nil {
		o.Decision, o.Err = RenderError, h.err
		return o
	}
	if o.Decision = j.accepts(); !o.fires() {
		return o
	}
	j.scope.Timeout = j.budget.next()
	switch ok, err := h.condition.holds(&j.scope); {
	case err != nil:
		o.Decision, o.Err = ConditionError, err
	case !ok:
		o.Decision = ConditionFalse
	}
	return o
}

// render fills in the delivery of an outcome that fires, unless that fails.
func (j *judgment) render(o *Outcome, del *Delivery) {
	if err := j.delivery(del); err != nil {
		o.Decision, o.Err = RenderError, err
		return
	}
	if o.Decision == Paused {
		del.State, del.Reason, del.PausedAt = Paused, ReasonDisabled, j.now
	}
	o.DeliveryID = del.ID
}

// accepts says whether the webhook takes deliveries: Queued, Paused, Disabled or
// Loop.
func (j *judgment) accepts() Decision {
	switch st := &j.entry.status; {
	case st.State == Disabled && st.By == ByLibrary:
	case st.State != Active:
		return Disabled
	}
	if j.chain.blocks(j.entry.hook.tag, j.idx.ownTag) {
		return Loop
	}
	if j.entry.status.State == Disabled {
		return Paused
	}
	return Queued
}

// delivery renders what is to be sent.
func (j *judgment) delivery(del *Delivery) error {
	h, ev := j.entry.hook, &j.ev
	j.scope.Timeout = j.budget.next()
	body, err := h.payload.render(ev, &j.scope)
	if err != nil {
		return err
	}
	var url string
	if h.url != nil {
		if url, err = h.url.render(&j.scope, h.endpoint); err != nil {
			return err
		}
	}
	*del = Delivery{
		ID: deliveryID(ev, h.rec.ID), EventID: ev.ID, Type: ev.Type,
		Webhook: h.w.Name, DocType: ev.DocType, DocName: ev.Name, Tenant: ev.Tenant,
		Method: h.w.Method, URL: url, Body: body, ContentType: h.payload.contentType,
		Chain: j.chain.with(h.tag), Version: DeliveryVersion,
		State: Pending, Created: j.now, Due: j.now, Since: j.now,
	}
	if h.w.Ordered {
		del.Line, del.Since = lineOf(ev, h.rec.ID), time.Time{}
	}
	return nil
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

// idEncoding spells delivery ids and lines: lower case, no padding, nothing
// that a header, file name or shell would mind.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// deliveryID names one webhook's delivery for one event.
func deliveryID(ev *Event, webhookID string) string {
	return "msg_" + hashNames(ev.Tenant, ev.ID, string(ev.Type), ev.DocType, ev.Name, webhookID)
}

// lineOf names the line of an ordered webhook's deliveries for one document.
func lineOf(ev *Event, webhookID string) string {
	return hashNames("line", webhookID, ev.Tenant, ev.DocType, ev.Name)
}

// hashNames returns 160 bits of a hash of the names. Their lengths are hashed
// too, so that "ab", "c" is not "a", "bc".
func hashNames(names ...string) string {
	var buf [512]byte
	b := buf[:0]
	for _, n := range names {
		b = binary.AppendUvarint(b, uint64(len(n)))
		b = append(b, n...)
	}
	sum := sha256.Sum256(b)
	return idEncoding.EncodeToString(sum[:20])
}
