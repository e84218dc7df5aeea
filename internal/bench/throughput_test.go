package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docevent/webhook"
)

// The body is 988 bytes, as in published figures.
var document = map[string]any{
	"status": "Open", "grand_total": 1500.5, "customer": "Customer A", "remarks": strings.Repeat("x", 850),
}

// deliver dispatches n events and returns how long it took until the last one
// was answered.
func deliver(t *testing.T, tr webhook.Transport, url string, n int) time.Duration {
	left, all := atomic.Int64{}, make(chan struct{})
	left.Store(int64(n))
	trace := &webhook.Trace{Attempt: func(_ context.Context, _ webhook.Delivery, a webhook.Attempt, err error) {
		if a.State != webhook.Delivered || err != nil {
			t.Errorf("attempt: %s %s %v", a.State, a.Error, err)
		}
		if left.Add(-1) == 0 {
			close(all)
		}
	}}
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: tr, Trace: trace, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	fatal(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	fatal(t, d.SaveWebhook(ctx, webhook.Webhook{
		Name: "orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: url, Secret: "a secret of some length",
	}))
	stopped := make(chan error, 1)
	go func() { stopped <- d.Run(ctx) }()
	start := time.Now()
	split(16, n, func() {
		_, err := d.Dispatch(ctx, webhook.Event{Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-1", Doc: document})
		if err != nil {
			t.Error(err)
		}
	})
	<-all
	took := time.Since(start)
	cancel()
	fatal(t, <-stopped)
	return took
}

// split calls f n times from workers at once.
func split(workers, n int, f func()) {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range n / workers {
				f()
			}
		})
	}
	group.Wait()
}

// postLoop is the yardstick: a tuned loop with a prepared body, no logic.
func postLoop(t *testing.T, url string, n int) time.Duration {
	body, err := json.Marshal(document)
	fatal(t, err)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}}
	defer client.CloseIdleConnections()
	start := time.Now()
	split(16, n, func() {
		resp, err := client.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	})
	return time.Since(start)
}

func TestThroughput(t *testing.T) {
	if os.Getenv("BENCH") == "" {
		t.Skip("BENCH=1 runs it")
	}
	instant := webhook.TransportFunc(func(context.Context, *webhook.Request) (*webhook.Response, error) {
		return &webhook.Response{StatusCode: 200}, nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(t, err)
	s := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })}
	go s.Serve(l)
	defer s.Close()
	url := "http://" + l.Addr().String() + "/hook"
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	defer tr.CloseIdleConnections()

	const n = 16_000
	rate := func(d time.Duration) float64 { return n / d.Seconds() }
	var none, loop, ours, ratio []float64
	for range 5 {
		none = append(none, rate(deliver(t, instant, "https://example.com/hook", n)))
		loop = append(loop, rate(postLoop(t, url, n)))
		ours = append(ours, rate(deliver(t, tr, url, n)))
		ratio = append(ratio, ours[len(ours)-1]/loop[len(loop)-1])
	}
	t.Logf("dispatched and delivered to an instant Transport: %.0f/s", median(none))
	t.Logf("over loopback: %.0f/s, a tuned POST loop: %.0f/s, ratio %.2f of %.2f", median(ours), median(loop), median(ratio), ratio)
}
