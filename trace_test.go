package webhook_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

type traceKey struct{}

// What Carry makes of a Dispatch's context is kept with its deliveries, and
// Start gives each attempt the context that Transport and Attempt see.
func TestTraceFromDispatchToAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, told []string
		var ended atomic.Int32
		of := func(ctx context.Context) string { s, _ := ctx.Value(traceKey{}).(string); return s }
		d, _ := newDispatcher(t, &webhook.Options{
			Retry: webhook.RetryPolicy{Schedule: []time.Duration{time.Minute}, Jitter: -1},
			Transport: webhook.TransportFunc(func(ctx context.Context, req *webhook.Request) (
				*webhook.Response, error) {
				sent = append(sent, of(ctx))
				return &webhook.Response{StatusCode: 500 - 300*(req.Attempt-1)}, nil
			}),
			Trace: &webhook.Trace{
				Carry: of,
				Start: func(ctx context.Context, d webhook.Delivery) context.Context {
					context.AfterFunc(ctx, func() { ended.Add(1) })
					return context.WithValue(ctx, traceKey{}, "attempt of "+d.Trace)
				},
				Attempt: func(ctx context.Context, d webhook.Delivery, _ webhook.Attempt, _ error) {
					told = append(told, d.Trace+": "+of(ctx))
				},
			},
		})
		require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
		dispatched := context.WithValue(t.Context(), traceKey{}, "request 1")
		report, err := d.Dispatch(dispatched, updated(nil))
		require.NoError(t, err)
		del, err := d.Delivery(t.Context(), report.Outcomes[0].DeliveryID)
		require.NoError(t, err)
		require.Equal(t, "request 1", del.Trace)
		require.NoError(t, d.Drain(t.Context()))
		time.Sleep(time.Minute)
		require.NoError(t, d.Drain(t.Context()))
		require.Equal(t, []string{"attempt of request 1", "attempt of request 1"}, sent)
		require.Equal(t, []string{"request 1: attempt of request 1", "request 1: attempt of request 1"}, told)
		synctest.Wait()
		require.Equal(t, int32(2), ended.Load())
	})
}

// What Carry returns must fit into a store; what Start returns must be a context.
func TestTraceThatMisbehaves(t *testing.T) {
	for _, test := range []struct {
		name  string
		carry func(context.Context) string
		start func(context.Context, webhook.Delivery) context.Context
		want  string
	}{
		{name: "longest", carry: func(context.Context) string {
			return strings.Repeat("x", 1024)
		}, want: strings.Repeat("x", 1024)},
		{name: "too long", carry: func(context.Context) string { return strings.Repeat("x", 1025) }},
		{name: "not UTF-8", carry: func(context.Context) string { return "\xff" }},
		{name: "NUL", carry: func(context.Context) string { return "a\x00" }},
		{name: "panic in Carry", carry: func(context.Context) string { panic("carry") }},
		{name: "panic in Start", start: func(context.Context, webhook.Delivery) context.Context { panic("start") }},
		{name: "no context", start: func(context.Context, webhook.Delivery) context.Context { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, r := newDispatcher(t, &webhook.Options{Trace: &webhook.Trace{Carry: test.carry, Start: test.start}})
			require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
			report, err := d.Dispatch(t.Context(), updated(nil))
			require.NoError(t, err)
			del, err := d.Delivery(t.Context(), report.Outcomes[0].DeliveryID)
			require.NoError(t, err)
			require.Equal(t, test.want, del.Trace)
			require.NoError(t, d.Drain(t.Context()))
			require.Len(t, r.Requests(), 1)
		})
	}
}

// A context that Start lets end by itself ends the attempt, which counts.
func TestTraceStartWithADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDispatcher(t, &webhook.Options{
			Transport: webhook.TransportFunc(func(ctx context.Context, _ *webhook.Request) (*webhook.Response, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}),
			Trace: &webhook.Trace{Start: func(ctx context.Context, _ webhook.Delivery) context.Context {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				t.Cleanup(cancel)
				return ctx
			}},
		})
		require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
		report, err := d.Dispatch(t.Context(), updated(nil))
		require.NoError(t, err)
		require.NoError(t, d.Drain(t.Context()))
		as, err := d.Attempts(t.Context(), report.Outcomes[0].DeliveryID)
		require.NoError(t, err)
		require.Len(t, as, 1)
		require.Equal(t, webhook.ClassTimeout, as[0].Class)
	})
}
