//go:build mutants

package webhook_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		"	return r.detail.leaseUntil\n", "	if r.detail.leaseUntil == 0 {\n		return 0\n	}\n	return r.detail.leaseUntil - 40e9\n"},
	{"ignore the head of the line", "memory_line.go",
		"	return l.rows.Len() > 0 && l.rows.First() == h\n", "	return l != nil\n"},
	{"forget the release at the stop", "runner.go",
		"		changes = r.giveBack(q, changes)\n	}\n	r.apply(changes)\n	grace", "		changes = r.giveBack(q, changes)\n	}\n	grace"},
	{"count an attempt that the stop cut off", "deliver.go",
		"	if r.stopped {", "	if false {"},
	{"resend with the old budget", "delivery.go",
		"c.State, c.Reason, c.Tries, c.Due, c.Finished = Pending, \"\", 0, now, time.Time{}",
		"c.State, c.Reason, c.Due, c.Finished = Pending, \"\", now, time.Time{}"},
	{"refuse what is to be paused when the library disables", "dispatch.go",
		"case st.State == Disabled && st.By == ByLibrary:", "case st.State == Disabled && st.By == \"\":"},
	{"send for a disabled webhook", "queue.go",
		"if e == nil || e.hook.err != nil || e.status.State != Active {", "if e == nil || e.hook.err != nil {"},
	{"retry a 2xx whose body failed", "classify.go",
		"case resp.StatusCode >= 200 && resp.StatusCode < 300:", "case resp.StatusCode >= 200 && resp.StatusCode < 300 && resp.BodyErr == nil:"},
	{"drop the gate", "valve.go",
		"hint > 0 && until.After(v.gate)", "hint < 0 && until.After(v.gate)"},
	{"start long after the claim without asking", "deliver.go",
		"time.Since(asked) > startWindow;", "time.Since(asked) > 100*startWindow;"},
	{"trust the machine's own clock", "dispatcher.go",
		".Add(time.Duration(d.skew.Load()))", ""},
	{"one attempt more than the policy has", "attempt.go",
		"del.Tries+1 >= policy.MaxAttempts", "del.Tries >= policy.MaxAttempts"},
}

// TestMutants shows that the random histories find each of these faults: it
// plays the same ones with every mutant, in a copy of the module.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			dir := t.TempDir()
			copyModule(t, dir)
			m.apply(t, dir)
			bin := filepath.Join(dir, "mutant.test")
			out, err := in(t, dir, "go", "test", "-c", "-o", bin, ".")
			require.NoError(t, err, "%s", out)
			out, err = in(t, dir, bin, "-test.run", "^TestRandomHistories$", "-test.timeout", "3m", "-histories", "300", "-seed", "1")
			require.Error(t, err, "not found")
			require.Contains(t, string(out), "--- FAIL: TestRandomHistories/", "it must fail by a sentence, not otherwise")
			t.Logf("%d of 300 histories", bytes.Count(out, []byte("--- FAIL: TestRandomHistories/")))
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "model_test.go") && strings.Contains(line, " msg_") && !strings.Contains(line, "cels msg_") && !strings.Contains(line, "sends msg_") {
					t.Log(strings.TrimSpace(line))
					break
				}
			}
		})
	}
}

// apply makes the fault.
func (m mutant) apply(t *testing.T, dir string) {
	path := filepath.Join(dir, m.file)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), m.old), "%s no longer has what the mutant changes:\n%s", m.file, m.old)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600))
}

// copyModule copies what the module's packages need, without nested modules.
func copyModule(t *testing.T, to string) {
	require.NoError(t, filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if path != "." && (nested == nil || strings.HasPrefix(e.Name(), ".")) {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, path), 0o700)
		}
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), data, 0o600)
	}))
}

// in runs a command in a directory.
func in(t *testing.T, dir, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}
