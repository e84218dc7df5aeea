package webhook

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// A row's text is one piece of the store's arena: the lengths of id, event id,
// document name, URL, chain and trace, those themselves, and the body.

// textParts returns the parts of d's text, without the body.
func textParts(d *Delivery) [6]string {
	parts := [6]string{d.ID, d.EventID, d.DocName, d.URL, "", d.Trace}
	if len(d.Chain) > maxSharedChain {
		parts[4] = d.Chain
	}
	return parts
}

// textSize returns how long d's text is.
func textSize(d *Delivery) int {
	var lengths [binary.MaxVarintLen64]byte
	n := len(d.Body)
	for _, part := range textParts(d) {
		n += binary.PutUvarint(lengths[:], uint64(len(part))) + len(part)
	}
	return n
}

// putText keeps d's text for a row.
func (s *MemoryStore) putText(h uint32, r *memoryRow, d *Delivery) {
	ref, text := s.texts.Alloc(h, textSize(d))
	r.text, r.body = ref, d.Body != nil
	parts := textParts(d)
	text = text[:0]
	for _, part := range parts {
		text = binary.AppendUvarint(text, uint64(len(part)))
	}
	for _, part := range parts {
		text = append(text, part...)
	}
	_ = append(text, d.Body...)
}

// parts returns a row's text after its lengths, and where in it each part ends.
// The body is what follows the last.
func (s *MemoryStore) parts(r *memoryRow) (text []byte, ends [6]int) {
	text = s.texts.Get(r.text)
	end := 0
	for i := range ends {
		length, n := binary.Uvarint(text)
		text = text[n:]
		end += int(length)
		ends[i] = end
	}
	return text, ends
}

// readText fills in the fields of d that are kept as text.
func (s *MemoryStore) readText(r *memoryRow, d *Delivery) {
	text, ends := s.parts(r)
	names := string(text[:ends[5]])
	d.ID, d.EventID, d.DocName = names[:ends[0]], names[ends[0]:ends[1]], names[ends[1]:ends[2]]
	d.URL = names[ends[2]:ends[3]]
	if chain := names[ends[3]:ends[4]]; chain != "" {
		d.Chain = chain
	}
	d.Trace = names[ends[4]:ends[5]]
	if r.body {
		d.Body = bytes.Clone(text[ends[5]:])
	}
}

// named reports whether the row is about the document of that name.
func (s *MemoryStore) named(r *memoryRow, name string) bool {
	text, ends := s.parts(r)
	return string(text[ends[1]:ends[2]]) == name
}

// bodySize returns the length of the row's body.
func (s *MemoryStore) bodySize(r *memoryRow) int {
	text, ends := s.parts(r)
	return len(text) - ends[5]
}

// find returns the row of an id, 0 if there is none. Rows whose ids have the same
// hash are chained; its seed is random, so that nobody can make many collide.
func (s *MemoryStore) find(id string) uint32 {
	h := s.byID[uint32(maphash.String(s.seed, id))]
	for h != 0 {
		r := s.rows.Get(h)
		if text, ends := s.parts(r); string(text[:ends[0]]) == id {
			return h
		}
		h = r.next
	}
	return 0
}

// index makes find find a row.
func (s *MemoryStore) index(h uint32, r *memoryRow, id string) {
	hash := uint32(maphash.String(s.seed, id))
	r.next = s.byID[hash]
	s.byID[hash] = h
}

// unindex is the opposite of index.
func (s *MemoryStore) unindex(h uint32, r *memoryRow) {
	text, ends := s.parts(r)
	hash := uint32(maphash.Bytes(s.seed, text[:ends[0]]))
	first := s.byID[hash]
	switch {
	case first == h && r.next == 0:
		delete(s.byID, hash)
	case first == h:
		s.byID[hash] = r.next
	default:
		before := s.rows.Get(first)
		for before.next != h {
			before = s.rows.Get(before.next)
		}
		before.next = r.next
	}
}
