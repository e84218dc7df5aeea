package jsonbody

import "sync/atomic"

// A Memo remembers what the texts of one template do to the grammar, so that
// a text is read byte by byte the first time only. The effect depends on
// nothing but the text and the place where it starts.
//
// The zero value is ready for use; a Memo is safe for concurrent use and must
// not be copied. Give each compiled template its own: the table is filled
// once, with what comes first, and never emptied.
type Memo struct {
	first effect // of nothing, so that there is a first guess
	slots [memoSlots]atomic.Pointer[effect]
}

const (
	memoSlots  = 128
	memoProbes = 4
)

// An effect is what one text does from one place. Only the guesses are ever
// changed, once each.
type effect struct {
	text        string
	from, to    place
	next, other atomic.Pointer[effect] // what has come after it: guesses
}

// Writer returns a Writer that appends to dst at most limit bytes and uses m,
// which may be nil.
func (m *Memo) Writer(dst []byte, limit int) *Writer {
	w := &Writer{}
	w.Reset(m, dst, limit)
	return w
}

// recall returns the effect of text after last, if it is known. A template
// writes its texts in much the same order each time, so that one of two
// guesses is nearly always right; Writer.Text tries the first.
func (m *Memo) recall(last *effect, text string, from place) *effect {
	if e := last.other.Load(); e.is(text, from) {
		return e
	}
	return m.find(last, text, from)
}

func (e *effect) is(text string, from place) bool {
	return e != nil && e.from == from && e.text == text
}

func (m *Memo) find(last *effect, text string, from place) *effect {
	h := hash(text, from)
	for i := range uint(memoProbes) {
		e := m.slots[(h+i)%memoSlots].Load()
		if e == nil {
			break
		}
		if e.is(text, from) {
			if !last.next.CompareAndSwap(nil, e) {
				last.other.CompareAndSwap(nil, e)
			}
			return e
		}
	}
	return nil
}

// remember keeps the effect of text unless its slots are taken.
func (m *Memo) remember(text string, from, to place) {
	h := hash(text, from)
	for i := range uint(memoProbes) {
		slot := &m.slots[(h+i)%memoSlots]
		if slot.Load() == nil && slot.CompareAndSwap(nil, &effect{text: text, from: from, to: to}) {
			return
		}
	}
}

// hash is cheap rather than good: texts of one template differ in length or
// at their ends, and a missed effect costs time only.
func hash(text string, from place) uint {
	n := uint(len(text))
	h := n*31 + uint(text[0])*7 + uint(text[n-1])*13 + uint(text[n/2])*3
	return h + uint(from.mode)*5 + uint(from.depth)*17
}
