// Command bench measures the library beside what people would use instead, on
// one machine, in one run. What counts are the ratios: each round runs every
// path once, in an order of its own, so that whatever else the machine does
// falls on all of them.
//
//	go run . delivery    events per second, CPU and allocations of every path
//	go run . latency     what a hook pays, and the way to the receiver
//	go run . fairness    delivery while endpoints are slow or hang
//
// The receiver is a process of its own, and so is every run of a path, so that
// nothing is left over from one run to the next and CPU time is that of the
// sender alone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

// commands are what the first argument may be. Those that begin with an
// underscore are for the processes that bench starts.
var commands = map[string]func(context.Context, []string) error{
	"delivery":  delivery,
	"latency":   latency,
	"fairness":  fairness,
	"_receiver": receive,
	"_deliver":  deliverOnce,
	"_latency":  timeOnce,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench delivery|latency|fairness [flags]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
