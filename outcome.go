package webhook

import "encoding/json"

// A Report says what a Dispatch did: one outcome for each event and each
// webhook subscribed to it, in the order of the events and, within one, of the
// webhooks' names.
type Report struct {
	Outcomes []Outcome `json:"outcomes"`
}

// An Outcome is what one webhook did with one event, and why.
type Outcome struct {
	Webhook    string    `json:"webhook"`               // its name
	EventID    string    `json:"event_id"`              // Event.ID, or the one made for it
	DeliveryID string    `json:"delivery_id,omitempty"` // of a delivery made now, or there already
	Type       EventType `json:"type"`                  // of the event
	Decision   Decision  `json:"decision,omitempty"`

	// Err says why, for ConditionError and RenderError, and when the store did
	// not take the delivery; ErrMaxPaused when a Disabled webhook would pause it
	// and cannot; nil otherwise. In JSON it is the text "error".
	Err error `json:"-"`
}

// MarshalJSON writes the outcome with the text of its Err.
func (o Outcome) MarshalJSON() ([]byte, error) {
	type plain Outcome
	return json.Marshal(struct {
		plain
		Error string `json:"error,omitempty"`
	}{plain(o), errorText(o.Err)})
}

// errorText returns what an error says, "" for none: the errors of other
// packages have no JSON form.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A Decision is what became of one event at one webhook. The zero value means
// that none was reached, because the store did not take the delivery.
//
// It is another name for [State] and no type of its own: Paused and Disabled
// are decisions as well as states, and one constant serves for both.
type Decision = State

// The decisions. One more, [Paused], is declared with the states of a delivery:
// the library has disabled the webhook, and a delivery was stored that waits
// until it is enabled.
const (
	Queued         Decision = "queued"          // a delivery was stored
	Held           Decision = "held"            // waits for the unit of work to commit
	ConditionFalse Decision = "condition_false" // the condition does not hold
	ConditionError Decision = "condition_error" // the condition cannot be evaluated; see Err
	RenderError    Decision = "render_error"    // the body or URL cannot be rendered; see Err
	Duplicate      Decision = "duplicate"       // the delivery was there already
	Disabled       Decision = "disabled"        // by its operator, never activated, or ErrMaxPaused
	Loop           Decision = "loop"            // this webhook, or ten others, led to the event
	Suppressed     Decision = "suppressed"      // the context is silenced by Suppress
	Superseded     Decision = "superseded"      // a later event of the unit of work took its place
)

// Err returns the first error among the outcomes, nil if there is none.
func (r Report) Err() error {
	for _, o := range r.Outcomes {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}
