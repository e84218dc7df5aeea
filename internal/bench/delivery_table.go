package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// A row is what the rounds of a path came to.
type row struct {
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

// A table is a whole measurement.
type table struct {
	Machine machine  `json:"machine"`
	Load    []string `json:"load"` // averages of the machine, before and after
	Rows    []row    `json:"rows"`
}

// summarize wants the yardstick first.
func summarize(paths []path, connections int, runs [][]run) []row {
	var rows []row
	rate, cpu := values(runs[0], run.rate), values(runs[0], run.cpu)
	for i, p := range paths {
		rs := runs[i]
		rows = append(rows, row{
			Path: p.name, Title: p.title, Settings: p.settings,
			Connections: connections, Messages: rs[0].Messages, Rounds: len(rs),
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

// print writes Markdown.
func (t table) print(w io.Writer) {
	m := t.Machine
	fmt.Fprintf(w, "\n%s, %s, %d CPUs (%s), kernel %s; load average %v.\n", m.Go, m.Platform, m.CPUs, m.CPU, m.Kernel, t.Load)
	fmt.Fprintf(w, "\n| Path | Connections | Rate /s | Rate / L | CPU s / 1,000 | CPU / L | Allocations | KB | Reuse %% |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.Rows {
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %.0f | %.1f | %.2f |\n",
			r.Title, r.Connections, r.Rate.format("%.0f"), r.Ratio.format("%.2f"),
			r.CPU.format("%.3f"), r.CPURatio.format("%.2f"), r.Allocs, r.Bytes/1000, 100*r.Reuse)
	}
	fmt.Fprintf(w, "\nMedians of the rounds (least-most).\n\n")
	for _, r := range t.Rows {
		if r.Connections == t.Rows[0].Connections {
			fmt.Fprintf(w, "- %s: %s.\n", r.Title, r.Settings)
		}
	}
}

// save writes JSON, unless file is "".
func (t table) save(file string) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(t, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
