package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/endpoint"
	"github.com/docevent/webhook/internal/jinja"
	"github.com/docevent/webhook/internal/jsonbody"
	"github.com/docevent/webhook/internal/value"
)

// Content types of bodies.
const (
	contentTypeJSON = "application/json"
	contentTypeForm = "application/x-www-form-urlencoded"
	contentTypeText = "text/plain; charset=utf-8"
)

// A payload renders the body of a webhook.
type payload struct {
	contentType string
	max         int
	warnings    []string // of the trial at save
	// append adds the body of an event to dst; nil: there is no body.
	append func(dst []byte, ev *Event, s *jinja.Scope) ([]byte, error)
}

// payload compiles how the webhook's body is made: by structure, rows and
// template.
func (c *compiler) payload(h *hook) (*payload, error) {
	w, p := &h.w, &payload{contentType: contentTypeJSON, max: c.opts.MaxBodyBytes}
	bodiless := w.Method == "GET" || w.Method == "DELETE"
	switch {
	case w.Structure == Form:
		p.contentType, p.append = contentTypeForm, appendForm(lastRows(w.Data), p.max)
	case w.Structure == Text:
		p.contentType = contentTypeText
		if row := h.header.Get(headerContentType); row != "" {
			p.contentType = row
		}
		return p, c.textBody(w, p)
	case w.Body != "":
		return p, c.jsonBody(w, p)
	case len(w.Data) > 0:
		p.append = appendRows(lastRows(w.Data), p.max)
	case bodiless:
		p.contentType = ""
	case w.Structure == JSON:
		p.append = func(dst []byte, _ *Event, _ *jinja.Scope) ([]byte, error) {
			return append(dst, "{}"...), nil
		}
	default:
		p.append = appendEnvelope(p.max)
	}
	return p, nil
}

// buffers holds what bodies are rendered into before they are copied at their
// size.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// render returns the body of an event, in memory of its own; nil for none.
func (p *payload) render(ev *Event, s *jinja.Scope) (body []byte, err error) {
	if p.append == nil {
		return nil, nil
	}
	defer contain(&err, "body")
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf, err = p.append((*buf)[:0], ev, s)
	if err == nil && len(*buf) > p.max ||
		errors.Is(err, value.ErrTooLong) || errors.Is(err, jsonbody.ErrTooLong) {
		err = ErrBodyTooLarge
	}
	if err != nil {
		return nil, err
	}
	return append(make([]byte, 0, len(*buf)), *buf...), nil
}

// appendEnvelope adds what Frappe sends when nothing is configured: the whole
// document, or the event's data.
func appendEnvelope(most int) func([]byte, *Event, *jinja.Scope) ([]byte, error) {
	return func(dst []byte, ev *Event, s *jinja.Scope) ([]byte, error) {
		if ev.Type.IsDocumentEvent() {
			dst = append(dst, `{"doctype":`...)
			dst = value.AppendQuoted(dst, ev.DocType)
			dst = append(dst, `,"name":`...)
			dst = value.AppendQuoted(dst, ev.Name)
		} else {
			dst = append(dst, `{"event":`...)
			dst = value.AppendQuoted(dst, string(ev.Type))
		}
		dst = append(dst, `,"data":`...)
		doc, err := s.Document()
		if err != nil {
			return dst, err
		}
		if dst, err = value.AppendJSONWithin(dst, doc, most); err != nil {
			return dst, err
		}
		return append(dst, '}'), nil
	}
}

// lastRows returns the rows with those that share a key made one: the last
// field, in the first one's place, as a Python dict has it.
func lastRows(rows []Field) []Field {
	var kept []Field
	place := map[string]int{}
	for _, row := range rows {
		if i, ok := place[row.key()]; ok {
			kept[i] = row
			continue
		}
		place[row.key()] = len(kept)
		kept = append(kept, row)
	}
	return kept
}

// rowValue returns the value of a row's field; Undefined, of which the Scope is
// told, if the document does not have it.
func rowValue(s *jinja.Scope, row Field) (any, error) {
	v, err := s.Field(row.Fieldname)
	if s.Missed != nil && err == nil && value.IsUndefined(v) {
		s.Missed("doc." + row.Fieldname)
	}
	return v, err
}

// appendRows adds a JSON object of the rows. A field the document does not have
// is null.
func appendRows(rows []Field, most int) func([]byte, *Event, *jinja.Scope) ([]byte, error) {
	return func(dst []byte, _ *Event, s *jinja.Scope) ([]byte, error) {
		for i, row := range rows {
			v, err := rowValue(s, row)
			if err != nil {
				return dst, err
			}
			dst = append(dst, "{,"[min(i, 1)])
			dst = value.AppendQuoted(dst, row.key())
			dst = append(dst, ':')
			if dst, err = value.AppendJSONWithin(dst, v, most); err != nil {
				return dst, fmt.Errorf("field %q: %w", row.Fieldname, err)
			}
		}
		return append(dst, '}'), nil
	}
}

// appendForm adds the rows as a form, in their order.
func appendForm(rows []Field, most int) func([]byte, *Event, *jinja.Scope) ([]byte, error) {
	return func(dst []byte, _ *Event, s *jinja.Scope) ([]byte, error) {
		for i, row := range rows {
			v, err := rowValue(s, row)
			if err != nil {
				return dst, err
			}
			if i > 0 {
				dst = append(dst, '&')
			}
			dst = append(appendEscaped(dst, row.key()), '=')
			if dst, err = appendFormValue(dst, v, most); err != nil {
				return dst, fmt.Errorf("field %q: %w", row.Fieldname, err)
			}
		}
		return dst, nil
	}
}

// appendFormValue adds one value: numbers without a needless fraction, nothing
// for null, what has parts as JSON.
func appendFormValue(dst []byte, v any, most int) ([]byte, error) {
	switch v := v.(type) {
	case string:
		if len(dst)+len(v) > most {
			return dst, ErrBodyTooLarge
		}
		return appendEscaped(dst, v), nil
	case nil, value.Undefined:
		return dst, nil
	case time.Time:
		return appendEscaped(dst, v.Format(time.RFC3339Nano)), nil
	case float64:
		return appendFormFloat(dst, v, 64)
	case float32:
		return appendFormFloat(dst, float64(v), 32)
	}
	text, err := value.AppendJSONWithin(nil, v, most-len(dst))
	if err != nil {
		return dst, err
	}
	if _, number := v.(json.Number); number {
		return appendEscaped(dst, formNumber(string(text))), nil
	}
	return appendEscaped(dst, string(text)), nil
}

func appendFormFloat(dst []byte, f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, errors.New("not a finite number")
	}
	return appendEscaped(dst, formFloat(f, bits)), nil
}

// formFloat spells a float as short as it can be, without an exponent below
// 1e21.
func formFloat(f float64, bits int) string {
	format := byte('f')
	if math.Abs(f) >= 1e21 {
		format = 'e'
	}
	return strconv.FormatFloat(f, format, -1, bits)
}

// formNumber spells a number of JSON: integers digit for digit.
func formNumber(n string) string {
	integer := true
	for i := range len(n) {
		integer = integer && (n[i] >= '0' && n[i] <= '9' || i == 0 && n[i] == '-')
	}
	f, err := strconv.ParseFloat(n, 64)
	if integer || err != nil {
		return n
	}
	return formFloat(f, 64)
}

// validText returns s with U+FFFD for each byte that is not UTF-8, as JSON has
// it.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// appendEscaped adds s with all but RFC 3986's unreserved characters
// percent-encoded.
func appendEscaped(dst []byte, s string) []byte {
	s = validText(s)
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '-' || c == '.' || c == '_' || c == '~' {
			dst = append(dst, c)
		} else {
			dst = endpoint.AppendPercent(dst, c)
		}
	}
	return dst
}

// textBody compiles a template whose output is sent as it is.
func (c *compiler) textBody(w *Webhook, p *payload) error {
	t, err := c.env.Template("body", w.Body, w.lang())
	if err != nil {
		return &fieldError{field: "Body", err: err}
	}
	p.append = func(dst []byte, _ *Event, s *jinja.Scope) ([]byte, error) {
		sink := &textSink{dst: dst, max: p.max}
		err := t.Render(context.Background(), s, sink)
		return sink.dst, err
	}
	return nil
}

// A textSink writes a text, values as Python's str prints them.
type textSink struct {
	dst []byte
	max int
}

// Text implements [jinja.Sink].
func (s *textSink) Text(text string) error {
	if len(s.dst)+len(text) > s.max {
		return ErrBodyTooLarge
	}
	s.dst = append(s.dst, text...)
	return nil
}

// Value implements [jinja.Sink].
func (s *textSink) Value(v any) (err error) {
	switch v := v.(type) {
	case string:
		return s.Text(validText(v))
	case value.Safe:
		return s.Text(validText(string(v)))
	}
	if s.dst, err = value.AppendStr(s.dst, v); err == nil && len(s.dst) > s.max {
		err = ErrBodyTooLarge
	}
	return err
}

// jsonBody compiles a template whose output is checked to be JSON as it is
// written. Its structure is tried at once.
func (c *compiler) jsonBody(w *Webhook, p *payload) error {
	t, err := c.env.Template("body", w.Body, w.lang())
	if err != nil {
		return &fieldError{field: "Body", err: err}
	}
	sound, broken, first := t.Try(func() jinja.TrialState { return jsonbody.NewTrial() })
	switch {
	case sound == 0 && first != nil:
		return &fieldError{field: "Body", err: first}
	case broken > 0:
		p.warnings = append(p.warnings,
			"not every path through the body gives JSON: "+first.Error())
	}
	memo := &jsonbody.Memo{}
	p.append = func(dst []byte, _ *Event, s *jinja.Scope) ([]byte, error) {
		sink := memo.Writer(dst, p.max)
		if err := t.Render(context.Background(), s, sink); err != nil {
			return sink.Bytes(), err
		}
		return sink.Bytes(), t.AtEnd(sink.Close())
	}
	return nil
}
