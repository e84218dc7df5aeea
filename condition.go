package webhook

import (
	"context"
	"time"

	"github.com/docevent/webhook/internal/jinja"
)

// A condition decides whether a webhook fires. Nil always fires.
type condition struct{ compiled *jinja.Condition }

// condition compiles the webhook's Condition.
func (c *compiler) condition(w *Webhook) (*condition, error) {
	if w.Condition == "" {
		return nil, nil
	}
	compiled, err := c.env.Condition("condition", w.Condition, w.lang())
	if err != nil {
		return nil, &fieldError{field: "Condition", err: err}
	}
	return &condition{compiled}, nil
}

// holds evaluates the condition.
func (c *condition) holds(s *jinja.Scope) (ok bool, err error) {
	if c == nil {
		return true, nil
	}
	defer contain(&err, "condition")
	return c.compiled.Eval(context.Background(), s)
}

// setScope fills in what the templates of all webhooks see of an event. The
// Scope keeps what is read of the document, and belongs to one goroutine.
func (d *Dispatcher) setScope(s *jinja.Scope, ev *Event) {
	*s = jinja.Scope{
		Doc: ev.Doc, Previous: ev.Previous, HasPrevious: ev.Previous != nil,
		DocType: ev.DocType, Name: ev.Name,
		Event: jinja.Event{
			ID: ev.ID, Type: string(ev.Type), DocType: ev.DocType, Name: ev.Name,
			User: ev.User, Tenant: ev.Tenant, Time: ev.Time,
		},
		Now: ev.Time, Location: d.opts.Location, Timeout: d.opts.RenderTimeout,
	}
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
