package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/docevent/webhook"
)

// Claim implements [webhook.Store]. When nothing is due it only reads. Deliveries
// that another claim is just taking are passed over, not waited for.
//
// While many more deliveries of skipped webhooks are due than are asked for, it
// goes by webhook: then it gets the longest due of each, in order.
func (s *Store) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	now := micros(c.Now)
	rush, expired := s.rush(now), false
	if !rush {
		var ready bool
		var err error
		if ready, expired, err = s.look(ctx, now); err != nil || !ready && !expired {
			return nil, err
		}
	}
	var got []*row
	err := s.write(ctx, func(q Tx) error {
		k := &claiming{store: s, q: q, Claim: c, now: now, seen: map[int64]bool{}}
		err := k.all(ctx, rush, expired)
		got = k.got
		return err
	})
	if err != nil {
		return nil, err
	}
	s.claimed(len(got) == c.Limit)
	ds := make([]webhook.Delivery, len(got))
	for i, r := range got {
		ds[i] = *r.Delivery
	}
	return ds, nil
}

// A sight is what was last seen of the queue. A claim soon after one which got
// all that it asked for need not look again. That saves much where old versions
// of rows stay for a while, as in PostgreSQL: a look goes over all rows that
// were claimed before.
type sight struct {
	at   time.Time // zero: it was not looked at
	now  int64     // the time of that claim
	ends int64     // when the first lease ran out as it was then; 0: there was none
	full bool      // the last claim got all that it asked for
}

// lookAgain is for how long claims may do without a look, which alone shows
// that leases ran out: no lease is as short.
const lookAgain = time.Second

// rush reports whether a claim need not look.
func (s *Store) rush(now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &s.sight
	soon := time.Since(v.at) < lookAgain && now >= v.now && now < v.now+lookAgain.Microseconds()
	return v.full && soon && (v.ends == 0 || now < v.ends)
}

// claimed notes whether a claim got all that it asked for.
func (s *Store) claimed(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sight.full = full
}

// look reports whether something may be claimed, and whether leases ran out. It
// asks for the earliest row, not for any: a planner that expects many would
// read through the table to find one.
func (s *Store) look(ctx context.Context, now int64) (ready, expired bool, err error) {
	at := time.Now()
	text := s.text("SELECT " +
		"(SELECT MIN(queue_at) FROM {states} {by queue} WHERE queue_place = 1), " +
		"(SELECT MIN(queue_at) FROM {states} {by queue} WHERE queue_place = 2)")
	var due, end sql.NullInt64
	err = each(ctx, s.db, text, nil, func(r *sql.Rows) error { return r.Scan(&due, &end) })
	if err != nil {
		return false, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sight = sight{at: at, now: now, ends: end.Int64}
	return due.Valid && due.Int64 <= now, end.Valid && end.Int64 <= now, nil
}

// A claiming is one try of a claim, in its transaction.
type claiming struct {
	webhook.Claim
	store *Store
	q     Tx
	now   int64
	got   []*row
	seen  map[int64]bool // considered in a round before, and left
}

// all takes what is due. Without a look, leases that ran out are taken back only
// when nothing else is left.
func (k *claiming) all(ctx context.Context, rush, expired bool) error {
	if expired {
		if err := k.expire(ctx); err != nil {
			return err
		}
	}
	if err := k.run(ctx); err != nil || !rush || len(k.got) == k.Limit {
		return err
	}
	if err := k.expire(ctx); err != nil {
		return err
	}
	err := k.run(ctx)
	slices.SortFunc(k.got, func(a, b *row) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.num, b.num))
	})
	return err
}

// maxExpired is how many leases that ran out are taken back by one statement.
const maxExpired = 1000

// expire makes deliveries ready whose lease ran out: all of them, for any may be
// the longest due.
func (k *claiming) expire(ctx context.Context) error {
	text := k.store.text("SELECT num FROM {states} {by queue} " +
		"WHERE queue_place = 2 AND queue_at <= ? " +
		"ORDER BY queue_at, num LIMIT ?" + k.store.dialect.skipLocked)
	for {
		nums, err := all[int64](ctx, k.q, text, k.now, maxExpired)
		if err != nil {
			return err
		}
		err = k.store.move(ctx, k.q, anys(nums), placeReady)
		if err != nil || len(nums) < maxExpired {
			return err
		}
	}
}

// maxMore bounds how many rows a round looks for. Each round looks for twice as
// many as the one before it, whose rows turned out to be behind others of their
// lines.
const maxMore = 4096

// run takes what is due, in rounds. A row that turns out to be behind another
// of its line is put there, and makes place for more. One that could not be put
// there, because others hold its line, stays in the way, and the next round
// looks past it.
func (k *claiming) run(ctx context.Context) error {
	for more, stuck := k.Limit, 0; ; more = max(more, min(2*more, maxMore)) {
		rows, err := k.candidates(ctx, more+stuck)
		if err != nil {
			return err
		}
		found, last := len(rows), len(rows) < more+stuck
		rows = slices.DeleteFunc(rows, func(r *row) bool { return k.seen[r.num] })
		stuck = found - len(rows)
		firsts, err := k.line(ctx, rows)
		if err != nil {
			return err
		}
		if err := k.lease(ctx, firsts[:min(len(firsts), k.Limit-len(k.got))]); err != nil {
			return err
		}
		if len(k.got) == k.Limit || last {
			return nil
		}
	}
}

// line returns the candidates that can be claimed, and puts those that are
// behind others of their line there.
func (k *claiming) line(ctx context.Context, rows []*row) (firsts []*row, err error) {
	var lined []any
	for _, r := range rows {
		if k.seen[r.num] = true; r.Line != "" {
			lined = append(lined, r.num)
		}
	}
	if len(lined) == 0 {
		return rows, nil
	}
	first, err := k.store.firsts(ctx, k.q, lined)
	if err != nil {
		return nil, err
	}
	var before []any
	for _, r := range rows {
		if r.Line == "" || first[r.num] == r.num {
			firsts = append(firsts, r)
		} else {
			before = append(before, first[r.num])
		}
	}
	return firsts, k.store.putBehind(ctx, k.q, before)
}

// lease gives rows to the claimer.
func (k *claiming) lease(ctx context.Context, rows []*row) error {
	until := k.Now.Add(k.Lease)
	nums := make([]any, len(rows))
	place := make(map[int64]int, len(rows))
	for i, r := range rows {
		nums[i], place[r.num] = r.num, i
	}
	k.got = append(k.got, rows...)
	return k.store.inPieces(nums, func(list []any) error {
		args := append([]any{micros(until), k.Owner, micros(until)}, list...)
		take := k.store.in("UPDATE {states} {by num} SET queue_place = 2, queue_at = ?, "+
			"owner = ?, lease_until = ?, fence = fence + 1 WHERE num IN (%s)", list)
		if _, err := k.q.ExecContext(ctx, take, args...); err != nil {
			return err
		}
		read := k.store.in("SELECT "+columns+" FROM {deliveries} d CROSS JOIN {states} s "+
			"WHERE d.num IN (%s) AND s.num = d.num", list)
		leased, err := readRows(ctx, k.q, read, list)
		for _, r := range leased {
			*rows[place[r.num]] = *r
		}
		return err
	})
}

// claimable is the condition of the rows that a claim may take, except that
// they must be first in their line.
const claimable = "queue_place = 1 AND queue_at <= ? AND lease_until <= ? AND version <= ?"

// claimable returns the parameters of the condition.
func (k *claiming) claimable() []any { return []any{k.now, k.now, webhook.DeliveryVersion} }

// candidates returns at most so many numbers and lines of rows that are due and
// that no other claim is taking, the longest due first, and locks them.
func (k *claiming) candidates(ctx context.Context, limit int) ([]*row, error) {
	if len(k.Skip) > 0 {
		return k.unskipped(ctx, limit)
	}
	text := k.store.text("SELECT num, line FROM {states} {by queue} WHERE " + claimable +
		" ORDER BY queue_at, num LIMIT ?" + k.store.dialect.skipLocked)
	return k.places(ctx, text, append(k.claimable(), limit)...)
}

// places returns the rows of a query for num and line, with nothing else.
func (k *claiming) places(ctx context.Context, text string, args ...any) ([]*row, error) {
	var rows []*row
	var line sql.NullString
	err := each(ctx, k.q, text, args, func(found *sql.Rows) error {
		r := &row{Delivery: &webhook.Delivery{}}
		err := found.Scan(&r.num, &line)
		r.Line = line.String
		rows = append(rows, r)
		return err
	})
	return rows, err
}
