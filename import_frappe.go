package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/textproto"
	"reflect"
	"slices"
	"strings"
	"time"
)

// An Import is what ImportFrappe made of Frappe's documents.
type Import struct {
	Webhooks []Webhook `json:"webhooks"`

	// Notes say what could not be carried over, by the name of the webhook. Each
	// begins with the name of Frappe's field.
	Notes map[string][]string `json:"notes,omitempty"`
}

// ImportFrappe reads documents of Frappe's types Webhook and Press Webhook, as
// exported to JSON by "bench export-fixtures" and the like: one, or an array of
// them. What could not be carried over is in the notes; documents of which no
// webhook can be made are in the notes alone. An error is an *[ImportError]:
// the text is not such JSON, above 16 MiB or of more than 10,000 documents, and
// nothing of it was taken.
//
// The webhooks send what Frappe sends, so that receivers need not change: a field
// table becomes a JSON object even when the structure says form, and an empty
// configuration becomes "{}" (webhook.py, get_webhook_data). Like Frappe they
// wait 5 seconds for an answer, unless the document says otherwise. One whose
// security is on without its secret, which exports leave out, comes in Disabled:
// it would send unsigned what its receiver expects signed.
//
// The configurations themselves are checked by [Dispatcher.SaveWebhooks].
func ImportFrappe(r io.Reader) (*Import, error) {
	im := &Import{Notes: map[string][]string{}}
	names := map[string]int{}
	err := eachObject(r, func(i int, raw json.RawMessage) error {
		kind, err := frappeKind(raw)
		if err == nil && kind != frappeWebhook && kind != pressWebhook {
			err = fieldErrorf("doctype", "neither Webhook nor Press Webhook")
		}
		if err != nil {
			return importError(i, "", err)
		}
		in, err := importFrappe(kind, raw)
		if err == nil {
			err = once(names, in.webhook.Name, i)
		}
		if err != nil {
			return importError(i, in.webhook.Name, err)
		}
		im.add(i, in)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return im, nil
}

// add takes in what was made of the i-th document.
func (im *Import) add(i int, in imported) {
	if in.lost == "" {
		im.Webhooks = append(im.Webhooks, in.webhook)
	} else {
		in.notes = append(in.notes, in.lost)
	}
	name := in.webhook.Name
	if name == "" {
		name = fmt.Sprintf("number %d", i)
	}
	if len(in.notes) > 0 {
		im.Notes[name] = in.notes
	}
}

// A documentKind says what a JSON object is.
type documentKind int

const (
	notFrappe     documentKind = iota
	frappeWebhook              // frappe/integrations/doctype/webhook
	pressWebhook               // press/doctype/press_webhook
	otherFrappe
)

// frappeKind tells a document by its fields, and not by its doctype alone: our
// own may listen to documents of a type that is called Webhook.
func frappeKind(raw json.RawMessage) (documentKind, error) {
	kind, docType, ours := notFrappe, "", false
	err := eachMember(raw, func(name string, raw json.RawMessage) error {
		switch name {
		case "webhook_doctype", "webhook_docevent", "request_url":
			kind = frappeWebhook
		case "endpoint":
			kind = max(kind, pressWebhook)
		case "docstatus", "modified_by":
			if kind == notFrappe {
				kind = otherFrappe
			}
		case "url":
			ours = true
		case "doctype":
			_ = json.Unmarshal(raw, &docType) // what is no string is found when it is read
		}
		return nil
	}, "")
	switch {
	case err != nil:
		return notFrappe, err
	case kind == notFrappe || ours:
		return notFrappe, nil
	case docType == "Webhook" || docType == "" && kind == frappeWebhook:
		return frappeWebhook, nil
	case docType == "Press Webhook":
		return pressWebhook, nil
	}
	return otherFrappe, nil
}

// frappeDocument has the fields of both document types that matter here
// (frappe/integrations/doctype/webhook/webhook.json; press_webhook.json).
type frappeDocument struct {
	Name string `json:"name"`

	DocType    string      `json:"webhook_doctype"`
	DocEvent   string      `json:"webhook_docevent"`
	Enabled    *flag       `json:"enabled"`
	Condition  string      `json:"condition"`
	URL        string      `json:"request_url"`
	Dynamic    flag        `json:"is_dynamic_url"`
	Method     string      `json:"request_method"`
	Structure  string      `json:"request_structure"`
	Timeout    int         `json:"timeout"`
	Queue      string      `json:"background_jobs_queue"`
	MaxRetries *int        `json:"max_retries"`
	Secured    flag        `json:"enable_security"`
	Secret     string      `json:"webhook_secret"`
	Headers    []frappeRow `json:"webhook_headers"`
	Data       []frappeRow `json:"webhook_data"`
	JSON       string      `json:"webhook_json"`

	Endpoint   string      `json:"endpoint"` // from here on of Press Webhook
	Team       string      `json:"team"`
	FlatSecret string      `json:"secret"`
	Events     []frappeRow `json:"events"`
}

// A frappeRow is a row of a child table.
type frappeRow struct {
	Idx       int       `json:"idx"`
	Key       string    `json:"key"`
	Value     string    `json:"value"`
	Fieldname string    `json:"fieldname"`
	Event     EventType `json:"event"`
}

// frappeColumns are what every document and row has, and the fields of the form
// that hold nothing.
var frappeColumns = map[string]bool{
	"doctype": true, "name": true, "owner": true, "creation": true, "modified": true,
	"modified_by": true, "docstatus": true, "idx": true, "naming_series": true,
	"parent": true, "parentfield": true, "parenttype": true,
	"_user_tags": true, "_comments": true, "_assign": true, "_liked_by": true, "_seen": true,
	"preview_document": true, "meets_condition": true, "preview_request_body": true,
	"__islocal": true, "__unsaved": true, "__onload": true, "__last_sync_on": true,
}

// A flag is Frappe's Check: 0 or 1, or a boolean.
type flag bool

// UnmarshalJSON reads 0, 1, true, false and null.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "1", "true":
		*f = true
	case "0", "false", "null":
		*f = false
	default:
		return errors.New("neither 0 nor 1")
	}
	return nil
}

// imported is what became of one document.
type imported struct {
	webhook Webhook
	notes   []string // what it lost
	lost    string   // why there is no webhook; "" if there is one
}

// frappeTimeout is what both documents wait without a setting of their own
// (webhook.py: timeout or 5; press_webhook_log.py).
const frappeTimeout = 5 * time.Second

// seconds returns n seconds. For a number that no Duration can hold it returns
// another that is refused for the same reason.
func seconds(n int) time.Duration {
	return time.Duration(max(-1, min(int64(n), math.MaxInt64/int64(time.Second)))) * time.Second
}

// importFrappe makes a webhook of a document. With an error the webhook has its
// name, if it is known.
func importFrappe(kind documentKind, raw json.RawMessage) (imported, error) {
	var d frappeDocument
	var in imported
	note := func(path string, raw json.RawMessage) error {
		if !frappeColumns[path[strings.LastIndexByte(path, '.')+1:]] && !emptyColumn(raw) {
			in.notes = append(in.notes, path+": there is no such field here")
		}
		return nil
	}
	err := readInto(raw, reflect.ValueOf(&d).Elem(), "", note)
	if in.webhook.Name = d.Name; err != nil {
		return in, err
	}
	for _, rows := range [][]frappeRow{d.Headers, d.Data, d.Events} {
		sortRows(rows)
	}
	if kind == pressWebhook {
		d.press(&in)
		return in, nil
	}
	return in, d.webhook(&in)
}

// emptyColumn reports whether a column holds nothing.
func emptyColumn(raw json.RawMessage) bool {
	switch string(raw) {
	case "null", `""`, "0", "0.0", "false", "[]", "{}":
		return true
	}
	return false
}

// sortRows puts rows in the order of the form, those that have a number.
func sortRows(rows []frappeRow) {
	for i := range rows {
		if rows[i].Idx == 0 {
			rows[i].Idx = i + 1
		}
	}
	slices.SortStableFunc(rows, func(a, b frappeRow) int { return a.Idx - b.Idx })
}

// webhook makes a webhook of a Webhook document.
func (d *frappeDocument) webhook(in *imported) error {
	event := EventType(d.DocEvent)
	switch {
	case event == "workflow_transition":
		in.lost = "webhook_docevent: workflow_transition is a task of a workflow, " +
			"not an event of documents: dispatch a named event from the transition"
		return nil
	case event == "":
		in.lost = "webhook_docevent: none is chosen, so it never fires"
		return nil
	case !event.IsDocumentEvent():
		return fieldErrorf("webhook_docevent",
			"%q is no event of documents%s", d.DocEvent, similarEvent(event))
	case d.Structure != "" && d.Structure != frappeForm && d.Structure != frappeJSON:
		return fieldErrorf("request_structure", "neither %q nor %q", frappeForm, frappeJSON)
	}
	in.webhook = Webhook{
		Name: d.Name, DocType: d.DocType, Events: []EventType{event}, Condition: d.Condition,
		URL: strings.TrimSpace(d.URL), DynamicURL: bool(d.Dynamic), Method: d.Method,
		Timeout: frappeTimeout, Disabled: d.Enabled != nil && !bool(*d.Enabled),
	}
	if d.Timeout != 0 {
		in.webhook.Timeout = seconds(d.Timeout)
	}
	d.body(in)
	d.headers(in)
	d.security(in)
	d.retries(in)
	if d.Queue != "" && d.Queue != "default" {
		in.notes = append(in.notes, "background_jobs_queue: there are no queues to choose from")
	}
	return nil
}

// press makes a webhook of a Press Webhook document. Being enabled there is
// having been activated, which must be done again here.
func (d *frappeDocument) press(in *imported) {
	in.webhook = Webhook{
		Name: d.Name, URL: strings.TrimSpace(d.Endpoint), Tenant: d.Team,
		Timeout: frappeTimeout, RequireActivation: true,
	}
	for _, e := range d.Events {
		in.webhook.Events = append(in.webhook.Events, e.Event)
	}
	if d.Enabled != nil && bool(*d.Enabled) {
		in.notes = append(in.notes, "enabled: it takes nothing until it is activated here")
	}
	switch {
	case !hidden(d.FlatSecret):
		in.webhook.Secret = d.FlatSecret
	case d.FlatSecret != "":
		in.webhook.Disabled = true
		in.notes = append(in.notes,
			"secret: the export does not hold it; the webhook comes in disabled")
	}
}

// hidden reports whether an export left a password out.
func hidden(secret string) bool { return strings.Trim(secret, "*") == "" }

// security carries over the secret, which signs only when security is on.
func (d *frappeDocument) security(in *imported) {
	switch {
	case bool(d.Secured) && hidden(d.Secret):
		in.webhook.Disabled = true
		in.notes = append(in.notes,
			"webhook_secret: the export does not hold it; the webhook comes in disabled")
	case bool(d.Secured):
		in.webhook.Secret = d.Secret
	case !hidden(d.Secret):
		in.notes = append(in.notes, "webhook_secret: enable_security is off, so nothing is signed")
	}
}

// The structures of Frappe.
const (
	frappeForm = "Form URL-Encoded"
	frappeJSON = "JSON"
)

// body carries over what is sent: rows win over a template, unless the structure
// is JSON, which drops them, as a form drops the template (webhook.py, validate
// and get_webhook_data).
func (d *frappeDocument) body(in *imported) {
	w := &in.webhook
	rows := len(d.Data) > 0 && d.Structure != frappeJSON
	template := d.JSON != "" && d.Structure != frappeForm && !rows
	switch {
	case rows:
		for _, row := range d.Data {
			w.Data = append(w.Data, Field{Fieldname: row.Fieldname, Key: row.Key})
		}
	case template:
		w.Structure, w.Body = JSON, d.JSON
	case strings.EqualFold(d.Method, "DELETE"):
		w.Structure, w.Body = JSON, "{}" // where no body is the default
	default:
		w.Structure = JSON
	}
	if d.Structure == frappeForm {
		in.notes = append(in.notes,
			`request_structure: Frappe sends JSON for "Form URL-Encoded", and so does this; `+
				`choose Form to send a form`)
	}
	if len(d.Data) > 0 && !rows {
		in.notes = append(in.notes, "webhook_data: Frappe drops it when the structure is JSON")
	}
	if d.JSON != "" && !template {
		in.notes = append(in.notes,
			"webhook_json: Frappe does not send it beside webhook_data or as a form")
	}
}

// headers carries over the rows, but for those that this library sends itself
// and a Content-Type that the body, JSON, contradicts.
func (d *frappeDocument) headers(in *imported) {
	for i, row := range d.Headers {
		// requests, too, lets blanks at the end be cut off on the way.
		h := Header{Key: row.Key, Value: strings.TrimRight(row.Value, " \t")}
		name := textproto.CanonicalMIMEHeaderKey(headerKey(h.Key))
		var err error
		switch {
		case name == "" || h.Value == "":
			continue // Frappe skips it too
		case reservedHeaders[name]:
			err = fmt.Errorf("%s is set by the library", name)
		case name == headerContentType:
			err = checkContentType(h.Value, in.webhook.Structure)
		}
		if err != nil {
			in.notes = append(in.notes, fmt.Sprintf("webhook_headers[%d]: %s: %v", i, row.Key, err))
			continue
		}
		in.webhook.Headers = append(in.webhook.Headers, h)
	}
}

// frappeSchedule are the delays of Frappe's sweeper; the last is repeated
// (webhook.py, RETRY_SCHEDULE).
var frappeSchedule = []time.Duration{
	5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
}

// retries carries over the retries of Frappe's sweeper, whose delays are exact
// and which know no age. A release of Frappe without max_retries tries three
// times within seconds; its webhooks get Options.Retry.
func (d *frappeDocument) retries(in *imported) {
	if d.MaxRetries == nil {
		return
	}
	most := max(0, *d.MaxRetries)
	if most >= maxAttempts {
		most = maxAttempts - 1
		in.notes = append(in.notes, fmt.Sprintf("max_retries: no more than %d", most))
	}
	in.webhook.Retry = &RetryPolicy{
		Schedule: slices.Clone(frappeSchedule), MaxAttempts: most + 1, Jitter: -1, MaxAge: -1,
	}
}
