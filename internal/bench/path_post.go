package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/docevent/webhook"
)

// A poster is what a program that does without the library writes: a signature
// and a request.
type poster struct {
	to     target
	client *http.Client
}

// postTimeout is as long as the library's.
const postTimeout = 15 * time.Second

// newPoster returns a poster whose idle pool has the right size.
func newPoster(j job) poster {
	return poster{j.To, &http.Client{Timeout: postTimeout, Transport: &http.Transport{
		MaxIdleConnsPerHost: j.Connections,
		MaxConnsPerHost:     j.Connections,
		DisableCompression:  true,
	}}}
}

// post signs a body and sends it.
func (p poster) post(ctx context.Context, id string, body []byte, to endpoint) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.url(to),
		bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(headerID, id)
	req.Header.Set(headerSignature, webhook.Sign(secret, body))
	return drained(p.client.Do(req))
}

// Goroutines, as many as there are connections, with the default Transport.
var boundedPath = path{
	name: "goroutine", title: "goroutine + http.Post, bounded", share: 50,
	settings: "a semaphore of as many goroutines as connections; http.DefaultTransport, " +
		"which keeps 2 idle connections a host",
	open: func(_ context.Context, j job) (sender, error) {
		return newSpawner(poster{j.To, &http.Client{Timeout: postTimeout}}, j.Connections), nil
	},
}

// The same with an idle pool of the right size, which few people know to need.
var pooledPath = path{
	name: "goroutine-pooled", title: "goroutine + tuned http.Client, bounded", share: 100,
	settings: "as above, MaxIdleConnsPerHost = connections",
	open: func(_ context.Context, j job) (sender, error) {
		return newSpawner(newPoster(j), j.Connections), nil
	},
}

// As many goroutines as there are messages.
var unboundedPath = path{
	name: "goroutine-unbounded", title: "goroutine + http.Post, unbounded", share: 10,
	settings: "a goroutine a message, but no more than 500 at once: " +
		"more would run out of descriptors",
	open: func(_ context.Context, j job) (sender, error) {
		return newSpawner(poster{j.To, &http.Client{Timeout: postTimeout}}, 500), nil
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

func newSpawner(p poster, most int) *spawner {
	return &spawner{poster: p, room: make(chan struct{}, most)}
}

func (s *spawner) take(ctx context.Context, i int, to endpoint) error {
	if !fires(&theOrder) {
		return nil
	}
	select {
	case s.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.group.Go(func() {
		defer func() { <-s.room }()
		body, err := newMessage()
		if err == nil {
			err = s.post(context.WithoutCancel(ctx), strconv.Itoa(i), body, to)
		}
		s.note(err)
	})
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
