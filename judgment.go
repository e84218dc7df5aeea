package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"time"

	"github.com/docevent/webhook/internal/jinja"
)

// An evaluation is what all webhooks see of one event while it is judged.
type evaluation struct {
	idx    *index
	ev     Event
	scope  jinja.Scope
	budget renderBudget
	chain  chain
	now    time.Time
}

// newEvaluation copies the event and fills in what it left empty.
func (d *Dispatcher) newEvaluation(ctx context.Context, budget renderBudget, idx *index,
	ev *Event) *evaluation {
	v := &evaluation{budget: budget, idx: idx, ev: *ev, chain: chainFrom(ctx), now: d.now()}
	if ev = &v.ev; ev.ID == "" {
		ev.ID = newID("evt_")
	}
	if ev.Time.IsZero() {
		ev.Time = v.now
	}
	d.setScope(&v.scope, ev)
	return v
}

// setScope fills in what the templates of all webhooks see of an event. The
// Scope keeps what is read of the document, and belongs to one goroutine.
func (d *Dispatcher) setScope(s *jinja.Scope, ev *Event) {
	*s = jinja.Scope{
		Doc: ev.Doc, Previous: ev.Previous,
		DocType: ev.DocType, Name: ev.Name,
		Event: jinja.Event{
			ID: ev.ID, Type: string(ev.Type), DocType: ev.DocType, Name: ev.Name,
			User: ev.User, Tenant: ev.Tenant, Time: ev.Time,
		},
		Now: ev.Time, Location: d.opts.Location, Timeout: d.opts.RenderTimeout,
	}
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
	st := &j.entry.status
	byLibrary := st.State == Disabled && st.By == ByLibrary
	switch {
	case st.State != Active && !byLibrary:
		return Disabled
	case j.chain.blocks(j.entry.hook.tag, j.idx.ownTag):
		return Loop
	case byLibrary:
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

// idEncoding spells delivery ids and lines: lower case, no padding, nothing
// that a header, file name or shell would mind.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").
	WithPadding(base32.NoPadding)

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

// A renderBudget bounds the time that one Dispatch spends on templates, so that
// many slow ones cannot hold up the host's write. Once it is spent, each gets
// only a little: enough for those that are not slow, so that these do not pay for
// the others.
type renderBudget struct {
	end  time.Time
	each time.Duration
}

// budget allows ten evaluations' time for each hundred events. It is not cut
// short by the end of the caller's context: an evaluation that did not take place
// would be an event lost without an error.
func (d *Dispatcher) budget(events int) renderBudget {
	hundreds := time.Duration(1 + (events-1)/100)
	each := d.opts.RenderTimeout
	return renderBudget{end: time.Now().Add(10 * hundreds * each), each: each}
}

// next returns how long the next evaluation may take.
func (b *renderBudget) next() time.Duration {
	return min(b.each, max(time.Until(b.end), b.each/50))
}
