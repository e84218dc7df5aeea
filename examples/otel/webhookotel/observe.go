package webhookotel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/docevent/webhook"
)

// states are those of deliveries. All are observed, so that a state that
// nothing is in any more falls to 0 and does not stay where it was.
var states = []webhook.State{
	webhook.Pending, webhook.Paused,
	webhook.Delivered, webhook.Failed, webhook.Exhausted, webhook.Canceled,
}

// Observe registers gauges that ask Dispatcher.Stats at each collection:
//
//   - webhook.deliveries, by state
//   - webhook.deliveries.oldest_due, in seconds: for how long the delivery that
//     is due first has been. This is the one to put an alert on.
//   - webhook.lines.blocked: ordered lines stopped by a delivery that failed
//   - webhook.breakers.open, in this process
//
// All but the last are the store's, the same in each process that shares it:
// take their maximum, not their sum, or call Observe in one process only. A
// store that cannot count makes each collection fail with
// errors.ErrUnsupported. Unregister ends it.
func Observe(d *webhook.Dispatcher, opts *Options) (metric.Registration, error) {
	o := opts.withDefaults()
	meter := o.MeterProvider.Meter(scope)
	var errs [4]error
	deliveries, err := meter.Int64ObservableGauge("webhook.deliveries",
		metric.WithUnit("{delivery}"), metric.WithDescription("Deliveries in the store"))
	errs[0] = err
	oldest, err := meter.Float64ObservableGauge("webhook.deliveries.oldest_due",
		metric.WithUnit("s"), metric.WithDescription("How late the delivery due first is"))
	errs[1] = err
	blocked, err := meter.Int64ObservableGauge("webhook.lines.blocked",
		metric.WithUnit("{line}"),
		metric.WithDescription("Ordered lines stopped by a delivery that failed"))
	errs[2] = err
	breakers, err := meter.Int64ObservableGauge("webhook.breakers.open",
		metric.WithUnit("{breaker}"),
		metric.WithDescription("Webhooks left alone because they fail"))
	errs[3] = err
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(ctx context.Context, out metric.Observer) error {
		stats, err := d.Stats(ctx)
		if err != nil {
			return err
		}
		for _, s := range states {
			out.ObserveInt64(deliveries, int64(stats.ByState[s]),
				metric.WithAttributes(keyState.String(string(s))))
		}
		out.ObserveFloat64(oldest, stats.OldestDue.Seconds())
		out.ObserveInt64(blocked, int64(stats.BlockedLines))
		out.ObserveInt64(breakers, int64(stats.OpenBreakers))
		return nil
	}, deliveries, oldest, blocked, breakers)
}
