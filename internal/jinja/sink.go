package jinja

import "github.com/docevent/webhook/internal/value"

// A Sink takes what a template writes, in order, and bounds how much it takes.
// An error that it returns ends the evaluation and comes out as an *Error at the
// place of the node being written; when the error has a method Offset() int, the
// place is that many bytes into the text.
type Sink interface {
	// Text takes the template's own text.
	Text(s string) error
	// Value takes the value of one output, not yet printed, in the form of
	// package value, or as value.Record.Peek gives it: value.Kept brings it into
	// that form. value.Safe is the output of |safe, value.JSON that of |tojson,
	// value.Encoded that of |urlencode.
	Value(v any) error
}

// Text is the plain sink: values print as Python's str.
type Text struct {
	dst []byte
	max int
}

// NewText returns a sink that appends to dst at most max bytes; zero means
// MaxOutput.
func NewText(dst []byte, max int) *Text {
	if max <= 0 {
		max = MaxOutput
	}
	return &Text{dst: dst, max: len(dst) + max}
}

// Bytes returns what was written.
func (t *Text) Bytes() []byte { return t.dst }

// Text appends s.
func (t *Text) Text(s string) error {
	if len(t.dst)+len(s) > t.max {
		return errOutput
	}
	t.dst = append(t.dst, s...)
	return nil
}

// Value appends str(v).
func (t *Text) Value(v any) error {
	if s, ok := peeked(v); ok {
		return t.Text(s)
	}
	dst, err := value.AppendStr(t.dst, value.Kept(v))
	if err != nil {
		return err
	}
	if len(dst) > t.max {
		return errOutput
	}
	t.dst = dst
	return nil
}
