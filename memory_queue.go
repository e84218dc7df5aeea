package webhook

import (
	"context"

	"github.com/docevent/webhook/internal/indexed"
)

// A memoryHeap says which heap a row is in.
type memoryHeap uint8

const (
	inNone    memoryHeap = iota
	inQueue              // of its webhook: Claim may offer it when it is due
	inWaiting            // of its webhook: Claim may not
	inLeases             // of the store: it is leased, as far as is known
)

// newRowHeap returns a heap of rows, the longest due first.
func (s *MemoryStore) newRowHeap() indexed.Heap[uint32] {
	return indexed.New(func(a, b uint32) bool {
		x, y := s.rows.Get(a), s.rows.Get(b)
		return x.due < y.due || x.due == y.due && x.seq < y.seq
	}, s.moved)
}

// newLeaseHeap returns a heap of rows, the first whose lease ends in front.
func (s *MemoryStore) newLeaseHeap() indexed.Heap[uint32] {
	return indexed.New(func(a, b uint32) bool {
		return s.rows.Get(a).leaseUntil() < s.rows.Get(b).leaseUntil()
	}, s.moved)
}

func (s *MemoryStore) moved(h uint32, to int) { s.rows.Get(h).place = uint32(to + 1) }

// newDueHeap returns a heap of webhooks whose queues are not empty, the one that
// has the longest due row first.
func (s *MemoryStore) newDueHeap() indexed.Heap[*memoryWebhook] {
	return indexed.New(func(a, b *memoryWebhook) bool {
		x, y := s.rows.Get(a.queue.First()), s.rows.Get(b.queue.First())
		return x.due < y.due || x.due == y.due && x.seq < y.seq
	}, func(w *memoryWebhook, to int) { w.place = to })
}

// place puts a row into the heap where its columns belong.
func (s *MemoryStore) place(h uint32, r *memoryRow) {
	switch {
	case memoryStates[r.state] != Pending:
		s.enter(h, r, inNone)
	case r.kind.Version > DeliveryVersion || !r.heads(h):
		s.enter(h, r, inWaiting)
	case r.leaseUntil() != 0:
		s.enter(h, r, inLeases)
	default:
		s.enter(h, r, inQueue)
	}
}

// enter moves a row to a heap, or to where it belongs in the one it is in.
func (s *MemoryStore) enter(h uint32, r *memoryRow, to memoryHeap) {
	w := r.kind.webhook
	from := r.heap
	switch {
	case from == to && to != inNone:
		s.heap(w, to).Fix(int(r.place) - 1)
	case from != to:
		if from != inNone {
			s.heap(w, from).Remove(int(r.place) - 1)
		}
		if r.heap = to; to != inNone {
			s.heap(w, to).Push(h)
		}
	}
	if from == inQueue || to == inQueue {
		s.rank(w)
	}
}

func (s *MemoryStore) heap(w *memoryWebhook, which memoryHeap) *indexed.Heap[uint32] {
	switch which {
	case inQueue:
		return &w.queue
	case inWaiting:
		return &w.waiting
	}
	return &s.leases
}

// rank puts a webhook whose queue changed where it belongs among the others.
func (s *MemoryStore) rank(w *memoryWebhook) {
	switch listed := w.place >= 0; {
	case listed && w.queue.Len() == 0:
		s.due.Remove(w.place)
	case listed:
		s.due.Fix(w.place)
	case w.queue.Len() > 0:
		s.due.Push(w)
	}
}

// Claim implements [Store].
func (s *MemoryStore) Claim(ctx context.Context, c Claim) ([]Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := memoryTimeOf(c.Now)
	s.expire(now)
	if s.due.Len() == 0 {
		return nil, nil
	}
	got := s.claimed(&c, now)
	ds := make([]Delivery, len(got))
	for i, h := range got {
		ds[i] = s.delivery(h)
	}
	return ds, nil
}

// claimed leases the rows that a claim gets, the longest due first. Webhooks to
// be skipped are taken out of the heap as they come up, and put back at the
// end.
func (s *MemoryStore) claimed(c *Claim, now memoryTime) (got []uint32) {
	s.claims++
	for _, name := range c.Skip {
		if w := s.kinds.webhooks[name]; w != nil {
			w.skip = s.claims
		}
	}
	var left []*memoryWebhook
	for len(got) < c.Limit && s.due.Len() > 0 && s.firstDue(&s.due.First().queue) <= now {
		w := s.due.First()
		h := w.queue.First()
		r := s.rows.Get(h)
		switch {
		case w.skip == s.claims:
			s.due.Remove(w.place)
			left = append(left, w)
		case r.leaseUntil() > now: // a claim with a later Now found it expired
			s.enter(h, r, inLeases)
		default:
			s.lease(h, r, c)
			got = append(got, h)
		}
	}
	for _, w := range left {
		s.due.Push(w)
	}
	return got
}

// expire makes rows whose lease has ended claimable.
func (s *MemoryStore) expire(now memoryTime) {
	for s.leases.Len() > 0 {
		h := s.leases.First()
		r := s.rows.Get(h)
		if r.leaseUntil() > now {
			return
		}
		s.enter(h, r, inQueue)
	}
}

// lease gives a row to the claimer.
func (s *MemoryStore) lease(h uint32, r *memoryRow, c *Claim) {
	x := r.rare()
	x.owner, x.leaseUntil = c.Owner, memoryTimeOf(c.Now.Add(c.Lease))
	r.fence++
	s.enter(h, r, inLeases)
}
