package webhook

// A memoryList is a list of rows by which they can be walked and taken out of
// the middle.
type memoryList struct {
	links       func(row uint32) *memoryLinks
	first, last uint32
	n           int
}

// memoryLinks are a row's neighbors in a list, 0 for none.
type memoryLinks struct{ before, after uint32 }

// push adds a row at the end.
func (l *memoryList) push(h uint32) {
	*l.links(h) = memoryLinks{before: l.last}
	if l.last == 0 {
		l.first = h
	} else {
		l.links(l.last).after = h
	}
	l.last = h
	l.n++
}

// remove takes a row out.
func (l *memoryList) remove(h uint32) {
	at := l.links(h)
	if at.before == 0 {
		l.first = at.after
	} else {
		l.links(at.before).after = at.after
	}
	if at.after == 0 {
		l.last = at.before
	} else {
		l.links(at.after).before = at.before
	}
	*at = memoryLinks{}
	l.n--
}
