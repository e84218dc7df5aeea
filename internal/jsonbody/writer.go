// Package jsonbody writes JSON bodies out of templates. A template's text and
// the values it prints go through a [Writer], which follows the grammar of
// RFC 8259 byte by byte, and so knows whether a value stands inside a string
// or on its own, and refuses what would not be JSON as soon as it is written.
//
// No value of a document can change the structure that the template's text
// spells: inside a string it is escaped, outside it is written as one JSON
// value. Only what the template's author marks as safe is written as it is,
// and even that is checked.
//
// A [Trial] follows the same grammar with holes in place of values, to judge a
// template before there is a document.
package jsonbody

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/docevent/webhook/internal/value"
)

// A Writer appends one JSON value to a slice of bytes. The first error stays:
// every later call returns it. A Writer is not safe for concurrent use.
type Writer struct {
	g    grammar
	memo *Memo
	last *effect // of the text before, when there is a memo and no error
	buf  []byte
	end  int // how long buf may become
	err  error
}

// New returns a Writer that appends to dst at most limit bytes, after which it
// fails with [ErrTooLong]. For a template that is rendered more than once,
// [Memo.Writer] is faster.
func New(dst []byte, limit int) *Writer {
	return (*Memo)(nil).Writer(dst, limit)
}

// Reset makes w as new, as [Memo.Writer] would return it; m may be nil. It
// serves programs that keep Writers, whose zero value is good for nothing else.
func (w *Writer) Reset(m *Memo, dst []byte, limit int) {
	w.g.place, w.g.outer = place{}, w.g.outer[:0]
	w.memo, w.last, w.err = m, nil, nil
	w.buf, w.end = dst, math.MaxInt
	if limit < math.MaxInt-len(dst) {
		w.end = len(dst) + limit
	}
	if m != nil {
		w.last = &m.first
	}
}

// Bytes returns dst with what has been written. It is JSON once Close has
// returned nil.
func (w *Writer) Bytes() []byte { return w.buf }

// Text writes text of the template as it is. An error is a [*SyntaxError]
// whose At is the position of the offending byte in s, or [ErrTooLong].
func (w *Writer) Text(s string) error {
	// Nearly every text takes this path, which is short so that it can be fast.
	// Without a memo, without a guess, after an error or in a full body it is
	// slowText.
	if w.last != nil {
		e := w.last.next.Load()
		if e != nil && identical(e.text, s) && e.from == w.g.place && len(w.buf)+len(s) <= w.end {
			w.g.place = e.to
			w.last = e
			w.buf = append(w.buf, s...)
			return nil
		}
	}
	return w.slowText(s)
}

// identical reports whether a and b are the same bytes in memory, so that they
// need not be read. Nothing is read through the pointers.
func identical(a, b string) bool {
	return len(a) == len(b) && unsafe.StringData(a) == unsafe.StringData(b)
}

func (w *Writer) slowText(s string) error {
	if w.err != nil || s == "" {
		return w.err
	}
	if len(w.buf)+len(s) > w.end {
		return w.fail(ErrTooLong)
	}
	if w.memo == nil || !w.g.shallow() {
		return w.read(s)
	}
	e := w.memo.recall(w.last, s, w.g.place)
	if e == nil {
		return w.read(s)
	}
	w.g.place, w.last = e.to, e
	w.buf = append(w.buf, s...)
	return nil
}

// read checks and writes a text that the memo does not know.
func (w *Writer) read(s string) error {
	from := w.g.place
	if n := feed(&w.g, s); n < len(s) {
		return w.fail(w.g.wrongByte(s[n], n))
	}
	if n := invalidUTF8(s); n >= 0 {
		return w.fail(&SyntaxError{Expected: "UTF-8", Found: "a byte that is not", At: n})
	}
	if w.memo != nil && from.shallow() && w.g.shallow() {
		w.memo.remember(s, from, w.g.place)
	}
	w.buf = append(w.buf, s...)
	return nil
}

// Value writes a value as the place where it stands demands.
//
// Inside a string, or a key in quotes, it is printed as text and escaped: None
// and undefined as nothing, numbers and booleans as Python's str spells them,
// times as RFC 3339, lists and mappings as JSON, and a fragment made by tojson
// so that it reads as that fragment's text. A mapping that has a label is that
// text, wherever it stands.
//
// Where a value is expected it is written as one: None and undefined as null,
// text in quotes, lists and mappings as JSON, a fragment as it is. NaN and
// infinite numbers are errors. A number may be joined by digits of the text,
// as in -{{ n }} or {{ n }}.5, since numbers go through the grammar like text;
// every other value stands alone.
//
// Where a key is expected, text, numbers, booleans and times are written in
// quotes; None, undefined, lists and mappings are errors. Anywhere else,
// between a value and the next comma or in an unfinished escape, every value
// is an error.
//
// Text marked as safe is written as it is, wherever it stands, and read by the
// grammar like text of the template. An error is a [*SyntaxError],
// [ErrTooLong], or says why the value cannot be encoded.
func (w *Writer) Value(v any) error {
	if w.err != nil {
		return w.err
	}
	var err error
	s, isText := v.(string)
	switch x := v.(type) {
	case *string: // of a struct
		s, isText = *x, true
	case *value.Object:
		if s = x.Label(); s != "" {
			v, isText = s, true
		}
	}
	alone := w.g.mode == modeValue || w.g.mode == modeFirst
	switch {
	case isText && len(w.buf)+len(s) > w.end:
		err = ErrTooLong
	case isText && w.g.mode == modeString: // the way of most values
		w.buf = value.AppendEscaped(w.buf, s)
	case isText && alone:
		w.buf = value.AppendQuoted(w.buf, s)
		w.g.mode = modeAfter
	case w.g.mode == modeString:
		err = w.printed(value.Kept(v))
	case alone:
		err = w.alone(v)
	default:
		err = w.elsewhere(value.Kept(v))
	}
	if err == nil && len(w.buf) <= w.end {
		return nil
	}
	if err == nil || errors.Is(err, value.ErrTooLong) {
		err = ErrTooLong
	}
	return w.fail(err)
}

// Close reports whether the whole is exactly one JSON value, with nothing but
// white space around it.
func (w *Writer) Close() error {
	if w.err == nil && !w.g.complete() {
		w.fail(w.g.wrongEnd())
	}
	return w.err
}

func (w *Writer) fail(err error) error {
	w.err, w.last = err, nil
	return err
}

// printed writes v inside a string.
func (w *Writer) printed(v any) error {
	switch v := v.(type) {
	case string:
		w.buf = value.AppendEscaped(w.buf, v)
		return nil
	case int:
		w.buf = strconv.AppendInt(w.buf, int64(v), 10)
		return nil
	case nil, value.Undefined:
		return nil
	case value.Safe:
		return w.raw(string(v), safeText)
	case value.JSON:
		w.buf = value.AppendEscaped(w.buf, string(v))
		return nil
	}
	from := len(w.buf)
	var err error
	if value.IsMapping(v) || value.IsSequence(v) {
		w.buf, err = value.AppendJSONWithin(w.buf, v, w.end)
	} else {
		w.buf, err = value.AppendStr(w.buf, v)
	}
	w.escapeFrom(from)
	return err
}

// escapeFrom escapes what was appended to buf as it is.
func (w *Writer) escapeFrom(from int) {
	for _, c := range w.buf[from:] {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			text := string(w.buf[from:])
			w.buf = value.AppendEscaped(w.buf[:from], text)
			return
		}
	}
}

// alone writes v, which is no text, where a value is expected.
func (w *Writer) alone(v any) error {
	switch v := v.(type) {
	case int:
		if w.integer(int64(v)) {
			return nil
		}
	case int64:
		if w.integer(v) {
			return nil
		}
	case float64:
		if w.float(v) {
			return nil
		}
	case *float64:
		if w.float(*v) {
			return nil
		}
		return w.digits(*v)
	case value.Safe:
		return w.raw(string(v), safeText)
	case value.JSON:
		return w.raw(string(v), fragment)
	}
	if isNumber(v) {
		return w.digits(v)
	}
	var err error
	w.buf, err = value.AppendJSONWithin(w.buf, v, w.end)
	w.g.mode = modeAfter
	return err
}

// integer writes an integer the short way, unless the grammar must see its
// digits.
func (w *Writer) integer(i int64) bool {
	if i <= 0 {
		return false
	}
	w.buf = strconv.AppendInt(w.buf, i, 10)
	w.g.mode = modeInteger
	return true
}

// float is the same for a number with a point.
func (w *Writer) float(f float64) bool {
	if abs := math.Abs(f); !(abs >= 1 && abs < 1e16) {
		return false
	}
	w.buf = value.AppendFloat(w.buf, f)
	w.g.mode = modeFraction
	return true
}

// elsewhere writes v where no value is expected.
func (w *Writer) elsewhere(v any) error {
	switch v := v.(type) {
	case value.Safe:
		return w.raw(string(v), safeText)
	case value.JSON:
		return w.raw(string(v), fragment)
	}
	switch {
	case w.g.mode == modeKey || w.g.mode == modeFirstKey:
		return w.quotedKey(v)
	case w.g.inNumber() && isNumber(v):
		return w.digits(v)
	}
	return w.g.wrongValue("a value")
}

// digits writes a number where a number may begin or go on.
func (w *Writer) digits(v any) error {
	from := len(w.buf)
	var err error
	if w.buf, err = value.AppendStr(w.buf, v); err != nil {
		return err
	}
	if !digitsOnly(w.buf[from:]) {
		return value.ErrNotFinite
	}
	if n := feed(&w.g, w.buf[from:]); from+n < len(w.buf) {
		return w.g.wrongValue("a number that cannot go on what is there")
	}
	return nil
}

// quotedKey writes v where a key is expected.
func (w *Writer) quotedKey(v any) error {
	if v == nil || value.IsUndefined(v) || value.IsMapping(v) || value.IsSequence(v) {
		return w.g.wrongValue("a value that is no text")
	}
	w.buf = append(w.buf, '"')
	err := w.printed(v)
	w.buf = append(w.buf, '"')
	w.g.mode = modeColon
	return err
}

// What errors call text that is written as it is.
const (
	safeText = "something else in a safe text"
	fragment = "a fragment of JSON"
)

// raw writes s as it is, if the grammar allows it.
func (w *Writer) raw(s, name string) error {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if n := feed(&w.g, s); n < len(s) {
		return w.g.wrongValue(name)
	}
	w.buf = append(w.buf, s...)
	return nil
}

func isNumber(v any) bool {
	switch v.(type) {
	case int, int64, float64, json.Number, *big.Int:
		return true
	}
	return false
}

// digitsOnly reports whether b can hold nothing but a number. A json.Number is
// a string that nobody has checked, and infinite numbers are spelled in words.
func digitsOnly(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' {
			return false
		}
	}
	last := len(b) - 1
	return last >= 0 && b[last] >= '0' && b[last] <= '9'
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}
