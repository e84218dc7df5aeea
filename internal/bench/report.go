package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// A report is a whole measurement.
type report struct {
	Machine  machine       `json:"machine"`
	Load     []string      `json:"load"`              // averages of the machine, before and after
	Skipped  []string      `json:"skipped,omitempty"` // paths, and why
	Delivery []deliveryRow `json:"delivery,omitempty"`
	Latency  []latencyRow  `json:"latency,omitempty"`
	Fairness []fairRow     `json:"fairness,omitempty"`
	Crowd    []crowdRow    `json:"crowd,omitempty"`
	Scale    []scaleRow    `json:"scale,omitempty"`
	Facts    []fact        `json:"facts,omitempty"`
}

func newReport(skipped []string) *report {
	return &report{Machine: describeMachine(), Load: []string{loadAverage()}, Skipped: skipped}
}

// finish prints the report as Markdown, and saves it as JSON unless file is "".
func (r *report) finish(file string) error {
	r.Load = append(r.Load, loadAverage())
	r.print(os.Stdout)
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func (r *report) print(w io.Writer) {
	m := r.Machine
	fmt.Fprintf(w, "\n%s, %s, %d CPUs (%s), kernel %s; load average %s before and %s after.\n",
		m.Go, m.Platform, m.CPUs, m.CPU, m.Kernel, r.Load[0], r.Load[1])
	for _, module := range slices.Sorted(maps.Keys(m.Modules)) {
		fmt.Fprintf(w, "%s %s. ", module, m.Modules[module])
	}
	fmt.Fprintln(w, "\nMedians of the rounds (least-most).")
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "Skipped: %s.\n", s)
	}
	if r.Delivery != nil {
		printDelivery(w, r.Delivery)
	}
	if r.Latency != nil {
		printLatency(w, r.Latency)
	}
	if r.Fairness != nil {
		printFairness(w, r.Fairness)
	}
	if r.Crowd != nil {
		printCrowd(w, r.Crowd)
	}
	if r.Scale != nil {
		printScale(w, r.Scale)
	}
	if r.Facts != nil {
		printFacts(w, r.Facts)
	}
}

// A deliveryRow is what the rounds of a path came to.
type deliveryRow struct {
	Path        string  `json:"path"`
	Title       string  `json:"title"`
	Settings    string  `json:"settings"`
	Connections int     `json:"connections"`
	Messages    int     `json:"messages"` // of a run
	Rounds      int     `json:"rounds"`
	Rate        spread  `json:"rate"`      // a second
	Ratio       spread  `json:"ratio"`     // of the rate to L's in the same round
	CPU         spread  `json:"cpu"`       // seconds of the sender for 1,000
	CPURatio    spread  `json:"cpu_ratio"` // to L's in the same round
	Allocs      float64 `json:"allocs"`    // objects a message
	Bytes       float64 `json:"bytes"`     // allocated a message
	Reuse       float64 `json:"reuse"`     // share of requests on a connection that was there
}

// summarize makes a row of each path's runs. The first path must be the
// yardstick, which the others are divided by.
func summarize(paths []path, connections int, runs [][]run) []deliveryRow {
	var rows []deliveryRow
	rate, cpu := values(runs[0], run.rate), values(runs[0], run.cpu)
	for i, p := range paths {
		rs := runs[i]
		rows = append(rows, deliveryRow{
			Path: p.name, Title: p.title, Settings: p.settings,
			Connections: connections, Messages: rs[0].Seen.Distinct, Rounds: len(rs),
			Rate:     spreadOf(values(rs, run.rate)),
			Ratio:    spreadOf(ratios(values(rs, run.rate), rate)),
			CPU:      spreadOf(values(rs, run.cpu)),
			CPURatio: spreadOf(ratios(values(rs, run.cpu), cpu)),
			Allocs:   median(values(rs, run.allocs)),
			Bytes:    median(values(rs, run.bytes)),
			Reuse:    median(values(rs, run.reuse)),
		})
	}
	return rows
}

func printDelivery(w io.Writer, rows []deliveryRow) {
	fmt.Fprint(w, "\n| Path | Connections | Rate /s | Rate / L | CPU s / 1,000 | CPU / L | "+
		"Allocations | KB | Reuse % |\n"+
		"|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %.0f | %.1f | %.2f |\n",
			r.Title, r.Connections, r.Rate.format("%.0f"), r.Ratio.format("%.2f"),
			r.CPU.format("%.3f"), r.CPURatio.format("%.2f"), r.Allocs, r.Bytes/1000, 100*r.Reuse)
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		if r.Connections == rows[0].Connections {
			fmt.Fprintf(w, "- %s: %s.\n", r.Title, r.Settings)
		}
	}
}

// note reports progress on standard error.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
