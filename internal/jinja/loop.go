package jinja

import (
	"errors"
	"fmt"

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

// loopFields are loop.index and its like. No loop is recursive.
var loopFields = map[string]func(l *loopState) any{
	"index":     func(l *loopState) any { return int64(l.i + 1) },
	"index0":    func(l *loopState) any { return int64(l.i) },
	"revindex":  func(l *loopState) any { return int64(len(l.items) - l.i) },
	"revindex0": func(l *loopState) any { return int64(len(l.items) - l.i - 1) },
	"first":     func(l *loopState) any { return l.i == 0 },
	"last":      func(l *loopState) any { return l.i == len(l.items)-1 },
	"length":    func(l *loopState) any { return int64(len(l.items)) },
	"depth":     func(*loopState) any { return int64(1) },
	"depth0":    func(*loopState) any { return int64(0) },
	"previtem":  func(l *loopState) any { return l.neighbor(-1) },
	"nextitem":  func(l *loopState) any { return l.neighbor(1) },
}

// Attribute returns one of the loopFields.
func (l *loopState) Attribute(name string) (any, bool) {
	if field := loopFields[name]; field != nil {
		return field(l), true
	}
	return nil, false
}

func (l *loopState) String() string {
	return fmt.Sprintf("<LoopContext %d/%d>", l.i+1, len(l.items))
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
func (l *loopState) Method(r *builtin.Run, name string, args []any) (any, bool) {
	switch name {
	case "cycle":
		if len(args) == 0 {
			builtin.Check(errors.New("needs something to cycle through"))
		}
		return args[l.i%len(args)], true
	case "changed":
		same := builtin.Must(value.Equal(value.Tuple(args), value.Tuple(l.seen), r))
		changed := !same || !l.asked
		l.seen, l.asked = args, true
		return changed, true
	}
	return nil, false
}
