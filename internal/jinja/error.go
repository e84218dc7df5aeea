package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// An Error is what is wrong with a template, or went wrong while it was
// evaluated, and where. It has the shape of text/template's errors.
type Error struct {
	// Name is the template's name.
	Name string
	// Line and Column count from 1, columns in characters. Column is 0 when
	// only the line is known.
	Line, Column int
	// SourceLine is the line itself.
	SourceLine string
	// Msg says what is wrong.
	Msg string
	// Hint says what to write instead, or is empty.
	Hint string
	// Err is the cause, or nil.
	Err error

	pos int // offset in the source, until the source is known
}

// Error returns the message, the line and a caret below the place.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "template: %s:%d:", e.Name, e.Line)
	if e.Column > 0 {
		fmt.Fprintf(&b, "%d:", e.Column)
	}
	b.WriteString(" " + e.Msg)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	line, column := clipLine(e.SourceLine, e.Column)
	if line != "" {
		b.WriteString("\n\t" + line)
		if column > 0 {
			b.WriteString("\n\t" + caretIndent(line, column) + "^")
		}
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// clipLine keeps the part of a long line around the column.
func clipLine(line string, column int) (string, int) {
	const width = 160
	runes := []rune(line)
	if len(runes) <= width {
		return line, column
	}
	start := max(0, min(column-width/2, len(runes)-width))
	return string(runes[start : start+width]), max(0, column-start)
}

// caretIndent repeats the tabs of the line, so that the caret stands below.
func caretIndent(line string, column int) string {
	runes := []rune(line)
	runes = runes[:min(column-1, len(runes))]
	indent := strings.Map(func(c rune) rune {
		if c == '\t' {
			return c
		}
		return ' '
	}, string(runes))
	return indent + strings.Repeat(" ", column-1-len(runes))
}

// refuse ends the parser or the compiler with what is wrong at an offset. Like
// every failure it is caught where the package is called.
func refuse(pos int, hint, format string, args ...any) {
	panic(builtin.Failure{Err: &Error{pos: pos, Hint: hint, Msg: fmt.Sprintf(format, args...)}})
}

// tooDeep refuses what nests too deep at an offset.
func tooDeep(pos int) {
	panic(builtin.Failure{
		Err: &Error{pos: pos, Msg: builtin.ErrNesting.Error(), Err: builtin.ErrNesting},
	})
}

// A place is what an evaluation is about, for errors: where it stands in the
// source, and what is called there.
type place struct {
	pos  int
	what string
}

// locate turns an error into an *Error with line and column.
func locate(name, src string, here place, err error) *Error {
	e := asError(here, err)
	e.Name = name
	if e.Line > 0 {
		return e
	}
	pos := max(0, min(e.pos, len(src)))
	start := strings.LastIndexByte(src[:pos], '\n') + 1
	e.Line = 1 + strings.Count(src[:pos], "\n")
	e.Column = 1 + utf8.RuneCountInString(src[start:pos])
	e.SourceLine, _, _ = strings.Cut(src[start:], "\n")
	return e
}

// asError makes an *Error of err, unless it is one.
func asError(here place, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	e = &Error{pos: here.pos, Msg: message(err), Hint: builtin.HintOf(err), Err: limit(err)}
	if here.what != "" && !errors.Is(err, ErrLimit) {
		e.Msg = here.what + ": " + e.Msg
	}
	return e
}

// limit makes the bounds of package value unwrap to ErrLimit too.
func limit(err error) error {
	if errors.Is(err, value.ErrTooLarge) || errors.Is(err, value.ErrDepth) {
		return errors.Join(ErrLimit, err)
	}
	return err
}

func message(err error) string {
	if err == value.ErrTooLarge {
		return builtin.ErrText.Error()
	}
	return err.Error()
}
