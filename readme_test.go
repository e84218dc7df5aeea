package webhook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program at the top of the README runs as printed and prints what the
// README says, and stands within what one sees without scrolling.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	program, rest := fence(t, string(readme), "```go\n")
	printed, _ := fence(t, rest, "```\n")
	require.LessOrEqual(t,
		strings.Count(string(readme[:strings.Index(string(readme), program)+len(program)]), "\n"),
		35)

	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, printed, string(out))
}

// fence returns what stands between the next opening and its end, and the rest.
func fence(t *testing.T, text, open string) (inside, rest string) {
	t.Helper()
	_, text, ok := strings.Cut(text, "\n"+open)
	require.True(t, ok, "no block that opens with %q", open)
	inside, rest, ok = strings.Cut(text, "```\n")
	require.True(t, ok)
	return inside, rest
}
