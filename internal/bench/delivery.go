package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// settings are the flags that the measurements share.
type settings struct {
	paths   []path
	rounds  int
	job     job
	profile string // PATH=FILE
	json    string // file

	skipped []string // paths, and why
}

// parse reads the flags, some of which have a default of their own.
func parse(name string, args []string, s settings, more func(*flag.FlagSet)) (settings, error) {
	f := flag.NewFlagSet(name, flag.ExitOnError)
	var names []string
	for _, p := range s.paths {
		names = append(names, p.name)
	}
	chosen := f.String("paths", strings.Join(names, ","), "comma-separated, of "+pathNames())
	f.IntVar(&s.rounds, "rounds", s.rounds, "times that every path is run")
	f.IntVar(&s.job.Messages, "messages", s.job.Messages, "of a run; slow paths get a fixed share")
	f.IntVar(&s.job.Callers, "callers", 128,
		"that hand over messages at once, as requests to a host would")
	f.DurationVar(&s.job.Most, "most", s.job.Most, "that a run may take")
	f.StringVar(&s.profile, "cpuprofile", "",
		"PATH=FILE: write a CPU profile of the last run of that path")
	f.StringVar(&s.json, "json", "", "file for the results")
	if more != nil {
		more(f)
	}
	if err := f.Parse(args); err != nil {
		return s, err
	}
	named, err := pathsNamed(*chosen)
	s.paths, s.skipped = reachable(named)
	return s, err
}

// delivery measures how fast the paths deliver.
func delivery(ctx context.Context, args []string) error {
	var connections string
	usual := settings{
		paths: paths, rounds: 7, job: job{Messages: 20_000, Most: 10 * time.Second},
	}
	s, err := parse("delivery", args, usual, func(f *flag.FlagSet) {
		f.StringVar(&connections, "connections", "16,64", "comma-separated")
	})
	if err != nil {
		return err
	}
	var numbers []int
	for c := range strings.SplitSeq(connections, ",") {
		n, err := strconv.Atoi(c)
		if err != nil {
			return fmt.Errorf("-connections: %w", err)
		}
		numbers = append(numbers, n)
	}
	r := newReport(s.skipped)
	if r.Delivery, err = s.deliver(ctx, numbers); err != nil {
		return err
	}
	return r.finish(s.json)
}

// deliver measures the paths with each of the numbers of connections. The
// yardstick always takes part, as the first.
func (s settings) deliver(ctx context.Context, connections []int) ([]deliveryRow, error) {
	if len(s.paths) == 0 || s.paths[0].name != paths[0].name {
		s.paths = append(paths[:1:1], s.paths...)
	}
	to, stop, err := startReceiver(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	s.job.To = to
	var rows []deliveryRow
	for _, s.job.Connections = range connections {
		runs, err := s.measure(ctx, []scene{alone})
		if err != nil {
			return nil, err
		}
		rows = append(rows, summarize(s.paths, s.job.Connections, runs[0])...)
	}
	return rows, nil
}

// measure runs every path in every scene once a round, each round beginning
// with another path. The runs are indexed by scene, path and round.
func (s settings) measure(ctx context.Context, scenes []scene) ([][][]run, error) {
	runs := make([][][]run, len(scenes))
	for k := range scenes {
		runs[k] = make([][]run, len(s.paths))
	}
	for round := range s.rounds {
		for i := range s.paths {
			i = (i + round) % len(s.paths)
			for k, sc := range scenes {
				r, err := s.run(ctx, s.paths[i], sc)
				if err != nil {
					return nil, err
				}
				runs[k][i] = append(runs[k][i], r)
				note("round %d, %d connections, %s, %s: %.0f/s",
					round+1, s.job.Connections, sc.Name, s.paths[i].name, r.rate())
			}
		}
	}
	return runs, nil
}

func (s settings) run(ctx context.Context, p path, sc scene) (run, error) {
	j := s.job
	j.Path, j.Scene, j.Messages = p.name, sc, max(j.Messages*p.share/100, 500)
	if name, file, _ := strings.Cut(s.profile, "="); name == p.name {
		j.Profile = file
	}
	var r run
	return r, j.start(ctx, "_deliver", &r)
}

// deliverOnce does the job on its standard input and prints the run.
func deliverOnce(ctx context.Context, _ []string) error {
	j, s, err := readJob(ctx)
	if err != nil {
		return err
	}
	warm, err := j.warmUp(ctx, s)
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	if err := j.obstruct(ctx, s); err != nil {
		return err
	}
	var r run
	err = j.profiled(func() error {
		r, err = j.messages(ctx, s, warm, j.Messages)
		return err
	})
	if err != nil {
		return err
	}
	if j.Scene == alone { // else it would wait for what hangs
		if err := s.close(ctx, warm+j.Messages); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
