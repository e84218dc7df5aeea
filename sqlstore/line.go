package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/docevent/webhook"
)

// How a line moves. A delivery of a line is stored as ready (placeReady), first
// or not. A claim that comes across one that is not first puts it behind, where
// no claim looks, and the change that finishes the first makes the next ready
// again. So each waiting delivery costs one claim a little, and lines of any
// length cost the claims after it nothing.
//
// Neither may miss the other. A claim puts deliveries behind only while it has
// locked the first of the line and seen it open: whoever finishes that one does
// so after the claim committed, and then sees what it put behind. And whoever
// finishes a delivery locks the one that is first then before making it ready.
// So when two finish two deliveries of a line at once, the second sees what the
// first did.

// maxRounds bounds how often a change looks again because others moved the same
// lines.
const maxRounds = 16

var errRestless = errors.New("sqlstore: others keep changing the same lines")

// promote makes the next of each line ready after changes that finished one.
func (s *Store) promote(ctx context.Context, q Tx, cs []*change) error {
	var freed []any
	for _, c := range cs {
		if c.done && c.line != "" && (c.State == webhook.Delivered || c.State == webhook.Canceled) {
			freed = append(freed, c.num)
		}
	}
	for range maxRounds {
		if len(freed) == 0 {
			return nil
		}
		firsts, err := s.firsts(ctx, q, freed)
		if err != nil {
			return err
		}
		behind, finished, err := s.lockFirsts(ctx, q, firsts)
		if err != nil {
			return err
		}
		if err := s.move(ctx, q, behind, placeReady); err != nil {
			return err
		}
		again := freed[:0:0]
		for _, num := range freed {
			if finished[firsts[num.(int64)]] {
				again = append(again, num)
			}
		}
		freed = again
	}
	return errRestless
}

// firsts returns, for deliveries of lines, the first of the line of each that is
// neither Delivered nor Canceled; 0 if there is none.
func (s *Store) firsts(ctx context.Context, q Tx, nums []any) (map[int64]int64, error) {
	const text = "SELECT c.num, COALESCE((SELECT o.num FROM {states} o WHERE {open} " +
		"ORDER BY o.num LIMIT 1), 0) FROM {states} c WHERE c.num IN (%s)"
	firsts := make(map[int64]int64, len(nums))
	err := s.inPieces(nums, func(list []any) error {
		return each(ctx, q, s.in(text, list), list, func(r *sql.Rows) error {
			var num, first int64
			err := r.Scan(&num, &first)
			firsts[num] = first
			return err
		})
	})
	return firsts, err
}

// lockFirsts locks the firsts, which waits until nobody else changes them. It
// returns those that have been put behind, and which are finished by now.
func (s *Store) lockFirsts(ctx context.Context, q Tx, firsts map[int64]int64) (
	behind []any, finished map[int64]bool, err error) {
	var nums []any
	seen := map[int64]bool{0: true}
	for _, num := range firsts {
		if !seen[num] {
			seen[num] = true
			nums = append(nums, num)
		}
	}
	text := "SELECT num, state, queue_place FROM {states} {by num} " +
		"WHERE num IN (%s) ORDER BY num" + s.dialect.forUpdate
	finished = map[int64]bool{}
	err = s.inPieces(nums, func(list []any) error {
		return each(ctx, q, s.in(text, list), list, func(r *sql.Rows) error {
			var num int64
			var state webhook.State
			var place *int
			err := r.Scan(&num, &state, &place)
			finished[num] = state == webhook.Delivered || state == webhook.Canceled
			if place != nil && *place == placeBehind {
				behind = append(behind, num)
			}
			return err
		})
	})
	return behind, finished, err
}

// move gives deliveries their place in the queue: ready or behind.
func (s *Store) move(ctx context.Context, q Tx, nums []any, place int) error {
	return s.inPieces(nums, func(list []any) error {
		args := append([]any{place}, list...)
		text := s.in("UPDATE {states} {by num} SET queue_place = ?, queue_at = due "+
			"WHERE num IN (%s)", list)
		_, err := q.ExecContext(ctx, text, args...)
		return err
	})
}

// maxBehind is how many deliveries of one line a claim puts behind at once.
const maxBehind = 2000

// putBehind puts the ready deliveries of lines behind their firsts, where it can
// lock the first and sees it open.
func (s *Store) putBehind(ctx context.Context, q Tx, firsts []any) error {
	var held []any
	err := s.inPieces(firsts, func(list []any) error {
		nums, err := all[int64](ctx, q, s.in("SELECT num FROM {states} WHERE num IN (%s) "+
			"AND state NOT IN ('delivered', 'canceled')"+s.dialect.skipLocked, list), list...)
		held = append(held, anys(nums)...)
		return err
	})
	if err != nil {
		return err
	}
	text := s.text("SELECT o.num FROM {states} c JOIN {states} o ON {open} AND o.num > c.num " +
		"WHERE c.num = ? AND o.queue_place = 1 ORDER BY o.num LIMIT ?" + s.dialect.skipLocked)
	for _, first := range held {
		nums, err := all[int64](ctx, q, text, first, maxBehind)
		if err != nil {
			return err
		}
		if err := s.move(ctx, q, anys(nums), placeBehind); err != nil {
			return err
		}
	}
	return nil
}
