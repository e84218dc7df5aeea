// Package storetest proves that a [webhook.Store] keeps its contract.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) webhook.Store {
//			return mystore.New(openEmptyDatabase(t))
//		})
//	}
//
// Each check states the rule it proves, and a failure prints it. The optional
// powers, [webhook.Pruner], [webhook.Counter] and [webhook.Notifier], are checked
// of stores that have them, and [webhook.Transactor] of those that are a
// [Beginner]. [Benchmark] measures a store.
//
// Times in the checks lie far from the present: a store must not compare them
// with a clock of its own. A run makes a thousand calls that write or more;
// where commits wait for the disk, turn that off in the test's database.
package storetest

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/docevent/webhook"
)

// Run checks a store. newStore is called for each check and returns an empty
// store; it may use t to fail, skip, and clean up. Checks run one after the
// other.
func Run(t *testing.T, newStore func(t *testing.T) webhook.Store) {
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			if c.power != nil && !c.power(s) {
				t.Skip("the store does not have this power")
			}
			if err := c.verify(t.Context(), s); err != nil {
				t.Errorf("broken rule: %s\n%v", c.rule, err)
			}
		})
	}
}

// A check proves one rule on an empty store.
type check struct {
	name  string
	rule  string
	power func(webhook.Store) bool // nil: all stores have it
	run   func(*probe)
}

func checks() []check {
	return slices.Concat(recordChecks, enqueueChecks, claimChecks, lineChecks,
		updateChecks, attemptChecks, queryChecks, timeChecks, contextChecks, argumentChecks,
		pruneChecks, countChecks, notifyChecks, transactionChecks)
}

// patience bounds a check, so that a store that hangs fails and says where.
const patience = time.Minute

// verify runs a check and returns how the store broke its rule; nil if it kept
// it.
func (c *check) verify(ctx context.Context, s webhook.Store) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case violation:
			err = p
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	c.run(&probe{ctx: ctx, store: s})
	return nil
}
