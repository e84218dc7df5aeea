package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/docevent/webhook"
)

// The library on the store in memory.
var memoryPath = path{
	name: "memory", title: "webhook, MemoryStore", share: 100,
	settings: "default Options but Concurrency = PerEndpoint = connections",
	open: func(ctx context.Context, to target, connections int) (sender, error) {
		return openWebhook(ctx, webhook.NewMemoryStore(), to, connections)
	},
}

// orders is the webhook of every run.
func orders(url string) webhook.Webhook {
	return webhook.Webhook{
		Name: "orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		Condition: "doc.grand_total > 1000", URL: url, Secret: secret,
		Structure: webhook.JSON, Body: orderBody,
	}
}

const orderBody = `{"doctype": "{{ doc.doctype }}", "event": "{{ event }}", "order": {
	"name": "{{ doc.name }}", "status": "{{ doc.status }}", "customer": "{{ doc.customer }}",
	"grand_total": {{ doc.grand_total }}, "remarks": "{{ doc.remarks }}"}}`

// ours is a Dispatcher that runs.
type ours struct {
	d           *webhook.Dispatcher
	transport   *webhook.HTTPTransport
	connections int
	stop        context.CancelFunc
	stopped     chan error // what Run returned
}

func openWebhook(ctx context.Context, s webhook.Store, to target, connections int) (*ours, error) {
	o := &ours{
		transport: webhook.NewHTTPTransport(&webhook.HTTPOptions{
			Allow: webhook.Loopback(), IdlePerEndpoint: connections,
		}),
		connections: connections, stopped: make(chan error, 1),
	}
	var err error
	o.d, err = webhook.New(s, &webhook.Options{
		Transport: o.transport, Concurrency: connections, PerEndpoint: connections,
	})
	if err != nil {
		return nil, err
	}
	if err := o.d.SaveWebhook(ctx, orders(to.url())); err != nil {
		return nil, err
	}
	ctx, o.stop = context.WithCancel(ctx)
	go func() { o.stopped <- o.d.Run(ctx) }()
	return o, nil
}

func orderEvent(i int) webhook.Event {
	return webhook.Event{
		ID: strconv.Itoa(i), Type: webhook.OnUpdate, DocType: "Sales Order", Name: theOrder.Name, Doc: theDocument,
	}
}

func (o *ours) send(ctx context.Context, first, n int) error {
	return each(o.connections, first, n, func(i int) error {
		report, err := o.d.Dispatch(ctx, orderEvent(i))
		if err != nil {
			return err
		}
		if got := report.Outcomes[0]; got.Decision != webhook.Queued {
			return fmt.Errorf("event %d: %s: %w", i, got.Decision, got.Err)
		}
		return nil
	})
}

// kept is how many finished deliveries a store keeps at least: MemoryStore the
// last 10,000.
const kept = 10_000

func (o *ours) close(ctx context.Context, total int) error {
	defer o.transport.CloseIdleConnections()
	o.stop()
	if err := <-o.stopped; err != nil {
		return err
	}
	stats, err := o.d.Stats(ctx)
	if err != nil {
		return err
	}
	if got, want := stats.ByState[webhook.Delivered], min(total, kept); got < want || got != sum(stats.ByState) {
		return fmt.Errorf("of %d deliveries the store has %v", total, stats.ByState)
	}
	return o.attempted(ctx)
}

// attempted checks that the newest deliveries have one attempt in the log.
func (o *ours) attempted(ctx context.Context) error {
	ds, err := o.d.Deliveries(ctx, webhook.DeliveryQuery{Limit: 100})
	if err != nil {
		return err
	}
	for _, d := range ds {
		as, err := o.d.Attempts(ctx, d.ID)
		if err != nil {
			return err
		}
		if len(as) != 1 || as[0].StatusCode != 200 {
			return fmt.Errorf("delivery %s: attempts %+v", d.ID, as)
		}
	}
	return nil
}

func sum[K comparable](m map[K]int) (total int) {
	for _, n := range m {
		total += n
	}
	return total
}
