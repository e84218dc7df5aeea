package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// startReceiver starts a receiver and returns what stops it.
func startReceiver(ctx context.Context) (target, func() error, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "_receiver")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return target{}, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return target{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return target{}, nil, fmt.Errorf("start the receiver: %w", err)
	}
	stop := func() error {
		in.Close()
		return cmd.Wait()
	}
	var t target
	if err := json.NewDecoder(out).Decode(&t); err != nil {
		stop()
		return target{}, nil, fmt.Errorf("start the receiver: %w", err)
	}
	return t, stop, nil
}

// expect resets the receiver and makes it wait for n distinct ids.
func (t target) expect(ctx context.Context, n int) error {
	return t.ask(ctx, fmt.Sprintf("/reset?n=%d", n), nil)
}

// wait returns when all expected messages are in, and at the latest after most.
func (t target) wait(ctx context.Context, most time.Duration) (tally, error) {
	var seen tally
	err := t.ask(ctx, fmt.Sprintf("/wait?most=%v", most), &seen)
	return seen, err
}

// arrivals returns when each of the messages arrived, by their numbers.
func (t target) arrivals(ctx context.Context) (map[int]time.Time, error) {
	var at map[int]time.Time
	err := t.ask(ctx, "/arrivals", &at)
	return at, err
}

func (t target) ask(ctx context.Context, question string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Questions+question, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the receiver: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(b, answer)
}

// runSelf runs a command of bench in a process of its own, with in as JSON on
// its standard input, and decodes what it prints into out.
func runSelf(ctx context.Context, command string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, os.Args[0], command)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(b), os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(printed, out)
}

// A usage is what this process used so far, or between two moments.
type usage struct {
	Wall   time.Duration
	CPU    time.Duration // user and system
	Allocs uint64
	Bytes  uint64 // allocated
}

// used returns what this process used so far, with the wall time from since on.
func used(since time.Time) usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	cpu := time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return usage{Wall: time.Since(since), CPU: cpu, Allocs: m.Mallocs, Bytes: m.TotalAlloc}
}

func (u usage) minus(v usage) usage {
	return usage{u.Wall - v.Wall, u.CPU - v.CPU, u.Allocs - v.Allocs, u.Bytes - v.Bytes}
}
