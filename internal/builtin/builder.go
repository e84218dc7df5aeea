package builtin

import (
	"strings"

	"github.com/docevent/webhook/internal/value"
)

// A builder builds a text piece by piece, and refuses to make it too long.
type builder struct{ strings.Builder }

// add appends pieces.
func (b *builder) add(pieces ...string) {
	for _, s := range pieces {
		if b.Len()+len(s) > value.MaxText {
			Check(ErrText)
		}
		b.WriteString(s)
	}
}

// built returns the text, whose steps it counts.
func (r *Run) built(b *builder) string {
	r.Grow(b.Len())
	return b.String()
}

// AppendStr appends str(v) to a text that is being built, and refuses to make it
// too long.
func (r *Run) AppendStr(dst []byte, v any) []byte {
	dst = Must(value.AppendStr(dst, v))
	if len(dst) > value.MaxText {
		Check(ErrText)
	}
	return dst
}
