package jinja

import (
	"errors"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/value"
)

// loopState is the name loop inside a for.
type loopState struct {
	keys, items []any // keys may be nil: then they are 0, 1, 2
	i           int
	seen        []any // what changed() saw last
	asked       bool
}

// OpaqueValue marks a value of the engine.
func (*loopState) OpaqueValue() {}

// Attribute returns one of loop.index and its like.
func (l *loopState) Attribute(name string) (any, bool) {
	n, i := int64(len(l.items)), int64(l.i)
	switch name {
	case "index":
		return i + 1, true
	case "index0":
		return i, true
	case "revindex":
		return n - i, true
	case "revindex0":
		return n - i - 1, true
	case "first":
		return i == 0, true
	case "last":
		return i == n-1, true
	case "length":
		return n, true
	case "depth":
		return int64(1), true // none is recursive
	case "depth0":
		return int64(0), true
	case "previtem":
		return l.neighbor(-1), true
	case "nextitem":
		return l.neighbor(1), true
	}
	return nil, false
}

func (l *loopState) neighbor(by int) any {
	if i := l.i + by; i >= 0 && i < len(l.items) {
		return l.items[i]
	}
	return value.Undefined{Name: "the neighbor of the loop's item"}
}

// boxed are small integers as values, so that keys need not be allocated.
var boxed = func() (out [1024]any) {
	for i := range out {
		out[i] = int64(i)
	}
	return out
}()

// key is what a range of a Go template calls the item.
func (l *loopState) key() any {
	switch {
	case l.keys != nil:
		return l.keys[l.i]
	case l.i < len(boxed):
		return boxed[l.i]
	}
	return int64(l.i)
}

// Method calls loop.cycle or loop.changed.
func (l *loopState) Method(name string, args []any) (any, bool) {
	switch name {
	case "cycle":
		if len(args) == 0 {
			builtin.Check(errors.New("needs something to cycle through"))
		}
		return args[l.i%len(args)], true
	case "changed":
		same := builtin.Must(value.Equal(value.Tuple(args), value.Tuple(l.seen)))
		changed := !same || !l.asked
		l.seen, l.asked = args, true
		return changed, true
	}
	return nil, false
}
