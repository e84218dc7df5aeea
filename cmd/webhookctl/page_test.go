package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// page is the documentation of the command.
const page = "../../docs/webhookctl.md"

var (
	// A file is introduced by its name: `webhooks.json`:
	pageFile = regexp.MustCompile("(?ms)^`([a-z.]+)`:\n\n```json\n(.*?)^```\n")
	// A session is commands, and below each what it prints.
	pageSession = regexp.MustCompile("(?ms)^```console\n(.*?)^```\n")
)

// A typed is a command of the page, and what it prints below.
type typed struct{ command, printed string }

// Every command of the page, typed in a shell in its order, prints what the page
// says, ids and times apart. -update writes what they print into the page.
func TestPage(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	text, dir := string(data), t.TempDir()
	for _, f := range pageFile.FindAllStringSubmatch(text, -1) {
		content := strings.ReplaceAll(f[2], "8787", freePort(t))
		require.NoError(t, os.WriteFile(filepath.Join(dir, f[1]), []byte(content), 0o600))
	}
	var want []typed
	for _, s := range pageSession.FindAllStringSubmatch(text, -1) {
		want = append(want, typedIn(s[1])...)
	}
	require.Greater(t, len(want), 20)
	got := session(t, dir, want)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(rewritten(text, got)), 0o644))
		return
	}
	for i := range want {
		require.Equal(t, steady(want[i].printed), steady(got[i]), want[i].command)
	}
}

// typedIn returns the commands of a session.
func typedIn(block string) []typed {
	var all []typed
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, typed{command: strings.TrimSuffix(command, "\n")})
		} else if len(all) > 0 {
			all[len(all)-1].printed += line
		}
	}
	return all
}

// rewritten returns the page with what the commands printed, unless it differs
// only in ids and times.
func rewritten(text string, got []string) string {
	next := 0
	return pageSession.ReplaceAllStringFunc(text, func(block string) string {
		said := ""
		for _, c := range typedIn(block[len("```console\n") : len(block)-len("```\n")]) {
			if steady(c.printed) != steady(got[next]) {
				c.printed = got[next]
			}
			said += "$ " + c.command + "\n" + c.printed
			next++
		}
		return "```console\n" + said + "```\n"
	})
}

// session types commands into one shell, in a directory, and returns what each
// printed. Behind a command in the background it waits for the port.
func session(t *testing.T, dir string, commands []typed) []string {
	t.Helper()
	port := freePort(t)
	var script strings.Builder
	for i, c := range commands {
		fmt.Fprintf(&script, "echo '@@@ %d'\n%s\n", i, strings.ReplaceAll(c.command, "8787", port))
		if strings.HasSuffix(c.command, "&") {
			fmt.Fprintf(&script, "for i in $(seq 200); do "+
				"(: < /dev/tcp/127.0.0.1/%s) 2> /dev/null && break; sleep 0.05; done\n", port)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "exec 2>&1\n"+script.String())
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + filepath.Dir(built(t)) + ":" + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC"}
	out, err := cmd.Output()
	t.Logf("the shell's end: %v", err) // that of the last command
	parts := regexp.MustCompile(`(?m)^@@@ \d+\n`).Split(string(out), -1)
	require.Len(t, parts, len(commands)+1, string(out))
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], port, "8787")
	}
	return parts[1:]
}

var thePort string

// freePort returns a port of 127.0.0.1 that nobody listens on, always the same.
func freePort(t *testing.T) string {
	t.Helper()
	if thePort == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		thePort = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return thePort
}

// built returns the command, built as a user would.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(os.TempDir(), "webhookctl-test-"+strconv.Itoa(os.Getpid()), "webhookctl")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(filepath.Join(os.TempDir(), "webhookctl-test-"+strconv.Itoa(os.Getpid())))
	os.Exit(code)
}
