package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Preview is what a webhook would do with an event.
type Preview struct {
	Outcome Outcome `json:"outcome"` // what Dispatch would decide, as Explain has it

	// Request is what would be sent: method, URL and body as they would be, the
	// header's confidential values masked. It is there also when the condition
	// does not hold; nil only when rendering failed, which Outcome.Err or, when
	// the webhook would not have come to rendering, a warning explains.
	Request *Request `json:"request"`

	// Warnings are what is allowed but may surprise, such as a field that is read
	// and that the document does not have.
	Warnings []string `json:"warnings,omitempty"`
}

// Preview evaluates and renders a webhook for an event, without I/O. The
// webhook need not be saved. If one of its name is, the status of that one
// counts, and its secrets are used when w.Secret is empty, both as this process
// last read them: in a process that has not dispatched yet, call
// [Dispatcher.Webhook] first. The error is a *[ConfigError] or an
// *[EventError].
func (d *Dispatcher) Preview(ctx context.Context, w Webhook, ev Event) (*Preview, error) {
	if err := d.checkDispatch(&ev); err != nil {
		return nil, &EventError{Err: err}
	}
	idx, e, err := d.previewed(w)
	if err != nil {
		return nil, err
	}
	v := d.newEvaluation(ctx, d.budget(1), idx, &ev)
	j, del := &judgment{v, e}, &Delivery{}
	p := &Preview{Warnings: e.hook.warnings(&v.ev)}
	var missed []string
	v.scope.Missed = func(path string) { missed = append(missed, path) }
	p.Outcome = j.decide(isSuppressed(ctx))
	switch o := &p.Outcome; {
	case o.fires():
		j.render(o, del)
	case o.Decision != RenderError:
		if err := j.delivery(del); err != nil {
			p.Warnings = append(p.Warnings, "rendering fails: "+err.Error())
		}
	}
	if del.ID != "" {
		if p.Request, err = d.request(e.hook, del, v.now, false); err != nil {
			return nil, configError(w.Name, &fieldError{field: "Secret", err: err})
		}
		p.Request.Header = maskHeader(p.Request.Header)
	}
	p.warnOfMissing(missed)
	return p, nil
}

// warnOfMissing warns of each field once, unless the error names it: one that is
// spelled wrong reads as nothing.
func (p *Preview) warnOfMissing(paths []string) {
	said := errorText(p.Outcome.Err)
	for _, path := range paths {
		warning := path + " is read, and there is no such field"
		if !strings.Contains(said, "'"+path+"'") && !slices.Contains(p.Warnings, warning) {
			p.Warnings = append(p.Warnings, warning)
		}
	}
}

// previewed returns a webhook as it would stand once it is saved.
func (d *Dispatcher) previewed(w Webhook) (*index, *entry, error) {
	idx := d.index.Load()
	if idx == nil {
		idx = &index{}
	}
	rec, e := &record{ID: newID("wh_")}, &entry{}
	if saved := idx.byName[w.Name]; saved != nil {
		rec, e.rec = saved.hook.rec.clone(), saved.rec
	}
	rec.setSecret(w.Secret)
	rec.Webhook = w
	if err := checkLimits(&w, &d.opts); err != nil {
		return nil, nil, configError(w.Name, err)
	}
	c := compiler{opts: d.opts, env: d.env, chainKey: idx.chainKey}
	h, err := c.compile(rec)
	if err != nil {
		return nil, nil, err
	}
	e.hook, e.status = h, h.state(&e.rec)
	return idx, e, nil
}

// warnings says what is allowed but may surprise.
func (h *hook) warnings(ev *Event) []string {
	var ws []string
	if !slices.Contains(h.w.Events, ev.Type) ||
		ev.Type.IsDocumentEvent() && h.w.DocType != ev.DocType {
		ws = append(ws, fmt.Sprintf("the webhook does not listen to %s of %q", ev.Type, ev.DocType))
	}
	if h.w.Tenant != ev.Tenant {
		ws = append(ws, "the event is of another tenant")
	}
	if h.url == nil && strings.Contains(h.w.URL, "{{") {
		ws = append(ws, "the URL has braces, which are sent as they are: DynamicURL is not set")
	}
	return append(ws, h.payload.warnings...)
}

// Explain says what Dispatch would decide, without storing anything. It does
// not know whether a delivery would be a Duplicate, or find Options.MaxPaused
// reached. The error is an *[EventError], or that of a store whose webhooks
// could never be read.
func (d *Dispatcher) Explain(ctx context.Context, ev Event) (Report, error) {
	if err := d.checkDispatch(&ev); err != nil {
		return Report{}, &EventError{Err: err}
	}
	idx, err := d.current(ctx)
	if err != nil {
		return Report{}, err
	}
	v := d.newEvaluation(ctx, d.budget(1), idx, &ev)
	var r Report
	for _, e := range idx.hooks(ev.DocType, ev.Type) {
		if e.hook.w.Tenant == ev.Tenant {
			j := &judgment{v, e}
			o := j.decide(isSuppressed(ctx))
			if o.fires() {
				j.render(&o, &Delivery{})
			}
			r.Outcomes = append(r.Outcomes, o)
		}
	}
	return r, nil
}

// SendTest renders a webhook for an event and sends it at once, marked by the
// header X-Webhook-Test, whatever its condition, status, events and tenant. It
// stores nothing. The State of the attempt is Delivered or Failed: there is no
// retry. The error is non-nil only when nothing could be sent.
func (d *Dispatcher) SendTest(ctx context.Context, name string, ev Event) (*Attempt, error) {
	if err := d.checkDispatch(&ev); err != nil {
		return nil, &EventError{Err: err}
	}
	e, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if e.hook.err != nil {
		return nil, wrap(e.hook.err, "webhook: send test")
	}
	v := d.newEvaluation(ctx, d.budget(1), d.index.Load(), &ev)
	del := &Delivery{}
	if err := (&judgment{v, e}).delivery(del); err != nil {
		return nil, wrap(err, "webhook %q: send test", name)
	}
	del.ID = newID("msg_")
	return d.probe(ctx, e.hook, del, e.hook.timeout(&d.opts), true), nil
}
