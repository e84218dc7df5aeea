package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/docevent/webhook"
)

// Benchmark measures what a dispatcher does to a store most: Enqueue alone and
// in batches, the whole way of a delivery, and Claim beside a backlog, a history
// and a webhook that is left out. newStore is called for each and returns an
// empty store. All figures are for one delivery.
//
//	func BenchmarkStore(b *testing.B) {
//		storetest.Benchmark(b, func(b *testing.B) webhook.Store {
//			return mystore.New(openEmptyDatabase(b))
//		})
//	}
func Benchmark(b *testing.B, newStore func(b *testing.B) webhook.Store) {
	run := func(name string, f func(b *testing.B, x *bencher)) {
		b.Run(name, func(b *testing.B) { f(b, &bencher{b: b, store: newStore(b)}) })
	}
	for _, n := range []int{1, 16, 128} {
		run(fmt.Sprint("Enqueue/", n), func(b *testing.B, x *bencher) {
			for done := 0; done < b.N; done += n {
				x.enqueue(min(n, b.N-done))
			}
		})
	}
	for _, n := range []int{1, 128} {
		run(fmt.Sprint("Deliver/", n), func(b *testing.B, x *bencher) {
			for done := 0; done < b.N; done += n {
				x.enqueue(min(n, b.N-done))
				x.deliver(min(n, b.N-done))
			}
		})
	}
	claims := func(name string, rows int, prepare func(x *bencher), skip ...string) {
		run(fmt.Sprint("Claim/", name, "=", rows), func(b *testing.B, x *bencher) {
			for i := 0; i < rows; i += 1000 {
				x.enqueue(min(1000, rows-i))
				prepare(x)
			}
			x.webhook = "claimed"
			x.claims(skip...)
		})
	}
	for _, rows := range []int{0, 10_000} {
		claims("pending", rows, func(*bencher) {})
		claims("finished", rows, func(x *bencher) { x.deliver(1000) })
		claims("skipped", rows, func(*bencher) {}, "bench")
	}
}

// A bencher drives a store; an error ends the benchmark.
type bencher struct {
	b       *testing.B
	store   webhook.Store
	webhook string
	n       int // deliveries enqueued
}

func (x *bencher) must(err error) {
	if err != nil {
		x.b.Fatal(err)
	}
}

// enqueue adds n deliveries of 1 KB, in one call.
func (x *bencher) enqueue(n int) {
	ds := make([]webhook.Delivery, n)
	for i := range ds {
		ds[i] = delivery(fmt.Sprintf("msg_%032d", x.n), due(x.n), created(x.n))
		ds[i].Webhook, ds[i].Body = "bench", make([]byte, 1000)
		if x.webhook != "" {
			ds[i].Webhook, ds[i].Due = x.webhook, start
		}
		x.n++
	}
	_, err := x.store.Enqueue(x.b.Context(), ds)
	x.must(err)
}

func (x *bencher) claim(n int, skip ...string) []webhook.Delivery {
	ds, err := x.store.Claim(x.b.Context(), webhook.Claim{
		Now: at(x.n), Lease: time.Minute, Owner: "bench", Limit: n, Skip: skip,
	})
	x.must(err)
	if len(ds) != n {
		x.b.Fatalf("claimed %d deliveries, not %d", len(ds), n)
	}
	return ds
}

// deliver claims n deliveries and finishes them, each with its attempt.
func (x *bencher) deliver(n int) {
	x.finish(x.claim(n))
}

func (x *bencher) finish(ds []webhook.Delivery) {
	cs := make([]webhook.Change, len(ds))
	for i := range ds {
		a := response(ds[i].ID, 1)
		cs[i] = changeOf(ds[i], to(webhook.Delivered))
		cs[i].Attempt = &a
	}
	_, err := x.store.Update(x.b.Context(), cs)
	x.must(err)
}

// claims measures a claim of 64, and nothing else.
func (x *bencher) claims(skip ...string) {
	const n = 64
	x.b.ResetTimer()
	for done := 0; done < x.b.N; done += n {
		x.b.StopTimer()
		x.enqueue(n)
		x.b.StartTimer()
		ds := x.claim(n, skip...)
		x.b.StopTimer()
		x.finish(ds)
		x.b.StartTimer()
	}
}
