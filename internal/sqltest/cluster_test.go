//go:build unix

package sqltest_test

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A cluster is a PostgreSQL server of the test's own.
type cluster struct {
	bin, dir, port string
	dsn            string
	as             *syscall.SysProcAttr // the server does not run as root
}

func newCluster(t *testing.T) *cluster {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("PostgreSQL's initdb is not installed")
	}
	c := &cluster{bin: filepath.Dir(found[len(found)-1])}
	var err error
	c.dir, err = os.MkdirTemp("", "cluster") // not t.TempDir, which is for its owner only
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(c.dir)) })
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("PostgreSQL does not run as root, and there is no user postgres")
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		require.NoError(t, os.Chown(c.dir, uid, gid))
		c.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, c.port, _ = net.SplitHostPort(l.Addr().String())
	require.NoError(t, l.Close())
	c.dsn = "postgres://postgres@127.0.0.1:" + c.port + "/postgres?sslmode=disable"
	c.run(t, "initdb", "-U", "postgres", "-A", "trust", "--no-sync")
	c.start(t)
	t.Cleanup(func() { c.crash(t) })
	return c
}

func (c *cluster) start(t *testing.T) {
	c.run(t, "pg_ctl", "-w", "-l", filepath.Join(c.dir, "log"),
		"-o", "-p "+c.port+" -k "+c.dir+" -c listen_addresses=127.0.0.1", "start")
}

// crash ends the server without a checkpoint: it recovers from its log.
func (c *cluster) crash(t *testing.T) { c.run(t, "pg_ctl", "-w", "-m", "immediate", "stop") }

func (c *cluster) run(t *testing.T, program string, args ...string) {
	cmd := exec.Command(filepath.Join(c.bin, program), append([]string{"-D", filepath.Join(c.dir, "data")}, args...)...)
	cmd.SysProcAttr, cmd.Dir = c.as, c.dir
	out, err := os.Create(filepath.Join(c.dir, program)) // a pipe would wait for the server
	if err != nil {
		t.Error(err)
		return
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		t.Errorf("%s: %v\n%s", program, err, said)
	}
}
