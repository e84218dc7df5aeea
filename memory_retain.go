package webhook

import (
	"cmp"
	"context"
	"slices"
)

// retain notes whether a row may be evicted. A finished one that is in its line
// stops it now, or will when those before it are done.
func (s *MemoryStore) retain(h uint32, r *memoryRow) {
	var to *memoryList
	switch {
	case !r.stateName().finished():
	case r.detail != nil && r.detail.linePlace != 0:
		to = &s.stopping
	default:
		to = &s.finished
	}
	if r.detail == nil && to == nil || r.detail != nil && r.detail.list == to {
		return
	}
	s.forget(h, r)
	if to != nil {
		r.rare().list = to
		to.push(h)
	}
	if to == &s.finished {
		s.bytes += s.bodySize(r)
	}
}

// forget takes a row out of the list it is in.
func (s *MemoryStore) forget(h uint32, r *memoryRow) {
	if r.detail == nil || r.detail.list == nil {
		return
	}
	if r.detail.list == &s.finished {
		s.bytes -= s.bodySize(r)
	}
	r.detail.list.remove(h)
	r.detail.list = nil
	r.setDetail(r.detail)
}

// evict drops the first finished rows while there is more of them than is kept.
func (s *MemoryStore) evict() {
	for s.finished.n > memoryMaxFinished || s.bytes > memoryMaxBytes {
		s.drop(s.finished.first)
	}
}

// drop removes a row that is finished and in no line.
func (s *MemoryStore) drop(h uint32) {
	r := s.rows.Get(h)
	s.forget(h, r)
	if s.filed == h {
		s.filed = s.all.links(h).before
	}
	s.all.remove(h)
	s.unindex(h, r)
	s.texts.Free(r.text)
	r.kind.webhook.count(r.stateName(), -1)
	s.kinds.release(r.kind)
	s.rows.Free(h)
}

// Prune implements [Pruner]. A finished delivery stays while it is in its line.
func (s *MemoryStore) Prune(ctx context.Context, p Prune) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, kept := 0, map[*memoryWebhook]int{}
	for _, h := range s.newestFinished() {
		if n >= p.Limit {
			break
		}
		r := s.rows.Get(h)
		w := r.kind.webhook
		before := p.Other
		if memoryStates[r.state] == Delivered {
			before = p.Delivered
		}
		kept[w]++
		old := r.detail.finished < memoryTimeOf(before)
		ours := r.detail.list == &s.finished && r.kind.Version <= DeliveryVersion
		if ours && (old || p.Keep > 0 && kept[w] > p.Keep) {
			s.drop(h)
			n++
		}
	}
	return n, nil
}

// newestFinished returns the finished rows, the newest delivery first.
func (s *MemoryStore) newestFinished() []uint32 {
	hs := make([]uint32, 0, s.finished.n+s.stopping.n)
	for _, l := range []*memoryList{&s.finished, &s.stopping} {
		for h := l.first; h != 0; h = l.links(h).after {
			hs = append(hs, h)
		}
	}
	slices.SortFunc(hs, func(a, b uint32) int {
		x, y := s.rows.Get(a), s.rows.Get(b)
		return cmp.Or(cmp.Compare(y.created, x.created), cmp.Compare(y.seq, x.seq))
	})
	return hs
}
