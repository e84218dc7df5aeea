package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

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
	var b strings.Builder
	for _, c := range line {
		if column--; column <= 0 {
			break
		}
		if c == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String() + strings.Repeat(" ", max(0, column-1))
}

// located is an error with the offset in the source where it arose, before the
// source is known.
type located struct {
	pos  int
	msg  string
	hint string
	err  error
}

func (e *located) Error() string { return e.msg }
func (e *located) Unwrap() error { return e.err }

// fail makes an error at an offset.
func fail(pos int, format string, args ...any) *located {
	return &located{pos: pos, msg: fmt.Sprintf(format, args...)}
}

func (e *located) with(hint string) *located {
	e.hint = hint
	return e
}

// at puts an offset on err, unless it has one. Control flow passes through.
func at(pos int, err error) error {
	if err == nil || err == errBreak || err == errContinue {
		return err
	}
	if _, ok := err.(*located); ok {
		return err
	}
	var inner *Error
	if errors.As(err, &inner) {
		return err
	}
	return &located{pos: pos, msg: message(err), hint: hintOf(err), err: limit(err)}
}

// A failure is a panic with an error, which ends a parser or a builtin. It goes
// no further than the function that defers caught.
type failure struct{ error }

// check ends with err unless it is nil.
func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// must returns v, or ends with err.
func must[T any](v T, err error) T {
	check(err)
	return v
}

// caught turns a failure into the error of the function that defers it.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = p.error
	default:
		panic(p)
	}
}

// tooDeep is the error of what nests too deep at an offset.
func tooDeep(pos int) error { return &located{pos: pos, msg: errNesting.Error(), err: errNesting} }

// limit makes the bounds of package value unwrap to ErrLimit too.
func limit(err error) error {
	switch {
	case errors.Is(err, value.ErrTooLarge), errors.Is(err, value.ErrDepth):
		return errors.Join(ErrLimit, err)
	}
	return err
}

func message(err error) string {
	if err == value.ErrTooLarge {
		return errText.Error()
	}
	return err.Error()
}

// hinted is an error that knows what to write instead.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hintOf(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// locate turns an error into an *Error with line and column.
func locate(name, src string, pos int, err error) *Error {
	var done *Error
	if errors.As(err, &done) {
		if done.Name == "" {
			done.Name = name
		}
		return done
	}
	e := &Error{Name: name, Msg: message(err), Hint: hintOf(err), Err: limit(err)}
	var l *located
	if errors.As(err, &l) {
		pos, e.Msg, e.Hint, e.Err = l.pos, l.msg, l.hint, l.err
	}
	pos = max(0, min(pos, len(src)))
	start := strings.LastIndexByte(src[:pos], '\n') + 1
	end := len(src)
	if i := strings.IndexByte(src[start:], '\n'); i >= 0 {
		end = start + i
	}
	e.Line = 1 + strings.Count(src[:pos], "\n")
	e.Column = 1 + utf8.RuneCountInString(src[start:pos])
	e.SourceLine = src[start:end]
	return e
}

// nearest returns the known name closest to name, or "" when none is close.
func nearest(name string, known []string) string {
	best, bestDistance := "", max(1, len(name)/3)+1
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return k
		}
		if d := distance(name, k, bestDistance); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

func didYouMean(name string, known []string) string {
	if len(name) > 40 {
		return ""
	}
	if best := nearest(name, known); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// distance is the number of edits between two names, swaps counting as one, or
// bound when there are that many.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return min(row[len(b)], bound)
}
