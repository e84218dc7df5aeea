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
			out, err = in(t, dir, bin, "-test.run", "^TestRandomHistories$", "-test.timeout", "3m",
				"-histories", "300", "-seed", "1")
			require.Error(t, err, "not found")
			require.Contains(t, string(out),
				"--- FAIL: TestRandomHistories/", "it must fail by a sentence, not otherwise")
			t.Logf("%d of 300 histories", bytes.Count(out, []byte("--- FAIL: TestRandomHistories/")))
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "model_test.go") && strings.Contains(line, " msg_") &&
					!strings.Contains(line, "cels msg_") && !strings.Contains(line, "sends msg_") {
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
	require.NoError(t, os.WriteFile(path, []byte(m.mutated(t, path)), 0o600))
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
