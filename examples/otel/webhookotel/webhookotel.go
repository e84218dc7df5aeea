// Package webhookotel tells OpenTelemetry what a webhook.Dispatcher does: spans
// of dispatches and attempts, metrics of what came of them, and gauges of what
// waits.
//
// It is an example to copy and to change; the names of its attributes and
// instruments are its own.
//
//	t, err := webhookotel.NewTrace(nil)
//	d, err := webhook.New(store, &webhook.Options{Trace: t})
//	gauges, err := webhookotel.Observe(d, nil)
//	defer gauges.Unregister()
package webhookotel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope names the instrumentation.
const scope = "github.com/docevent/webhook/examples/otel/webhookotel"

// Options configure [NewTrace] and [Observe]. A nil or zero Options works.
type Options struct {
	// TracerProvider takes the spans. Defaults to otel.GetTracerProvider().
	TracerProvider trace.TracerProvider

	// MeterProvider takes the metrics. Defaults to otel.GetMeterProvider().
	MeterProvider metric.MeterProvider

	// PerWebhook adds the webhook's name to the metrics of outcomes, attempts,
	// disables and breakers: a time series for each, so it is for hosts whose
	// webhooks are few. Spans always have it. Defaults to false.
	PerWebhook bool
}

func (o *Options) withDefaults() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.TracerProvider == nil {
		r.TracerProvider = otel.GetTracerProvider()
	}
	if r.MeterProvider == nil {
		r.MeterProvider = otel.GetMeterProvider()
	}
	return r
}

// Attributes that are not OpenTelemetry's own. None holds a secret, a URL, a
// body or a document's name.
const (
	keyWebhook  = attribute.Key("webhook.name")
	keyDelivery = attribute.Key("webhook.delivery.id")
	keyEvent    = attribute.Key("webhook.event.id")
	keyType     = attribute.Key("webhook.event.type")
	keyDocType  = attribute.Key("webhook.doctype")
	keyDecision = attribute.Key("webhook.decision")
	keyAttempt  = attribute.Key("webhook.attempt")
	keyState    = attribute.Key("webhook.state")
	keyClass    = attribute.Key("webhook.class")
	keyBy       = attribute.Key("webhook.disabled_by")
	keyStep     = attribute.Key("webhook.store.operation")
	keyMethod   = attribute.Key("http.request.method")
	keyStatus   = attribute.Key("http.response.status_code")
)
