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
func (l *memoryList) push(h uint32) { l.insert(h, l.last) }

// insert adds a row behind another, or in front of all for 0.
func (l *memoryList) insert(h, behind uint32) {
	at := memoryLinks{before: behind, after: l.first}
	if behind == 0 {
		l.first = h
	} else {
		at.after = l.links(behind).after
		l.links(behind).after = h
	}
	if at.after == 0 {
		l.last = h
	} else {
		l.links(at.after).before = h
	}
	*l.links(h) = at
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
