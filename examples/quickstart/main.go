// Quickstart shows the life of one order: a receiver on loopback that verifies
// signatures, three webhooks, and an account of what fired, what did not and
// why, what was sent, and a retry after a 503.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/docevent/webhook"
)

const secret = "your_secret_here"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	url, err := startReceiver()
	if err != nil {
		return err
	}
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()}),
		Logger:    slog.New(slog.DiscardHandler),
		Retry:     webhook.RetryPolicy{Schedule: []time.Duration{time.Second}},
	})
	if err != nil {
		return err
	}
	if err := d.SaveWebhooks(ctx, webhooks(url)...); err != nil {
		return err
	}
	running, stopRunning := context.WithCancel(ctx)
	defer stopRunning()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	if err := live(ctx, d); err != nil {
		return err
	}
	if err := account(ctx, d); err != nil {
		return err
	}
	stopRunning()
	return <-ended
}

// webhooks are three that the documentation of Frappe's webhooks describes.
func webhooks(url string) []webhook.Webhook {
	return []webhook.Webhook{{
		Name:      "Large orders",
		DocType:   "Sales Order",
		Events:    []webhook.EventType{webhook.OnSubmit, webhook.OnCancel},
		Condition: `{# Only for large orders #}{{ doc.grand_total > 10000 }}`,
		URL:       url + "/large", Secret: secret,
		Ordered: true, // a cancel never overtakes its submit
	}, {
		Name:    "Order lines",
		DocType: "Sales Order",
		Events:  []webhook.EventType{webhook.AfterInsert, webhook.OnUpdate},
		URL:     url + "/lines", Secret: secret,
		Structure: webhook.JSON,
		Body: `{
    "order_id": "{{ doc.name }}",
    "total": {{ doc.grand_total }},
    "items": [
        {% for item in doc.items %}
        {"item_code": "{{ item.item_code }}", "qty": {{ item.qty }}}{% if not loop.last %},{% endif %}
        {% endfor %}
    ]
}`,
	}, {
		Name:      "Premium customers",
		DocType:   "Sales Order",
		Events:    []webhook.EventType{webhook.OnSubmit},
		Condition: `doc.customer_group == "Premium"`,
		URL:       url + "/premium", Secret: secret,
		Structure: webhook.Form,
		Data: []webhook.Field{
			{Fieldname: "customer", Key: "customer"},
			{Fieldname: "grand_total", Key: "amount"},
		},
	}}
}

// live dispatches what happens to the order, as a host's ORM hooks would.
func live(ctx context.Context, d *webhook.Dispatcher) error {
	order := map[string]any{
		"customer": "Customer A", "customer_group": "Retail",
		"status": "Draft", "grand_total": 1500.0,
		"items": []any{map[string]any{"item_code": "ITEM-1", "qty": 3}},
	}
	steps := []struct {
		action webhook.Action
		change map[string]any
	}{
		{webhook.ActionInsert, nil},
		{webhook.ActionSave, map[string]any{"grand_total": 15000.0, "customer_group": "Premium"}},
		{webhook.ActionSubmit, map[string]any{"status": "To Deliver and Bill"}},
		{webhook.ActionCancel, map[string]any{"status": "Cancelled", "grand_total": 0}},
	}
	for _, step := range steps {
		for field, value := range step.change {
			order[field] = value
		}
		event := webhook.Event{DocType: "Sales Order", Name: "SO-00001", Doc: order}
		report, err := d.Dispatch(ctx, step.action.On(event)...)
		if err != nil {
			return err
		}
		fmt.Printf("\n%s\n", step.action)
		for _, o := range report.Outcomes {
			fmt.Printf("  %-12s %-18s %s%s\n", o.Type, o.Webhook, o.Decision, why(d, o))
		}
	}
	return nil
}

// why explains an outcome that sends nothing.
func why(d *webhook.Dispatcher, o webhook.Outcome) string {
	if o.Err != nil {
		return ": " + o.Err.Error()
	}
	w, err := d.Webhook(context.Background(), o.Webhook)
	if o.Decision != webhook.ConditionFalse || err != nil {
		return ""
	}
	return ": " + w.Condition
}

// account waits until every delivery has ended, and prints how each went.
func account(ctx context.Context, d *webhook.Dispatcher) error {
	if err := settled(ctx, d); err != nil {
		return err
	}
	fmt.Println("\ndeliveries, newest first")
	deliveries, err := d.Deliveries(ctx, webhook.DeliveryQuery{})
	if err != nil {
		return err
	}
	for _, del := range deliveries {
		fmt.Printf("  %s  %-18s %-12s %s\n", del.ID, del.Webhook, del.Type, del.State)
		attempts, err := d.Attempts(ctx, del.ID)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			fmt.Printf("    attempt %d: status %d after %v",
				a.Number, a.StatusCode, a.Duration.Round(10*time.Microsecond))
			if !a.Next.IsZero() {
				fmt.Printf(", next in %v", a.Next.Sub(a.Time).Round(10*time.Millisecond))
			}
			fmt.Println()
		}
	}
	return nil
}

// settled waits until nothing is pending, for at most ten seconds.
func settled(ctx context.Context, d *webhook.Dispatcher) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		pending, err := d.Deliveries(ctx, webhook.DeliveryQuery{
			States: []webhook.State{webhook.Pending},
		})
		if err != nil || len(pending) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d deliveries are still pending: %w", len(pending), ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startReceiver serves an endpoint that verifies signatures, prints what comes,
// and answers the first request with a 503.
func startReceiver() (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	requests := 0
	receive := func(w http.ResponseWriter, r *http.Request) {
		body, err := webhook.NewVerifier(secret).Verify(r)
		requests++
		fmt.Printf("\nrequest %d: %s %s (%s)\n",
			requests, r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		fmt.Printf("  %s, attempt %s of %s\n", r.Header.Get("X-Webhook-Event"),
			r.Header.Get("X-Webhook-Attempt"), r.Header.Get("Webhook-Id"))
		fmt.Printf("  X-Frappe-Webhook-Signature: %s\n", r.Header.Get("X-Frappe-Webhook-Signature"))
		fmt.Printf("  %s\n", body)
		switch {
		case err != nil:
			fmt.Printf("  refused: %v\n", err)
			w.WriteHeader(http.StatusUnauthorized)
		case requests == 1:
			fmt.Println("  signature verified; answered 503, to see a retry")
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Println("  signature verified; answered 200")
		}
	}
	mux := http.NewServeMux()
	serial := make(chan struct{}, 1) // one at a time, so that what is printed is not mixed
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		serial <- struct{}{}
		defer func() { <-serial }()
		receive(w, r)
	})
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	return "http://" + listener.Addr().String(), nil
}
