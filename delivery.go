package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A Delivery is one webhook's message for one event. Its id and its bytes never
// change; what becomes of it does. Its times are UTC, by the store's clock if it
// has one.
type Delivery struct {
	// ID is "msg_" and a hash of what it is for: tenant, event id, type, doctype,
	// name and webhook. The receiver sees it as Webhook-Id on every attempt.
	ID          string    `json:"id"`
	EventID     string    `json:"event_id"`               // Event.ID
	Type        EventType `json:"type"`                   // of the event
	Webhook     string    `json:"webhook"`                // its name
	DocType     string    `json:"doctype,omitempty"`      // the document's; "" if there is none
	DocName     string    `json:"doc_name,omitempty"`     // Event.Name
	Tenant      string    `json:"tenant,omitempty"`       // of the event and the webhook
	Method      string    `json:"method,omitempty"`       // the webhook's when it was made
	URL         string    `json:"url,omitempty"`          // the dynamic URL as rendered, else ""
	Body        []byte    `json:"body,omitempty"`         // nil for none
	ContentType string    `json:"content_type,omitempty"` // of Body; "" without one
	Chain       string    `json:"chain,omitempty"`        // what led here: X-Webhook-Chain
	Trace       string    `json:"trace,omitempty"`        // from Trace.Carry; at most 1 KiB
	Line        string    `json:"line,omitempty"`         // what it is ordered within; "" for none
	Seq         int64     `json:"seq,omitempty"`          // its place in the line, set by the store
	Created     time.Time `json:"created,omitzero"`       // when the event was dispatched
	Version     int       `json:"version"`                // of the row; see DeliveryVersion

	// The fields below are those that Claim and Update change.
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"` // why it ended or waits; see ReasonAge
	Attempts int       `json:"attempts"`         // made so far; numbers go on over a Resend
	Tries    int       `json:"tries"`            // those that the retry policy counts
	Due      time.Time `json:"due,omitzero"`     // no attempt is made before
	// Since is when its age began. The age of an ordered delivery begins with
	// its first attempt; before that Since is zero.
	Since      time.Time `json:"since,omitzero"`
	PausedAt   time.Time `json:"paused_at,omitzero"`   // zero unless it is Paused
	Finished   time.Time `json:"finished,omitzero"`    // zero unless it has ended, in any way
	Owner      string    `json:"owner,omitempty"`      // of the lease
	LeaseUntil time.Time `json:"lease_until,omitzero"` // the Owner's until then; zero for none
	Fence      int64     `json:"fence,omitempty"`      // raised by every claim and change
}

// DeliveryVersion is the Version this library writes. A store does not offer
// rows with a higher one, so that two versions can share a store while one
// replaces the other.
const DeliveryVersion = 1

// The states of a delivery. Paused is a decision too.
const (
	Pending   State = "pending"   // waits for its next attempt, or is in flight
	Delivered State = "delivered" // a 2xx came
	Failed    State = "failed"    // the endpoint or the request can never succeed
	Exhausted State = "exhausted" // attempts or age ran out
	Paused    State = "paused"    // waits for its webhook to be enabled
	Canceled  State = "canceled"
)

// finished reports whether no attempt will follow unless it is resent.
func (s State) finished() bool {
	return s == Delivered || s == Failed || s == Exhausted || s == Canceled
}

// Reasons of deliveries that ended otherwise than by their last attempt.
const (
	ReasonAge            = "max_age"          // RetryPolicy.MaxAge passed
	ReasonAttempts       = "max_attempts"     // RetryPolicy.MaxAttempts were made
	ReasonCanceled       = "canceled"         // Dispatcher.Cancel
	ReasonWebhookDeleted = "webhook_deleted"  // the webhook is gone
	ReasonDisabled       = "webhook_disabled" // waits for the webhook to be enabled
	ReasonEndpoint       = "endpoint_changed" // the webhook's endpoint is no longer the URL's
)

// An Attempt is one HTTP request for a delivery, as logged. It holds neither
// secrets nor the request. It keeps no more than 1 KiB of Error, and 50 header
// lines and 4 KiB of the body of the response. Class is one of [ErrorClass],
// [ClassStatus] or [ClassEndpointChanged].
type Attempt struct {
	DeliveryID string        `json:"delivery_id,omitempty"`
	Number     int           `json:"number"`           // from 1
	Time       time.Time     `json:"time,omitzero"`    // when it began
	Duration   time.Duration `json:"duration"`         // until the response was read, or failed
	StatusCode int           `json:"status_code"`      // 0 if none came
	Class      string        `json:"class,omitempty"`  // such as "timeout"; "" for a clean success
	Error      string        `json:"error,omitempty"`  // for people; "" for a clean success
	Header     http.Header   `json:"header,omitempty"` // of the response, redacted
	Body       []byte        `json:"body,omitempty"`   // the beginning of the response's body
	State      State         `json:"state"`            // what it made of the delivery
	Next       time.Time     `json:"next,omitzero"`    // when the next is due; zero if none is
}

// attemptJSON is the JSON form of an Attempt: the duration is a string.
type attemptJSON struct {
	plainAttempt
	Duration duration `json:"duration"`
}

type plainAttempt Attempt

// MarshalJSON writes the attempt with its duration as a string such as "1.2s".
func (a Attempt) MarshalJSON() ([]byte, error) {
	return json.Marshal(attemptJSON{plainAttempt(a), duration(a.Duration)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Attempt) UnmarshalJSON(data []byte) error {
	var j attemptJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*a = Attempt(j.plainAttempt)
	a.Duration = time.Duration(j.Duration)
	return nil
}

// Errors of changes that the state of a delivery does not allow.
var (
	// ErrInFlight: an attempt is being made, or about to be.
	ErrInFlight = errors.New("webhook: delivery is in flight")
	// ErrPruned: the delivery is no longer stored, or never was.
	ErrPruned = wrap(ErrNotFound, "webhook: delivery is no longer stored")
	// ErrState: the delivery is not in a state for this.
	ErrState = errors.New("webhook: delivery is in another state")
)

// A Change is what a delivery becomes, provided it still has the Fence it was
// read with.
type Change struct {
	ID    string // which delivery
	Fence int64  // as it was read

	// What the delivery becomes; see there. All of these are written: a zero
	// field makes the stored one zero.
	State      State
	Reason     string
	Attempts   int
	Tries      int
	Due        time.Time
	Since      time.Time
	PausedAt   time.Time
	Finished   time.Time
	Owner      string
	LeaseUntil time.Time

	Attempt *Attempt // to be kept with it; nil for none
}

// Apply makes d what c says and raises its Fence. The caller has compared ID
// and Fence.
func (c *Change) Apply(d *Delivery) {
	d.State, d.Reason = c.State, c.Reason
	d.Attempts, d.Tries = c.Attempts, c.Tries
	d.Due, d.Since, d.PausedAt, d.Finished = c.Due, c.Since, c.PausedAt, c.Finished
	d.Owner, d.LeaseUntil = c.Owner, c.LeaseUntil
	d.Fence++
}

// A transition is a kind of change.
type transition string

const (
	toResolve transition = "resolve" // an attempt ended
	toRelease transition = "release" // give the lease back, nothing happened
	toExtend  transition = "extend"  // hold the lease for longer
	toExpire  transition = "expire"  // too old to be tried again
	toPause   transition = "pause"
	toResume  transition = "resume"
	toCancel  transition = "cancel"
	toResend  transition = "resend"
)

// transitions are the states in which each may happen; all others are illegal.
var transitions = map[transition][]State{
	toResolve: {Pending},
	toRelease: {Pending},
	toExtend:  {Pending},
	toExpire:  {Pending},
	toPause:   {Pending},
	toResume:  {Paused},
	toCancel:  {Pending, Paused, Failed, Exhausted},
	toResend:  {Pending, Delivered, Failed, Exhausted, Canceled},
}

// change returns the Change that gives the lease of d back, does what edit
// does, and leaves all else as it is. ErrState if the transition is not one
// that the State of d allows.
func (d *Delivery) change(t transition, edit func(*Change)) (Change, error) {
	if d.Version > DeliveryVersion {
		return Change{}, fmt.Errorf("%w: a newer version of the library wrote it", ErrState)
	}
	if !slices.Contains(transitions[t], d.State) {
		return Change{}, fmt.Errorf("%w: cannot %s when %s", ErrState, t, d.State)
	}
	c := Change{
		ID: d.ID, Fence: d.Fence, State: d.State, Reason: d.Reason,
		Attempts: d.Attempts, Tries: d.Tries, Due: d.Due, Since: d.Since,
		PausedAt: d.PausedAt, Finished: d.Finished,
	}
	edit(&c)
	return c, nil
}

// leased reports whether someone holds the delivery.
func (d *Delivery) leased(now time.Time) bool {
	return d.State == Pending && d.LeaseUntil.After(now)
}

// release gives the lease back: the delivery is due as before.
func (d *Delivery) release() (Change, error) { return d.change(toRelease, func(*Change) {}) }

// extend holds the lease until then.
func (d *Delivery) extend(until time.Time) (Change, error) {
	return d.change(toExtend, func(c *Change) { c.Owner, c.LeaseUntil = d.Owner, until })
}

// resolve ends an attempt: the delivery is finished in a state, or Pending
// again until due.
func (d *Delivery) resolve(a *Attempt, reason string) (Change, error) {
	return d.change(toResolve, func(c *Change) {
		c.Attempt, c.State, c.Reason = a, a.State, reason
		c.Attempts, c.Tries = d.Attempts+1, d.Tries+1
		if c.Since.IsZero() {
			c.Since = a.Time
		}
		if a.State.finished() {
			c.Finished = a.Time.Add(a.Duration)
		} else {
			c.Due = a.Next
		}
	})
}

// expire ends a delivery that became too old while it waited.
func (d *Delivery) expire(now time.Time) (Change, error) {
	return d.change(toExpire, func(c *Change) {
		c.State, c.Reason, c.Finished = Exhausted, ReasonAge, now
	})
}

// pause lets the delivery wait for its webhook.
func (d *Delivery) pause(now time.Time) (Change, error) {
	return d.change(toPause, func(c *Change) {
		c.State, c.Reason, c.PausedAt = Paused, ReasonDisabled, now
	})
}

// resume makes a paused delivery due. The pause counts for no age.
func (d *Delivery) resume(due, now time.Time) (Change, error) {
	return d.change(toResume, func(c *Change) {
		if !d.Since.IsZero() && !d.PausedAt.IsZero() {
			c.Since = d.Since.Add(max(0, now.Sub(d.PausedAt)))
		}
		c.State, c.Reason, c.Due, c.PausedAt = Pending, "", due, time.Time{}
	})
}

// cancel ends the delivery for good. Whoever holds a lease has lost it.
func (d *Delivery) cancel(reason string, now time.Time) (Change, error) {
	return d.change(toCancel, func(c *Change) {
		c.State, c.Reason, c.Finished, c.PausedAt = Canceled, reason, now, time.Time{}
	})
}

// resend makes the delivery due now with a fresh budget of attempts and age.
func (d *Delivery) resend(now time.Time) (Change, error) {
	if d.leased(now) {
		return Change{}, ErrInFlight
	}
	return d.change(toResend, func(c *Change) {
		c.State, c.Reason, c.Tries, c.Due, c.Finished = Pending, "", 0, now, time.Time{}
		c.Since = now
		if d.Line != "" {
			c.Since = time.Time{}
		}
	})
}
