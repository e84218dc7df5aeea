package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/docevent/webhook"
)

// eventFlags say what happened to which document.
type eventFlags struct {
	EventFile string    `placeholder:"FILE" xor:"event" help:"${event_file_help}"`
	Doc       string    `placeholder:"FILE" xor:"event" help:"${doc_help}"`
	Previous  string    `placeholder:"FILE" help:"File of the document before the change, for changed() in conditions."`
	Event     string    `short:"e" placeholder:"TYPE" help:"What happened, such as on_submit."`
	DocType   string    `name:"doctype" placeholder:"TYPE" help:"The document's type. Defaults to that in the document."`
	Name      string    `placeholder:"NAME" help:"The document's name. Defaults to that in the document."`
	User      string    `help:"Who did it."`
	Tenant    string    `help:"Whose event it is."`
	ID        string    `name:"event-id" placeholder:"ID" help:"The idempotency key. Made when it is not given."`
	At        time.Time `placeholder:"TIME" help:"When it happened (RFC 3339). Defaults to now."`
}

// event returns the event that the flags describe.
func (f *eventFlags) event(ctx context.Context, c *console) (webhook.Event, error) {
	var ev webhook.Event
	if f.EventFile != "" {
		raw, err := c.readJSON(ctx, f.EventFile)
		if err != nil {
			return ev, err
		}
		if err := decodeEvent(raw, &ev); err != nil {
			return ev, &formError{f.EventFile, err}
		}
	}
	for _, d := range []struct {
		path string
		into *any
	}{{f.Doc, &ev.Doc}, {f.Previous, &ev.Previous}} {
		if d.path == "" {
			continue
		}
		raw, err := c.readJSON(ctx, d.path)
		if err != nil {
			return ev, err
		}
		*d.into = raw
	}
	f.fill(&ev)
	return ev, nil
}

// decodeEvent reads an event, and refuses members that it does not have: if a
// document were taken for an event, all of it would be ignored.
func decodeEvent(raw json.RawMessage, ev *webhook.Event) error {
	if err := json.Unmarshal(raw, ev); err != nil {
		return err
	}
	var known struct {
		ID, Type, DocType, Name, Doc, Previous, User, Tenant, Time any
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&known); err != nil {
		return errors.New("not an event: " + err.Error())
	}
	return nil
}

// fill sets what the flags say, and names the document as it names itself.
func (f *eventFlags) fill(ev *webhook.Event) {
	var named struct {
		DocType string `json:"doctype"`
		Name    string `json:"name"`
	}
	if doc, ok := ev.Doc.(json.RawMessage); ok {
		json.Unmarshal(doc, &named) // what is not so named is named by the flags
	}
	ev.Type = webhook.EventType(cmp.Or(f.Event, string(ev.Type)))
	ev.DocType = cmp.Or(f.DocType, ev.DocType)
	ev.Name = cmp.Or(f.Name, ev.Name)
	if ev.Type.IsDocumentEvent() || ev.Type == "" {
		ev.DocType, ev.Name = cmp.Or(ev.DocType, named.DocType), cmp.Or(ev.Name, named.Name)
	}
	ev.User, ev.Tenant = cmp.Or(f.User, ev.User), cmp.Or(f.Tenant, ev.Tenant)
	ev.ID = cmp.Or(f.ID, ev.ID)
	if !f.At.IsZero() {
		ev.Time = f.At
	}
}

// suit fills in what was left out of an event, so that w listens to it.
func suit(ev webhook.Event, w *webhook.Webhook) webhook.Event {
	if ev.Type == "" && len(w.Events) > 0 {
		ev.Type = w.Events[0]
	}
	if ev.Type.IsDocumentEvent() {
		ev.DocType, ev.Name = cmp.Or(ev.DocType, w.DocType), cmp.Or(ev.Name, "unnamed")
	} else if ev.Name == "" {
		ev.DocType = ""
	}
	ev.Tenant = cmp.Or(ev.Tenant, w.Tenant)
	return ev
}
