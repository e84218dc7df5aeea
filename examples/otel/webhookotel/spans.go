package webhookotel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/docevent/webhook"
)

// spans records dispatches, which a webhook.Trace is told of when they have
// happened, and attempts from their start to their end.
type spans struct{ tracer trace.Tracer }

// traceparent is W3C's name of what a delivery keeps of the trace.
const traceparent = "traceparent"

// dispatch records a Dispatch, within the span of the caller's context, with an
// event for each outcome. A Trace does not say when the Dispatch began, so the
// span has no duration: it is the moment of the decision.
func (s spans) dispatch(ctx context.Context, r webhook.Report, err error) {
	now := time.Now()
	_, span := s.tracer.Start(ctx, "webhook dispatch",
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(now))
	defer span.End(trace.WithTimestamp(now))
	if !span.IsRecording() {
		return
	}
	for _, o := range r.Outcomes {
		span.AddEvent("outcome", trace.WithTimestamp(now),
			trace.WithAttributes(outcomeAttributes(o)...))
	}
	if err != nil {
		span.RecordError(err, trace.WithTimestamp(now))
		span.SetStatus(codes.Error, "the store did not take the deliveries")
	}
}

func outcomeAttributes(o webhook.Outcome) []attribute.KeyValue {
	attrs := []attribute.KeyValue{
		keyWebhook.String(o.Webhook), keyEvent.String(o.EventID),
		keyType.String(string(o.Type)), keyDecision.String(decision(o)),
	}
	if o.DeliveryID != "" {
		attrs = append(attrs, keyDelivery.String(o.DeliveryID))
	}
	return attrs
}

// carry returns the W3C trace context of a Dispatch, for its deliveries to keep.
func (s spans) carry(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceparent]
}

// start begins the span of an attempt. It is part of the trace that the event was
// dispatched in, maybe by another process and hours ago, or else within the span
// of the context of Run or Drain. A Transport that is instrumented makes the
// spans of its requests within it.
func (s spans) start(ctx context.Context, d webhook.Delivery) context.Context {
	if d.Trace != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: d.Trace})
	}
	ctx, span := s.tracer.Start(ctx, "webhook attempt", trace.WithSpanKind(trace.SpanKindClient))
	context.AfterFunc(ctx, func() { span.End() }) // of an attempt that is cut off
	return ctx
}

// attempt ends the span of an attempt with what came of it.
func (s spans) attempt(ctx context.Context, d webhook.Delivery, a webhook.Attempt, err error) {
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		keyDelivery.String(d.ID), keyWebhook.String(d.Webhook),
		keyEvent.String(d.EventID), keyType.String(string(d.Type)), keyDocType.String(d.DocType),
		keyAttempt.Int(a.Number), keyState.String(string(a.State)), keyMethod.String(d.Method),
	)
	if a.StatusCode != 0 {
		span.SetAttributes(keyStatus.Int(a.StatusCode))
	}
	if a.Class != "" {
		span.SetAttributes(keyClass.String(a.Class))
	}
	if a.State != webhook.Delivered {
		span.SetStatus(codes.Error, a.Error)
	}
	if err != nil { // it was made, but what came of it is not stored
		span.RecordError(err)
	}
}
