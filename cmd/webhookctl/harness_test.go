package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// A ran is what came of a command.
type ran struct {
	code        int
	out, stderr string
}

// ctl runs a command in this process.
func ctl(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	return ctlContext(t.Context(), stdin, args...)
}

func ctlContext(ctx context.Context, stdin string, args ...string) ran {
	var out, stderr bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &out, &stderr)
	return ran{code, out.String(), stderr.String()}
}

// said is all that a command printed, as it is compared with a golden file.
func (r ran) said(args []string) string {
	text := "$ webhookctl " + strings.Join(args, " ") + "\n" + r.out
	if r.stderr != "" {
		text += "-- stderr\n" + r.stderr
	}
	return text + fmt.Sprintf("-- exit %d\n", r.code)
}

// varying is what is another each time.
var varying = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`\b(msg|evt|wh|run)_[a-z0-9]{20,}`), "${1}_ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\.\d{3}\b`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ms|µs|s)\b`), "DURATION"},
	{regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`), "$1:PORT"},
	{regexp.MustCompile(`Go-http-client/\S+|curl/\S+`), "CLIENT"},
	{regexp.MustCompile(`(Date: |"Date": )[^\n]*`), "${1}DATE"},
	{regexp.MustCompile(`X-Webhook-Chain: \S+`), "X-Webhook-Chain: CHAIN"},
}

// steady replaces what is another each time, and the directory.
func steady(text string, dirs ...string) string {
	for _, dir := range dirs {
		text = strings.ReplaceAll(text, dir, "DIR")
	}
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.stands)
	}
	return text
}

// golden compares with testdata/golden/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", strings.ReplaceAll(name, " ", "_")+".txt")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update to make it")
	require.Equal(t, string(want), got)
}
