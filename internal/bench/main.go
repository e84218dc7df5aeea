// Command bench measures the library beside what people would use instead, on
// one machine, in one run. What counts are the ratios: each round runs every
// path once, in an order of its own, so that whatever else the machine does
// falls on all of them.
//
//	go run . delivery    events per second, CPU and allocations of every path
//	go run . enqueue     what it costs to hand over an event, beside river
//	go run . latency     what a hook pays, and the way to the receiver
//	go run . fairness    delivery while endpoints are slow or hang
//	go run . crowd       how long healthy endpoints wait while much is queued for hung ones
//	go run . scale       what a unit costs as things grow
//	go run . guard       in short, whether all is as in testdata/baseline.json
//
// The receiver is a process of its own, and so is every run of a path, so that
// nothing is left over from one run to the next and CPU time is that of the
// sender alone. It verifies every signature and counts: a run in which a message
// is lost, wrong or doubled ends the measurement.
//
// The peers want Redis on 127.0.0.1:6379, whose database 7 is emptied, and
// PostgreSQL on 127.0.0.1:5432, where user postgres makes and drops databases
// named bench_...; without them their paths are skipped. SQLite's file is in the
// directory for temporary files, or in that which BENCH_DIR names: it should be
// on a disk. A durable store's numbers say as much about that disk as about the
// program.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
)

// commands are what the first argument may be.
var commands = map[string]func(context.Context, []string) error{
	"delivery": delivery,
	"latency":  latency,
	"enqueue":  enqueue,
	"fairness": fairness,
	"crowd":    crowded,
	"scale":    scale,
	"guard":    guard,
}

// inner are for the processes that bench starts.
var inner = map[string]func(context.Context, []string) error{
	"_receiver": receive,
	"_deliver":  deliverOnce,
	"_latency":  timeOnce,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{""}
	}
	if f := inner[args[0]]; f != nil {
		return f(ctx, args[1:])
	}
	f := commands[args[0]]
	if f == nil {
		return fmt.Errorf("which of %v?", slices.Sorted(maps.Keys(commands)))
	}
	if err := oneAtATime(); err != nil {
		return err
	}
	return f(ctx, args[1:])
}
