package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// A job is one run of one path, in a process of its own.
type job struct {
	Path        string
	To          target
	Connections int
	Callers     int // that hand over messages at once
	Messages    int
	Profile     string `json:",omitempty"` // file for a CPU profile
}

// A run is what came of a job: its usage from the first message to the last one
// received, warm-up excluded.
type run struct {
	Messages int
	Usage    usage
	Seen     tally
}

func (r run) rate() float64   { return float64(r.Messages) / r.Usage.Wall.Seconds() }
func (r run) cpu() float64    { return r.Usage.CPU.Seconds() * 1000 / float64(r.Messages) }
func (r run) allocs() float64 { return float64(r.Usage.Allocs) / float64(r.Messages) }
func (r run) bytes() float64  { return float64(r.Usage.Bytes) / float64(r.Messages) }

// reuse is the share of requests that did not open a connection.
func (r run) reuse() float64 { return 1 - float64(r.Seen.Connections)/float64(r.Messages) }

// delivery measures how fast the paths deliver.
func delivery(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("delivery", flag.ExitOnError)
	names := f.String("paths", "", "comma-separated, of "+pathNames()+" (default all); the first of all is always run, as the yardstick")
	rounds := f.Int("rounds", 7, "times that every path is run")
	messages := f.Int("messages", 20_000, "of a run; slow paths get a fixed share")
	connections := f.String("connections", "16,64", "comma-separated")
	callers := f.Int("callers", 128, "that hand over messages at once, as requests to the host would")
	profile := f.String("cpuprofile", "", "PATH=FILE: write a CPU profile of the last run of that path")
	out := f.String("json", "", "file for the results as JSON")
	if err := f.Parse(args); err != nil {
		return err
	}
	chosen, err := pathsNamed(*names)
	if err != nil {
		return err
	}
	to, stop, err := startReceiver(ctx)
	if err != nil {
		return err
	}
	defer stop()
	t := table{Machine: describeMachine(), Load: []string{loadAverage()}}
	for c := range strings.SplitSeq(*connections, ",") {
		n, err := strconv.Atoi(c)
		if err != nil {
			return fmt.Errorf("-connections: %w", err)
		}
		s := series{paths: chosen, job: job{To: to, Connections: n, Callers: *callers, Messages: *messages}, profile: *profile}
		rows, err := s.measure(ctx, *rounds)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, rows...)
	}
	t.Load = append(t.Load, loadAverage())
	t.print(os.Stdout)
	return t.save(*out)
}

// A series is the interleaved rounds of some paths.
type series struct {
	paths   []path
	job     job
	profile string // PATH=FILE
}

// measure runs every path once a round, each round beginning with another one.
func (s series) measure(ctx context.Context, rounds int) ([]row, error) {
	runs := make([][]run, len(s.paths))
	for round := range rounds {
		for i := range s.paths {
			i = (i + round) % len(s.paths)
			r, err := s.run(ctx, s.paths[i])
			if err != nil {
				return nil, err
			}
			runs[i] = append(runs[i], r)
			fmt.Fprintf(os.Stderr, "round %d, %d connections, %-16s %7.0f/s\n",
				round+1, s.job.Connections, s.paths[i].name, r.rate())
		}
	}
	return summarize(s.paths, s.job.Connections, runs), nil
}

func (s series) run(ctx context.Context, p path) (run, error) {
	j := s.job
	j.Path, j.Messages = p.name, max(j.Messages*p.share/100, 500)
	if name, file, _ := strings.Cut(s.profile, "="); name == p.name {
		j.Profile = file
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var r run
	err := runSelf(ctx, "_deliver", j, &r)
	return r, err
}

// deliverOnce does the job on its standard input and prints the run.
func deliverOnce(ctx context.Context, _ []string) error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	p, err := pathNamed(j.Path)
	if err != nil {
		return err
	}
	s, err := p.open(ctx, j.To, j.Connections)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	warm := max(j.Messages/10, 500)
	if _, err := j.messages(ctx, s, 0, warm); err != nil {
		return err
	}
	r, err := j.profiled(ctx, s, warm)
	if err != nil {
		return err
	}
	if err := s.close(ctx, warm+j.Messages); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func (j job) profiled(ctx context.Context, s sender, first int) (run, error) {
	if j.Profile == "" {
		return j.messages(ctx, s, first, j.Messages)
	}
	f, err := os.Create(j.Profile)
	if err != nil {
		return run{}, err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return run{}, err
	}
	defer pprof.StopCPUProfile()
	return j.messages(ctx, s, first, j.Messages)
}

// messages sends n messages and measures until the receiver has all of them.
func (j job) messages(ctx context.Context, s sender, first, n int) (run, error) {
	if err := j.To.expect(ctx, n); err != nil {
		return run{}, err
	}
	runtime.GC()
	start := time.Now()
	before := used(start)
	if err := s.send(ctx, j.Callers, first, n); err != nil {
		return run{}, fmt.Errorf("send: %w", err)
	}
	seen, err := j.To.wait(ctx)
	if err != nil {
		return run{}, err
	}
	u := used(start).minus(before)
	return run{Messages: n, Usage: u, Seen: seen}, seen.complete(n)
}
