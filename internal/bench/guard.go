package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// A bound limits a measured number. The numbers chosen are counts of
// allocations and ratios within one run: neither the machine nor what else runs
// on it changes them much.
type bound struct {
	Name  string   `json:"name"`
	Least *float64 `json:"least,omitempty"` // one of the two
	Most  *float64 `json:"most,omitempty"`
	Goal  float64  `json:"goal"` // what it is to be; a bound short of it says where the code stands
}

// broken says how value breaks the bound; it returns "" when it does not.
func (b bound) broken(value float64) string {
	switch {
	case b.Least != nil && value < *b.Least:
		return fmt.Sprintf("%s is %.3g, below %.3g", b.Name, value, *b.Least)
	case b.Most != nil && value > *b.Most:
		return fmt.Sprintf("%s is %.3g, above %.3g", b.Name, value, *b.Most)
	}
	return ""
}

// guard measures, in short runs, the numbers that the baseline has bounds for,
// and fails when bounds are broken in two measurements in a row. It names what
// it skips because a server does not answer.
func guard(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("guard", flag.ExitOnError)
	file := f.String("baseline", "testdata/baseline.json", "file with the bounds")
	rounds := f.Int("rounds", 3, "times that every path is run")
	messages := f.Int("messages", 6000, "of a run; slow paths get a fixed share")
	if err := f.Parse(args); err != nil {
		return err
	}
	b, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	var bounds []bound
	if err := json.Unmarshal(b, &bounds); err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	var broken []error
	for range 2 {
		values, skipped, err := measureGuarded(ctx, *rounds, *messages)
		if err != nil {
			return err
		}
		if broken = compare(bounds, values, skipped); len(broken) == 0 {
			return nil
		}
	}
	return errors.Join(broken...)
}

// compare prints every bound beside its value, and returns an error for each
// that is broken. A bound without a value is an error too, unless something was
// skipped.
func compare(bounds []bound, values map[string]float64, skipped []string) (broken []error) {
	for _, why := range skipped {
		fmt.Println("skipped:", why)
	}
	for _, b := range bounds {
		value, ok := values[b.Name]
		switch {
		case ok:
			fmt.Printf("%-62s %8.3g (goal %.3g)\n", b.Name, value, b.Goal)
			if why := b.broken(value); why != "" {
				broken = append(broken, errors.New(why))
			}
		case len(skipped) > 0:
			fmt.Printf("%-62s not measured\n", b.Name)
		default:
			broken = append(broken, fmt.Errorf("%s: nothing of that name is measured", b.Name))
		}
	}
	return broken
}

// measureGuarded returns values by the names that bounds have, and what was
// left out.
func measureGuarded(ctx context.Context, rounds, messages int) (
	map[string]float64, []string, error) {
	named, err := pathsNamed("loop,memory,sqlite,postgres,asynq")
	if err != nil {
		return nil, nil, err
	}
	s := settings{
		rounds: rounds,
		job:    job{Callers: 128, Messages: messages, Most: 10 * time.Second},
	}
	s.paths, s.skipped = reachable(named)
	values := map[string]float64{}
	rows, err := s.deliver(ctx, []int{16})
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rows {
		values[r.Path+": rate / L"] = r.Ratio.Median
		values[r.Path+": CPU / L"] = r.CPURatio.Median
		values[r.Path+": allocations"] = r.Allocs
		values[r.Path+": connection reuse"] = r.Reuse
	}
	if asynq := values["asynq: rate / L"]; asynq > 0 {
		for _, ours := range []string{"memory", "sqlite"} {
			values[ours+": rate / asynq"] = values[ours+": rate / L"] / asynq
		}
	}
	counted, err := facts(ctx)
	for _, f := range counted {
		values[f.What] = f.Value
	}
	return values, s.skipped, err
}
