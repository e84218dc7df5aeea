package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of what is read at once.
const (
	maxImportBytes    = 16 << 20
	maxImportWebhooks = 10_000
)

// ReadWebhooks reads webhooks from JSON: one object, or an array of them, in
// the form of [Webhook] or as Frappe exports its Webhook and Press Webhook
// documents. It is strict: unknown and repeated members, a name that two have,
// and whatever of a Frappe document could not be carried over, are errors, of
// type *[ImportError], and so is a text above 16 MiB or of more than 10,000
// webhooks. It saves nothing and checks no more than the form; see
// [Webhook.Validate] and [Dispatcher.SaveWebhooks].
//
// What json.Marshal makes of webhooks is read back as it was, but for the
// secrets, which are never written.
func ReadWebhooks(r io.Reader) ([]Webhook, error) {
	var ws []Webhook
	names := map[string]int{}
	err := eachObject(r, func(i int, raw json.RawMessage) error {
		w, err := readWebhook(raw)
		if err != nil {
			return importError(i, w.Name, err)
		}
		if err := once(names, w.Name, i); err != nil {
			return importError(i, w.Name, err)
		}
		ws = append(ws, w)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ws, nil
}

// readWebhook reads one. With an error the webhook has its name, if it is known.
func readWebhook(raw json.RawMessage) (Webhook, error) {
	kind, err := frappeKind(raw)
	if err != nil {
		return Webhook{}, err
	}
	switch kind {
	case notFrappe:
		return readOurs(raw)
	case otherFrappe:
		return Webhook{}, fieldErrorf("doctype",
			"a document of Frappe, but no Webhook or Press Webhook")
	}
	in, err := importFrappe(kind, raw)
	switch {
	case err == nil && in.lost != "":
		err = errors.New(in.lost)
	case err == nil && len(in.notes) > 0:
		err = errors.New("not carried over: " + strings.Join(in.notes, "; "))
	}
	return in.webhook, err
}

func readOurs(raw json.RawMessage) (Webhook, error) {
	var j webhookJSON
	refuse := func(path string, _ json.RawMessage) error {
		return fieldErrorf(path, "there is no such member")
	}
	err := readInto(raw, reflect.ValueOf(&j).Elem(), "", refuse)
	if err != nil {
		return Webhook{Name: j.Name}, err
	}
	var w Webhook
	return w, json.Unmarshal(raw, &w)
}

// once refuses a name that another element has.
func once(names map[string]int, name string, i int) error {
	if first, ok := names[name]; ok && name != "" {
		return fieldErrorf("name", "%q is the name of number %d too", name, first)
	}
	names[name] = i
	return nil
}

// An ImportError says what of a text with webhooks cannot be read, and where.
type ImportError struct {
	Index   int    `json:"index"`             // of the element, from 0; -1: the text as a whole
	Webhook string `json:"webhook,omitempty"` // its name; "" if it is not known
	Field   string `json:"field,omitempty"`   // the member, such as "headers[0].key"; or ""
	Line    int    `json:"line,omitempty"`    // of a syntax error, from 1; 0 elsewhere
	Column  int    `json:"column,omitempty"`  // in bytes from 1, with Line
	Err     error  `json:"-"`                 // what is wrong; in JSON it is the text "error"
}

// MarshalJSON writes the error with the text of its Err.
func (e *ImportError) MarshalJSON() ([]byte, error) {
	type plain ImportError
	return json.Marshal(struct {
		*plain
		Error string `json:"error"`
	}{(*plain)(e), errorText(e.Err)})
}

// Error describes the error.
func (e *ImportError) Error() string {
	b := []byte("webhook: read webhooks: ")
	if e.Index >= 0 {
		b = strconv.AppendInt(append(b, "number "...), int64(e.Index), 10)
		if e.Webhook != "" {
			b = fmt.Appendf(b, " (%q)", e.Webhook)
		}
		b = append(b, ": "...)
	}
	if e.Line > 0 {
		b = fmt.Appendf(b, "line %d, column %d: ", e.Line, e.Column)
	}
	if e.Field != "" {
		b = append(append(b, e.Field...), ": "...)
	}
	return string(append(b, e.Err.Error()...))
}

// Unwrap returns what is wrong.
func (e *ImportError) Unwrap() error { return e.Err }

// importError returns err as that of an element.
func importError(i int, name string, err error) error {
	e := &ImportError{Index: i, Webhook: name, Err: err}
	var fe *fieldError
	if errors.As(err, &fe) {
		e.Field, e.Err = fe.field, fe.err
	}
	return e
}

// eachObject calls f for each object of a JSON text: the text itself, or the
// elements of an array. It stops at the first error, f's or an *ImportError.
func eachObject(r io.Reader, f func(int, json.RawMessage) error) error {
	text, err := readText(r)
	if err != nil {
		return &ImportError{Index: -1, Err: err}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		err = eachElement(dec, text, f)
	} else {
		err = oneObject(dec, text, 0, f)
	}
	if err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return jsonFault(dec, text, -1,
			errors.New("something stands behind the end; several webhooks are an array"))
	}
	return nil
}

// eachElement reads an array with its brackets.
func eachElement(dec *json.Decoder, text []byte, f func(int, json.RawMessage) error) error {
	_, _ = dec.Token() // the opening bracket, which is there
	for i := 0; dec.More(); i++ {
		if i == maxImportWebhooks {
			return &ImportError{
				Index: -1, Err: fmt.Errorf("more than %d webhooks", maxImportWebhooks),
			}
		}
		if err := oneObject(dec, text, i, f); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return jsonFault(dec, text, -1, err)
	}
	return nil
}

func oneObject(dec *json.Decoder, text []byte, i int, f func(int, json.RawMessage) error) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return jsonFault(dec, text, i, err)
	}
	return f(i, raw)
}

// jsonFault returns an error of the decoder of text as an *ImportError with its
// place.
func jsonFault(dec *json.Decoder, text []byte, i int, err error) error {
	at := dec.InputOffset()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		at, err = int64(len(text)), io.ErrUnexpectedEOF
	}
	e := &ImportError{Index: i, Err: err}
	e.Line, e.Column = position(text, at)
	return e
}

// readText returns a text without the mark that some Windows programs put in
// front of UTF-8. White space there stays, so that places are those of the file.
func readText(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxImportBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxImportBytes:
		return nil, fmt.Errorf("larger than %d MiB", maxImportBytes>>20)
	case !utf8.Valid(text):
		line, column := position(text, int64(invalidAt(text)))
		return nil, fmt.Errorf("not UTF-8 at line %d, column %d", line, column)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("empty")
	}
	return text, nil
}

// invalidAt returns where a text stops being UTF-8.
func invalidAt(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// position returns the line and column, from 1, of an offset.
func position(text []byte, at int64) (line, column int) {
	before := text[:min(max(at, 0), int64(len(text)))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
