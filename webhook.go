package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/docevent/webhook/internal/endpoint"
)

// A Webhook is the configuration of one HTTP callback: which events it listens
// to, when it fires, and what it sends where. It is data;
// [Dispatcher.SaveWebhook] checks and stores it. The zero value of each field
// is its default.
//
// Name, DocType, Tenant and each event are UTF-8 of at most 255 bytes, without
// NUL.
//
// Its JSON form has snake_case keys, durations as strings ("5s"), and never the
// Secret, which is read but not written.
type Webhook struct {
	// Name is unique over all tenants, and meant for people. It identifies the
	// webhook to every method. It cannot be blank or begin with "~".
	Name string

	// DocType is the document type it listens to. "" listens to named events.
	DocType string

	// Events are what it listens to, at least one and at most 100: document
	// events with a DocType, named events without.
	Events []EventType

	// Condition decides whether it fires: a template such as
	// "{{ doc.total > 100 }}", whose result is true or not, or in Jinja the bare
	// expression. It sees doc, previous, event and changed(). "" always fires.
	Condition string

	// Syntax is the language of Condition, URL and Body. Defaults to Jinja.
	Syntax Syntax

	// URL is where requests go: http or https, with a host and without user or
	// password. Required.
	URL string

	// DynamicURL makes URL a template, rendered for each event.
	DynamicURL bool

	// Method is POST, PUT, PATCH, DELETE or GET. Defaults to POST. GET and
	// DELETE have a body only if Data or Body is configured.
	Method string

	// Headers are sent with each request, values as they are. Rows without a key
	// or value are skipped; of rows with one name the last wins. Those that the
	// library or the connection sets are refused. At most 100, of 8 KiB each.
	Headers []Header

	// Structure says how the body is encoded. Defaults to JSON by Data or Body,
	// and to the envelope without both.
	Structure Structure

	// Data are the fields of the body, in this order; in JSON those that a
	// document lacks are null. Not together with Body. At most 1,000.
	Data []Field

	// Body is the template of the body. In JSON what it renders must be JSON.
	Body string

	// Secret signs the requests; at most 4 KiB. It is write-only: "" keeps the
	// stored one, SchemeNone drops it, another replaces it at once. RotateSecret
	// lets the old one stay in force for a while.
	Secret string

	// Signatures say how requests are signed. Defaults, with a secret, to
	// SchemeFrappe for document events and SchemeSecretHeader for named events.
	Signatures []Scheme

	// Timeout bounds an attempt: connecting, TLS, sending, and the response's
	// header. Defaults to Options.Timeout; at most Options.Lease - 10s.
	Timeout time.Duration

	// Retry is the policy of this webhook. Nil means Options.Retry.
	Retry *RetryPolicy

	// Ordered delivers what happened to one document in that order, one at a
	// time: while the first waits for its retry, the others wait behind it. Events
	// that name no document are in one order, as if of one. In a store with
	// transactions the order is that of the commits: a Dispatch may wait for
	// another transaction that dispatched for the same document.
	Ordered bool

	// Concurrency bounds the webhook's attempts in flight, for each process. At
	// most Options.PerEndpoint, and by default the same.
	Concurrency int

	// Disabled takes the webhook out of service. What the library and Disable
	// decide is kept apart, in the Status: it is active when neither says off.
	Disabled bool

	// RequireActivation lets it take nothing until Activate has succeeded for
	// its present URL. Not with DynamicURL.
	RequireActivation bool

	// Tenant must equal Event.Tenant: "" gets the events without a tenant, not
	// those of all.
	Tenant string

	// Revision is set by Webhook and Webhooks. When it is not 0, SaveWebhook
	// saves only if the stored webhook still has it, and else returns
	// ErrConflict.
	Revision int64
}

// A Header is a row of a webhook's headers.
type Header struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A Field is a row of a webhook's data: the document's field and the key under
// which it is sent, by default the same.
type Field struct {
	Fieldname string `json:"fieldname"`
	Key       string `json:"key"`
}

// key returns the key under which the field is sent.
func (f Field) key() string {
	if f.Key == "" {
		return f.Fieldname
	}
	return f.Key
}

// A Syntax is a template language.
type Syntax string

// The template languages.
const (
	Jinja      Syntax = ""            // Jinja2's language; "jinja" is read as this
	GoTemplate Syntax = "go_template" // that of text/template
)

// A Structure says how a body is encoded.
type Structure string

// The structures. "" is JSON if there are Data or a Body, and else the envelope:
// {"doctype", "name", "data"} of a document, {"event", "data"} of a named event.
const (
	JSON Structure = "json" // application/json
	Form Structure = "form" // application/x-www-form-urlencoded
	Text Structure = "text" // text/plain, or what the Content-Type row says
)

// ErrNotFound is returned for a webhook or delivery that the store does not have.
var ErrNotFound = errors.New("webhook: not found")

// ErrConflict is returned when what is being saved was changed by someone else
// in the meantime.
var ErrConflict = errors.New("webhook: changed by someone else meanwhile")

// A ConfigError says what is wrong with a webhook's configuration, and where.
type ConfigError struct {
	Webhook string `json:"webhook"`          // its name
	Field   string `json:"field"`            // of Webhook, such as "Condition" or "Headers[2].Key"
	Line    int    `json:"line,omitempty"`   // in a template, from 1; 0 elsewhere
	Column  int    `json:"column,omitempty"` // in bytes from 1; 0 where unknown
	Err     error  `json:"-"`                // in JSON it is the text "error"
}

// MarshalJSON writes the error with the text of its Err.
func (e *ConfigError) MarshalJSON() ([]byte, error) {
	type plain ConfigError
	return json.Marshal(struct {
		*plain
		Error string `json:"error"`
	}{(*plain)(e), errorText(e.Err)})
}

// Error describes the error.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("webhook %q: %s: %v", e.Webhook, e.Field, e.Err)
}

// Unwrap returns what is wrong.
func (e *ConfigError) Unwrap() error { return e.Err }

// A State says where a webhook stands ([Active], [Disabled] or [NotActivated]),
// or where a delivery stands ([Pending], [Delivered], [Failed], [Exhausted],
// [Paused] or [Canceled]). [Decision] is another name for it.
type State string

// The states of a webhook. [Disabled] stands with the decisions.
const (
	Active       State = "active"
	NotActivated State = "not_activated" // required, and Activate has not succeeded for its URL
)

// webhookJSON is the JSON form of a Webhook. Durations are strings, and Secret
// is a pointer so that it is read but never written.
type webhookJSON struct {
	Name              string       `json:"name"`
	DocType           string       `json:"doctype,omitempty"`
	Events            []EventType  `json:"events"`
	Condition         string       `json:"condition,omitempty"`
	Syntax            Syntax       `json:"syntax,omitempty"`
	URL               string       `json:"url"`
	DynamicURL        bool         `json:"dynamic_url,omitempty"`
	Method            string       `json:"method,omitempty"`
	Headers           []Header     `json:"headers,omitempty"`
	Structure         Structure    `json:"structure,omitempty"`
	Data              []Field      `json:"data,omitempty"`
	Body              string       `json:"body,omitempty"`
	Secret            *string      `json:"secret,omitempty"`
	Signatures        []Scheme     `json:"signatures,omitempty"`
	Timeout           duration     `json:"timeout,omitempty"`
	Retry             *RetryPolicy `json:"retry,omitempty"`
	Ordered           bool         `json:"ordered,omitempty"`
	Concurrency       int          `json:"concurrency,omitempty"`
	Disabled          bool         `json:"disabled,omitempty"`
	RequireActivation bool         `json:"require_activation,omitempty"`
	Tenant            string       `json:"tenant,omitempty"`
	Revision          int64        `json:"revision,omitempty"`
}

// MarshalJSON writes the webhook without its Secret; header rows and URL, which
// may be secrets too, are whole.
func (w Webhook) MarshalJSON() ([]byte, error) {
	return json.Marshal(webhookJSON{
		Name: w.Name, DocType: w.DocType, Events: w.Events, Condition: w.Condition,
		Syntax: w.Syntax, URL: w.URL, DynamicURL: w.DynamicURL, Method: w.Method,
		Headers: w.Headers, Structure: w.Structure, Data: w.Data, Body: w.Body,
		Signatures: w.Signatures, Timeout: duration(w.Timeout), Retry: w.Retry,
		Ordered: w.Ordered, Concurrency: w.Concurrency, Disabled: w.Disabled,
		RequireActivation: w.RequireActivation, Tenant: w.Tenant, Revision: w.Revision,
	})
}

// String returns the webhook's JSON form with the values of its headers masked,
// and of its URL no more than scheme, host and first path segment, so that
// printing it shows no secret.
func (w Webhook) String() string {
	if u, err := endpoint.Parse(w.URL); err == nil && !w.DynamicURL {
		w.URL = endpoint.Redact(u)
	} else {
		w.URL = masked
	}
	w.Headers = slices.Clone(w.Headers)
	for i := range w.Headers {
		w.Headers[i].Value = masked
	}
	data, err := json.Marshal(w)
	if err != nil {
		return fmt.Sprintf("webhook %q", w.Name)
	}
	return string(data)
}

// GoString is String, for %#v.
func (w Webhook) GoString() string { return w.String() }

// LogValue is String, for log/slog: the JSON form of a log would show the header
// rows and the URL. So it does of webhooks in a slice or a struct.
func (w Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }

// UnmarshalJSON reads the webhook, its Secret included. Unknown members are
// ignored, as encoding/json does.
func (w *Webhook) UnmarshalJSON(data []byte) error {
	var j webhookJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*w = Webhook{
		Name: j.Name, DocType: j.DocType, Events: j.Events, Condition: j.Condition,
		Syntax: j.Syntax, URL: j.URL, DynamicURL: j.DynamicURL, Method: j.Method,
		Headers: j.Headers, Structure: j.Structure, Data: j.Data, Body: j.Body,
		Signatures: j.Signatures, Timeout: time.Duration(j.Timeout), Retry: j.Retry,
		Ordered: j.Ordered, Concurrency: j.Concurrency, Disabled: j.Disabled,
		RequireActivation: j.RequireActivation, Tenant: j.Tenant, Revision: j.Revision,
	}
	if j.Secret != nil {
		w.Secret = *j.Secret
	}
	return nil
}

// UnmarshalText reads a syntax; "jinja" is the default by name.
func (s *Syntax) UnmarshalText(text []byte) error {
	*s = Syntax(text)
	if *s == "jinja" {
		*s = Jinja
	}
	return nil
}

// A duration is a time.Duration whose JSON form is a string such as "1m30s".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}
