//go:build e2e

package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	startTries   = 3                     // another process may take the port first
	startTimeout = 20 * time.Second      // until a program listens
	stopTimeout  = 5 * time.Second       // from asking it to end to ending it
	pollInterval = 50 * time.Millisecond // of both
	pythonEnv    = "WEBHOOK_E2E_PYTHON"  // names another interpreter
	python       = "/usr/bin/python3"    // the one Debian's python3-flask is for
	howToGet     = "apt-get install python3-flask python3-httpbin"
)

// TestMain fails rather than skips: a run that tested nothing must not look like
// one that passed.
func TestMain(m *testing.M) {
	out, err := exec.Command(interpreter(), "-c", "import flask, httpbin").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %s with Flask and httpbin is missing (%v)\n%s\nGet it by: %s\n"+
			"Or name an interpreter that has it in %s.\n", interpreter(), err, out, howToGet, pythonEnv)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func interpreter() string {
	if name := os.Getenv(pythonEnv); name != "" {
		return name
	}
	return python
}

// A program is a receiver from a document.
type program struct {
	file   string // in testdata, as it stands in the document
	source string // of one that stands in docs/; "" reads the file
	edits  []edit // all that is changed before it runs
}

// An edit replaces text that occurs once. PORT in its new text is the port.
type edit struct{ why, old, new string }

// A process is a program that listens on loopback, alone in a process group.
type process struct {
	URL  string // without a path
	cmd  *exec.Cmd
	log  string        // the file that takes its output
	done chan struct{} // closed when the first process of the group has ended
}

// start runs p until the end of the test.
func (p program) start(t *testing.T) *process {
	t.Helper()
	for range startTries {
		run, err := p.run(t)
		require.NoError(t, err)
		if run.listens() {
			t.Cleanup(func() { run.stop(t) })
			return run
		}
		run.stop(t)
		t.Logf("%s did not listen:\n%s", p.file, run.Log(t))
	}
	require.FailNow(t, p.file+" does not start")
	return nil
}

func (p program) run(t *testing.T) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	source := filepath.Join(dir, p.file)
	if err := os.WriteFile(source, []byte(p.edited(t, port)), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own handle

	cmd := exec.Command(interpreter(), source)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdout, cmd.Stderr = log, log
	// Flask's reloader starts a process of its own; the group holds both.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	run := &process{
		URL:  "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		cmd:  cmd,
		log:  log.Name(),
		done: make(chan struct{}),
	}
	go func() {
		defer close(run.done)
		_ = cmd.Wait() // it is always ended by a signal
	}()
	return run, nil
}

func (p program) edited(t *testing.T, port int) string {
	t.Helper()
	text := p.source
	if text == "" {
		data, err := os.ReadFile(filepath.Join("testdata", p.file))
		require.NoError(t, err)
		text = string(data)
	}
	for _, e := range p.edits {
		require.Equal(t, 1, strings.Count(text, e.old), "%s: %s", p.file, e.why)
		text = strings.Replace(text, e.old, strings.ReplaceAll(e.new, "PORT", strconv.Itoa(port)), 1)
	}
	return text
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// listens waits until the program takes connections, or has ended.
func (p *process) listens() bool {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.URL, "http://"), time.Second)
		if err == nil {
			conn.Close()
			return true
		}
		select {
		case <-p.done:
			return false
		case <-time.After(pollInterval):
		}
	}
	return false
}

// Log returns what the program wrote so far.
func (p *process) Log(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(p.log)
	require.NoError(t, err)
	return string(data)
}

// stop ends every process of the group, and returns when none is left.
func (p *process) stop(t *testing.T) {
	t.Helper()
	group := -p.cmd.Process.Pid
	signal := syscall.SIGTERM
	for start := time.Now(); time.Since(start) < 2*stopTimeout; {
		if time.Since(start) > stopTimeout {
			signal = syscall.SIGKILL
		}
		if err := syscall.Kill(group, signal); errors.Is(err, syscall.ESRCH) {
			<-p.done
			return
		}
		time.Sleep(pollInterval)
	}
	t.Errorf("the processes of group %d do not end", -group)
}
