package webhook_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/docevent/webhook"
)

// BenchmarkSend measures HTTPTransport.Send against a tuned net/http client
// without any of its promises, one after the other on the same receiver, with
// 16 connections. Send's share of the loop's rate is reported.
func BenchmarkSend(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer s.Close()
	body := bytes.Repeat([]byte("x"), 988)
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()})
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}}
	defer client.CloseIdleConnections()

	send := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		_, err := tr.Send(ctx, &webhook.Request{
			Method: "POST", URL: s.URL + "/hook", Body: body,
			Header: http.Header{"Content-Type": {"application/json"}},
		})
		return err
	}
	loop := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "POST", s.URL+"/hook", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return err
	}
	const round = 512
	var spent [2]time.Duration
	rounds := 0
	b.ReportAllocs()
	for b.Loop() {
		for i, once := range []func() error{send, loop} {
			start := time.Now()
			inLanes(b, 16, round, once)
			spent[i] += time.Since(start)
		}
		rounds++
	}
	requests := float64(rounds * round)
	b.ReportMetric(requests/spent[0].Seconds(), "sends/s")
	b.ReportMetric(requests/spent[1].Seconds(), "loop/s")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "of-loop")
}

// inLanes calls once n times from a fixed number of goroutines.
func inLanes(b *testing.B, lanes, n int, once func() error) {
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	done := make(chan error, lanes)
	for range lanes {
		go func() {
			var failed error
			for range work {
				if err := once(); err != nil {
					failed = err
				}
			}
			done <- failed
		}()
	}
	for range lanes {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}
