package webhookotel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/docevent/webhook"
)

// spans records what has already happened, which is when a webhook.Trace is
// told of it.
type spans struct{ tracer trace.Tracer }

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
		span.AddEvent("outcome", trace.WithTimestamp(now), trace.WithAttributes(outcomeAttributes(o)...))
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

// attempt records an attempt with its own start and duration. It is within the
// span of the context of Run or Drain, if that has one; the delivery's id leads
// to the span of its Dispatch, which may have been another process's.
func (s spans) attempt(ctx context.Context, d webhook.Delivery, a webhook.Attempt, err error) {
	end := a.Time.Add(a.Duration)
	_, span := s.tracer.Start(ctx, "webhook attempt",
		trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.Time))
	defer span.End(trace.WithTimestamp(end))
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
		span.RecordError(err, trace.WithTimestamp(end))
	}
}
