package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A shell runs the built command as a user's does.
type shell struct {
	*testing.T
	dir, path string
	env       []string
}

func newShell(t *testing.T) *shell {
	dir := t.TempDir()
	return &shell{T: t, dir: dir, path: built(t), env: append(os.Environ(),
		"WEBHOOK_DSN="+filepath.Join(dir, "webhooks.db"), "WEBHOOK_SECRET=your_secret_here")}
}

func (s *shell) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.Context(), s.path, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// must runs a command that has to be done.
func (s *shell) must(args ...string) string {
	s.Helper()
	var out, stderr bytes.Buffer
	cmd := s.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	require.NoError(s, cmd.Run(), "%v: %s%s", args, out.String(), stderr.String())
	return out.String()
}

func (s *shell) file(name, text string) {
	s.Helper()
	require.NoError(s, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

// From a Frappe export to a delivery that its receiver has verified, was sent
// again, and can be verified by hand: with nothing but the command.
func TestFromExportToVerifiedDelivery(t *testing.T) {
	s := newShell(t)
	listen := s.command("listen", "--port", "0", "--json")
	requests, err := listen.StdoutPipe()
	require.NoError(t, err)
	notes, err := listen.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, listen.Start())
	banner, err := bufio.NewReader(notes).ReadString('\n')
	require.NoError(t, err)
	url := regexp.MustCompile(`http://[\d.:]+`).FindString(banner)
	received := json.NewDecoder(requests)

	s.file("frappe.json", strings.ReplaceAll(`[{"doctype": "Webhook", "name": "Orders", "enabled": 1,
		"webhook_doctype": "Sales Order", "webhook_docevent": "on_submit", "condition": "doc.grand_total > 1000",
		"request_url": "URL/orders", "enable_security": 1, "webhook_secret": "your_secret_here",
		"webhook_json": "{\"order\": \"{{ doc.name }}\", \"total\": {{ doc.grand_total }}}",
		"request_structure": "JSON"}]`, "URL", url))
	s.file("order.json", `{"doctype": "Sales Order", "name": "SO-1", "grand_total": 1500.5}`)
	require.Equal(t, "frappe.json: 1 webhook, valid\n", s.must("validate", "frappe.json"))
	s.must("import", "frappe.json", "-o", "webhooks.json")
	require.Contains(t, s.must("preview", "-f", "frappe.json", "--doc", "order.json"),
		`{"order": "SO-1", "total": 1500.5}`)
	s.must("migrate")
	s.must("import", "frappe.json", "--save")
	require.Contains(t, s.must("preview", "Orders", "--doc", "order.json"), "Outcome: queued")

	s.must("test", "Orders", "--doc", "order.json", "--allow-loopback")
	s.must("dispatch", "-e", "on_submit", "--doc", "order.json")
	s.must("drain", "--allow-loopback")
	ds := deliveriesOf(t, s.must("deliveries", "--json"))
	require.Len(t, ds, 1)
	require.Contains(t, s.must("show", ds[0].ID), "status 200, delivered")
	s.must("resend", ds[0].ID)
	s.must("drain", "--allow-loopback")
	require.Contains(t, s.must("show", ds[0].ID), "Attempt 2")

	ids := map[string]int{}
	for range 3 { // the test, the delivery, and it again
		var r struct {
			Body     string
			Header   http.Header
			Verified bool
		}
		require.NoError(t, received.Decode(&r))
		require.True(t, r.Verified)
		ids[r.Header.Get("Webhook-Id")]++
		s.file("body", r.Body)
		require.Equal(t, "verified\n", s.must("verify", "body",
			"-H", "X-Frappe-Webhook-Signature: "+r.Header.Get("X-Frappe-Webhook-Signature")))
	}
	require.Equal(t, 2, ids[ds[0].ID])
	require.Len(t, ids, 2)

	require.NoError(t, listen.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(io.MultiReader(received.Buffered(), requests))
	require.NoError(t, err)
	require.Equal(t, "\n", string(rest))
	require.NoError(t, listen.Wait(), "Ctrl-C is how it ends")
}

// Ctrl-C ends what waits for input, with one line: a terminal that says nothing,
// and a pipe that nobody opens at its other end.
func TestInterrupted(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	silent, end := pipe(t)
	defer end.Close()
	for _, from := range []string{"-", fifo} {
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		var out, stderr bytes.Buffer
		require.Equal(t, exitFailed, run(ctx, []string{"validate", from}, silent, &out, &stderr))
		require.Equal(t, "webhookctl: interrupted\n", stderr.String())
	}
	other, err := os.OpenFile(fifo, os.O_RDWR, 0) // lets go who waits for it
	require.NoError(t, err)
	require.NoError(t, other.Close())
}
