// Otel shows what OpenTelemetry gets to see of webhooks: two events of an
// order, for an endpoint that delivers at the second attempt and for one that
// is gone. Spans and then metrics are printed as JSON; replace the exporters to
// send them to a collector. What each metric says, and which one to put an
// alert on, stands at NewTrace and Observe of package webhookotel.
//
//	cd examples/otel && go run .
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/examples/otel/webhookotel"
	"github.com/docevent/webhook/webhooktest"
)

const secret = "your_secret_here"

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	telemetry, shutdown, err := providers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shutdown(ctx)) }() // prints what is not yet printed

	told, err := webhookotel.NewTrace(telemetry)
	if err != nil {
		return err
	}
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: endpoints(),
		Logger:    slog.New(slog.DiscardHandler),
		Retry:     webhook.RetryPolicy{Schedule: []time.Duration{100 * time.Millisecond}},
		Trace:     told,
	})
	if err != nil {
		return err
	}
	if _, err := webhookotel.Observe(d, telemetry); err != nil {
		return err
	}
	return orders(ctx, d, telemetry)
}

// providers return those of OpenTelemetry, which print to stdout, and what ends
// them.
func providers() (*webhookotel.Options, func(context.Context) error, error) {
	spans, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		return nil, nil, err
	}
	metrics, err := stdoutmetric.New(stdoutmetric.WithPrettyPrint())
	if err != nil {
		return nil, nil, err
	}
	tracers := trace.NewTracerProvider(trace.WithBatcher(spans))
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics)))
	shutdown := func(ctx context.Context) error {
		return errors.Join(tracers.Shutdown(ctx), meters.Shutdown(ctx))
	}
	return &webhookotel.Options{TracerProvider: tracers, MeterProvider: meters}, shutdown, nil
}

// endpoints stand for two on the network: one answers its first request with a
// 503, the other one is gone.
func endpoints() *webhooktest.Receiver {
	r := webhooktest.NewReceiver(secret)
	r.RespondWith(func(req *webhooktest.Request) webhooktest.Response {
		switch {
		case req.Webhook == "CRM":
			return webhooktest.Response{StatusCode: 410}
		case req.Attempt == 1 && req.Event == "after_insert":
			return webhooktest.Response{StatusCode: 503, Delay: 20 * time.Millisecond}
		}
		return webhooktest.Response{StatusCode: 200, Delay: 10 * time.Millisecond}
	})
	return r
}

// orders dispatches as a host would, each event within the span of its request,
// and waits until all is delivered.
func orders(ctx context.Context, d *webhook.Dispatcher, telemetry *webhookotel.Options) error {
	for _, name := range []string{"CRM", "ERP"} {
		if err := d.SaveWebhook(ctx, webhook.Webhook{
			Name: name, DocType: "Sales Order",
			Events: []webhook.EventType{webhook.AfterInsert, webhook.OnSubmit},
			URL:    "https://" + name + ".example/orders", Secret: secret,
		}); err != nil {
			return err
		}
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	tracer := telemetry.TracerProvider.Tracer("example")
	var err error
	for _, event := range []webhook.EventType{webhook.AfterInsert, webhook.OnSubmit} {
		ctx, span := tracer.Start(ctx, fmt.Sprint("request: ", event))
		_, failed := d.Dispatch(ctx, webhook.Event{
			Type: event, DocType: "Sales Order", Name: "SO-00001",
		})
		span.End()
		err = errors.Join(err, failed)
	}
	err = errors.Join(err, settled(ctx, d))
	stop()
	return errors.Join(err, <-ended)
}

// settled waits until nothing is pending.
func settled(ctx context.Context, d *webhook.Dispatcher) error {
	for {
		stats, err := d.Stats(ctx)
		if err != nil || stats.ByState[webhook.Pending] == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
