package webhook

import (
	"math"
	"time"

	"github.com/docevent/webhook/internal/arena"
)

// A memoryRow is a stored delivery. What most deliveries do not have, or share
// with others, is elsewhere: a million rows are to fit in memory.
type memoryRow struct {
	kind    *memoryKind
	detail  *memoryDetail // nil while all of it is zero
	created memoryTime
	due     memoryTime
	since   memoryTime
	fence   int64
	seq     int64 // counts all deliveries of the store
	text    arena.Ref
	age     memoryLinks // in MemoryStore.all
	next    uint32      // row whose id has the same hash
	place   uint32      // in heap, from 1
	heap    memoryHeap
	state   memoryState
	body    bool // the body is not nil
}

// A memoryDetail is what a row has once it was claimed, or is in a line.
type memoryDetail struct {
	state      State // one that this library does not know
	reason     string
	owner      string
	leaseUntil memoryTime
	pausedAt   memoryTime
	finished   memoryTime
	tried      int
	tries      int
	attempts   *memoryAttempt // the newest
	line       *memoryLine
	linePlace  uint32      // in the line, from 1
	list       *memoryList // finished or stopping, if it is in one
	ended      memoryLinks // there
}

// A memoryTime is a time in Unix nanoseconds, counted from the earliest there
// is. 0 is the zero time.
type memoryTime uint64

const epoch = 1 << 63 // of Unix

func memoryTimeOf(t time.Time) memoryTime {
	const most = math.MaxInt64 / int64(time.Second)
	switch {
	case t.IsZero():
		return 0
	case t.Unix() <= -most:
		return 1
	case t.Unix() >= most:
		return math.MaxUint64 - 1
	}
	return memoryTime(t.UnixNano()) + epoch
}

func (t memoryTime) time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(t-epoch)).UTC()
}

// A memoryState is an index into memoryStates; 0 is a state of the detail.
type memoryState uint8

var memoryStates = [...]State{"", Pending, Delivered, Failed, Exhausted, Paused, Canceled}

func memoryStateOf(s State) memoryState {
	for i, known := range memoryStates {
		if s == known {
			return memoryState(i)
		}
	}
	return 0
}

func (r *memoryRow) stateName() State {
	if r.state == 0 && r.detail != nil {
		return r.detail.state
	}
	return memoryStates[r.state]
}

// rare returns the row's detail, made if there was none.
func (r *memoryRow) rare() *memoryDetail {
	if r.detail == nil {
		r.detail = &memoryDetail{}
	}
	return r.detail
}

// columns fills in what changes of a delivery.
func (r *memoryRow) columns(d *Delivery) {
	d.State, d.Due, d.Since, d.Fence = r.stateName(), r.due.time(), r.since.time(), r.fence
	if x := r.detail; x != nil {
		d.Reason, d.Owner, d.LeaseUntil = x.reason, x.owner, x.leaseUntil.time()
		d.PausedAt, d.Finished = x.pausedAt.time(), x.finished.time()
		d.Attempts, d.Tries = x.tried, x.tries
	}
}

// setColumns takes over what changes of a delivery.
func (r *memoryRow) setColumns(d *Delivery) {
	r.state, r.fence = memoryStateOf(d.State), d.Fence
	r.due, r.since = memoryTimeOf(d.Due), memoryTimeOf(d.Since)
	var x memoryDetail
	if r.detail != nil {
		x = *r.detail
	}
	x.reason, x.owner, x.leaseUntil = d.Reason, d.Owner, memoryTimeOf(d.LeaseUntil)
	x.pausedAt, x.finished = memoryTimeOf(d.PausedAt), memoryTimeOf(d.Finished)
	x.tried, x.tries, x.state = d.Attempts, d.Tries, ""
	if r.state == 0 {
		x.state = d.State
	}
	r.setDetail(&x)
}

// setDetail keeps a copy of x, or nothing if it says nothing.
func (r *memoryRow) setDetail(x *memoryDetail) {
	if *x == (memoryDetail{}) {
		r.detail = nil
		return
	}
	*r.rare() = *x
}

// leaseUntil returns when the row's lease ends; 0 if it has none.
func (r *memoryRow) leaseUntil() memoryTime {
	if r.detail == nil {
		return 0
	}
	return r.detail.leaseUntil
}

// delivery returns a row as a Delivery of the caller's own.
func (s *MemoryStore) delivery(h uint32) Delivery {
	r := s.rows.Get(h)
	k := r.kind
	d := Delivery{
		Webhook: k.Webhook, DocType: k.DocType, Tenant: k.Tenant, Method: k.Method,
		ContentType: k.ContentType, Type: k.Type, Chain: k.Chain, Version: k.Version,
		Created: r.created.time(),
	}
	r.columns(&d)
	s.readText(r, &d)
	if r.detail != nil && r.detail.line != nil {
		d.Line, d.Seq = r.detail.line.name, r.seq
	}
	return d
}
