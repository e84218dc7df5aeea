package webhook

import (
	"context"
	"hash/maphash"
	"math"
	"sync"

	"github.com/docevent/webhook/internal/arena"
	"github.com/docevent/webhook/internal/indexed"
	"github.com/docevent/webhook/internal/slab"
)

// Bounds of a MemoryStore.
const (
	memoryMaxPending  = 1_000_000 // deliveries that cannot be evicted
	memoryMaxFinished = 10_000    // finished ones kept, oldest out first
	memoryMaxBytes    = 64 << 20  // of their bodies
)

// A MemoryStore is a [Store] in memory, for tests, development, and hosts that
// can afford to lose deliveries when the process ends. It refuses more than a
// million unfinished deliveries with ErrFull, and keeps the last 10,000
// finished ones with at most 64 MiB of bodies. A delivery that stops its line
// counts as unfinished. It is safe for concurrent use.
//
// A delivery that was not attempted yet takes about 210 bytes above its body,
// ids and document name of usual length included. Times are kept to the
// nanosecond, in UTC; those before 1678 or after 2262 become the nearest it can
// keep.
type MemoryStore struct {
	mu      sync.Mutex // guards the fields below
	records memoryRecords

	rows  slab.Slab[memoryRow]
	texts *arena.Arena
	kinds memoryKinds
	seed  maphash.Seed
	byID  map[uint32]uint32 // the row whose id has that hash, first of a chain
	all   memoryList        // by Created, the newest last
	filed uint32            // the row that was last put there
	seq   int64             // of the last delivery

	due    indexed.Heap[*memoryWebhook] // those with something to offer
	leases indexed.Heap[uint32]
	claims uint64 // counts calls of Claim
	lines  map[string]*memoryLine

	finished memoryList // may be evicted; the last to finish last
	stopping memoryList // finished, and stopping their lines
	bytes    int        // of the bodies of finished
}

// NewMemoryStore returns an empty store; the zero MemoryStore is none.
func NewMemoryStore() *MemoryStore {
	s := &MemoryStore{
		records: newMemoryRecords(), kinds: newMemoryKinds(),
		seed: maphash.MakeSeed(), byID: map[uint32]uint32{}, lines: map[string]*memoryLine{},
	}
	s.texts = arena.New(func(row uint32, at arena.Ref) { s.rows.Get(row).text = at })
	s.kinds.newHeap = s.newRowHeap
	s.due, s.leases = s.newDueHeap(), s.newLeaseHeap()
	s.all.links = func(row uint32) *memoryLinks { return &s.rows.Get(row).age }
	ended := func(row uint32) *memoryLinks { return &s.rows.Get(row).detail.ended }
	s.finished.links, s.stopping.links = ended, ended
	return s
}

var (
	_ Store   = (*MemoryStore)(nil)
	_ Pruner  = (*MemoryStore)(nil)
	_ Counter = (*MemoryStore)(nil)
)

// Enqueue implements [Store].
func (s *MemoryStore) Enqueue(ctx context.Context, ds []Delivery) ([]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hasRoom(ds) {
		return nil, ErrFull
	}
	fresh := make([]bool, len(ds))
	for i := range ds {
		if fresh[i] = s.find(ds[i].ID) == 0; fresh[i] {
			s.add(&ds[i])
		}
	}
	return fresh, nil
}

// hasRoom reports whether those of ds that are new can be added.
func (s *MemoryStore) hasRoom(ds []Delivery) bool {
	for i := range ds {
		if textSize(&ds[i]) > arena.MaxPiece {
			return false
		}
	}
	room := memoryMaxPending - (s.rows.Len() - s.finished.n)
	if len(ds) <= room {
		return true
	}
	fresh := map[string]bool{}
	for i := range ds {
		if s.find(ds[i].ID) == 0 {
			fresh[ds[i].ID] = true
		}
	}
	return len(fresh) <= room
}

// add stores a new delivery.
func (s *MemoryStore) add(d *Delivery) {
	h, r := s.rows.New()
	s.seq++
	r.seq, r.kind = s.seq, s.kinds.hold(d)
	r.created = memoryTimeOf(d.Created)
	r.setColumns(d)
	s.putText(h, r, d)
	s.index(h, r, d.ID)
	s.file(h, r)
	if d.Line != "" {
		r.rare().line = s.line(d.Line)
	}
	r.kind.webhook.count(d.State, 1)
	s.settle(h, r)
}

// file puts a new row where its Created belongs. Most rows belong at the end,
// or not far from it. Older ones come from a unit of work that was committed
// late, one after the other, so the search begins at the row that was filed
// last.
func (s *MemoryStore) file(h uint32, r *memoryRow) {
	links := s.all.links
	at := s.all.last
	if at != 0 && s.rows.Get(at).created > r.created && s.filed != 0 {
		at = s.filed
		next := links(at).after
		for next != 0 && s.rows.Get(next).created <= r.created {
			at, next = next, links(next).after
		}
	}
	for at != 0 && s.rows.Get(at).created > r.created {
		at = links(at).before
	}
	s.all.insert(h, at)
	s.filed = h
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
	h := s.find(c.ID)
	if h == 0 {
		return ErrNotFound
	}
	r := s.rows.Get(h)
	if r.fence != c.Fence {
		return ErrLeaseLost
	}
	var d Delivery
	r.columns(&d)
	r.kind.webhook.count(d.State, -1)
	c.Apply(&d)
	r.setColumns(&d)
	r.kind.webhook.count(d.State, 1)
	if c.Attempt != nil {
		r.rare().log(c.Attempt)
	}
	s.settle(h, r)
	return nil
}

// settle puts a new or changed row where its columns belong.
func (s *MemoryStore) settle(h uint32, r *memoryRow) {
	if r.detail != nil && r.detail.line != nil {
		s.enter(h, r, inNone) // others of its line move, and it may be out of order
		s.settleLine(h, r)
	}
	s.place(h, r)
	s.retain(h, r)
	s.evict()
}

// Delivery implements [Store].
func (s *MemoryStore) Delivery(ctx context.Context, id string) (*Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.find(id)
	if h == 0 {
		return nil, ErrNotFound
	}
	d := s.delivery(h)
	return &d, nil
}

// Deliveries implements [Store]. ErrNotFound when q.After is not stored.
func (s *MemoryStore) Deliveries(ctx context.Context, q DeliveryQuery) ([]Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q = q.WithDefaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.all.last
	if q.After != "" {
		after := s.find(q.After)
		if after == 0 {
			return nil, ErrNotFound
		}
		h = s.rows.Get(after).age.before
	}
	if s.hasNone(q.States) {
		return nil, nil
	}
	var ds []Delivery
	for ; h != 0 && len(ds) < q.Limit; h = s.rows.Get(h).age.before {
		if s.matches(&q, h) {
			ds = append(ds, s.delivery(h))
		}
	}
	return ds, nil
}

// hasNone reports whether no delivery is in any of the states. It spares those
// who look for what is seldom there, as paused ones, a walk over all.
func (s *MemoryStore) hasNone(states []State) bool {
	for _, w := range s.kinds.webhooks {
		for _, state := range states {
			if w.counts[state] > 0 {
				return false
			}
		}
	}
	return len(states) > 0
}

// matches reports whether q selects a row, without copying what it holds.
func (s *MemoryStore) matches(q *DeliveryQuery, h uint32) bool {
	r := s.rows.Get(h)
	seen := Delivery{
		Webhook: r.kind.Webhook, DocType: r.kind.DocType, DocName: q.DocName,
		Tenant: r.kind.Tenant, Created: r.created.time(), State: r.stateName(),
	}
	return q.Match(&seen) && (q.DocName == "" || s.named(r, q.DocName))
}

// Attempts implements [Store].
func (s *MemoryStore) Attempts(ctx context.Context, deliveryID string) ([]Attempt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.find(deliveryID)
	if h == 0 {
		return nil, nil
	}
	return s.rows.Get(h).attempts(), nil
}

// Count implements [Counter]. It looks at the webhooks and at what is leased,
// not at all rows.
func (s *MemoryStore) Count(ctx context.Context, webhook string) (Counts, error) {
	if err := ctx.Err(); err != nil {
		return Counts{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, oldest := Counts{ByState: map[State]int{}}, memoryTime(math.MaxUint64)
	for name, w := range s.kinds.webhooks {
		if webhook == "" || webhook == name {
			oldest = min(oldest, s.firstDue(&w.queue), s.firstDue(&w.waiting))
			c.Blocked += w.blocked
			for state, n := range w.counts {
				c.ByState[state] += n
			}
		}
	}
	for _, h := range s.leases.All() {
		if r := s.rows.Get(h); webhook == "" || webhook == r.kind.Webhook {
			oldest = min(oldest, r.due)
		}
	}
	if oldest != math.MaxUint64 {
		c.OldestDue = oldest.time()
	}
	return c, nil
}

// firstDue returns when the first of a heap is due; never when it is empty.
func (s *MemoryStore) firstDue(heap *indexed.Heap[uint32]) memoryTime {
	if heap.Len() == 0 {
		return math.MaxUint64
	}
	return s.rows.Get(heap.First()).due
}
