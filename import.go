package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxImportBytes bounds what is read at once.
const maxImportBytes = 16 << 20

// ReadWebhooks reads webhooks from JSON: one object, or an array of them, in the
// form of [Webhook] or as Frappe exports its Webhook and Press Webhook documents.
// It is strict: unknown members, and whatever of a Frappe document could not be
// carried over, are errors. It saves nothing and checks no more than the form;
// see [Dispatcher.SaveWebhooks].
func ReadWebhooks(r io.Reader) ([]Webhook, error) {
	objects, err := readObjects(r)
	if err != nil {
		return nil, fmt.Errorf("webhook: read webhooks: %w", err)
	}
	var ws []Webhook
	for i, raw := range objects {
		w, err := readWebhook(raw)
		if err != nil {
			return nil, fmt.Errorf("webhook: read webhooks: %d: %w", i, err)
		}
		ws = append(ws, w)
	}
	return ws, nil
}

func readWebhook(raw json.RawMessage) (Webhook, error) {
	if isFrappe(raw) {
		w, notes, err := importFrappe(raw)
		if err == nil && len(notes) > 0 {
			err = fmt.Errorf("%q: not carried over: %s", w.Name, strings.Join(notes, "; "))
		}
		return w, err
	}
	var j webhookJSON
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		return Webhook{}, err
	}
	var w Webhook
	return w, json.Unmarshal(raw, &w)
}

// readObjects returns the objects of a JSON text: the text itself, or its
// elements.
func readObjects(r io.Reader) ([]json.RawMessage, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxImportBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxImportBytes:
		return nil, fmt.Errorf("larger than %d bytes", maxImportBytes)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if !bytes.HasPrefix(text, []byte("[")) {
		text = append(append([]byte("["), text...), ']')
	}
	var objects []json.RawMessage
	return objects, json.Unmarshal(text, &objects)
}

// An Import is what ImportFrappe made of Frappe's documents.
type Import struct {
	Webhooks []Webhook `json:"webhooks"`

	// Notes say what could not be carried over, by the name of the webhook.
	Notes map[string][]string `json:"notes,omitempty"`
}

// ImportFrappe reads documents of Frappe's types Webhook and Press Webhook, as
// exported to JSON: one, or an array of them. What could not be carried over is
// in the notes; documents of which no webhook can be made are in the notes alone.
// An error means that the text is not such JSON.
//
// The webhooks send what Frappe sends, so that receivers need not change: a field
// table becomes a JSON object even when the structure says form, and an empty
// configuration becomes "{}" (webhook.py, get_webhook_data).
func ImportFrappe(r io.Reader) (*Import, error) {
	objects, err := readObjects(r)
	if err != nil {
		return nil, fmt.Errorf("webhook: import: %w", err)
	}
	im := &Import{Notes: map[string][]string{}}
	for i, raw := range objects {
		if !isFrappe(raw) {
			return nil, fmt.Errorf("webhook: import: %d is no Webhook or Press Webhook document", i)
		}
		w, notes, err := importFrappe(raw)
		if err != nil {
			notes = append(notes, err.Error())
		} else {
			im.Webhooks = append(im.Webhooks, w)
		}
		if len(notes) > 0 {
			im.Notes[w.Name] = notes
		}
	}
	return im, nil
}

// frappeDocument has the fields of both document types that matter here
// (frappe/integrations/doctype/webhook/webhook.json; press_webhook.json).
type frappeDocument struct {
	Type string `json:"doctype"`
	Name string `json:"name"`

	DocType    string   `json:"webhook_doctype"`
	DocEvent   string   `json:"webhook_docevent"`
	Enabled    *flag    `json:"enabled"`
	Condition  string   `json:"condition"`
	URL        string   `json:"request_url"`
	Dynamic    flag     `json:"is_dynamic_url"`
	Method     string   `json:"request_method"`
	Structure  string   `json:"request_structure"`
	Timeout    int      `json:"timeout"`
	Queue      string   `json:"background_jobs_queue"`
	MaxRetries *int     `json:"max_retries"`
	Secured    flag     `json:"enable_security"`
	Secret     string   `json:"webhook_secret"`
	Headers    []Header `json:"webhook_headers"`
	Data       []Field  `json:"webhook_data"`
	JSON       string   `json:"webhook_json"`

	Endpoint   string `json:"endpoint"` // from here on of Press Webhook
	Team       string `json:"team"`
	FlatSecret string `json:"secret"`
	Events     []struct {
		Event EventType `json:"event"`
	} `json:"events"`
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
		return errors.New("a check is neither 0 nor 1")
	}
	return nil
}

func isFrappe(raw json.RawMessage) bool {
	var d struct {
		Type     string  `json:"doctype"`
		DocType  *string `json:"webhook_doctype"`
		Endpoint *string `json:"endpoint"`
	}
	// Our own may listen to documents of a type that is called Webhook.
	return json.Unmarshal(raw, &d) == nil &&
		(d.Type == "Webhook" && d.DocType != nil || d.Type == "Press Webhook" && d.Endpoint != nil)
}

// importFrappe makes a webhook of a document, and says what is lost.
func importFrappe(raw json.RawMessage) (Webhook, []string, error) {
	var d frappeDocument
	if err := json.Unmarshal(raw, &d); err != nil {
		return Webhook{}, nil, err
	}
	if d.Type == "Press Webhook" {
		return d.press(), d.secretNotes(d.FlatSecret), nil
	}
	w := Webhook{
		Name: d.Name, DocType: d.DocType, Events: []EventType{EventType(d.DocEvent)},
		Condition: d.Condition, URL: d.URL, DynamicURL: bool(d.Dynamic), Method: d.Method,
		Timeout: time.Duration(d.Timeout) * time.Second, Disabled: d.Enabled != nil && !bool(*d.Enabled),
	}
	if !w.Events[0].IsDocumentEvent() {
		return w, nil, fmt.Errorf("%q is no event that webhooks listen to", d.DocEvent)
	}
	notes := d.body(&w)
	notes = append(notes, d.headers(&w)...)
	if d.Secured {
		if w.Secret = d.Secret; d.hidden(d.Secret) {
			w.Secret = ""
		}
		notes = append(notes, d.secretNotes(d.Secret)...)
	}
	if d.MaxRetries != nil {
		w.Retry = frappeRetries(*d.MaxRetries)
	}
	if d.Queue != "" {
		notes = append(notes, "background_jobs_queue: there are no queues to choose from")
	}
	return w, notes, nil
}

// press makes a webhook of a Press Webhook document: activation in Frappe Cloud
// does not hold here.
func (d *frappeDocument) press() Webhook {
	w := Webhook{
		Name: d.Name, URL: d.Endpoint, Tenant: d.Team, RequireActivation: true,
		Disabled: d.Enabled != nil && !bool(*d.Enabled),
	}
	for _, e := range d.Events {
		w.Events = append(w.Events, e.Event)
	}
	if !d.hidden(d.FlatSecret) {
		w.Secret = d.FlatSecret
	}
	return w
}

// hidden reports whether an export left a password out.
func (d *frappeDocument) hidden(secret string) bool { return strings.Trim(secret, "*") == "" }

func (d *frappeDocument) secretNotes(secret string) []string {
	if secret != "" && d.hidden(secret) || bool(d.Secured) && secret == "" {
		return []string{"webhook_secret: the export does not hold it"}
	}
	return nil
}

// body carries over what is sent: rows win over a template, unless the structure
// is JSON, which drops them.
func (d *frappeDocument) body(w *Webhook) []string {
	rows := len(d.Data) > 0 && d.Structure != "JSON"
	switch {
	case rows:
		w.Data = d.Data
	case d.JSON != "" && d.Structure != "Form URL-Encoded":
		w.Structure, w.Body = JSON, d.JSON
	default:
		w.Structure = JSON
	}
	var notes []string
	if rows && d.Structure == "Form URL-Encoded" {
		notes = append(notes, `request_structure: Frappe sends JSON for "Form URL-Encoded", and so does this; `+
			`choose Form to send a form`)
	}
	if rows && d.JSON != "" {
		notes = append(notes, "webhook_json: Frappe does not send it beside webhook_data")
	}
	return notes
}

// headers carries over the rows that this library sends.
func (d *frappeDocument) headers(w *Webhook) []string {
	var notes []string
	for _, row := range d.Headers {
		h, err := headerRows([]Header{row}, headerFrappeSignature)
		if err == nil {
			err = checkContentType(h.Get(headerContentType), w.Structure)
		}
		switch {
		case err != nil:
			notes = append(notes, fmt.Sprintf("webhook_headers: %s: %v", row.Key, err))
		case len(h) > 0:
			w.Headers = append(w.Headers, row)
		}
	}
	return notes
}

// frappeRetries is the schedule of Frappe's sweeper (webhook.py, RETRY_SCHEDULE).
func frappeRetries(most int) *RetryPolicy {
	return &RetryPolicy{
		Schedule: []time.Duration{
			5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
		},
		MaxAttempts: max(0, most) + 1,
	}
}
