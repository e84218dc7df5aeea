// Package boltstore keeps webhooks and deliveries in a bbolt file, beside the
// host's own data. It is a complete webhook.Store, written to be read: the
// package documentation of webhook walks through it, in the order of this file.
// What a store need not have, Pruner and Counter, is in powers.go.
//
// bbolt lets one process at a time open a file, and one writer at a time write.
package boltstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/docevent/webhook"
	"go.etcd.io/bbolt"
)

// Buckets, with what their keys are made of and what they say.
var (
	records    = []byte("webhook_records")    // name: the record; its sequence is the Revision
	deliveries = []byte("webhook_deliveries") // id: the row; its sequence is the last Seq
	newest     = []byte("webhook_newest")     // Created, Seq: id
	due        = []byte("webhook_due")        // Due, Seq: end of lease, webhook, id; for Claim
	lines      = []byte("webhook_lines")      // line, Seq: id; neither Delivered nor Canceled
)

// A Store is a webhook.Store, and a Transactor, Pruner and Counter. It is safe
// for concurrent use.
type Store struct{ db *bbolt.DB }

// New returns a store in db, which the caller closes, and makes its buckets.
func New(db *bbolt.DB) (*Store, error) {
	return &Store{db}, db.Update(func(btx *bbolt.Tx) error {
		for _, name := range [][]byte{records, deliveries, newest, due, lines} {
			if _, err := btx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

type hostTx struct{}

// WithTx returns a context with which Dispatch writes in the host's own
// transaction: its data and the deliveries are committed together, or neither.
// The transaction must be writable, and may be used by one goroutine only.
// After the commit call [webhook.Dispatcher.Wake]; else Run finds them with its
// next poll.
func WithTx(ctx context.Context, btx *bbolt.Tx) context.Context {
	return context.WithValue(ctx, hostTx{}, btx)
}

// InTransaction implements webhook.Transactor.
func (s *Store) InTransaction(ctx context.Context) bool { return ctx.Value(hostTx{}) != nil }

// in runs f in a transaction of s.db.View or s.db.Update, or in the host's
// where ctx carries one. An error undoes all that f did; the host's, the host
// rolls back.
func (s *Store) in(ctx context.Context, begin func(func(*bbolt.Tx) error) error,
	f func(t *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	within := func(btx *bbolt.Tx) error {
		t := &tx{Tx: btx}
		if err := f(t); err != nil {
			return err
		}
		return t.err
	}
	if host, ok := ctx.Value(hostTx{}).(*bbolt.Tx); ok {
		return within(host)
	}
	return begin(within)
}

// A tx is a transaction that remembers the first error of a write.
type tx struct {
	*bbolt.Tx
	err error
}

// set writes an entry, or sees to it that there is none.
func (t *tx) set(there bool, bucket, k, value []byte) {
	switch {
	case t.err != nil:
	case there:
		t.err = t.Bucket(bucket).Put(k, value)
	default:
		t.err = t.Bucket(bucket).Delete(k)
	}
}

// store writes an entry as JSON.
func (t *tx) store(bucket []byte, k string, v any) {
	value, err := json.Marshal(v)
	t.err = cmp.Or(t.err, err)
	t.set(true, bucket, []byte(k), value)
}

// next returns a number that is higher than all before.
func (t *tx) next(bucket []byte) int64 {
	n, err := t.Bucket(bucket).NextSequence()
	t.err = cmp.Or(t.err, err)
	return int64(n)
}

// key makes a key of names, times and numbers that sorts as they do: names end
// with a NUL, which none contains; the rest are eight bytes, the high one first.
func key(parts ...any) (k []byte) {
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			k = append(append(k, p...), 0)
		case int64:
			k = binary.BigEndian.AppendUint64(k, uint64(p))
		case time.Time:
			if p.IsZero() {
				p = time.Unix(0, 0)
			}
			k = binary.BigEndian.AppendUint64(k, uint64(p.UnixMicro()))
		}
	}
	return k
}

// Webhooks implements webhook.Store: the sequence says whether anything changed.
func (s *Store) Webhooks(ctx context.Context, seen webhook.Revision) (
	recs []webhook.WebhookRecord, rev webhook.Revision, err error) {
	err = s.in(ctx, s.db.View, func(t *tx) error {
		rev.N = int64(t.Bucket(records).Sequence())
		if rev.N == seen.N {
			return nil
		}
		return t.Bucket(records).ForEach(func(name, _ []byte) error {
			r, err := t.record(string(name))
			recs = append(recs, r)
			return err
		})
	})
	return recs, rev, err
}

// record returns the one of that name; one without a Revision if there is none.
func (t *tx) record(name string) (r webhook.WebhookRecord, err error) {
	if value := t.Bucket(records).Get([]byte(name)); value != nil {
		err = json.Unmarshal(value, &r)
	}
	return r, err
}

// PutWebhooks implements webhook.Store: the error of one undoes the others.
func (s *Store) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	if len(recs) == 0 {
		return ctx.Err()
	}
	return s.in(ctx, s.db.Update, func(t *tx) error {
		for _, r := range recs {
			stored, err := t.record(r.Name)
			if err != nil {
				return err
			}
			if stored.Revision != r.Revision {
				return webhook.ErrConflict
			}
			r.Revision++
			t.store(records, r.Name, r)
		}
		t.next(records)
		return nil
	})
}

// DeleteWebhook implements webhook.Store.
func (s *Store) DeleteWebhook(ctx context.Context, name string) error {
	return s.in(ctx, s.db.Update, func(t *tx) error {
		if t.Bucket(records).Get([]byte(name)) == nil {
			return webhook.ErrNotFound
		}
		t.set(false, records, []byte(name), nil)
		t.next(records)
		return nil
	})
}

// A row is what is stored of a delivery. Its Body has a member of its own,
// which tells an empty body from none.
type row struct {
	webhook.Delivery
	Body []byte            `json:"body"`
	Log  []webhook.Attempt `json:"log,omitempty"`
}

// row returns a delivery; ErrNotFound if there is none.
func (t *tx) row(id string) (*row, error) {
	value := t.Bucket(deliveries).Get([]byte(id))
	if value == nil {
		return nil, webhook.ErrNotFound
	}
	r := &row{}
	err := json.Unmarshal(value, r)
	r.Delivery.Body = r.Body
	return r, err
}

// save writes a row and the keys by which it is found, and removes the key of the
// Due that it had.
func (t *tx) save(r *row, had time.Time) error {
	for _, at := range []*time.Time{
		&r.Created, &r.Due, &r.Since, &r.PausedAt, &r.Finished, &r.LeaseUntil,
	} {
		*at = at.UTC()
	}
	stopped := t.first(r.Line)
	t.set(false, due, key(had, r.Seq), nil)
	t.store(deliveries, r.ID, r)
	t.set(true, newest, key(r.Created, r.Seq), []byte(r.ID))
	t.set(r.inLine(), lines, key(r.Line, r.Seq), []byte(r.ID))
	// The first in line may be another delivery now.
	for _, id := range []string{r.ID, stopped, t.first(r.Line)} {
		if id != "" && t.err == nil {
			t.err = t.offer(id)
		}
	}
	return t.err
}

// inLine reports whether a delivery stops those behind it in its line.
func (r *row) inLine() bool {
	return r.Line != "" && r.State != webhook.Delivered && r.State != webhook.Canceled
}

// first returns the id of the delivery that stops its line; "" for none.
func (t *tx) first(line string) string {
	if k, id := t.Bucket(lines).Cursor().Seek(key(line)); bytes.HasPrefix(k, key(line)) {
		return string(id)
	}
	return ""
}

// offer puts a delivery where Claim finds it, or takes it away from there. A
// leased one stays, and Claim passes it over: only the claimer knows the time.
func (t *tx) offer(id string) error {
	r, err := t.row(id)
	if err != nil {
		return err
	}
	offered := r.State == webhook.Pending && r.Version <= webhook.DeliveryVersion &&
		(r.Line == "" || t.first(r.Line) == id)
	t.set(offered, due, key(r.Due, r.Seq), append(key(r.LeaseUntil, r.Webhook), id...))
	return t.err
}

// Enqueue implements webhook.Store.
func (s *Store) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	fresh := make([]bool, len(ds))
	return fresh, s.in(ctx, s.db.Update, func(t *tx) error {
		for i, d := range ds {
			fresh[i] = t.Bucket(deliveries).Get([]byte(d.ID)) == nil
			if fresh[i] {
				d.Seq = t.next(deliveries)
				if err := t.save(&row{Delivery: d, Body: d.Body}, d.Due); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Claim implements webhook.Store.
func (s *Store) Claim(ctx context.Context, c webhook.Claim) (ds []webhook.Delivery, err error) {
	err = s.in(ctx, s.db.Update, func(t *tx) error {
		for _, id := range t.longestDue(c) {
			r, err := t.row(id)
			if err != nil {
				return err
			}
			r.Owner, r.LeaseUntil, r.Fence = c.Owner, c.Now.Add(c.Lease), r.Fence+1
			if err := t.save(r, r.Due); err != nil {
				return err
			}
			ds = append(ds, r.Delivery)
		}
		return nil
	})
	return ds, err
}

// longestDue returns the ids that a claim gets. It walks over the keys of what is
// leased or left out; a store for millions would begin them with the webhook.
func (t *tx) longestDue(c webhook.Claim) (ids []string) {
	skip := map[string]bool{}
	for _, name := range c.Skip {
		skip[name] = true
	}
	now, at := key(c.Now), t.Bucket(due).Cursor()
	for k, v := at.First(); k != nil && len(ids) < c.Limit; k, v = at.Next() {
		if bytes.Compare(k[:8], now) > 0 {
			break
		}
		name, id, _ := bytes.Cut(v[8:], []byte{0})
		if bytes.Compare(v[:8], now) <= 0 && !skip[string(name)] {
			ids = append(ids, string(id))
		}
	}
	return ids
}

// Update implements webhook.Store: a compare-and-swap on the Fence, with the
// attempt in the same row.
func (s *Store) Update(ctx context.Context, cs []webhook.Change) ([]error, error) {
	errs := make([]error, len(cs))
	return errs, s.in(ctx, s.db.Update, func(t *tx) error {
		for i, c := range cs {
			r, err := t.row(c.ID)
			if errors.Is(err, webhook.ErrNotFound) || err == nil && r.Fence != c.Fence {
				errs[i] = cmp.Or(err, webhook.ErrLeaseLost)
				continue
			}
			if err != nil {
				return err
			}
			had := r.Due
			c.Apply(&r.Delivery)
			if c.Attempt != nil {
				a := *c.Attempt
				a.Time, a.Next = a.Time.UTC(), a.Next.UTC()
				r.Log = append(r.Log, a)
			}
			if err := t.save(r, had); err != nil {
				return err
			}
		}
		return nil
	})
}

// find returns a row in a transaction of its own.
func (s *Store) find(ctx context.Context, id string) (r *row, err error) {
	err = s.in(ctx, s.db.View, func(t *tx) error {
		r, err = t.row(id)
		return err
	})
	return r, err
}

// Delivery implements webhook.Store.
func (s *Store) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return &r.Delivery, nil
}

// Attempts implements webhook.Store.
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]webhook.Attempt, error) {
	r, err := s.find(ctx, deliveryID)
	if errors.Is(err, webhook.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.Log, nil
}

// newestFirst returns the rows behind one, all for "".
func (t *tx) newestFirst(after string) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		at := t.Bucket(newest).Cursor()
		k, id := at.Last()
		if after != "" {
			r, err := t.row(after)
			if err != nil {
				yield(nil, err)
				return
			}
			at.Seek(key(r.Created, r.Seq))
			k, id = at.Prev()
		}
		for ; k != nil && yield(t.row(string(id))); k, id = at.Prev() {
		}
	}
}

// Deliveries implements webhook.Store. It reads whatever lies between those that
// match: a store for many would have more keys.
func (s *Store) Deliveries(ctx context.Context, q webhook.DeliveryQuery) (
	ds []webhook.Delivery, err error) {
	q = q.WithDefaults()
	err = s.in(ctx, s.db.View, func(t *tx) error {
		for r, err := range t.newestFirst(q.After) {
			if err != nil || len(ds) == q.Limit {
				return err
			}
			if q.Match(&r.Delivery) {
				ds = append(ds, r.Delivery)
			}
		}
		return nil
	})
	return ds, err
}
