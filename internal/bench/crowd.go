package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

// A crowd is a number of endpoints that never answer, and the deliveries queued
// for them before the first message for a healthy endpoint is handed over.
type crowd struct {
	name   string
	hung   int // endpoints
	queued int // deliveries for all of them
}

// crowds are all that are measured. The others are compared with the first.
var crowds = []crowd{
	{"none hangs", 0, 0},
	{"one hangs, 10,000 queued for it", 1, 10_000},
	{"a hundred hang, 10,000 queued", 100, 10_000},
	{"a hundred hang, 100,000 queued", 100, 100_000},
}

const (
	healthyHooks    = 99
	healthyMessages = 2000
	healthyPace     = 2 * time.Millisecond // one message each
)

// crowded measures how long deliveries to healthy endpoints take, at default
// Options, while others hang. The dispatcher has no warm-up: the first
// deliveries, to endpoints that it does not know yet, count like the others.
// The Transport is a stand-in, whose healthy endpoints take 2 to 6 ms to
// answer.
func crowded(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("crowd", flag.ExitOnError)
	rounds := f.Int("rounds", 5, "times that every crowd is there")
	file := f.String("json", "", "file for the results")
	if err := f.Parse(args); err != nil {
		return err
	}
	r := newReport(nil)
	rows := make([]crowdRow, len(crowds))
	for round := range *rounds {
		for i, c := range crowds {
			took, err := c.play(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			rows[i].Scene = c.name
			rows[i].Took.add(took)
			note("round %d, %s", round+1, c.name)
		}
	}
	alone := rows[0].Took.rounds[1]
	for i := range rows {
		p := &rows[i].Took
		p.settle()
		rows[i].Ratio = spreadOf(ratios(p.rounds[1], alone))
	}
	r.Crowd = rows
	return r.finish(*file)
}

// A crowdRow is what the rounds of a crowd came to.
type crowdRow struct {
	Scene string      `json:"scene"`
	Took  percentiles `json:"took"`  // from Dispatch to the healthy endpoint
	Ratio spread      `json:"ratio"` // of p99 to that with nobody hanging, in the same round
}

func printCrowd(w io.Writer, rows []crowdRow) {
	fmt.Fprint(w, "\nMicroseconds, p50 / p99 / p999.\n\n"+
		"| Endpoints | To a healthy one | p99 to that with none |\n|---|---|---|\n")
	for i := range rows {
		fmt.Fprintf(w, "| %s | %v | %s |\n",
			rows[i].Scene, &rows[i].Took, rows[i].Ratio.format("%.2f"))
	}
}

// play returns how long each message took from Dispatch to its endpoint.
func (c crowd) play(ctx context.Context) ([]time.Duration, error) {
	world := &standIn{sent: map[string]time.Time{}, all: make(chan struct{})}
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: world, Logger: slog.New(slog.DiscardHandler), StopTimeout: -1,
	})
	if err != nil {
		return nil, err
	}
	if err := c.save(ctx, d); err != nil {
		return nil, err
	}
	if err := c.queue(ctx, d); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- d.Run(ctx) }()
	err = world.dispatch(ctx, d)
	if err == nil {
		select {
		case <-world.all:
		case <-time.After(time.Minute):
			err = errors.New("not all messages arrived within a minute")
		}
	}
	cancel()
	return world.took, errors.Join(err, <-stopped)
}

func (c crowd) save(ctx context.Context, d *webhook.Dispatcher) error {
	var hooks []webhook.Webhook
	add := func(name string, i int) {
		name = fmt.Sprint(name, i)
		hooks = append(hooks, webhook.Webhook{
			Name: name, DocType: name, Events: []webhook.EventType{webhook.OnUpdate},
			URL: "https://" + name + ".example.com/hook", Secret: secret,
		})
	}
	for i := range c.hung {
		add("hung", i)
	}
	for i := range healthyHooks {
		add("healthy", i)
	}
	return d.SaveWebhooks(ctx, hooks...)
}

func (c crowd) queue(ctx context.Context, d *webhook.Dispatcher) error {
	for i := range c.queued {
		if _, err := d.Dispatch(ctx, crowdEvent("hung", i, c.hung)); err != nil {
			return err
		}
	}
	return nil
}

// crowdEvent returns event i for one of the endpoints of a kind, which take
// turns.
func crowdEvent(kind string, i, endpoints int) webhook.Event {
	return webhook.Event{
		ID: fmt.Sprint(kind, "-", i), Type: webhook.OnUpdate,
		DocType: fmt.Sprint(kind, i%endpoints), Name: fmt.Sprint("D-", i), Doc: theDocument,
	}
}

// A standIn is a Transport whose endpoints answer or hang. It notes how long
// each message took to reach an endpoint that answers.
type standIn struct {
	mu   sync.Mutex // guards the fields below
	sent map[string]time.Time
	took []time.Duration
	all  chan struct{} // closed when all arrived
}

// dispatch hands over the messages for the healthy endpoints.
func (s *standIn) dispatch(ctx context.Context, d *webhook.Dispatcher) error {
	tick := time.NewTicker(healthyPace)
	defer tick.Stop()
	for i := range healthyMessages {
		<-tick.C
		ev := crowdEvent("healthy", i, healthyHooks)
		s.mu.Lock()
		s.sent[ev.ID] = time.Now()
		s.mu.Unlock()
		if _, err := d.Dispatch(ctx, ev); err != nil {
			return err
		}
	}
	return nil
}

// Send implements [webhook.Transport].
func (s *standIn) Send(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
	if strings.Contains(req.URL, "hung") {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(time.Millisecond + rand.N(2*time.Millisecond))
	s.arrived(req.Header.Get(headerEventID))
	time.Sleep(time.Millisecond + rand.N(2*time.Millisecond))
	return &webhook.Response{StatusCode: 200}, nil
}

func (s *standIn) arrived(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.took = append(s.took, time.Since(s.sent[id])); len(s.took) == healthyMessages {
		close(s.all)
	}
}
