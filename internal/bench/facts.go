package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/docevent/webhook"
)

// A fact is one number.
type fact struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// facts measures what one Dispatch costs while nothing else happens, and what
// is held in memory. Allocations are counted, so they are the same on any
// machine.
func facts(ctx context.Context) ([]fact, error) {
	var all []fact
	for _, measure := range []func(context.Context) ([]fact, error){
		nobodyListens, noneTrue, oneMatch, memoryPerDelivery, memoryPerWebhook,
	} {
		more, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

const (
	factNobodyAllocs = "Dispatch, nobody listens, allocations"
	factMatchAllocs  = "Dispatch, one match into MemoryStore, flat body, allocations"
)

func nobodyListens(ctx context.Context) ([]fact, error) {
	d, err := newDispatcher(ctx, webhook.NewMemoryStore(), flat("w", ""))
	if err != nil {
		return nil, err
	}
	ev := flatEvent("1")
	ev.DocType = "Something Else"
	const n = 200_000
	ns, allocs, err := cost(n, func() error {
		for range n {
			if _, err := d.Dispatch(ctx, ev); err != nil {
				return err
			}
		}
		return nil
	})
	return []fact{
		{"Dispatch, nobody listens", ns, "ns"},
		{factNobodyAllocs, float64(int(allocs + 0.5)), ""},
	}, err
}

func noneTrue(ctx context.Context) ([]fact, error) {
	const hooks, calls = 1000, 20
	var ws []webhook.Webhook
	for i := range hooks {
		ws = append(ws, flat(fmt.Sprint("w", i),
			fmt.Sprintf(`doc.status == "Paid" and doc.grand_total > %d`, i)))
	}
	d, err := newDispatcher(ctx, webhook.NewMemoryStore(), ws...)
	if err != nil {
		return nil, err
	}
	ev := flatEvent("1")
	ns, _, err := cost(hooks*calls, func() error {
		for range calls {
			if _, err := d.Dispatch(ctx, ev); err != nil {
				return err
			}
		}
		return nil
	})
	return []fact{{"Dispatch, 1,000 conditions none true, each", ns, "ns"}}, err
}

// oneMatch measures a Dispatch that makes one delivery. There is one caller,
// and nothing is sent meanwhile.
func oneMatch(ctx context.Context) ([]fact, error) {
	const n = 20_000
	d, err := newDispatcher(ctx, webhook.NewMemoryStore(), flat("w", ""))
	if err != nil {
		return nil, err
	}
	ids := make([]string, (tries+1)*n)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	took, next := make([]time.Duration, 0, len(ids)), 0
	dispatch := func() error {
		for range n {
			ev := flatEvent(ids[next])
			next++
			start := time.Now()
			if _, err := d.Dispatch(ctx, ev); err != nil {
				return err
			}
			took = append(took, time.Since(start))
		}
		return nil
	}
	_, allocs, err := cost(n, dispatch)
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	at := func(share float64) float64 { return float64(took[int(share*float64(len(took)))]) / 1000 }
	return []fact{
		{factMatchAllocs, float64(int(allocs + 0.5)), ""},
		{"Dispatch, one match into MemoryStore, flat body, p50", at(0.5), "us"},
		{"Dispatch, one match into MemoryStore, flat body, p99", at(0.99), "us"},
	}, nil
}

// heap returns what is in use after a collection.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func memoryPerDelivery(ctx context.Context) ([]fact, error) {
	const n = 100_000
	before := heap()
	s := newStock("", webhook.NewMemoryStore())
	if err := s.fill(ctx, n); err != nil {
		return nil, err
	}
	each := (heap()-before)/n - float64(len(s.body))
	runtime.KeepAlive(s)
	return []fact{{"pending delivery in MemoryStore, above its body", each, "bytes"}}, nil
}

func memoryPerWebhook(ctx context.Context) ([]fact, error) {
	const n = 5000
	var ws []webhook.Webhook
	for i := range n {
		w := flat(fmt.Sprint("w", i), fmt.Sprintf("doc.grand_total > %d", i))
		w.Data = nil
		w.Body = `{"id": "{{ doc.name }}", "customer": "{{ doc.customer }}", ` +
			`"total": {{ doc.grand_total }}}`
		ws = append(ws, w)
	}
	before := heap()
	d, err := newDispatcher(ctx, webhook.NewMemoryStore(), ws...)
	if err != nil {
		return nil, err
	}
	if _, err := d.Dispatch(ctx, flatEvent("1")); err != nil { // compiles them
		return nil, err
	}
	each := (heap() - before) / n
	runtime.KeepAlive(d)
	runtime.KeepAlive(ws)
	return []fact{{"webhook with a condition and a template, in memory", each, "bytes"}}, nil
}

func printFacts(w io.Writer, all []fact) {
	fmt.Fprint(w, "\n| What | Value |\n|---|---|\n")
	for _, f := range all {
		fmt.Fprintf(w, "| %s | %.3g %s |\n", f.What, f.Value, f.Unit)
	}
}
