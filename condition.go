package webhook

import (
	"context"

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
