package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/docevent/webhook"
)

// A poster is what a program that does without the library writes: the
// condition in Go, json.Marshal, the signature, and a request.
type poster struct {
	url    string
	client *http.Client
}

// newPoster returns a poster whose idle pool has the right size.
func newPoster(to target, connections int) poster {
	return poster{to.url(), &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true,
	}}}
}

// fires is the condition.
func fires(o *order) bool { return o.GrandTotal > 1000 }

// post signs a body and sends it.
func (p poster) post(ctx context.Context, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(headerID, id)
	req.Header.Set(headerSignature, webhook.Sign(secret, body))
	return drained(p.client.Do(req))
}

// Goroutines, as many as there are connections, with http.DefaultClient.
var boundedPath = path{
	name: "goroutine", title: "goroutine + http.DefaultClient, bounded", share: 25,
	settings: "a semaphore of as many goroutines as connections; DefaultTransport keeps 2 idle connections a host",
	open: func(_ context.Context, to target, connections int) (sender, error) {
		return &spawner{poster: poster{to.url(), http.DefaultClient}, room: make(chan struct{}, connections)}, nil
	},
}

// The same with an idle pool of the right size, which few people know to need.
var pooledPath = path{
	name: "goroutine-pooled", title: "goroutine + tuned http.Client, bounded", share: 100,
	settings: "as above, MaxIdleConnsPerHost = connections",
	open: func(_ context.Context, to target, connections int) (sender, error) {
		return &spawner{poster: newPoster(to, connections), room: make(chan struct{}, connections)}, nil
	},
}

// As many goroutines as there are messages. More than a thousand at once exhaust
// the descriptors of the process, so they come in waves of that many.
var unboundedPath = path{
	name: "goroutine-unbounded", title: "goroutine + http.DefaultClient, unbounded", share: 10,
	settings: "a goroutine a message, up to 500 at once for want of descriptors",
	open: func(_ context.Context, to target, _ int) (sender, error) {
		return &spawner{poster: poster{to.url(), http.DefaultClient}, room: make(chan struct{}, 500)}, nil
	},
}

// A spawner posts in goroutines. It has no retries, no log, and what is in
// flight is lost with the process.
type spawner struct {
	poster
	room  chan struct{}
	group sync.WaitGroup

	mu  sync.Mutex
	err error // the first
}

func (s *spawner) send(ctx context.Context, _, first, n int) error {
	for i := first; i < first+n; i++ {
		if !fires(&theOrder) {
			continue
		}
		s.room <- struct{}{}
		s.group.Go(func() {
			defer func() { <-s.room }()
			body, err := newMessage()
			if err == nil {
				err = s.post(ctx, strconv.Itoa(i), body)
			}
			s.note(err)
		})
	}
	return nil
}

func (s *spawner) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *spawner) close(context.Context, int) error {
	s.group.Wait()
	s.client.CloseIdleConnections()
	if s.err != nil {
		return fmt.Errorf("post: %w", s.err)
	}
	return nil
}
