package builtin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// A Failure is a panic with an error, which ends a parser or an evaluation. It
// goes no further than the engine.
type Failure struct{ Err error }

// Check ends with err unless it is nil.
func Check(err error) {
	if err != nil {
		panic(Failure{err})
	}
}

// Must returns v, or ends with err.
func Must[T any](v T, err error) T {
	Check(err)
	return v
}

// refuse ends with a message.
func refuse(format string, args ...any) { Check(fmt.Errorf(format, args...)) }

// hinted is an error that knows what to write instead.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// Advise ends with a message and what to write instead.
func Advise(hint, format string, args ...any) {
	Check(hinted{fmt.Errorf(format, args...), hint})
}

// HintOf returns what an error knows to write instead, or "".
func HintOf(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// TypeError complains about the kind of a value; an undefined one by its name.
func TypeError(format string, v any) error {
	if u, ok := v.(value.Undefined); ok {
		return errors.New(u.Message())
	}
	return fmt.Errorf(format, value.TypeName(v))
}

// mistyped ends with a TypeError.
func mistyped(format string, v any) { Check(TypeError(format, v)) }

// Clip shortens text for a message.
func Clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}

// DidYouMean asks about the known name that is nearest to name. It is empty when
// none is close.
func DidYouMean(name string, known []string) string {
	best, bound := "", max(1, len(name)/3)+1
	for _, k := range known {
		if len(name) > 40 {
			break
		}
		if strings.EqualFold(k, name) {
			best = k
			break
		}
		if d := distance(name, k, bound); d < min(bound, len(k)) { // all edited is another name
			best, bound = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance is the number of edits between two names, or bound when there are
// that many. Two characters that have changed places are one.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, before
		row[0] = i + 1
		for j := range len(b) {
			replaced := above[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, row[j]+1, above[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return min(row[len(b)], bound)
}
