package webhook

import (
	"container/heap"
	"slices"
)

// A memoryQueue holds the rows of one webhook that Claim may offer, the one
// that is ready first in front. It is a heap of the rows' own positions, so
// that a row can be taken out of the middle.
type memoryQueue struct{ rows []*memoryRow }

func (q *memoryQueue) Len() int           { return len(q.rows) }
func (q *memoryQueue) Less(i, j int) bool { return q.rows[i].ready.Before(q.rows[j].ready) }

func (q *memoryQueue) Swap(i, j int) {
	q.rows[i], q.rows[j] = q.rows[j], q.rows[i]
	q.rows[i].index, q.rows[j].index = i, j
}

// Push implements [heap.Interface]; use put.
func (q *memoryQueue) Push(x any) {
	r := x.(*memoryRow)
	r.index = len(q.rows)
	q.rows = append(q.rows, r)
}

// Pop implements [heap.Interface]; use remove.
func (q *memoryQueue) Pop() any {
	last := len(q.rows) - 1
	r := q.rows[last]
	q.rows[last] = nil
	q.rows = q.rows[:last]
	r.index = -1
	return r
}

// put adds the row, or moves it to where its ready time belongs.
func (q *memoryQueue) put(r *memoryRow) {
	if r.index < 0 {
		heap.Push(q, r)
	} else {
		heap.Fix(q, r.index)
	}
}

// remove takes the row out if it is there.
func (q *memoryQueue) remove(r *memoryRow) {
	if r.index >= 0 {
		heap.Remove(q, r.index)
	}
}

// memoryDue is a heap of queues that are not empty, by their first row.
type memoryDue []*memoryQueue

func (h memoryDue) Len() int           { return len(h) }
func (h memoryDue) Less(i, j int) bool { return h[i].rows[0].ready.Before(h[j].rows[0].ready) }
func (h memoryDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *memoryDue) Push(x any) { *h = append(*h, x.(*memoryQueue)) }

// Pop implements [heap.Interface].
func (h *memoryDue) Pop() any {
	last := len(*h) - 1
	q := (*h)[last]
	*h = (*h)[:last]
	return q
}

// A memoryLine holds the rows of one line that are neither Delivered nor
// Canceled, by Seq: the first stops the others.
type memoryLine []*memoryRow

func (l memoryLine) head() *memoryRow {
	if len(l) == 0 {
		return nil
	}
	return l[0]
}

// settle returns the line with r in its place, or without it when it is done.
func (l memoryLine) settle(r *memoryRow) memoryLine {
	i, found := slices.BinarySearchFunc(l, r, func(a, b *memoryRow) int { return int(a.d.Seq - b.d.Seq) })
	done := r.d.State == Delivered || r.d.State == Canceled
	switch {
	case found && done:
		return slices.Delete(l, i, i+1)
	case !found && !done:
		return slices.Insert(l, i, r)
	}
	return l
}

// memoryFinished knows the finished rows in the order in which they finished.
// A row that is taken out leaves its entry behind, which its stamp betrays.
type memoryFinished struct {
	entries []memoryEntry
	stamp   int
	n       int // rows
	bytes   int // of their bodies
}

type memoryEntry struct {
	r     *memoryRow
	stamp int
}

func (f *memoryFinished) over() bool { return f.n > memoryMaxFinished || f.bytes > memoryMaxBytes }

// settle takes the row in or out, as its state says.
func (f *memoryFinished) settle(r *memoryRow) {
	switch finished := r.d.State.finished(); {
	case !finished:
		f.forget(r)
	case r.stamp == 0:
		f.stamp++
		r.stamp = f.stamp
		f.entries = append(f.entries, memoryEntry{r, f.stamp})
		f.n++
		f.bytes += len(r.d.Body)
	}
}

func (f *memoryFinished) forget(r *memoryRow) {
	if r.stamp != 0 {
		r.stamp = 0
		f.n--
		f.bytes -= len(r.d.Body)
	}
}

// oldest returns the row that finished first, nil if there is none.
func (f *memoryFinished) oldest() *memoryRow {
	for len(f.entries) > 0 {
		if e := f.entries[0]; e.r.stamp == e.stamp {
			return e.r
		}
		f.entries[0] = memoryEntry{}
		f.entries = f.entries[1:]
	}
	return nil
}
