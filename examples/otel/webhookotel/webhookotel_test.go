package webhookotel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/examples/otel/webhookotel"
	"github.com/docevent/webhook/webhooktest"
)

const secret = "your_secret_here"

// A fixture is a dispatcher whose spans and metrics are kept in memory.
type fixture struct {
	*webhook.Dispatcher
	receiver *webhooktest.Receiver
	tracers  *sdktrace.TracerProvider
	spans    *tracetest.SpanRecorder
	reader   *metric.ManualReader
}

func newFixture(t *testing.T, store webhook.Store, opts webhookotel.Options) *fixture {
	f := &fixture{
		receiver: webhooktest.NewReceiver(secret),
		spans:    tracetest.NewSpanRecorder(),
		reader:   metric.NewManualReader(),
	}
	f.tracers = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(f.spans))
	opts.TracerProvider = f.tracers
	opts.MeterProvider = metric.NewMeterProvider(metric.WithReader(f.reader))
	told, err := webhookotel.NewTrace(&opts)
	require.NoError(t, err)
	f.Dispatcher, err = webhook.New(store, &webhook.Options{
		Transport: f.receiver,
		Logger:    slog.New(slog.DiscardHandler),
		Retry:     webhook.RetryPolicy{Schedule: []time.Duration{time.Minute}, Jitter: -1},
		Trace:     told,
	})
	require.NoError(t, err)
	_, err = webhookotel.Observe(f.Dispatcher, &opts)
	require.NoError(t, err)
	require.NoError(t, f.SaveWebhook(t.Context(), webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		Condition: "doc.grand_total > 10000", URL: "https://erp.example/orders", Secret: secret,
	}))
	return f
}

func submitted(total int) webhook.Event {
	return webhook.Event{
		ID: fmt.Sprint("evt ", total), Type: webhook.OnSubmit,
		DocType: "Sales Order", Name: "SO-00001", Doc: map[string]any{"grand_total": total},
	}
}

// points returns the sums and gauges collected now, and how many observations
// and what sum a histogram has, by name and attributes.
func (f *fixture) points(t *testing.T) map[string]float64 {
	var data metricdata.ResourceMetrics
	require.NoError(t, f.reader.Collect(t.Context(), &data))
	points := map[string]float64{}
	add := func(name string, attrs attribute.Set, value float64) {
		points[name+"{"+attrs.Encoded(attribute.DefaultEncoder())+"}"] = value
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					add(m.Name+".count", p.Attributes, float64(p.Count))
					add(m.Name+".sum", p.Attributes, p.Sum)
				}
			default:
				t.Fatalf("%s is a %T", m.Name, d)
			}
		}
	}
	return points
}

func attributes(kvs []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range kvs {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, webhook.NewMemoryStore(), webhookotel.Options{})
		f.receiver.RespondWith(func(r *webhooktest.Request) webhooktest.Response {
			status := map[int]int{1: 503, 2: 200}[r.Attempt]
			return webhooktest.Response{StatusCode: status, Delay: time.Duration(r.Attempt) * time.Second}
		})
		ctx, request := f.tracers.Tracer("host").Start(t.Context(), "request")
		began := time.Now()
		report, err := f.Dispatch(ctx, submitted(15000), submitted(1500))
		require.NoError(t, err)
		request.End()
		require.NoError(t, f.Drain(t.Context()))
		time.Sleep(time.Minute)
		require.NoError(t, f.Drain(t.Context()))

		spans := f.spans.Ended()
		require.Len(t, spans, 4)
		dispatch, first, second := spans[0], spans[2], spans[3]
		id := report.Outcomes[0].DeliveryID

		require.Equal(t, "webhook dispatch", dispatch.Name())
		require.Equal(t, request.SpanContext().SpanID(), dispatch.Parent().SpanID())
		require.Len(t, dispatch.Events(), 2)
		require.Equal(t, map[string]any{
			"webhook.name": "Orders", "webhook.event.id": "evt 15000", "webhook.event.type": "on_submit",
			"webhook.decision": "queued", "webhook.delivery.id": id,
		}, attributes(dispatch.Events()[0].Attributes))
		require.Equal(t, map[string]any{
			"webhook.name": "Orders", "webhook.event.id": "evt 1500", "webhook.event.type": "on_submit",
			"webhook.decision": "condition_false",
		}, attributes(dispatch.Events()[1].Attributes))

		require.Equal(t, "webhook attempt", first.Name())
		require.Equal(t, request.SpanContext().TraceID(), first.SpanContext().TraceID(), "the trace goes on")
		require.Equal(t, request.SpanContext().SpanID(), first.Parent().SpanID())
		require.Equal(t, request.SpanContext().SpanID(), second.Parent().SpanID())
		require.Equal(t, trace.SpanKindClient, first.SpanKind())
		require.True(t, first.StartTime().Equal(began))
		require.Equal(t, time.Second, first.EndTime().Sub(first.StartTime()))
		require.Equal(t, sdktrace.Status{Code: codes.Error, Description: "status 503"}, first.Status())
		want := map[string]any{
			"webhook.delivery.id": id, "webhook.name": "Orders", "webhook.event.id": "evt 15000",
			"webhook.event.type": "on_submit", "webhook.doctype": "Sales Order",
			"webhook.attempt": int64(1), "webhook.state": "pending", "webhook.class": "status",
			"http.request.method": "POST", "http.response.status_code": int64(503),
		}
		require.Equal(t, want, attributes(first.Attributes()))

		require.True(t, second.StartTime().Equal(began.Add(time.Second+time.Minute)))
		require.Equal(t, 2*time.Second, second.EndTime().Sub(second.StartTime()))
		require.Equal(t, codes.Unset, second.Status().Code)
		want["webhook.attempt"], want["webhook.state"] = int64(2), "delivered"
		want["http.response.status_code"] = int64(200)
		delete(want, "webhook.class")
		require.Equal(t, want, attributes(second.Attributes()))
	})
}

// The span of an attempt that is cut off ends too, and what the Transport does is
// within the span of its attempt.
func TestSpanAroundTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, webhook.NewMemoryStore(), webhookotel.Options{})
		told, err := webhookotel.NewTrace(&webhookotel.Options{TracerProvider: f.tracers})
		require.NoError(t, err)
		d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
			Transport: webhook.TransportFunc(func(ctx context.Context, _ *webhook.Request) (*webhook.Response, error) {
				ctx, span := f.tracers.Tracer("transport").Start(ctx, "request")
				defer span.End()
				<-ctx.Done()
				return nil, ctx.Err()
			}),
			Logger: slog.New(slog.DiscardHandler), StopTimeout: -1, Trace: told,
		})
		require.NoError(t, err)
		require.NoError(t, d.SaveWebhook(t.Context(), webhook.Webhook{
			Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
			URL: "https://erp.example/orders",
		}))
		_, err = d.Dispatch(t.Context(), submitted(15000))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, d.Run(ctx))
		synctest.Wait()
		spans := f.spans.Ended()
		require.Len(t, spans, 3)
		named := map[string]sdktrace.ReadOnlySpan{} // both end when the stop cuts them off, in any order
		for _, span := range spans {
			named[span.Name()] = span
		}
		require.Contains(t, named, "request")
		require.Contains(t, named, "webhook attempt")
		require.Equal(t, named["webhook attempt"].SpanContext().SpanID(), named["request"].Parent().SpanID())
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, webhook.NewMemoryStore(), webhookotel.Options{})
		f.receiver.RespondWith(func(r *webhooktest.Request) webhooktest.Response {
			return webhooktest.Response{StatusCode: 503, Delay: time.Second}
		})
		for total := 9998; total <= 10005; total++ {
			_, err := f.Dispatch(t.Context(), submitted(total))
			require.NoError(t, err)
		}
		_, err := f.Dispatch(t.Context(), submitted(10005))
		require.NoError(t, err)
		time.Sleep(3 * time.Second)

		waiting := f.points(t)
		require.Equal(t, 5.0, waiting["webhook.deliveries{webhook.state=pending}"])
		require.Equal(t, 0.0, waiting["webhook.deliveries{webhook.state=failed}"])
		require.Equal(t, 3.0, waiting["webhook.deliveries.oldest_due{}"])
		require.Equal(t, 5.0, waiting["webhook.outcomes{webhook.decision=queued}"])
		require.Equal(t, 3.0, waiting["webhook.outcomes{webhook.decision=condition_false}"])
		require.Equal(t, 1.0, waiting["webhook.outcomes{webhook.decision=duplicate}"])

		require.NoError(t, f.Drain(t.Context()))
		require.NoError(t, f.Disable(t.Context(), "Orders", "enough"))
		tried := f.points(t)
		require.Equal(t, 5.0, tried["webhook.attempts{webhook.class=status,webhook.state=pending}"])
		require.Equal(t, 5.0, tried["webhook.attempt.duration.count{webhook.state=pending}"])
		require.Equal(t, 5.0, tried["webhook.attempt.duration.sum{webhook.state=pending}"])
		require.Equal(t, 1.0, tried["webhook.disables{webhook.disabled_by=operator}"])
		require.Equal(t, 1.0, tried["webhook.breakers.opened{}"])
		require.Equal(t, 1.0, tried["webhook.breakers.open{}"])
		require.Equal(t, 0.0, tried["webhook.deliveries.oldest_due{}"])
		require.NotContains(t, tried, "webhook.store.failures{webhook.store.operation=claim}")

		require.NoError(t, f.Enable(t.Context(), "Orders"))
		f.receiver.RespondWith(nil)
		time.Sleep(time.Minute)
		require.NoError(t, f.Drain(t.Context()))
		done := f.points(t)
		require.Equal(t, 5.0, done["webhook.attempts{webhook.state=delivered}"])
		require.Equal(t, 0.0, done["webhook.deliveries{webhook.state=pending}"])
		require.Equal(t, 5.0, done["webhook.deliveries{webhook.state=delivered}"])
	})
}

func TestMetricsPerWebhook(t *testing.T) {
	f := newFixture(t, webhook.NewMemoryStore(), webhookotel.Options{PerWebhook: true})
	_, err := f.Dispatch(t.Context(), submitted(15000))
	require.NoError(t, err)
	require.NoError(t, f.Drain(t.Context()))
	points := f.points(t)
	require.Equal(t, 1.0, points["webhook.outcomes{webhook.decision=queued,webhook.name=Orders}"])
	require.Equal(t, 1.0, points["webhook.attempts{webhook.name=Orders,webhook.state=delivered}"])
}

// A brokenStore fails where it is told to. It cannot count.
type brokenStore struct {
	webhook.Store
	enqueue, claim error
}

func (s *brokenStore) Enqueue(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
	if s.enqueue != nil {
		return nil, s.enqueue
	}
	return s.Store.Enqueue(ctx, ds)
}

func (s *brokenStore) Claim(ctx context.Context, c webhook.Claim) ([]webhook.Delivery, error) {
	if s.claim != nil {
		return nil, s.claim
	}
	return s.Store.Claim(ctx, c)
}

func TestStoreFailures(t *testing.T) {
	down := errors.New("the store is down")
	store := &brokenStore{Store: webhook.NewMemoryStore()}
	f := newFixture(t, store, webhookotel.Options{})
	store.enqueue, store.claim = down, down
	_, err := f.Dispatch(t.Context(), submitted(15000))
	require.ErrorIs(t, err, down)
	require.ErrorIs(t, f.Drain(t.Context()), down)

	span := f.spans.Ended()[0]
	require.Equal(t, codes.Error, span.Status().Code)
	require.Equal(t, "not_stored", attributes(span.Events()[0].Attributes)["webhook.decision"])

	var data metricdata.ResourceMetrics
	require.ErrorIs(t, f.reader.Collect(t.Context(), &data), errors.ErrUnsupported)
	counted := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "webhook.store.failures" {
			for _, p := range sum.DataPoints {
				operation, _ := p.Attributes.Value("webhook.store.operation")
				counted[operation.AsString()] = p.Value
			}
		}
	}
	require.Equal(t, map[string]int64{"enqueue": 1, "claim": 1}, counted)
}
