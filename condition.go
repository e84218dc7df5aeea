package webhook

import (
	"context"
	"fmt"
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
func (c *condition) holds(ctx context.Context, s *jinja.Scope) (ok bool, err error) {
	if c == nil {
		return true, nil
	}
	defer recoverAs(&err)
	return c.compiled.Eval(ctx, s)
}

// scope returns what the templates of all webhooks see of an event. It caches
// what they made of the document, and serves one goroutine.
func (d *Dispatcher) scope(ev *Event) *jinja.Scope {
	return &jinja.Scope{
		Doc: ev.Doc, Previous: ev.Previous, HasPrevious: ev.Previous != nil,
		DocType: ev.DocType, Name: ev.Name,
		Event: jinja.Event{
			ID: ev.ID, Type: string(ev.Type), DocType: ev.DocType, Name: ev.Name,
			User: ev.User, Tenant: ev.Tenant, Time: ev.Time,
		},
		Now: ev.Time, Location: d.opts.Location, Timeout: d.opts.RenderTimeout,
	}
}

// recoverAs makes a panic in code that the host supplied, such as a marshaler,
// the caller's error.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}

// A renderBudget bounds the time that one Dispatch spends on templates, so that
// many slow ones cannot hold up the host's write.
type renderBudget struct {
	context.Context
	cancel context.CancelFunc
}

// budget allows ten evaluations' time for each hundred events.
func (d *Dispatcher) budget(ctx context.Context, events int) renderBudget {
	hundreds := time.Duration(1 + (events-1)/100)
	ctx, cancel := context.WithTimeout(ctx, 10*hundreds*d.opts.RenderTimeout)
	return renderBudget{ctx, cancel}
}
