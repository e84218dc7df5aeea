package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// What the commands on files print, whole.
func TestFilesGolden(t *testing.T) {
	for _, c := range []struct {
		name  string
		stdin string
		args  []string
		code  int
	}{
		{name: "validate", args: []string{"validate", "testdata/webhooks.json", "testdata/frappe.json"}},
		{name: "validate broken", args: []string{"validate", "testdata/broken.json"}, code: exitNo},
		{name: "validate broken json", args: []string{"validate", "--json", "testdata/broken.json"}, code: exitNo},
		{name: "validate syntax", stdin: "[\n {\"name\": }\n]", args: []string{"validate", "-"}, code: exitNo},
		{name: "preview", args: []string{"preview", "-f", "testdata/webhooks.json", "Large orders",
			"--doc", "testdata/order.json", "--event-id", "evt_1"}},
		{name: "preview json", args: []string{"preview", "--json", "-f", "testdata/webhooks.json", "Large orders",
			"--doc", "testdata/order.json", "--event-id", "evt_1"}},
		{name: "preview false", args: []string{"preview", "-f", "testdata/webhooks.json", "Large orders",
			"--doc", "testdata/small.json"}},
		{name: "preview template", args: []string{"preview", "-f", "testdata/webhooks.json", "Order lines",
			"--doc", "testdata/order.json"}},
		{name: "preview event", stdin: `{"type": "Site Plan Change", "doc": {"site": "a.example", "plan": "Pro"}}`,
			args: []string{"preview", "-f", "testdata/webhooks.json", "Site plans", "--event-file", "-"}},
		{name: "preview other event", args: []string{"preview", "-f", "testdata/webhooks.json", "Large orders",
			"--doc", "testdata/order.json", "-e", "on_trash"}},
		{name: "preview error", stdin: `{"name": "Deep", "doctype": "Sales Order", "events": ["on_submit"],
			"url": "https://example.com", "condition": "{{ doc.missing.field > 1 }}"}`,
			args: []string{"preview", "-f", "-", "--doc", "testdata/order.json"}, code: exitNo},
		{name: "preview invalid", args: []string{"preview", "-f", "testdata/broken.json", "Many faults",
			"--doc", "testdata/order.json"}, code: exitNo},
		{name: "preview which", args: []string{"preview", "-f", "testdata/webhooks.json"}, code: exitUsage},
		{name: "preview unknown", args: []string{"preview", "-f", "testdata/webhooks.json", "x"}, code: exitFailed},
		{name: "import", args: []string{"import", "testdata/frappe.json"}},
		{name: "import json", args: []string{"import", "--json", "testdata/frappe.json"}},
		{name: "import broken", args: []string{"import", "testdata/broken.json"}, code: exitNo},
		{name: "help", args: []string{"--help"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ctl(t, c.stdin, c.args...)
			require.Equal(t, c.code, r.code, r.stderr)
			golden(t, c.name, steady(r.said(c.args)))
			for _, secret := range []string{"your_secret_here", "plain-secret", "carried-secret", "1234567890"} {
				require.NotContains(t, r.out+r.stderr, secret)
			}
		})
	}
}

// What import writes is read back, refused without its secret, and sound with it.
func TestImportWritesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webhooks.json")
	r := ctl(t, "", "import", "testdata/frappe.json", "-o", path)
	require.Zero(t, r.code, r.stderr)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	ws, err := webhook.ReadWebhooks(f)
	require.NoError(t, err)
	require.Len(t, ws, 1)
	require.Equal(t, "abcdef123456", ws[0].Headers[0].Value)
	require.Equal(t, []webhook.Scheme{webhook.SchemeFrappe}, ws[0].Signatures)

	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	require.NoError(t, err)
	require.Error(t, d.SaveWebhook(t.Context(), ws[0]), "unsigned by mistake")
	ws[0].Secret = "carried-secret"
	require.NoError(t, d.SaveWebhook(t.Context(), ws[0]))
}

// Of a file with invalid webhooks nothing is written, or only the others.
func TestImportSkipsTheInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webhooks.json")
	require.Equal(t, exitNo, ctl(t, "", "import", "testdata/broken.json", "-o", path).code)
	require.NoFileExists(t, path)
	require.Zero(t, ctl(t, "", "import", "testdata/broken.json", "-o", path, "--skip-invalid").code)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var ws []webhook.Webhook
	require.NoError(t, json.Unmarshal(data, &ws))
	require.Len(t, ws, 1)
	require.Equal(t, "Fine", ws[0].Name)
}

// Each command line that is wrong is one line on standard error and code 2; each
// thing that cannot be done one line and code 1.
func TestErrorsAreOneLine(t *testing.T) {
	t.Setenv("WEBHOOK_DSN", "")
	t.Setenv("WEBHOOK_SECRET", "")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "expected one of"},
		{[]string{"frobnicate"}, exitUsage, "unexpected argument frobnicate"},
		{[]string{"validate"}, exitUsage, "see webhookctl validate --help"},
		{[]string{"validate", "--no-such"}, exitUsage, "unknown flag --no-such"},
		{[]string{"deliveries"}, exitUsage, "--dsn"},
		{[]string{"deliveries", "--state", "lost"}, exitUsage, "must be one of"},
		{[]string{"deliveries", "--since", "yesterday"}, exitUsage, "neither a time"},
		{[]string{"deliveries", "--limit", "5000"}, exitUsage, "between 1 and 1000"},
		{[]string{"deliveries", "--dsn", "oracle://x:hunter2@y/z"}, exitUsage, "neither postgres"},
		{[]string{"deliveries", "--dsn", "postgres://x:hunter2%zz@y/z"}, exitUsage, "percent-encoded"},
		{[]string{"deliveries", "--dsn", "postgres://x:hun@ter2@y/z?sslmode=odd"}, exitUsage, "sslmode is invalid"},
		{[]string{"deliveries", "--dsn", "postgres://y/z?password=hunter2&sslmode=hunter2"},
			exitUsage, "sslmode is invalid"},
		{[]string{"deliveries", "--dsn", "host=y password=hunter2"}, exitUsage, "neither postgres"},
		{[]string{"migrate", "--dsn", "x:hunter2@tcp(y)/z"}, exitUsage, "neither postgres"},
		{[]string{"deliveries", "--dsn", "/nonexistent/webhooks.db"}, exitFailed, "no database at"},
		{[]string{"deliveries", "--dsn", "."}, exitFailed, "directory"},
		{[]string{"deliveries", "--dsn", "postgres://x:hunter2@127.0.0.1:1/z"}, exitFailed, "connection refused"},
		{[]string{"deliveries", "--dsn", "mysql://x:hunter2@127.0.0.1:1/z"}, exitFailed, "connection refused"},
		{[]string{"verify"}, exitUsage, "no secret"},
		{[]string{"listen", "--status", "99"}, exitUsage, "between 200 and 599"},
		{[]string{"import", "--dry-run", "x"}, exitUsage, "--save"},
		{[]string{"import", "/nonexistent"}, exitFailed, "no such file"},
		{[]string{"validate", "."}, exitFailed, "is a directory"},
		{[]string{"preview", "-f", "-"}, exitFailed, "read standard input: not JSON"},
		{[]string{"preview", "-f", "-", "--doc", "-"}, exitUsage, "only one"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := ctl(t, "", c.args...)
			require.Equal(t, c.code, r.code, r.stderr)
			require.Empty(t, r.out)
			require.Contains(t, r.stderr, c.want)
			require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
			require.NotContains(t, r.stderr, "ter2")
		})
	}
}

// A file is replaced whole, and what is no file is left in its place.
func TestImportReplaces(t *testing.T) {
	path := write(t, "webhooks.json", "old")
	require.NoError(t, os.Chmod(path, 0o644))
	require.Zero(t, ctl(t, "", "import", "testdata/webhooks.json", "-o", path).code)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	require.Zero(t, ctl(t, "", "import", "testdata/webhooks.json", "-o", os.DevNull).code)
	info, err = os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeCharDevice)
	require.Equal(t, exitFailed, ctl(t, "", "import", "testdata/webhooks.json", "-o", "/nonexistent/x").code)
	require.Equal(t, exitFailed, ctl(t, "", "import", "testdata/webhooks.json", "-o", t.TempDir()).code)
}
