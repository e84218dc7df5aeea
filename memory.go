package webhook

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// Bounds of a MemoryStore.
const (
	memoryMaxPending  = 1_000_000 // deliveries that are not finished
	memoryMaxFinished = 10_000    // finished ones kept, oldest out first
	memoryMaxBytes    = 64 << 20  // of their bodies
)

// A MemoryStore is a [Store] in memory, for tests, development, and hosts that
// can afford to lose deliveries when the process ends. It refuses above a
// million unfinished deliveries with ErrFull, and keeps the last 10,000 finished
// ones with at most 64 MiB of bodies. It is safe for concurrent use.
type MemoryStore struct {
	mu       sync.Mutex // guards the fields below
	revision int64
	webhooks map[string]WebhookRecord
	rows     map[string]*memoryRow
	order    []*memoryRow            // as enqueued; nil where one was removed
	removed  int                     // how many nils order has
	queues   map[string]*memoryQueue // by webhook: what Claim may offer
	lines    map[string]memoryLine
	seq      int64 // of the last delivery
	finished memoryFinished
}

// A memoryRow is a stored delivery with its attempts.
type memoryRow struct {
	d        Delivery
	attempts []Attempt
	place    int       // in MemoryStore.order
	stamp    int       // in MemoryStore.finished, 0 when it is not there
	ready    time.Time // when Claim may offer it
	index    int       // in its queue, -1 when it is not there
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{
		webhooks: map[string]WebhookRecord{},
		rows:     map[string]*memoryRow{},
		queues:   map[string]*memoryQueue{},
		lines:    map[string]memoryLine{},
	}
}

var (
	_ Store   = (*MemoryStore)(nil)
	_ Pruner  = (*MemoryStore)(nil)
	_ Counter = (*MemoryStore)(nil)
)

// Webhooks implements [Store].
func (s *MemoryStore) Webhooks(ctx context.Context, seen Revision) ([]WebhookRecord, Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen.N == s.revision {
		return nil, Revision{N: s.revision}, ctx.Err()
	}
	recs := make([]WebhookRecord, 0, len(s.webhooks))
	for _, r := range s.webhooks {
		r.Data = bytes.Clone(r.Data)
		recs = append(recs, r)
	}
	slices.SortFunc(recs, func(a, b WebhookRecord) int { return cmp.Compare(a.Name, b.Name) })
	return recs, Revision{N: s.revision}, ctx.Err()
}

// PutWebhooks implements [Store].
func (s *MemoryStore) PutWebhooks(ctx context.Context, recs ...WebhookRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range recs {
		if s.webhooks[r.Name].Revision != r.Revision {
			return ErrConflict
		}
	}
	for _, r := range recs {
		r.Data = bytes.Clone(r.Data)
		r.Revision++
		s.webhooks[r.Name] = r
	}
	s.revision++
	return nil
}

// DeleteWebhook implements [Store].
func (s *MemoryStore) DeleteWebhook(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.webhooks[name]; !ok {
		return ErrNotFound
	}
	delete(s.webhooks, name)
	s.revision++
	return nil
}

// Enqueue implements [Store].
func (s *MemoryStore) Enqueue(ctx context.Context, ds []Delivery) ([]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows)-s.finished.n+len(ds) > memoryMaxPending {
		return nil, ErrFull
	}
	fresh := make([]bool, len(ds))
	for i := range ds {
		if _, ok := s.rows[ds[i].ID]; ok {
			continue
		}
		fresh[i] = true
		s.add(&memoryRow{d: copyDelivery(&ds[i]), index: -1})
	}
	return fresh, nil
}

// add stores a new row.
func (s *MemoryStore) add(r *memoryRow) {
	s.seq++
	if r.d.Line != "" {
		r.d.Seq = s.seq
	}
	r.place = len(s.order)
	s.order = append(s.order, r)
	s.rows[r.d.ID] = r
	s.settle(r)
}

// settle puts a new or changed row where its state belongs.
func (s *MemoryStore) settle(r *memoryRow) {
	if r.d.Line == "" {
		s.offer(r)
	} else {
		s.settleLine(r)
	}
	s.finished.settle(r)
	s.evict()
}

// settleLine offers the first row of r's line, and no other.
func (s *MemoryStore) settleLine(r *memoryRow) {
	l := s.lines[r.d.Line]
	was := l.head()
	l = l.settle(r)
	if len(l) == 0 {
		delete(s.lines, r.d.Line)
	} else {
		s.lines[r.d.Line] = l
	}
	q := s.queue(r.d.Webhook)
	q.remove(r)
	if was != nil {
		q.remove(was)
	}
	if is := l.head(); is != nil {
		s.offer(is)
	}
}

// offer lets Claim find the row, or not, as its state says.
func (s *MemoryStore) offer(r *memoryRow) {
	q := s.queue(r.d.Webhook)
	if r.d.State != Pending {
		q.remove(r)
		return
	}
	r.ready = r.d.Due
	if r.d.LeaseUntil.After(r.ready) {
		r.ready = r.d.LeaseUntil
	}
	q.put(r)
}

func (s *MemoryStore) queue(webhook string) *memoryQueue {
	q := s.queues[webhook]
	if q == nil {
		q = &memoryQueue{}
		s.queues[webhook] = q
	}
	return q
}

// Claim implements [Store].
func (s *MemoryStore) Claim(ctx context.Context, c Claim) ([]Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.dueQueues(c)
	var ds []Delivery
	for len(ds) < c.Limit && len(due) > 0 {
		r := due[0].rows[0]
		r.d.Owner, r.d.LeaseUntil = c.Owner, c.Now.Add(c.Lease)
		r.d.Fence++
		s.offer(r)
		ds = append(ds, copyDelivery(&r.d))
		if due[0].rows[0].ready.After(c.Now) {
			heap.Pop(&due)
		} else {
			heap.Fix(&due, 0)
		}
	}
	return ds, nil
}

// dueQueues returns the queues whose first row can be claimed.
func (s *MemoryStore) dueQueues(c Claim) memoryDue {
	var due memoryDue
	for name, q := range s.queues {
		switch {
		case len(q.rows) == 0:
			delete(s.queues, name)
		case !q.rows[0].ready.After(c.Now) && !slices.Contains(c.Skip, name):
			due = append(due, q)
		}
	}
	heap.Init(&due)
	return due
}

// Update implements [Store].
func (s *MemoryStore) Update(ctx context.Context, cs []Change) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := make([]error, len(cs))
	for i := range cs {
		errs[i] = s.update(&cs[i])
	}
	return errs, nil
}

func (s *MemoryStore) update(c *Change) error {
	r := s.rows[c.ID]
	switch {
	case r == nil:
		return ErrNotFound
	case r.d.Fence != c.Fence:
		return ErrLeaseLost
	}
	c.Apply(&r.d)
	if c.Attempt != nil {
		r.attempts = append(r.attempts, copyAttempt(c.Attempt))
	}
	s.settle(r)
	return nil
}

// Delivery implements [Store].
func (s *MemoryStore) Delivery(ctx context.Context, id string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil {
		return nil, ErrNotFound
	}
	d := copyDelivery(&r.d)
	return &d, ctx.Err()
}

// Deliveries implements [Store].
func (s *MemoryStore) Deliveries(ctx context.Context, q DeliveryQuery) ([]Delivery, error) {
	q = q.WithDefaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	from := len(s.order)
	if q.After != "" {
		r := s.rows[q.After]
		if r == nil {
			return nil, ErrNotFound
		}
		from = r.place
	}
	var ds []Delivery
	for i := from - 1; i >= 0 && len(ds) < q.Limit; i-- {
		if r := s.order[i]; r != nil && q.Match(&r.d) {
			ds = append(ds, copyDelivery(&r.d))
		}
	}
	return ds, ctx.Err()
}

// Attempts implements [Store].
func (s *MemoryStore) Attempts(ctx context.Context, deliveryID string) ([]Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[deliveryID]
	if r == nil {
		return nil, ctx.Err()
	}
	as := make([]Attempt, len(r.attempts))
	for i := range as {
		as[i] = copyAttempt(&r.attempts[i])
	}
	return as, ctx.Err()
}

// Count implements [Counter].
func (s *MemoryStore) Count(ctx context.Context, webhook string) (Counts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Counts{ByState: map[State]int{}}
	for _, r := range s.rows {
		if webhook != "" && r.d.Webhook != webhook {
			continue
		}
		c.ByState[r.d.State]++
		if r.d.State == Pending && (c.OldestDue.IsZero() || r.d.Due.Before(c.OldestDue)) {
			c.OldestDue = r.d.Due
		}
	}
	for _, l := range s.lines {
		if h := l.head(); h != nil && h.d.State.finished() && (webhook == "" || h.d.Webhook == webhook) {
			c.Blocked++
		}
	}
	return c, ctx.Err()
}

// Prune implements [Pruner].
func (s *MemoryStore) Prune(ctx context.Context, p Prune) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, kept := 0, map[string]int{}
	for i := len(s.order) - 1; i >= 0 && n < p.Limit; i-- {
		r := s.order[i]
		if r == nil || !r.d.State.finished() {
			continue
		}
		before := p.Other
		if r.d.State == Delivered {
			before = p.Delivered
		}
		kept[r.d.Webhook]++
		if r.d.Finished.Before(before) || p.Keep > 0 && kept[r.d.Webhook] > p.Keep {
			if s.drop(r) {
				n++
			}
		}
	}
	return n, nil
}

// evict drops the oldest finished rows above the store's bounds. A row that
// stops its line stays, and counts as the newest from then on.
func (s *MemoryStore) evict() {
	for s.finished.over() {
		if r := s.finished.oldest(); !s.drop(r) {
			s.finished.forget(r)
			s.finished.settle(r)
			return
		}
	}
}

// drop removes a finished row unless its line waits for it.
func (s *MemoryStore) drop(r *memoryRow) bool {
	if r.d.Line != "" && s.lines[r.d.Line].head() == r {
		return false
	}
	s.finished.forget(r)
	delete(s.rows, r.d.ID)
	s.order[r.place] = nil
	s.removed++
	if s.removed > 1000 && s.removed > len(s.order)/2 {
		s.compact()
	}
	return true
}

// compact closes the gaps in order.
func (s *MemoryStore) compact() {
	s.order = slices.DeleteFunc(s.order, func(r *memoryRow) bool { return r == nil })
	for i, r := range s.order {
		r.place = i
	}
	s.removed = 0
}

// copyDelivery returns d with a body of its own.
func copyDelivery(d *Delivery) Delivery {
	c := *d
	c.Body = bytes.Clone(d.Body)
	return c
}

// copyAttempt returns a with a header and body of its own.
func copyAttempt(a *Attempt) Attempt {
	c := *a
	c.Header, c.Body = a.Header.Clone(), bytes.Clone(a.Body)
	return c
}
