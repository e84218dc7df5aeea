package webhook_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mutant is the library with one fault: in a file, one text in place of
// another that must stand there exactly once.
type mutant struct {
	name     string
	file     string
	old, new string
}

var mutants = []mutant{
	{"skip the fence", "memory.go",
		"	if r.fence != c.Fence {", "	if false {"},
	{"cancel without raising the fence", "delivery.go",
		"	d.Fence++\n}", "	if c.State != Canceled {\n		d.Fence++\n	}\n}"},
	{"hand out leased rows after a third of the lease", "memory_row.go",
		"	return r.detail.leaseUntil\n",
		"	if r.detail.leaseUntil == 0 {\n		return 0\n	}\n	return r.detail.leaseUntil - 40e9\n"},
	{"ignore the head of the line", "memory_line.go",
		"	return l.rows.Len() > 0 && l.rows.First() == h\n", "	return l != nil\n"},
	{"forget the release at the stop", "runner.go",
		"		changes = r.giveBack(q, changes)\n	}\n	r.apply(changes)\n	grace",
		"		changes = r.giveBack(q, changes)\n	}\n	grace"},
	{"count an attempt that the stop cut off", "deliver.go",
		"	if r.stopped {", "	if false {"},
	{"resend with the old budget", "delivery.go",
		"c.State, c.Reason, c.Tries, c.Due, c.Finished = Pending, \"\", 0, now, time.Time{}",
		"c.State, c.Reason, c.Due, c.Finished = Pending, \"\", now, time.Time{}"},
	{"refuse what is to be paused when the library disables", "judgment.go",
		"st.State == Disabled && st.By == ByLibrary", "st.State == Disabled && st.By == \"\""},
	{"send for a disabled webhook", "index.go",
		"if e == nil || e.hook.err != nil || e.status.State != Active {", "if e == nil || e.hook.err != nil {"},
	{"retry a 2xx whose body failed", "classify.go",
		"case resp.StatusCode >= 200 && resp.StatusCode < 300:",
		"case resp.StatusCode >= 200 && resp.StatusCode < 300 && resp.BodyErr == nil:"},
	{"drop the gate", "valve.go",
		"if hint > 0 {", "if hint < 0 {"},
	{"start long after the claim without asking", "deliver.go",
		"time.Since(asked) > startWindow;", "time.Since(asked) > 100*startWindow;"},
	{"trust the machine's own clock", "clock.go",
		".Add(time.Duration(c.ahead.Load()))", ""},
	{"one attempt more than the policy has", "attempt.go",
		"del.Tries+1 >= policy.MaxAttempts", "del.Tries >= policy.MaxAttempts"},
}

// TestMutantsMatch shows that each mutant still changes something; that the
// random histories find them is shown by TestMutants, with the tag mutants.
func TestMutantsMatch(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) { m.mutated(t, m.file) })
	}
}

// mutated returns the text of a file with the fault.
func (m mutant) mutated(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), m.old),
		"%s no longer has what the mutant changes:\n%s", m.file, m.old)
	return strings.Replace(string(text), m.old, m.new, 1)
}
