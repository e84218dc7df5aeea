package webhook

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An EventType says what happened: one of the seven document events, in
// Frappe's spelling, or the name of a named event such as "Site Plan Change".
type EventType string

// The document events. A webhook that listens to them has a DocType.
const (
	AfterInsert         EventType = "after_insert"           // a new document was stored
	OnUpdate            EventType = "on_update"              // every save, insert and submit too
	OnSubmit            EventType = "on_submit"              // docstatus became 1
	OnCancel            EventType = "on_cancel"              // docstatus became 2
	OnTrash             EventType = "on_trash"               // before a delete
	OnUpdateAfterSubmit EventType = "on_update_after_submit" // a submitted document was edited
	OnChange            EventType = "on_change"              // every save, and single-field writes
)

var documentEvents = []EventType{
	AfterInsert, OnUpdate, OnSubmit, OnCancel, OnTrash, OnUpdateAfterSubmit, OnChange,
}

// IsDocumentEvent reports whether t is one of the seven document events; every
// other name is a named event.
func (t EventType) IsDocumentEvent() bool { return slices.Contains(documentEvents, t) }

// isOfSubmittable reports whether only submittable document types have the event
// (frappe/integrations/doctype/webhook, validate_docevent).
func (t EventType) isOfSubmittable() bool {
	return t == OnSubmit || t == OnCancel || t == OnUpdateAfterSubmit
}

// HandshakeEvent is the event of the request that [Dispatcher.Handshake] sends,
// as Frappe Cloud names it. It cannot be dispatched or subscribed to.
const HandshakeEvent EventType = "Webhook Validate"

// An Event is one thing that happened to one document, or one named event. ID,
// Type, DocType, Name and Tenant are UTF-8 of at most 255 bytes each, without
// NUL.
type Event struct {
	// ID is the idempotency key: dispatching an event again under the same ID,
	// Type, DocType, Name and Tenant makes no second delivery. One ID may serve
	// all events of an action. When it is empty, one is made.
	ID   string    `json:"id,omitempty"`
	Type EventType `json:"type"`

	// DocType and Name say which document it is about. Required for document
	// events; optional for named events, where they serve log and order, though a
	// DocType needs a Name.
	DocType string `json:"doctype,omitempty"`
	Name    string `json:"name,omitempty"`

	// Doc is the document, or the data of a named event: a map, a struct, a
	// pointer to one, or raw JSON. It is what encoding/json makes of it: json
	// tags name its fields, for templates too. Nil, or what is null in JSON, is
	// a document without fields. It is read before Dispatch returns and not
	// kept.
	Doc any `json:"doc,omitempty"`

	// Previous is the document before the change, for changed() in conditions.
	// Nil, or what is null in JSON, when there is none.
	Previous any `json:"previous,omitempty"`

	// User is who did it, for conditions and bodies.
	User string `json:"user,omitempty"`

	// Tenant selects the webhooks: only those of the same Tenant see the event.
	// One without a Tenant is seen by the webhooks without one.
	Tenant string `json:"tenant,omitempty"`

	// Time is when it happened: "now" of conditions and bodies. Defaults to the
	// time of the Dispatch.
	Time time.Time `json:"time,omitzero"`
}

// UnmarshalJSON reads an event. Doc and Previous become raw JSON, whose numbers
// and key order are kept.
func (ev *Event) UnmarshalJSON(data []byte) error {
	type plain Event
	j := struct {
		plain
		Doc      json.RawMessage `json:"doc"`
		Previous json.RawMessage `json:"previous"`
	}{}
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*ev = Event(j.plain)
	if !isNull(j.Doc) {
		ev.Doc = j.Doc
	}
	if !isNull(j.Previous) {
		ev.Previous = j.Previous
	}
	return nil
}

// isNull reports whether a member was null, or not there.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// An EventError says which event of a Dispatch is invalid, and why. Then none
// of the call's events was dispatched.
type EventError struct {
	Index int   `json:"index"` // of the event among the arguments
	Err   error `json:"-"`     // in JSON it is the text "error"
}

// MarshalJSON writes the error with the text of its Err.
func (e *EventError) MarshalJSON() ([]byte, error) {
	type plain EventError
	return json.Marshal(struct {
		*plain
		Error string `json:"error"`
	}{(*plain)(e), errorText(e.Err)})
}

// Error describes the error.
func (e *EventError) Error() string { return fmt.Sprintf("webhook: event %d: %v", e.Index, e.Err) }

// Unwrap returns what is wrong with the event.
func (e *EventError) Unwrap() error { return e.Err }

// maxEventField bounds the names and ids of an event, in bytes, so that every
// store and header can hold them.
const maxEventField = 255

// validate refuses an event for which no webhook could be sent.
func (ev *Event) validate() error {
	switch {
	case ev.Type == "":
		return errors.New("the event has no Type")
	case ev.Type == HandshakeEvent:
		return fmt.Errorf("%q belongs to the handshake", ev.Type)
	case ev.Type.IsDocumentEvent() && ev.DocType == "":
		return fmt.Errorf("%s needs a DocType", ev.Type)
	case ev.DocType != "" && ev.Name == "":
		return fmt.Errorf("%s: a document of type %q has no Name", ev.Type, ev.DocType)
	}
	if err := checkName("Type", string(ev.Type)); err != nil {
		return err
	}
	if err := checkName("ID", ev.ID); err != nil {
		return err
	}
	if err := checkName("DocType", ev.DocType); err != nil {
		return err
	}
	if err := checkName("Name", ev.Name); err != nil {
		return err
	}
	return checkName("Tenant", ev.Tenant)
}

// checkName refuses what a store's text column or index cannot hold.
func checkName(field, s string) error {
	switch {
	case len(s) > maxEventField:
		return fmt.Errorf("%s is longer than %d bytes", field, maxEventField)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not valid UTF-8", field)
	case strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("%s contains a NUL character", field)
	}
	return nil
}

// newID makes an identifier of 130 random bits with a prefix.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// An Action is one thing a host does to a document. Each stands for one or more
// document events.
type Action string

// The actions, and the events each stands for: as Frappe runs them
// (frappe/model/document.py, run_post_save_methods), except that a delete does
// not fire on_change, and that an edit after submit fires its event (frappe PR
// #39164).
const (
	ActionInsert            Action = "insert"              // after_insert, on_update
	ActionSave              Action = "save"                // on_update, on_change
	ActionSubmit            Action = "submit"              // on_update, on_submit, on_change
	ActionInsertSubmitted   Action = "insert_submitted"    // after_insert, on_update, on_submit
	ActionCancel            Action = "cancel"              // on_cancel, on_change
	ActionUpdateAfterSubmit Action = "update_after_submit" // on_update_after_submit, on_change
	ActionDelete            Action = "delete"              // on_trash
	ActionDBSet             Action = "db_set"              // on_change
)

// Events returns the document events the action stands for, in the order they
// happen; none for an unknown action. The caller owns the slice.
func (a Action) Events() []EventType {
	switch a {
	case ActionInsert:
		return []EventType{AfterInsert, OnUpdate}
	case ActionSave:
		return []EventType{OnUpdate, OnChange}
	case ActionSubmit:
		return []EventType{OnUpdate, OnSubmit, OnChange}
	case ActionInsertSubmitted:
		return []EventType{AfterInsert, OnUpdate, OnSubmit}
	case ActionCancel:
		return []EventType{OnCancel, OnChange}
	case ActionUpdateAfterSubmit:
		return []EventType{OnUpdateAfterSubmit, OnChange}
	case ActionDelete:
		return []EventType{OnTrash}
	case ActionDBSet:
		return []EventType{OnChange}
	}
	return nil
}

// On returns ev once for each event of the action, so that an ORM hook is one
// line:
//
//	d.Dispatch(ctx, webhook.ActionSave.On(ev)...)
//
// All share one ID, made when ev has none. An unknown action yields ev with an
// empty Type, which Dispatch refuses.
func (a Action) On(ev Event) []Event {
	types := a.Events()
	if len(types) == 0 {
		types = []EventType{""}
	}
	if ev.ID == "" {
		ev.ID = newID("evt_")
	}
	events := make([]Event, len(types))
	for i, t := range types {
		events[i] = ev
		events[i].Type = t
	}
	return events
}
