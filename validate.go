package webhook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/jinja"
)

// A fieldError says which field of a webhook is wrong; compile makes it a
// ConfigError.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.field + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

func fieldErrorf(field, format string, args ...any) error {
	return &fieldError{field: field, err: fmt.Errorf(format, args...)}
}

// within returns a fieldError as one of a field that holds its field.
func within(field string, err error) error {
	var fe *fieldError
	if errors.As(err, &fe) {
		return &fieldError{field: field + "." + fe.field, err: fe.err}
	}
	return &fieldError{field: field, err: err}
}

// configError returns err as the ConfigError of a webhook, with the template's
// line and column if it comes from one.
func configError(name string, err error) error {
	ce := &ConfigError{Webhook: name, Err: err}
	var fe *fieldError
	if errors.As(err, &fe) {
		ce.Field, ce.Err = fe.field, fe.err
	}
	var te *jinja.Error
	if errors.As(err, &te) {
		ce.Line, ce.Column = te.Line, te.Column
	}
	return ce
}

// Validate checks what can be checked without Options: everything but document
// types, named events, host functions, limits and the host's own rules.
// Functions and filters it does not know are left to [Dispatcher.SaveWebhook];
// a dynamic URL must write its host out, which Options.DynamicHosts would spare
// it. The error is a *[ConfigError].
func (w Webhook) Validate() error {
	c := compiler{opts: (*Options)(nil).withDefaults(), env: jinja.LenientEnv(), lenient: true}
	_, err := c.compile(&record{Webhook: w, Secrets: []storedSecret{{Value: w.Secret}}})
	return err
}

// Bounds of a webhook's rows.
const (
	maxEvents   = 100
	maxRows     = 1000 // of data
	maxRowBytes = 1 << 10
)

// checkEvents checks what the webhook listens to.
func checkEvents(w *Webhook, o *Options) error {
	if len(w.Events) == 0 {
		return fieldErrorf("Events", "at least one event is needed")
	}
	if len(w.Events) > maxEvents {
		return fieldErrorf("Events", "more than %d events", maxEvents)
	}
	for i, t := range w.Events {
		if err := checkEvent(w.DocType, t, o); err != nil {
			return &fieldError{field: fmt.Sprintf("Events[%d]", i), err: err}
		}
	}
	return nil
}

func checkEvent(docType string, t EventType, o *Options) error {
	isDocument := t.IsDocumentEvent()
	dt, known := o.DocTypes[docType]
	switch {
	case t == "":
		return errors.New("empty")
	case t == HandshakeEvent:
		return fmt.Errorf("%q belongs to the handshake", t)
	case isDocument && docType == "":
		return fmt.Errorf("%s needs a DocType", t)
	case !isDocument && docType != "":
		return fmt.Errorf("%q is not a document event, and named events have no DocType%s",
			t, similarEvent(t))
	case t.isOfSubmittable() && known && !dt.Submittable:
		return fmt.Errorf("%s: %s is not submittable", t, docType)
	case !isDocument && len(o.NamedEvents) > 0 && !slices.Contains(o.NamedEvents, t):
		return fmt.Errorf("%q is not among the named events", t)
	}
	return checkName("event", string(t))
}

// similarEvent suggests the document event that t may be meant for, or names all.
func similarEvent(t EventType) string {
	plain := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(string(t)))
	if EventType(plain).IsDocumentEvent() {
		return fmt.Sprintf("; did you mean %q?", plain)
	}
	var all []string
	for _, event := range documentEvents {
		all = append(all, string(event))
	}
	slices.Sort(all)
	return "; the document events are " + strings.Join(all, ", ")
}

// checkIdentity checks the names.
func checkIdentity(w *Webhook) error {
	switch {
	case strings.TrimSpace(w.Name) == "":
		return fieldErrorf("Name", "empty")
	case strings.HasPrefix(w.Name, reservedPrefix):
		return fieldErrorf("Name", "begins with %q, which is reserved", reservedPrefix)
	}
	for _, f := range []struct{ field, value string }{
		{"Name", w.Name}, {"DocType", w.DocType}, {"Tenant", w.Tenant},
	} {
		if err := checkName(f.field, f.value); err != nil {
			return &fieldError{field: f.field, err: err}
		}
	}
	// What is stored as JSON would not be the same any more.
	for _, f := range []struct{ field, value string }{
		{"Condition", w.Condition}, {"URL", w.URL}, {"Body", w.Body},
	} {
		if !utf8.ValidString(f.value) {
			return fieldErrorf(f.field, "not valid UTF-8")
		}
	}
	return nil
}

// checkData checks rows and template against the structure (which is not "").
func checkData(w *Webhook, o *Options) error {
	rows, template := len(w.Data) > 0, w.Body != ""
	switch {
	case rows && template:
		return fieldErrorf("Body", "Data rows and a Body cannot be sent together")
	case w.Structure == Form && template:
		return fieldErrorf("Body", "a form is made of Data rows, not of a Body")
	case w.Structure == Form && !rows:
		return fieldErrorf("Data", "a form needs rows")
	case w.Structure == Text && rows:
		return fieldErrorf("Data", "a text is made of a Body, not of Data rows")
	case w.Structure == Text && !template:
		return fieldErrorf("Body", "a text needs a Body")
	case len(w.Data) > maxRows:
		return fieldErrorf("Data", "more than %d rows", maxRows)
	}
	return checkRows(w, o.DocTypes[w.DocType].Fields)
}

func checkRows(w *Webhook, fields []string) error {
	seen := map[string]bool{}
	for i, row := range w.Data {
		field := fmt.Sprintf("Data[%d].Fieldname", i)
		switch {
		case row.Fieldname == "":
			return fieldErrorf(field, "empty")
		case len(row.Fieldname)+len(row.Key) > maxRowBytes ||
			!utf8.ValidString(row.Fieldname+row.Key):
			return fieldErrorf(field,
				"longer than %d bytes with its Key, or not valid UTF-8", maxRowBytes)
		case seen[row.Fieldname]:
			return fieldErrorf(field, "%q is entered more than once", row.Fieldname)
		case fields != nil && row.Fieldname != "name" && row.Fieldname != "doctype" &&
			!slices.Contains(fields, row.Fieldname):
			return fieldErrorf(field, "%s has no field %q", w.DocType, row.Fieldname)
		}
		seen[row.Fieldname] = true
	}
	return nil
}

// checkLimits checks a webhook that is to be saved against what the host
// allows. One that was saved when the host allowed more is used within what it
// allows now.
func checkLimits(w *Webhook, o *Options) error {
	switch {
	case w.Timeout > o.Lease-leaseMargin:
		return fieldErrorf("Timeout",
			"longer than Options.Lease - %v, which is %v", leaseMargin, o.Lease-leaseMargin)
	case w.Concurrency > o.PerEndpoint:
		return fieldErrorf("Concurrency", "above Options.PerEndpoint, which is %d", o.PerEndpoint)
	}
	return nil
}

// checkDelivery checks how requests are made and repeated.
func checkDelivery(w *Webhook) error {
	if !slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE", "GET"}, w.Method) {
		return fieldErrorf("Method", "%q is not POST, PUT, PATCH, DELETE or GET", w.Method)
	}
	switch {
	case w.Timeout < 0:
		return fieldErrorf("Timeout", "negative")
	case w.Concurrency < 0:
		return fieldErrorf("Concurrency", "negative")
	case w.RequireActivation && w.DynamicURL:
		return fieldErrorf("RequireActivation",
			"a dynamic URL cannot be activated: there is no document to render it for")
	}
	if w.Retry != nil {
		if err := w.Retry.validate(); err != nil {
			return within("Retry", err)
		}
	}
	return nil
}

// checkSignatures checks the schemes with the secret that is in force; without
// one only if it must be there by now.
func checkSignatures(schemes []Scheme, secret string, lenient bool) error {
	if len(schemes) > 4 {
		return fieldErrorf("Signatures", "more than there are schemes")
	}
	for i, s := range schemes {
		if slices.Contains(schemes[:i], s) {
			return fieldErrorf(fmt.Sprintf("Signatures[%d]", i), "%s twice", s)
		}
	}
	if secret != "" && strings.TrimSpace(secret) == "" {
		return fieldErrorf("Secret", "nothing but white space")
	}
	if !utf8.ValidString(secret) {
		return fieldErrorf("Secret", "not valid UTF-8")
	}
	if secret == "" && lenient {
		secret = NewSecret() // serves every scheme: what is left to check is the schemes
	}
	if err := validateSecret(secret, schemes); err != nil {
		return &fieldError{field: "Secret", err: err}
	}
	return nil
}
