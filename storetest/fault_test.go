package storetest

// An internal test: the checks are run without a *testing.T, which would fail
// with them.

import (
	"context"
	"slices"
	"testing"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A fault makes a store break one rule; want is the check that must find it.
type fault struct {
	name  string
	fault func(b *broken)
	want  string
}

func faults() []fault {
	return slices.Concat(recordFaults, enqueueFaults, claimFaults, lineFaults, updateFaults,
		readFaults, timeFaults, contextFaults, argumentFaults, powerFaults, transactionFaults)
}

func TestFaultsAreFound(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			i := slices.IndexFunc(checks(), func(c check) bool { return c.name == f.want })
			require.GreaterOrEqual(t, i, 0, "there is no check %s", f.want)
			b := newBroken()
			f.fault(b)
			err := checks()[i].verify(t.Context(), b)
			require.Error(t, err, "not found")
			require.NotContains(t, err.Error(), "panic: ", "found by accident")
			t.Log(err)
		})
	}
}

// A check that no fault fails may be one that cannot fail.
func TestEachCheckFindsAFault(t *testing.T) {
	found := map[string]bool{}
	for _, f := range faults() {
		found[f.want] = true
	}
	for _, c := range checks() {
		require.True(t, found[c.name], "no fault for %s", c.name)
	}
}

func TestSoundStorePasses(t *testing.T) {
	Run(t, func(*testing.T) webhook.Store { return newBroken() })
}

// A store that panics breaks the rule that was being checked.
func TestPanicIsViolation(t *testing.T) {
	c := check{run: func(p *probe) { p.claim(0, 1) }}
	b := newBroken()
	b.claim = func(context.Context, webhook.Claim) ([]webhook.Delivery, error) { panic("no table") }
	require.ErrorContains(t, c.verify(t.Context(), b), "panic: no table")
}

func TestEachCheckHasItsNameAndRule(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks() {
		require.False(t, seen[c.name], "%s comes twice", c.name)
		seen[c.name] = true
		require.Regexp(t, `^[A-Z].*\.$`, c.rule, c.name)
	}
}

func BenchmarkMemoryStore(b *testing.B) {
	Benchmark(b, func(*testing.B) webhook.Store { return webhook.NewMemoryStore() })
}
