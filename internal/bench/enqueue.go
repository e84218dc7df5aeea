package main

import (
	"context"
	"flag"
	"fmt"
	"sync/atomic"
	"time"
)

// An enqueuer hands over events to be delivered later, and delivers none.
type enqueuer interface {
	// one hands over event i, outside of a transaction. It may be called by many
	// goroutines at once.
	one(ctx context.Context, i int) error

	// within hands over event i in a transaction of the host, which also writes
	// a row. It returns how long handing over took, and how long the whole
	// transaction took.
	within(ctx context.Context, i int) (call, whole time.Duration, err error)

	// stored counts the events and the host's rows in the database.
	stored(ctx context.Context) (events, rows int, err error)
}

// enqueuing says how much each enqueuer is given to do in a round.
type enqueuing struct {
	callers int
	most    time.Duration // that the callers hand over events
	within  int           // transactions of the host
}

// enqueued is what was measured of an enqueuer in a round.
type enqueued struct {
	rate  float64       // events a second, by many callers outside of transactions
	call  time.Duration // median of what a call takes in the host's transaction
	whole time.Duration // median of the whole transaction
}

// enqueue measures what it costs to hand over an event on PostgreSQL, beside
// river. It runs in this process and sends nothing. With the host's
// transactions the two take turns, one transaction each, so that what else the
// machine does falls on both.
func enqueue(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("enqueue", flag.ExitOnError)
	file := f.String("json", "", "file for the results")
	rounds := f.Int("rounds", 5, "times that each is measured")
	e := enqueuing{}
	f.IntVar(&e.callers, "callers", 64, "that hand over one event at a time")
	f.DurationVar(&e.most, "for", 2*time.Second, "how long they do")
	f.IntVar(&e.within, "within", 500, "transactions of the host")
	if err := f.Parse(args); err != nil {
		return err
	}
	there, skipped := reachable([]path{postgresPath})
	r := newReport(skipped)
	if len(there) == 0 {
		return r.finish(*file)
	}
	ours, err := openOurEnqueuer(ctx)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	rivers, err := openRiverEnqueuer(ctx)
	if err != nil {
		return fmt.Errorf("open river: %w", err)
	}
	both := []*enqueuedBy{{name: "webhook", enqueuer: ours}, {name: "river", enqueuer: rivers}}
	for round := range *rounds + 1 { // the first to warm up
		for i := range both {
			if err := both[(i+round)%2].hurry(ctx, e); err != nil {
				return err
			}
		}
		if err := e.takeTurns(ctx, both); err != nil {
			return err
		}
	}
	for _, by := range both {
		if err := by.complete(ctx); err != nil {
			return err
		}
	}
	r.Facts = enqueueFacts(both[0].rounds[1:], both[1].rounds[1:], e.callers)
	return r.finish(*file)
}

func enqueueFacts(ours, rivers []enqueued, callers int) (all []fact) {
	for _, m := range []struct {
		what, unit string
		of         func(enqueued) float64
	}{
		{
			fmt.Sprintf("one event a call, %d callers, no transaction", callers), "/s",
			func(e enqueued) float64 { return e.rate },
		},
		{
			"call in the host's transaction, p50", "us",
			func(e enqueued) float64 { return float64(e.call) / 1000 },
		},
		{
			"host's transaction with the call, p50", "us",
			func(e enqueued) float64 { return float64(e.whole) / 1000 },
		},
	} {
		var a, b []float64
		for i := range ours {
			a, b = append(a, m.of(ours[i])), append(b, m.of(rivers[i]))
		}
		all = append(all,
			fact{"PostgreSQL, " + m.what + ": webhook, Dispatch", median(a), m.unit},
			fact{"PostgreSQL, " + m.what + ": river, Insert", median(b), m.unit},
			fact{"PostgreSQL, " + m.what + ": webhook / river", median(ratios(a, b)), ""})
	}
	return all
}

// An enqueuedBy is an enqueuer, with what was measured of it round by round.
type enqueuedBy struct {
	enqueuer
	name   string
	rounds []enqueued
	next   atomic.Int64 // counts its events
	rows   int          // of the host
}

// hurry begins a round: for a time, many callers hand over events as fast as
// they can, outside of transactions.
func (by *enqueuedBy) hurry(ctx context.Context, e enqueuing) error {
	first, begin := by.next.Load(), time.Now()
	err := each(e.callers, 0, e.callers, func(int) error {
		for time.Since(begin) < e.most {
			if err := by.one(ctx, int(by.next.Add(1))); err != nil {
				return err
			}
		}
		return nil
	})
	by.rounds = append(by.rounds,
		enqueued{rate: float64(by.next.Load()-first) / time.Since(begin).Seconds()})
	return err
}

// takeTurns ends a round: the enqueuers hand over events in transactions of the
// host, one each in turn.
func (e enqueuing) takeTurns(ctx context.Context, all []*enqueuedBy) error {
	calls, wholes := make([][]time.Duration, len(all)), make([][]time.Duration, len(all))
	for range e.within {
		for i, by := range all {
			call, whole, err := by.within(ctx, int(by.next.Add(1)))
			if err != nil {
				return fmt.Errorf("in a transaction: %w", err)
			}
			by.rows++
			calls[i], wholes[i] = append(calls[i], call), append(wholes[i], whole)
		}
	}
	for i, by := range all {
		got := &by.rounds[len(by.rounds)-1]
		got.call, got.whole = median(calls[i]), median(wholes[i])
		note("round %d, %s: %.0f/s; in a transaction %v of %v",
			len(by.rounds)-1, by.name, got.rate, got.call, got.whole)
	}
	return nil
}

// complete returns an error unless every event and every row of the host is
// stored.
func (by *enqueuedBy) complete(ctx context.Context) error {
	events, rows, err := by.stored(ctx)
	if want := int(by.next.Load()); err == nil && (events != want || rows != by.rows) {
		err = fmt.Errorf("of %d events %d are stored, of %d rows of the host %d",
			want, events, by.rows, rows)
	}
	return err
}
