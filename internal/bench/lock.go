package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// oneAtATime waits until no other measurement runs on this machine: two would
// disturb each other, and empty each other's databases. The lock ends with the
// process.
func oneAtATime() error {
	file := filepath.Join(os.TempDir(), "docevent-webhook-bench.lock")
	// An os.File would be closed when it is collected.
	fd, err := syscall.Open(file, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o666)
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		fmt.Fprintln(os.Stderr, "bench: another measurement runs; waiting for its end")
		err = syscall.Flock(fd, syscall.LOCK_EX)
	}
	return err
}
