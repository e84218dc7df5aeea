package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// A path is one way for a document event to become a signed request.
type path struct {
	name     string // as flags have it
	title    string // as tables have it
	settings string // beyond the number of connections
	share    int    // percent of the messages of a run: slow paths get fewer
	needs    string // address of a server, or ""
	blocks   bool   // a caller waits for the answer, so callers are the connections
	open     func(context.Context, job) (sender, error)
}

// A sender is a path that runs.
type sender interface {
	// take takes message i, for one of the receiver's endpoints. It may be
	// called by many goroutines at once, and may return before the message is
	// delivered.
	take(ctx context.Context, i int, to endpoint) error

	// close stops the path, and says if its log does not have the total of
	// messages as delivered.
	close(ctx context.Context, total int) error
}

// A batcher is a sender that would rather take many messages in one call.
type batcher interface {
	batch() int
	takeMany(ctx context.Context, first, n int) error
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

// reachable returns the paths whose servers answer, and says why others are left
// out.
func reachable(paths []path) (there []path, skipped []string) {
	for _, p := range paths {
		if p.needs != "" {
			c, err := net.DialTimeout("tcp", p.needs, time.Second)
			if err != nil {
				skipped = append(skipped, fmt.Sprintf("%s: %v", p.title, err))
				continue
			}
			c.Close()
		}
		there = append(there, p)
	}
	return there, skipped
}

// pathsNamed returns the paths of these names, separated by commas, or all of
// them for "".
func pathsNamed(names string) ([]path, error) {
	if names == "" {
		return paths, nil
	}
	var chosen []path
	for name := range strings.SplitSeq(names, ",") {
		p, err := pathNamed(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, p)
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

// send hands n messages, numbered from first on, to s as fast as s takes them,
// by several callers at once.
func send(ctx context.Context, s sender, callers, first, n int, to func(i int) endpoint) error {
	b, ok := s.(batcher)
	if !ok {
		return each(callers, first, n, func(i int) error { return s.take(ctx, i, to(i)) })
	}
	size := b.batch()
	return each(callers, 0, (n+size-1)/size, func(k int) error {
		return b.takeMany(ctx, first+k*size, min(size, n-k*size))
	})
}

// each calls f for n numbers from first on, by several workers at once, and
// returns the error of a call, if any.
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
