package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/docevent/webhook"
)

// The yardstick, L: a loop over net/http with a prepared body and signature, an
// idle pool of the right size, and no logic. Only the id differs from request
// to request, so that the receiver can count it.
var loopPath = path{
	name: "loop", title: "L: net/http POST loop", share: 100, blocks: true,
	settings: "http.Client, MaxIdleConnsPerHost = connections, prepared body and signature",
	open: func(_ context.Context, j job) (sender, error) {
		l, err := newLoop(j)
		if err != nil {
			return nil, err
		}
		client := &http.Client{Transport: l.transport}
		l.do = client.Do
		return l, nil
	},
}

// The same without http.Client: what net/http can do at best.
var roundTripPath = path{
	name: "roundtrip", title: "RoundTrip loop", share: 100, blocks: true,
	settings: "as L, Transport.RoundTrip instead of Client.Do",
	open: func(_ context.Context, j job) (sender, error) {
		l, err := newLoop(j)
		if err != nil {
			return nil, err
		}
		l.do = l.transport.RoundTrip
		return l, nil
	},
}

type loop struct {
	to        target
	body      []byte
	signature []string
	transport *http.Transport
	do        func(*http.Request) (*http.Response, error)
}

func newLoop(j job) (*loop, error) {
	body, err := newMessage()
	if err != nil {
		return nil, err
	}
	return &loop{
		to: j.To, body: body, signature: []string{webhook.Sign(secret, body)},
		transport: &http.Transport{MaxIdleConnsPerHost: j.Connections, DisableCompression: true},
	}, nil
}

func (l *loop) take(ctx context.Context, i int, to endpoint) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.to.url(to),
		bytes.NewReader(l.body))
	if err != nil {
		return err
	}
	req.Header["Content-Type"] = []string{"application/json"}
	req.Header[headerSignature] = l.signature
	req.Header[headerID] = []string{strconv.Itoa(i)}
	return drained(l.do(req))
}

func (l *loop) close(context.Context, int) error {
	l.transport.CloseIdleConnections()
	return nil
}

// drained reads a response to its end, so that its connection serves the next
// request.
func drained(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
