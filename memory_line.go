package webhook

import "github.com/docevent/webhook/internal/indexed"

// A memoryLine has the rows of one line that are neither Delivered nor Canceled,
// the lowest Seq in front: that one stops the others.
type memoryLine struct {
	name    string
	rows    indexed.Heap[uint32]
	blocked *memoryWebhook // whose count of blocked lines includes this one
}

// line returns the line of that name, a new one if no row waits in it.
func (s *MemoryStore) line(name string) *memoryLine {
	l := s.lines[name]
	if l == nil {
		l = &memoryLine{name: name}
		l.rows = indexed.New(
			func(a, b uint32) bool { return s.rows.Get(a).seq < s.rows.Get(b).seq },
			func(h uint32, to int) { s.rows.Get(h).detail.linePlace = uint32(to + 1) },
		)
	}
	return l
}

// heads reports whether the row is the first of its line, or in none.
func (r *memoryRow) heads(h uint32) bool {
	if r.detail == nil || r.detail.line == nil {
		return true
	}
	l := r.detail.line
	return l.rows.Len() > 0 && l.rows.First() == h
}

// head returns the row that stops the others, 0 if there is none.
func (l *memoryLine) head() uint32 {
	if l.rows.Len() == 0 {
		return 0
	}
	return l.rows.First()
}

// settleLine takes a row of a line in or out, as its state says, and lets Claim
// find the line's first row.
func (s *MemoryStore) settleLine(h uint32, r *memoryRow) {
	x := r.detail
	if x.linePlace == 0 {
		x.line = s.line(x.line.name) // it may have been empty, and forgotten
	}
	l := x.line
	was := l.head()
	state := memoryStates[r.state]
	switch done := state == Delivered || state == Canceled; {
	case done && x.linePlace != 0:
		l.rows.Remove(int(x.linePlace) - 1)
	case !done && x.linePlace == 0:
		l.rows.Push(h)
	}
	is := l.head()
	if is == 0 {
		delete(s.lines, l.name)
	} else {
		s.lines[l.name] = l
	}
	if was != is {
		for _, other := range []uint32{was, is} {
			if other != 0 && other != h {
				s.place(other, s.rows.Get(other))
			}
		}
	}
	s.countBlocked(l)
}

// countBlocked counts the line among those that are stopped, or not.
func (s *MemoryStore) countBlocked(l *memoryLine) {
	if l.blocked != nil {
		l.blocked.blocked--
		l.blocked = nil
	}
	if h := l.head(); h != 0 && s.rows.Get(h).stateName().finished() {
		l.blocked = s.rows.Get(h).kind.webhook
		l.blocked.blocked++
	}
}
