package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"time"
)

// A scaleRow is what a unit of work costs at a size of something.
type scaleRow struct {
	What   string  `json:"what"`
	Size   int     `json:"size"`
	Unit   string  `json:"unit"`
	Nanos  float64 `json:"ns"`     // a unit, the median of some tries
	Allocs float64 `json:"allocs"` // a unit
}

// scale measures how the cost of a unit grows with the size of what it is part
// of. It runs in this process and sends nothing.
func scale(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("scale", flag.ExitOnError)
	file := f.String("json", "", "file for the results")
	memory := f.Int("memory", 1_000_000,
		"pending deliveries in MemoryStore at most, a power of ten")
	sql := f.Int("sql", 100_000,
		"pending and finished deliveries in SQLite and PostgreSQL at most, a power of ten; "+
			"0 leaves them out")
	if err := f.Parse(args); err != nil {
		return err
	}
	r := newReport(nil)
	for _, measure := range []func(context.Context) ([]scaleRow, error){
		webhooksOnOneType, eventsOfOneCall, documentSizes,
		func(ctx context.Context) ([]scaleRow, error) { return pendingInMemory(ctx, *memory) },
		func(ctx context.Context) ([]scaleRow, error) { return pendingInSQL(ctx, *sql) },
	} {
		rows, err := measure(ctx)
		if err != nil {
			return err
		}
		r.Scale = append(r.Scale, rows...)
	}
	var err error
	if r.Facts, err = facts(ctx); err != nil {
		return err
	}
	return r.finish(*file)
}

// tries is how often each cost is measured; the median counts.
const tries = 5

// cost returns what one unit of work costs, of the n that each call of f does.
// It counts the CPU time of all threads, which depends least on other programs
// on the machine.
func cost(n int, f func() error) (nanos, allocs float64, err error) {
	var ns, as []float64
	for range tries {
		runtime.GC()
		start := time.Now()
		before := used(start)
		if err := f(); err != nil {
			return 0, 0, err
		}
		u := used(start).minus(before)
		ns = append(ns, float64(u.CPU)/float64(n))
		as = append(as, float64(u.Allocs)/float64(n))
	}
	return median(ns), median(as), nil
}

// powers returns least, 10 times least, 100 times least and so on, up to most.
func powers(least, most int) []int {
	var ps []int
	for n := least; n <= most; n *= 10 {
		ps = append(ps, n)
	}
	return ps
}

// exponent is the slope of the cost of a unit over the size, both as
// logarithms: 0 when a unit costs the same at every size, 1 when its cost grows
// in proportion to the size.
func exponent(rows []scaleRow) float64 {
	var sx, sy, sxx, sxy float64
	for _, r := range rows {
		x, y := math.Log(float64(r.Size)), math.Log(r.Nanos)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	n := float64(len(rows))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func printScale(w io.Writer, rows []scaleRow) {
	fmt.Fprint(w, "\n| What grows | Unit | ns a unit, by size | Exponent |\n|---|---|---|---|\n")
	for len(rows) > 0 {
		end := slices.IndexFunc(rows, func(r scaleRow) bool {
			return r.What != rows[0].What || r.Unit != rows[0].Unit
		})
		if end < 0 {
			end = len(rows)
		}
		fmt.Fprintf(w, "| %s | %s |", rows[0].What, rows[0].Unit)
		for _, r := range rows[:end] {
			fmt.Fprintf(w, " %d: %.0f;", r.Size, r.Nanos)
		}
		fmt.Fprintf(w, " | %.2f |\n", exponent(rows[:end]))
		rows = rows[end:]
	}
}
