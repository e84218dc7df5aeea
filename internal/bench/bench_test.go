package main

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/docevent/webhook"
)

func TestCompare(t *testing.T) {
	half := 0.5
	least, most := bound{Name: "rate", Least: &half}, bound{Name: "allocations", Most: &half}
	for _, c := range []struct {
		name    string
		bound   bound
		values  map[string]float64
		skipped []string
		want    string
	}{
		{"kept from below", least, map[string]float64{"rate": 0.5}, nil, ""},
		{"broken from below", least, map[string]float64{"rate": 0.49}, nil, "rate is 0.49, below 0.5"},
		{"kept from above", most, map[string]float64{"allocations": 0.5}, nil, ""},
		{"broken from above", most, map[string]float64{"allocations": 1}, nil, "allocations is 1, above 0.5"},
		{"a name of nothing", least, nil, nil, "rate: nothing of that name is measured"},
		{"a server that is not there", least, nil, []string{"no server"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, err := range compare([]bound{c.bound}, c.values, c.skipped) {
				got += err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Each bound of the baseline can be broken, from one side.
func TestBaseline(t *testing.T) {
	b, err := os.ReadFile("testdata/baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	var bounds []bound
	if err := json.Unmarshal(b, &bounds); err != nil {
		t.Fatal(err)
	}
	if len(bounds) == 0 {
		t.Error("no bounds")
	}
	for _, b := range bounds {
		if b.Name == "" || (b.Least == nil) == (b.Most == nil) {
			t.Errorf("%+v: wants a name, and either least or most", b)
		}
	}
}

func TestExponent(t *testing.T) {
	for want, costs := range map[float64][]float64{0: {7, 7, 7}, 1: {3, 30, 300}, -1: {100, 10, 1}} {
		var rows []scaleRow
		for i, ns := range costs {
			rows = append(rows, scaleRow{Size: []int{1, 10, 100}[i], Nanos: ns})
		}
		if got := exponent(rows); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: exponent %v, want %v", costs, got, want)
		}
	}
}

// A message counts when its signature is right, and a second one shows.
func TestTally(t *testing.T) {
	for _, c := range []struct {
		name string
		seen tally
		ok   bool
	}{
		{"all", tally{Requests: 3, Distinct: 3}, true},
		{"one lost", tally{Requests: 2, Distinct: 2}, false},
		{"one twice", tally{Requests: 4, Distinct: 3}, false},
		{"one wrong", tally{Requests: 3, Distinct: 3, Wrong: 1}, false},
	} {
		if err := c.seen.complete(3); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestReceiverVerifies(t *testing.T) {
	body := []byte(`{"a": 1}`)
	for signature, want := range map[string]tally{
		webhook.Sign(secret, body):    {Requests: 1, Distinct: 1},
		webhook.Sign("another", body): {Wrong: 1},
		"":                            {Wrong: 1},
	} {
		r := newReceiver()
		req := httptest.NewRequest("POST", "/hook", bytes.NewReader(body))
		req.Header.Set(headerID, "1")
		req.Header.Set(headerSignature, signature)
		r.ServeHTTP(httptest.NewRecorder(), req)
		if r.seen != want {
			t.Errorf("signature %q: %+v, want %+v", signature, r.seen, want)
		}
	}
}
