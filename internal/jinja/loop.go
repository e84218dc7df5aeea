package jinja

import (
	"errors"

	"github.com/docevent/webhook/internal/value"
)

// loopState is the name loop inside a for.
type loopState struct {
	items []any
	i     int
	depth int
	seen  []any // what changed() saw last
	asked bool
}

// OpaqueValue marks a value of the engine.
func (*loopState) OpaqueValue() {}

func (l *loopState) attribute(name string) (any, bool) {
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
		return int64(l.depth), true
	case "depth0":
		return int64(l.depth - 1), true
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

func (l *loopState) method(name string, args []any) (any, bool, error) {
	switch name {
	case "cycle":
		if len(args) == 0 {
			return nil, true, errors.New("needs something to cycle through")
		}
		return args[l.i%len(args)], true, nil
	case "changed":
		same, err := value.Equal(value.Tuple(args), value.Tuple(l.seen))
		changed := !same || !l.asked
		l.seen, l.asked = args, true
		return changed, true, err
	}
	return nil, false, nil
}

// namespace is what namespace() gives: names that inner levels can assign to.
type namespace struct{ fields *value.Object }

// OpaqueValue marks a value of the engine.
func (*namespace) OpaqueValue() {}

func (n *namespace) attribute(name string) (any, bool) { return n.fields.Get(name) }
