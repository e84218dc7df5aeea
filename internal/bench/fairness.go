package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// fairScenes have what must not hold up the healthy messages, but for the
// first, which the others are compared with.
var fairScenes = []scene{
	alone,
	{Name: "5 % of the load to an endpoint that takes 2 s", SlowPercent: 5},
	{Name: "a hundred endpoints that never answer", Hung: hungEndpoints},
}

// fairness measures how fast the paths deliver to a healthy endpoint while
// others are slow or hang. Messages that do not arrive within a few seconds do
// not count.
func fairness(ctx context.Context, args []string) error {
	paths, err := pathsNamed("memory,sqlite,postgres,goroutine-pooled,asynq,river")
	if err != nil {
		return err
	}
	s, err := parse("fairness", args, settings{paths: paths, rounds: 5, job: job{
		Connections: 16, Messages: 10_000, Most: 6 * time.Second,
	}}, nil)
	if err != nil {
		return err
	}
	to, stop, err := startReceiver(ctx)
	if err != nil {
		return err
	}
	defer stop()
	s.job.To = to
	r := newReport(s.skipped)
	runs, err := s.measure(ctx, fairScenes)
	if err != nil {
		return err
	}
	for i, p := range s.paths {
		quiet := values(runs[0][i], run.rate)
		for k, sc := range fairScenes {
			rate := values(runs[k][i], run.rate)
			r.Fairness = append(r.Fairness,
				fairRow{p.name, p.title, sc.Name, spreadOf(rate), spreadOf(ratios(rate, quiet))})
		}
	}
	return r.finish(s.json)
}

// A fairRow is what the rounds of a path in a scene came to.
type fairRow struct {
	Path  string `json:"path"`
	Title string `json:"title"`
	Scene string `json:"scene"`
	Rate  spread `json:"rate"`  // of healthy messages a second
	Ratio spread `json:"ratio"` // to that of the path alone, in the same round
}

func printFairness(w io.Writer, rows []fairRow) {
	fmt.Fprint(w, "\n| Path | Scene | Healthy /s | To undisturbed |\n|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n",
			r.Title, r.Scene, r.Rate.format("%.0f"), r.Ratio.format("%.2f"))
	}
}
