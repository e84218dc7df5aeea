package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// A path is one way for a document event to become a signed request.
type path struct {
	name     string // as flags have it
	title    string // as tables have it
	settings string // beyond the number of connections
	share    int    // percent of the messages of a run: slow paths get fewer
	open     func(ctx context.Context, to target, connections int) (sender, error)
}

// A sender is a path that runs.
type sender interface {
	// send takes n messages with ids of their own, from first on, as fast as it
	// can, by so many callers at once, if it is not the loop of connections itself
	// that sends. It returns when all are taken, which may be before they are
	// delivered.
	send(ctx context.Context, callers, first, n int) error

	// close stops the path, and says if its log does not have the total of
	// messages as delivered.
	close(ctx context.Context, total int) error
}

// paths are all there are, in the order of the tables. The first is the
// yardstick.
var paths = []path{
	loopPath,
	roundTripPath,
	memoryPath,
	sqlitePath,
	postgresPath,
	boundedPath,
	pooledPath,
	unboundedPath,
	asynqPath,
	riverManyPath,
	riverPath,
}

// pathsNamed returns the yardstick and those named, or all for "".
func pathsNamed(names string) ([]path, error) {
	if names == "" {
		return paths, nil
	}
	chosen := []path{paths[0]}
	for name := range strings.SplitSeq(names, ",") {
		p, err := pathNamed(name)
		if err != nil {
			return nil, err
		}
		if name != paths[0].name {
			chosen = append(chosen, p)
		}
	}
	return chosen, nil
}

func pathNamed(name string) (path, error) {
	for _, p := range paths {
		if p.name == name {
			return p, nil
		}
	}
	return path{}, fmt.Errorf("no path %q; there are %s", name, pathNames())
}

func pathNames() string {
	var names []string
	for _, p := range paths {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// An order is the document of every event. Its body has about a kilobyte.
type order struct {
	Name       string  `json:"name"`
	Status     string  `json:"status"`
	Customer   string  `json:"customer"`
	GrandTotal float64 `json:"grand_total"`
	Remarks    string  `json:"remarks"`
}

// theOrder is one document for all events: where it comes from is the host's
// affair, and no part of what is measured.
var theOrder = order{
	Name: "SO-00000001", Status: "Open", Customer: "Customer A", GrandTotal: 1500.5,
	Remarks: strings.Repeat("x", 850),
}

// theDocument is the same as the library gets it from a host's ORM.
var theDocument = map[string]any{
	"name": theOrder.Name, "status": theOrder.Status, "customer": theOrder.Customer,
	"grand_total": theOrder.GrandTotal, "remarks": theOrder.Remarks,
}

// A message is the body of every request, as a program that does without the
// library would write it.
type message struct {
	DocType string `json:"doctype"`
	Event   string `json:"event"`
	Order   order  `json:"order"`
}

func newMessage() ([]byte, error) {
	return json.Marshal(message{DocType: "Sales Order", Event: "on_update", Order: theOrder})
}

// each calls f for the numbers from first on, n in all, from workers at once,
// and returns the first error.
func each(workers, first, n int, f func(i int) error) error {
	var group sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			for i := first + w; i < first+n && errs[w] == nil; i += workers {
				errs[w] = f(i)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
