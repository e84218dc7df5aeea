package webhookotel

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/docevent/webhook"
)

// NewTrace returns a webhook.Trace for Options.Trace. It records a span for each
// Dispatch that a webhook listened to and for each attempt, and counts:
//
//   - webhook.outcomes, by decision; "not_stored" when the store failed. What a
//     unit of work holds is counted as held, and again at its commit.
//   - webhook.attempts, by the state each led to, and by class if it has one
//   - webhook.attempt.duration, in seconds, by state
//   - webhook.disables, by who did it
//   - webhook.breakers.opened
//   - webhook.store.failures, by operation (enqueue, claim, update)
//
// The error is that of an instrument that the meter does not make.
func NewTrace(opts *Options) (*webhook.Trace, error) {
	o := opts.withDefaults()
	m, err := newMeters(o.MeterProvider.Meter(scope))
	if err != nil {
		return nil, err
	}
	m.perWebhook = o.PerWebhook
	s := spans{tracer: o.TracerProvider.Tracer(scope)}
	return &webhook.Trace{
		Dispatch: func(ctx context.Context, r webhook.Report, err error) {
			s.dispatch(ctx, r, err)
			m.dispatch(ctx, r, err)
		},
		Carry: s.carry,
		Start: s.start,
		Claim: m.claim,
		Attempt: func(ctx context.Context, d webhook.Delivery, a webhook.Attempt, err error) {
			s.attempt(ctx, d, a, err)
			m.attempt(ctx, d, a, err)
		},
		Disable: m.disable,
		Breaker: m.breaker,
	}, nil
}

// meters are the instruments of a Trace.
type meters struct {
	perWebhook bool

	outcomes  metric.Int64Counter
	attempts  metric.Int64Counter
	durations metric.Float64Histogram
	disables  metric.Int64Counter
	breakers  metric.Int64Counter
	failures  metric.Int64Counter
}

func newMeters(meter metric.Meter) (*meters, error) {
	var errs [6]error
	m := &meters{}
	m.outcomes, errs[0] = meter.Int64Counter("webhook.outcomes",
		metric.WithUnit("{outcome}"), metric.WithDescription("What webhooks made of events"))
	m.attempts, errs[1] = meter.Int64Counter("webhook.attempts",
		metric.WithUnit("{attempt}"), metric.WithDescription("Requests made for deliveries"))
	m.durations, errs[2] = meter.Float64Histogram("webhook.attempt.duration",
		metric.WithUnit("s"), metric.WithDescription("How long attempts took"),
		metric.WithExplicitBucketBoundaries(
			.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 30, 60))
	m.disables, errs[3] = meter.Int64Counter("webhook.disables",
		metric.WithUnit("{webhook}"), metric.WithDescription("Webhooks taken out of service"))
	m.breakers, errs[4] = meter.Int64Counter("webhook.breakers.opened",
		metric.WithUnit("{breaker}"), metric.WithDescription("Breakers that opened"))
	m.failures, errs[5] = meter.Int64Counter("webhook.store.failures",
		metric.WithUnit("{call}"), metric.WithDescription("Calls that the store failed"))
	return m, errors.Join(errs[:]...)
}

// of returns the attributes of a measurement, with the webhook's name if that is
// wanted and those without a value left out.
func (m *meters) of(name string, attrs ...attribute.KeyValue) metric.MeasurementOption {
	kept := attrs[:0]
	for _, kv := range attrs {
		if kv.Value.AsString() != "" {
			kept = append(kept, kv)
		}
	}
	if m.perWebhook {
		kept = append(kept, keyWebhook.String(name))
	}
	return metric.WithAttributes(kept...)
}

func (m *meters) dispatch(ctx context.Context, r webhook.Report, err error) {
	for _, o := range r.Outcomes {
		m.outcomes.Add(ctx, 1, m.of(o.Webhook, keyDecision.String(decision(o))))
	}
	m.failed(ctx, "enqueue", err)
}

// decision names an outcome's decision, and the one that the store prevented.
func decision(o webhook.Outcome) string { return cmp.Or(string(o.Decision), "not_stored") }

func (m *meters) claim(ctx context.Context, _ int, err error) { m.failed(ctx, "claim", err) }

func (m *meters) attempt(ctx context.Context, d webhook.Delivery, a webhook.Attempt, err error) {
	state := keyState.String(string(a.State))
	m.attempts.Add(ctx, 1, m.of(d.Webhook, state, keyClass.String(a.Class)))
	m.durations.Record(ctx, a.Duration.Seconds(), m.of(d.Webhook, state))
	if !errors.Is(err, webhook.ErrLeaseLost) { // canceled meanwhile, say: no failure of the store
		m.failed(ctx, "update", err)
	}
}

func (m *meters) disable(ctx context.Context, name, by, _ string) {
	m.disables.Add(ctx, 1, m.of(name, keyBy.String(by)))
}

func (m *meters) breaker(ctx context.Context, name string, _ time.Duration) {
	m.breakers.Add(ctx, 1, m.of(name))
}

// failed counts a call that the store failed. One whose caller went away is not
// the store's.
func (m *meters) failed(ctx context.Context, operation string, err error) {
	if err != nil && ctx.Err() == nil {
		m.failures.Add(ctx, 1, metric.WithAttributes(keyStep.String(operation)))
	}
}
