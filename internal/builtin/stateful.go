package builtin

import (
	"slices"

	"github.com/docevent/webhook/internal/value"
)

// A Namespace is what namespace() gives: names that inner levels can assign to.
type Namespace struct{ Fields *value.Object }

// OpaqueValue marks a value of the engine.
func (*Namespace) OpaqueValue() {}

// Attribute returns a name's value.
func (n *Namespace) Attribute(name string) (any, bool) { return n.Fields.Get(name) }

// cycler is what cycler() gives: its items one after the other.
type cycler struct {
	items []any
	i     int
}

func newCycler(c call) any {
	if len(c.rest(0)) == 0 {
		refuse("needs something to cycle through")
	}
	return &cycler{items: slices.Clone(c.rest(0))}
}

func (*cycler) OpaqueValue() {}

func (c *cycler) Attribute(name string) (any, bool) { return c.items[c.i], name == "current" }

func (c *cycler) Method(_ *Run, name string, _ []any) (any, bool) {
	now := c.items[c.i]
	switch name {
	case "next":
		c.i = (c.i + 1) % len(c.items)
		return now, true
	case "reset":
		c.i = 0
		return nil, true
	}
	return nil, false
}

// joiner is what joiner() gives: called, it is nothing at first, then its text.
type joiner struct {
	sep  any
	used bool
}

func (*joiner) OpaqueValue() {}

func (j *joiner) Method(_ *Run, name string, _ []any) (any, bool) {
	if name != "" {
		return nil, false
	}
	if !j.used {
		j.used = true
		return "", true
	}
	return j.sep, true
}
