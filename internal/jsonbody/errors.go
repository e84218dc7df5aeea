package jsonbody

import (
	"errors"
	"fmt"
)

// ErrTooLong is returned when a body would grow above its bound.
var ErrTooLong = errors.New("webhook: body is too long")

// A SyntaxError says why what a template writes is not JSON. It never holds
// anything of a document: Found is a byte of the template's own text or the
// kind of a value.
type SyntaxError struct {
	// Expected is what the grammar allows at this point, such as `"," or "]"`.
	Expected string
	// Found is what came instead.
	Found string
	// Hint, when not empty, is what the author probably meant to do.
	Hint string
	// At is the position of the offending byte in the text that was given to
	// Text, and 0 when a value or the end of the body is at fault.
	At int
}

// Offset returns At, for engines that turn it into a line and a column.
func (e *SyntaxError) Offset() int { return e.At }

// Error reads like "the body is not JSON: expected a key, found "}" (...)".
func (e *SyntaxError) Error() string {
	msg := "the body is not JSON: expected " + e.Expected + ", found " + e.Found
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// expected describes what may come at p.
func (p place) expected() string {
	switch p.mode {
	case modeValue:
		return "a value"
	case modeFirst:
		return `a value or "]"`
	case modeKey:
		return "a key in quotes"
	case modeFirstKey:
		return `a key in quotes or "}"`
	case modeColon:
		return `":"`
	case modeString:
		return "the rest of a string"
	case modeEscape:
		return `one of " \ / b f n r t u after a backslash`
	case modeHex1, modeHex2, modeHex3, modeHex4:
		return `four hexadecimal digits after \u`
	}
	if p.inNumber() && !p.ended() {
		return "a digit"
	}
	if p.mode >= modeWord {
		return p.wordName()
	}
	switch {
	case p.depth == 0:
		return "the end of the body"
	case p.inObject():
		return `"," or "}"`
	}
	return `"," or "]"`
}

func (p place) wordName() string {
	switch i := p.mode - modeWord; {
	case i < wordFalse:
		return `"true"`
	case i < wordNull:
		return `"false"`
	}
	return `"null"`
}

// wrongByte is the error for a byte of the template's text.
func (p place) wrongByte(c byte, offset int) *SyntaxError {
	e := &SyntaxError{Expected: p.expected(), Found: byteName(c), At: offset}
	switch {
	case p.mode == modeKey && c == '}', p.mode == modeValue && c == ']':
		e.Hint = "there is a comma too many"
	case p.mode == modeString:
		e.Hint = `a line break in a string is written \n`
	case c == '\'':
		e.Hint = "JSON strings are written in double quotes"
	case p.mode == modeValue && (c == 'T' || c == 'F'):
		e.Hint = "JSON spells true and false in lower case"
	case p.depth >= maxDepth && (c == '{' || c == '['):
		e.Expected = fmt.Sprintf("at most %d levels of nesting", maxDepth)
	}
	return e
}

// wrongValue is the error for a value, or a fragment of one, that the template
// prints.
func (p place) wrongValue(found string) *SyntaxError {
	e := &SyntaxError{Expected: p.expected(), Found: found}
	switch p.mode {
	case modeAfter:
		e.Hint = "punctuation is written as text, within {% if %} where it depends"
	case modeKey, modeFirstKey, modeEscape, modeHex1, modeHex2, modeHex3, modeHex4:
	default:
		e.Hint = "text around a value is put in double quotes, together with it"
	}
	return e
}

func (p place) wrongEnd() *SyntaxError {
	e := &SyntaxError{Expected: p.expected(), Found: "the end of the body"}
	if p.mode == modeString {
		e.Expected = "the closing quote of a string"
	}
	return e
}

func byteName(c byte) string {
	switch {
	case c == '"':
		return `a double quote`
	case c == '\n':
		return "a line break"
	case c < ' ':
		return fmt.Sprintf("the control character U+%04X", c)
	case c >= 0x7F:
		return "a character that is not ASCII"
	}
	return `"` + string(rune(c)) + `"`
}
