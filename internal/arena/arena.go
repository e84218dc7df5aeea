// Package arena keeps many small pieces of bytes in few allocations.
//
// An allocation of its own would round each piece up to a size class, an eighth
// of it at worst, and give the garbage collector something to look at. Here
// pieces lie side by side in chunks. A chunk of which less than half is in use
// is emptied into another one and dropped, so that the chunks take at most
// twice what is in use, and the one that is being filled.
package arena

import (
	"encoding/binary"
	"slices"
)

// A Ref says where a piece lies. The zero Ref is no piece's.
type Ref struct{ chunk, offset uint32 }

// MaxPiece is the largest piece there can be, in bytes.
const MaxPiece = 1<<31 - header

const (
	header    = 8         // before each piece: its owner and its length
	nobody    = 1<<32 - 1 // the owner of a freed piece
	maxShared = 16 << 10  // larger pieces get a chunk of their own
	minChunk  = 4 << 10
	maxChunk  = 256 << 10
)

// An Arena keeps pieces, each with an owner: a number by which it tells whose
// piece it moved. It is not safe for concurrent use.
type Arena struct {
	moved  func(owner uint32, at Ref)
	chunks []chunk
	vacant []uint32 // numbers of chunks that were dropped
	open   uint32   // the chunk being filled, if there is any chunk
	filled []uint32 // chunks to be looked at: they may be less than half used
	used   int      // bytes, headers included
	spare  []byte   // of the last chunk of the largest shared size that was dropped
}

// A chunk holds pieces with their headers, one behind the other.
type chunk struct {
	buf  []byte // its capacity never changes
	used int    // bytes of pieces that were not freed
	own  bool   // made for one large piece
}

// New returns an empty arena. It calls moved, from Alloc and Free, when a piece
// lies somewhere else from then on.
func New(moved func(owner uint32, at Ref)) *Arena { return &Arena{moved: moved} }

// Alloc makes room for a piece of n bytes, to be filled by the caller at once.
// The owner is below 1<<32 - 1.
func (a *Arena) Alloc(owner uint32, n int) (Ref, []byte) {
	a.tidy()
	ref := a.place(owner, n)
	return ref, a.Get(ref)
}

// Get returns a piece. It is valid until the next Alloc or Free.
func (a *Arena) Get(ref Ref) []byte {
	buf := a.chunks[ref.chunk].buf
	n := binary.LittleEndian.Uint32(buf[ref.offset-4:])
	return buf[ref.offset : ref.offset+n : ref.offset+n]
}

// Free gives a piece's room back.
func (a *Arena) Free(ref Ref) {
	c := &a.chunks[ref.chunk]
	size := header + len(a.Get(ref))
	binary.LittleEndian.PutUint32(c.buf[ref.offset-header:], nobody)
	c.used -= size
	a.used -= size
	switch {
	case ref.chunk == a.open && !c.own:
		if c.used == 0 {
			c.buf = c.buf[:0]
		}
	case c.sparse():
		a.filled = append(a.filled, ref.chunk)
		a.tidy()
	}
}

// place adds a piece to the chunk being filled, or to a new one.
func (a *Arena) place(owner uint32, n int) Ref {
	size := header + n
	at := a.open
	switch {
	case size > maxShared:
		at = a.add(size, true)
	case len(a.chunks) == 0:
		a.open = a.add(a.chunkSize(size), false)
		at = a.open
	case a.chunks[at].own || len(a.chunks[at].buf)+size > cap(a.chunks[at].buf):
		a.filled = append(a.filled, at)
		a.open = a.add(a.chunkSize(size), false)
		at = a.open
	}
	c := &a.chunks[at]
	end := len(c.buf)
	c.buf = c.buf[:end+size]
	binary.LittleEndian.PutUint32(c.buf[end:], owner)
	binary.LittleEndian.PutUint32(c.buf[end+4:], uint32(n))
	c.used += size
	a.used += size
	return Ref{chunk: at, offset: uint32(end + header)}
}

// chunkSize grows with what is in use, so that a small arena is small.
func (a *Arena) chunkSize(atLeast int) int {
	return max(atLeast, min(max(a.used/8, minChunk), maxChunk))
}

func (a *Arena) add(size int, own bool) uint32 {
	c := chunk{own: own}
	if c.buf = a.spare; own || size > cap(a.spare) {
		c.buf = make([]byte, 0, size)
	} else {
		a.spare = nil
	}
	if last := len(a.vacant) - 1; last >= 0 {
		at := a.vacant[last]
		a.vacant = a.vacant[:last]
		a.chunks[at] = c
		return at
	}
	a.chunks = append(a.chunks, c)
	return uint32(len(a.chunks) - 1)
}

func (c *chunk) sparse() bool { return c.buf != nil && 2*c.used < cap(c.buf) }

// tidy empties the chunks that are worth it.
func (a *Arena) tidy() {
	for len(a.filled) > 0 {
		last := len(a.filled) - 1
		at := a.filled[last]
		a.filled = a.filled[:last]
		if c := &a.chunks[at]; c.sparse() && (at != a.open || c.own) {
			a.empty(at)
		}
	}
}

// empty moves what is in use of a chunk elsewhere and drops it.
func (a *Arena) empty(at uint32) {
	buf := a.chunks[at].buf
	a.used -= a.chunks[at].used
	a.chunks[at].used = 0
	for len(buf) > 0 {
		owner, n := binary.LittleEndian.Uint32(buf), int(binary.LittleEndian.Uint32(buf[4:]))
		if owner != nobody {
			ref := a.place(owner, n)
			copy(a.Get(ref), buf[header:])
			a.moved(owner, ref)
		}
		buf = buf[header+n:]
	}
	if c := &a.chunks[at]; !c.own && cap(c.buf) == maxChunk {
		a.spare = c.buf[:0]
	}
	a.chunks[at] = chunk{}
	a.vacant = append(a.vacant, at)
	a.shrink()
}

// shrink cuts off the vacant chunks at the end of a table that is mostly vacant.
func (a *Arena) shrink() {
	if len(a.vacant) < 1024 || 4*len(a.vacant) < 3*len(a.chunks) {
		return
	}
	last := len(a.chunks)
	for last > int(a.open)+1 && a.chunks[last-1].buf == nil {
		last--
	}
	a.chunks = slices.Clone(a.chunks[:last])
	gone := func(at uint32) bool { return int(at) >= last }
	a.vacant = slices.DeleteFunc(slices.Clone(a.vacant), gone)
	a.filled = slices.DeleteFunc(a.filled, func(at uint32) bool { return int(at) >= last })
}
