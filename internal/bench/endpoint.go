package main

import "fmt"

// An endpoint is one of a receiver's endpoints, by its number.
type endpoint int

const (
	healthy endpoint = iota // answers at once; the only one whose requests count
	slow                    // answers after two seconds
	hung                    // and the 99 after it: never answers
)

// hungEndpoints is how many there are.
const hungEndpoints = 100

// name returns the name of the endpoint's webhook.
func (e endpoint) name() string {
	switch e {
	case healthy:
		return "orders"
	case slow:
		return "slow"
	}
	return fmt.Sprint("hung-", int(e-hung))
}

// docType returns the document type of the events for it.
func (e endpoint) docType() string {
	if e == healthy {
		return "Sales Order"
	}
	return e.name()
}

// A target is a receiver in a process of its own, as seen from the others.
type target struct {
	Endpoints []string // addresses
	Questions string   // address that answers questions
}

// url is where requests for an endpoint go.
func (t target) url(e endpoint) string { return "http://" + t.Endpoints[e] + "/hook" }

// A scene is what else a path has to do while healthy messages are measured.
type scene struct {
	Name        string
	SlowPercent int // of the messages, for the slow endpoint
	Hung        int // endpoints that get ten messages each beforehand
}

var alone = scene{Name: "alone"}

// endpoints returns the endpoints that take part.
func (s scene) endpoints() []endpoint {
	all := []endpoint{healthy}
	if s.SlowPercent > 0 {
		all = append(all, slow)
	}
	for i := range s.Hung {
		all = append(all, hung+endpoint(i))
	}
	return all
}

// of returns the endpoint of message i.
func (s scene) of(i int) endpoint {
	if i%100 < s.SlowPercent {
		return slow
	}
	return healthy
}
