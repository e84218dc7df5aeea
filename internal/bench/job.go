package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

// A job is one run of one path, in a process of its own.
type job struct {
	Path        string
	To          target
	Scene       scene
	Connections int
	Callers     int // that hand over messages at once
	Messages    int
	Most        time.Duration // that a run may take; without obstruction three times that
	Dir         string        // for files, made and removed by whoever starts the process
	Profile     string        // file for a CPU profile, or ""
}

// start runs a command of bench with the job, in a process of its own.
func (j job) start(ctx context.Context, command string, out any) (err error) {
	p, err := pathNamed(j.Path)
	if err != nil {
		return err
	}
	if p.blocks {
		j.Callers = j.Connections
	}
	j.Dir, err = os.MkdirTemp(os.Getenv("BENCH_DIR"), "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(j.Dir)) }()
	ctx, cancel := context.WithTimeout(ctx, 10*j.Most)
	defer cancel()
	if err := runSelf(ctx, command, j, out); err != nil {
		return fmt.Errorf("run %s, %d connections, %s: %w",
			j.Path, j.Connections, j.Scene.Name, err)
	}
	return nil
}

// readJob reads what start wrote, and opens the path.
func readJob(ctx context.Context) (job, sender, error) {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return j, nil, err
	}
	p, err := pathNamed(j.Path)
	if err != nil {
		return j, nil, err
	}
	s, err := p.open(ctx, j)
	if err != nil {
		return j, nil, fmt.Errorf("open: %w", err)
	}
	return j, s, nil
}

// A run is the result of a job: what its process used from sending the first
// message until the last one was received, without the warm-up.
type run struct {
	Usage usage
	Seen  tally
}

func (r run) each(v float64) float64 { return v / float64(max(r.Seen.Distinct, 1)) }
func (r run) rate() float64          { return float64(r.Seen.Distinct) / r.Usage.Wall.Seconds() }
func (r run) cpu() float64           { return r.each(r.Usage.CPU.Seconds() * 1000) }
func (r run) allocs() float64        { return r.each(float64(r.Usage.Allocs)) }
func (r run) bytes() float64         { return r.each(float64(r.Usage.Bytes)) }

// reuse is the share of requests that did not open a connection.
func (r run) reuse() float64 { return 1 - r.each(float64(r.Seen.Connections)) }

// warmUp sends messages so that connections are open, and returns how many it
// sent.
func (j job) warmUp(ctx context.Context, s sender) (int, error) {
	n := max(j.Messages/10, 500)
	quiet := j
	quiet.Scene = alone
	_, err := quiet.messages(ctx, s, 0, n)
	return n, err
}

// obstruct hands over the messages for the endpoints that hang. It gives up on
// those that the path has not taken after j.Most.
func (j job) obstruct(ctx context.Context, s sender) error {
	const far = 1 << 40 // from the numbers of the healthy
	ctx, cancel := context.WithTimeout(ctx, j.Most)
	defer cancel()
	err := each(j.Scene.Hung, 0, 10*j.Scene.Hung, func(i int) error {
		return s.take(ctx, far+i, hung+endpoint(i%j.Scene.Hung))
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("obstruct: %w", err)
	}
	return nil
}

// messages sends n messages and measures until the receiver has all those for
// the healthy endpoint. When the time is up first, that is an error in the
// scene alone; in the others, what arrived until then counts.
func (j job) messages(ctx context.Context, s sender, first, n int) (run, error) {
	expected := 0
	for i := range n {
		if j.Scene.of(first+i) == healthy {
			expected++
		}
	}
	if err := j.To.expect(ctx, expected); err != nil {
		return run{}, err
	}
	most := j.Most
	if j.Scene == alone {
		most *= 3
	}
	bounded, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	sent := make(chan error, 1)
	runtime.GC()
	start := time.Now()
	before := used(start)
	go func() { sent <- send(bounded, s, j.Callers, first, n, j.Scene.of) }()
	seen, err := j.To.wait(ctx, most)
	r := run{used(start).minus(before), seen}
	if err != nil || j.Scene != alone {
		return r, err
	}
	if err := <-sent; err != nil {
		return r, fmt.Errorf("send: %w", err)
	}
	return r, seen.complete(expected)
}

// profiled calls f under the profiler, if the job says so.
func (j job) profiled(f func() error) error {
	if j.Profile == "" {
		return f()
	}
	file, err := os.Create(j.Profile)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}
