// Package slab keeps many values of one type in few allocations, under numbers
// that take four bytes where a pointer takes eight.
package slab

// size is how many values a block holds: of 88 bytes, a whole number of pages.
const size = 1024

// A Slab keeps values. The zero value is ready; it is not safe for concurrent
// use.
type Slab[T any] struct {
	blocks []block[T]
	vacant []uint32 // numbers of blocks that were dropped
	roomy  []uint32 // blocks that had a free place when they were added
	n      int
}

// A block holds values. It is dropped when the last of them is freed.
type block[T any] struct {
	at    *[size]T
	fresh uint32   // places from here on were never used
	free  []uint16 // places before it that are free
	used  int
	roomy bool // it is in Slab.roomy
}

// New makes room for a value, which is zero, and returns its number, never 0.
func (s *Slab[T]) New() (uint32, *T) {
	at := s.withRoom()
	b := &s.blocks[at]
	b.used++
	s.n++
	place := b.fresh
	if last := len(b.free) - 1; last >= 0 {
		place = uint32(b.free[last])
		b.free = b.free[:last]
	} else {
		b.fresh++
	}
	return at*size + place + 1, &b.at[place]
}

// Get returns the value of a number. The pointer is valid until it is freed.
func (s *Slab[T]) Get(number uint32) *T {
	number--
	return &s.blocks[number/size].at[number%size]
}

// Free forgets a value. Its number may be given to another from then on.
func (s *Slab[T]) Free(number uint32) {
	var zero T
	*s.Get(number) = zero
	at, place := (number-1)/size, (number-1)%size
	b := &s.blocks[at]
	b.used--
	s.n--
	if b.used == 0 && s.n > 0 {
		*b = block[T]{roomy: b.roomy}
		s.vacant = append(s.vacant, at)
		return
	}
	b.free = append(b.free, uint16(place))
	s.note(at)
}

// Len returns how many values there are.
func (s *Slab[T]) Len() int { return s.n }

// withRoom returns the number of a block that has a free place.
func (s *Slab[T]) withRoom() uint32 {
	for last := len(s.roomy) - 1; last >= 0; last-- {
		b := &s.blocks[s.roomy[last]]
		if b.at != nil && b.used < size {
			return s.roomy[last]
		}
		b.roomy = false
		s.roomy = s.roomy[:last]
	}
	at := uint32(len(s.blocks))
	if last := len(s.vacant) - 1; last >= 0 {
		at = s.vacant[last]
		s.vacant = s.vacant[:last]
	} else {
		s.blocks = append(s.blocks, block[T]{})
	}
	s.blocks[at].at = new([size]T)
	s.note(at)
	return at
}

// note remembers that a block has a free place.
func (s *Slab[T]) note(at uint32) {
	if b := &s.blocks[at]; !b.roomy {
		b.roomy = true
		s.roomy = append(s.roomy, at)
	}
}
