package webhook

import (
	"context"
	"errors"
	"time"
)

// A Store keeps webhooks, deliveries and attempts. It needs rows by id, an
// index on the due time, a line key, and a compare-and-swap; every rule of what
// a delivery becomes is the library's own. The package documentation walks
// through a store on a key-value database; package storetest has a check for
// each rule below.
//
// All methods may be called by many goroutines, and many processes may share a
// store's data. Slices and what they point to belong to the caller, before and
// after: a store copies what it keeps and hands out copies. Strings are
// compared byte for byte: case, accents and spaces at the end tell names apart.
// Names and ids are UTF-8 of at most 255 bytes without NUL, those of records of
// at most 300; the header of an attempt is any UTF-8; bodies and the data of
// records are any bytes. They come back as they were given, nil or not; but an
// attempt's may come back nil when they are empty.
//
// Times are given by the caller; a store never compares with a clock of its own.
// It keeps them to the microsecond at least, cutting off what is finer, and
// returns them in UTC; the zero time stays zero. They lie between the years 1970
// and 2262.
//
// A call whose ctx has ended does nothing and returns ctx's error. When ctx ends
// during a call that changes something, it was done whole or not at all. A store
// returns its errors as they are, wrapping none of ours but those named here.
type Store interface {
	// Webhooks returns all records when anything in them changed since seen, and
	// no records when nothing did; and the revision to pass the next time. The
	// zero Revision has seen nothing.
	Webhooks(ctx context.Context, seen Revision) ([]WebhookRecord, Revision, error)

	// PutWebhooks creates or replaces records, all or none. No name comes
	// twice. A record's Revision is the one it was read with, 0 for a new one;
	// if one of them is not the stored record's, nothing is written and the
	// error is ErrConflict. The stored revision becomes one higher, and the
	// store's Revision rises. Without records it does nothing.
	PutWebhooks(ctx context.Context, recs ...WebhookRecord) error

	// DeleteWebhook removes the record of that name; ErrNotFound if there is
	// none. The store's Revision rises. Deliveries of the webhook stay.
	DeleteWebhook(ctx context.Context, name string) error

	// Enqueue stores deliveries as they are given, all or none, and reports for
	// each whether it is new; false means that its ID was there already, in the
	// store or earlier in ds, and that the stored one was left as it is. That
	// is no error. A delivery with a Line gets a Seq above that of all
	// deliveries of its line, in the order of ds, and is visible to a claim
	// only once those with a lower Seq are; without a Line, Seq says nothing. A
	// delivery may come in any State, and with an Owner, a LeaseUntil and a
	// Fence: then it is stored leased. ErrFull when there is no room.
	Enqueue(ctx context.Context, ds []Delivery) (fresh []bool, err error)

	// Claim leases deliveries that are due, the longest due first, at most
	// c.Limit. It offers those that are Pending with a Due not after c.Now and
	// a LeaseUntil not after c.Now, whose Version is not above DeliveryVersion,
	// whose Webhook is not in c.Skip, and that are first in their line: among
	// the deliveries of one Line only the one with the lowest Seq that is
	// neither Delivered nor Canceled. Each gets Owner and LeaseUntil = c.Now +
	// c.Lease and a Fence one higher, and is returned as it then is. No two
	// claims get the same delivery. One claim among several at once may leave
	// out what another looks at; alone, it offers everything.
	Claim(ctx context.Context, c Claim) ([]Delivery, error)

	// Update applies changes, each on its own: the change whose Fence is not
	// that of the stored delivery gets ErrLeaseLost, one whose delivery is not
	// there ErrNotFound, and neither touches anything. Otherwise the columns that
	// Change.Apply sets are set, the Fence becomes one higher, and the Attempt is
	// kept, in one step. The first result has one entry for each change; the
	// error says that the store failed and that nothing is known of any of them.
	Update(ctx context.Context, cs []Change) ([]error, error)

	// Delivery returns one delivery; ErrNotFound if there is none.
	Delivery(ctx context.Context, id string) (*Delivery, error)

	// Deliveries returns those that match q, newest first: the latest Created in
	// front, whenever it was enqueued, and those of the same Created in an order
	// of the store's choice that never changes. With q.After it returns those
	// behind that delivery in this order, whether q selects it or not: so page by
	// page each comes once, and none that was there from the beginning is left
	// out. ErrNotFound if q.After is not stored, or no longer.
	Deliveries(ctx context.Context, q DeliveryQuery) ([]Delivery, error)

	// Attempts returns the attempts of a delivery, oldest first; none for an
	// unknown one.
	Attempts(ctx context.Context, deliveryID string) ([]Attempt, error)
}

// A Revision marks a state of all webhook records.
type Revision struct {
	N   int64     // rises with every change of the records; never 0 once something was stored
	Now time.Time // the store's own clock, with every answer; zero if it has none
}

// A WebhookRecord is what a store keeps of one webhook, or of one of the
// library's own records, whose names begin with "~".
type WebhookRecord struct {
	Name     string
	Revision int64  // 0: not stored yet
	Data     []byte // opaque, already sealed
}

// A Claim asks for deliveries.
type Claim struct {
	Now   time.Time     // what Due and LeaseUntil are compared with, by no other clock
	Lease time.Duration // how long the deliveries are the claimer's
	Owner string        // names the claimer, for people who look at the rows
	Limit int           // at least 1
	Skip  []string      // webhooks to leave out
}

// ErrLeaseLost is a change's result when the delivery changed since it was
// read: its lease ran out and another took it, or it was canceled.
var ErrLeaseLost = errors.New("webhook: lease lost")

// ErrFull is returned by Enqueue, and so by Dispatch, when a store has no room
// for more deliveries.
var ErrFull = errors.New("webhook: store is full")

// A DeliveryQuery selects deliveries. Zero fields select all: without a Tenant
// those of every tenant.
type DeliveryQuery struct {
	Webhook string    `json:"webhook,omitempty"` // its name
	DocType string    `json:"doctype,omitempty"` // as in Delivery, like the next two
	DocName string    `json:"doc_name,omitempty"`
	Tenant  string    `json:"tenant,omitempty"`
	States  []State   `json:"states,omitempty"` // any of these
	Since   time.Time `json:"since,omitzero"`   // Created in [Since, Until)
	Until   time.Time `json:"until,omitzero"`
	After   string    `json:"after,omitempty"` // the ID of the last delivery of the page before
	Limit   int       `json:"limit,omitempty"` // defaults to 100, at most 1,000
}

// WithDefaults returns q with Limit within its bounds; stores call it first.
func (q DeliveryQuery) WithDefaults() DeliveryQuery {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	return q
}

// Match reports whether d is selected, After and Limit apart.
func (q DeliveryQuery) Match(d *Delivery) bool {
	return (q.Webhook == "" || q.Webhook == d.Webhook) &&
		(q.DocType == "" || q.DocType == d.DocType) &&
		(q.DocName == "" || q.DocName == d.DocName) &&
		(q.Tenant == "" || q.Tenant == d.Tenant) &&
		(q.Since.IsZero() || !d.Created.Before(q.Since)) &&
		(q.Until.IsZero() || d.Created.Before(q.Until)) &&
		q.matchState(d.State)
}

func (q DeliveryQuery) matchState(s State) bool {
	for _, want := range q.States {
		if s == want {
			return true
		}
	}
	return len(q.States) == 0
}

// A Pruner is a Store that forgets finished deliveries.
type Pruner interface {
	// Prune removes at most p.Limit deliveries, with their attempts, that
	// finished (Delivered, Failed, Exhausted, Canceled) before the time given
	// for their state, and those beyond the newest p.Keep finished ones, by
	// Created, of each webhook; 0 keeps all. Pending and Paused ones stay. So
	// do those with a Line that are Failed or Exhausted, which stop it, or will
	// when they are first, and those whose Version is above DeliveryVersion;
	// both count among the newest p.Keep. It returns how many it removed.
	Prune(ctx context.Context, p Prune) (int, error)
}

// A Prune says what to forget.
type Prune struct {
	Delivered time.Time // forget what was delivered before
	Other     time.Time // forget what finished otherwise before
	Keep      int       // finished deliveries kept for each webhook; 0: all
	Limit     int       // how many to remove at once
}

// A Counter is a Store that counts without listing.
type Counter interface {
	// Count counts the deliveries of one webhook, of all for "", by state.
	Count(ctx context.Context, webhook string) (Counts, error)
}

// Counts are what a Counter counts.
type Counts struct {
	ByState   map[State]int // a state without any may be missing
	OldestDue time.Time     // the earliest Due among the Pending; zero if there is none
	Blocked   int           // lines stopped by a Failed or Exhausted delivery
}

// A Transactor is a Store that can write in a transaction of the host's, which
// the host puts into the context by a function of the store's package.
type Transactor interface {
	// InTransaction reports whether ctx carries one. Then Enqueue and Webhooks
	// with this context work in it, on its connection only: what they did is
	// undone if the host rolls back. The dispatcher neither joins such an Enqueue
	// with others nor repeats it, and no lease is given by it.
	InTransaction(ctx context.Context) bool
}

// A Notifier is a Store that knows when another process enqueued something.
type Notifier interface {
	// Notify calls wake, from one goroutine, whenever something may have become
	// due, until ctx ends; then it returns. An error ends it early: the
	// dispatcher goes on polling and calls it again after a while.
	Notify(ctx context.Context, wake func()) error
}
