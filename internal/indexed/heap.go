// Package indexed has a heap whose members know their place in it, so that one
// can be taken out of the middle.
package indexed

import "slices"

// A Heap holds members, the least in front. Make one with [New]; it is not safe
// for concurrent use.
type Heap[T any] struct {
	less func(a, b T) bool
	move func(t T, to int)
	at   []T
}

// New returns an empty heap. It calls move with the place of a member whenever
// that changes, and with -1 when the member is taken out.
func New[T any](less func(a, b T) bool, move func(t T, to int)) Heap[T] {
	return Heap[T]{less: less, move: move}
}

// Len returns how many members there are.
func (h *Heap[T]) Len() int { return len(h.at) }

// First returns the least member. There must be one.
func (h *Heap[T]) First() T { return h.at[0] }

// All returns the members, the least first and the others in no order. It is
// valid until the heap changes.
func (h *Heap[T]) All() []T { return h.at }

// Push adds a member.
func (h *Heap[T]) Push(t T) {
	h.at = append(h.at, t)
	h.set(len(h.at)-1, t)
	h.up(len(h.at) - 1)
}

// Fix moves the member at a place to where it belongs since it changed.
func (h *Heap[T]) Fix(i int) {
	if !h.down(i) {
		h.up(i)
	}
}

// Remove takes out the member at a place.
func (h *Heap[T]) Remove(i int) {
	var zero T
	gone, last := h.at[i], len(h.at)-1
	moved := h.at[last]
	h.at[last] = zero
	h.at = h.at[:last]
	if i < last {
		h.set(i, moved)
		h.Fix(i)
	}
	h.move(gone, -1)
	if cap(h.at) > 1024 && len(h.at) < cap(h.at)/4 {
		h.at = slices.Clone(h.at)
	}
}

func (h *Heap[T]) set(i int, t T) {
	h.at[i] = t
	h.move(t, i)
}

func (h *Heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(h.at[i], h.at[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

// down reports whether it moved the member.
func (h *Heap[T]) down(i int) bool {
	start := i
	for {
		child := 2*i + 1
		if child >= len(h.at) {
			break
		}
		if right := child + 1; right < len(h.at) && h.less(h.at[right], h.at[child]) {
			child = right
		}
		if !h.less(h.at[child], h.at[i]) {
			break
		}
		h.swap(i, child)
		i = child
	}
	return i > start
}

func (h *Heap[T]) swap(i, j int) {
	a, b := h.at[i], h.at[j]
	h.set(i, b)
	h.set(j, a)
}
