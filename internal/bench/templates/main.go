// Command templates measures conditions and JSON bodies beside other engines.
// It prints, for each task, the time of every contestant, its allocations, and
// how many times the library's time that is. Rounds of all contestants of a
// task are interleaved, so that a noisy machine disturbs all of them alike, and
// the median round counts.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

// A contestant does one task in its own way. run answers true to a condition,
// and writes a body to nothing but memory.
type contestant struct {
	name string
	run  func() ([]byte, bool)
	want string // the body, "" for a condition
}

// A task is one row of the report. The first contestant is what the others are
// measured by.
type task struct {
	name        string
	contestants []contestant
}

func main() {
	rounds := flag.Int("rounds", 9, "rounds of each contestant")
	span := flag.Duration("span", 10*time.Millisecond, "length of a round")
	profile := flag.String("profile", "",
		"profile the library's body with 100 items to this file, and nothing else")
	flag.Parse()
	log.SetFlags(0)
	if *profile != "" {
		if err := profileBody(*profile); err != nil {
			log.Fatal(err)
		}
		return
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
	for _, t := range slices.Concat(conditionTasks(), bodyTasks()) {
		fmt.Fprintf(out, "%s\tns/op\tallocs\tratio\t\n", t.name)
		report(out, t, *rounds, *span)
		fmt.Fprintln(out, "\t\t\t\t")
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

func report(out *tabwriter.Writer, t task, rounds int, span time.Duration) {
	times := make([][]float64, len(t.contestants))
	for range rounds {
		for i, c := range t.contestants {
			times[i] = append(times[i], round(c, span))
		}
	}
	var base float64
	for i, c := range t.contestants {
		slices.Sort(times[i])
		median := times[i][rounds/2]
		if i == 0 {
			base = median
		}
		allocs := testing.AllocsPerRun(100, func() { c.run() })
		fmt.Fprintf(out, "%s%s\t%.0f\t%.0f\t%.2f\t\n",
			c.name, verdict(c), median, allocs, median/base)
	}
}

// round returns nanoseconds per run.
func round(c contestant, span time.Duration) float64 {
	start := time.Now()
	n := 0
	for batch := 1; time.Since(start) < span; batch = min(2*batch, 256) {
		for range batch {
			c.run()
		}
		n += batch
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

// verdict marks a contestant whose answer is wrong.
func verdict(c contestant) string {
	body, ok := c.run()
	switch {
	case c.want == "" && ok:
		return ""
	case c.want != "" && sameJSON(body, []byte(c.want)):
		return ""
	}
	return " (WRONG)"
}
