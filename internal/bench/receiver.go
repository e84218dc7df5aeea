package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// secret signs every request of every path.
const secret = "a secret of some length"

// Headers that the receiver reads. The id is the number of the message; where
// the library makes an id of its own, the event's id is the number.
const (
	headerID        = "Webhook-Id"
	headerEventID   = "X-Webhook-Event-Id"
	headerSignature = "X-Frappe-Webhook-Signature"
)

// A tally is what the healthy endpoint saw since it was last reset.
type tally struct {
	Requests    int // with a right signature
	Distinct    int // messages among them
	Wrong       int // without
	Connections int // opened
}

// complete returns an error unless the tally is that of n messages, each sent
// once and signed.
func (t tally) complete(n int) error {
	if t.Wrong != 0 || t.Distinct != n || t.Requests != n {
		return fmt.Errorf("%d messages: the receiver saw %+v", n, t)
	}
	return nil
}

// A receiver verifies and counts requests.
type receiver struct {
	macs sync.Pool // of hash.Hash

	mu   sync.Mutex // guards the fields below
	seen tally
	at   map[int]time.Time // when each message came first
	want int               // messages that all waits for
	all  chan struct{}     // closed when they are in
}

// receive runs a receiver and prints its target. It ends when its standard
// input does, which is at the latest when the process that started it ends.
func receive(ctx context.Context, _ []string) error {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	r := newReceiver()
	servers := []*http.Server{
		{Handler: r.questions()},
		{Handler: r, ConnState: r.connState},
		{Handler: answerAfter(2 * time.Second)},
	}
	for range hungEndpoints {
		servers = append(servers, &http.Server{Handler: answerAfter(time.Hour)})
	}
	var addresses []string
	for _, s := range servers {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go s.Serve(l)
		addresses = append(addresses, l.Addr().String())
	}
	t := target{Questions: addresses[0], Endpoints: addresses[1:]}
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		return err
	}
	<-ctx.Done()
	for _, s := range servers {
		s.Close()
	}
	return nil
}

// answerAfter is an endpoint that answers after d.
func answerAfter(d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, req.Body) // else the server does not see that the client left
		select {
		case <-time.After(d):
		case <-req.Context().Done():
		}
	})
}

func newReceiver() *receiver {
	r := &receiver{at: map[int]time.Time{}, all: make(chan struct{})}
	r.macs.New = func() any { return hmac.New(sha256.New, []byte(secret)) }
	return r
}

func (r *receiver) connState(_ net.Conn, s http.ConnState) {
	if s == http.StateNew {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen.Connections++
	}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(req.Body)
	id := req.Header.Get(headerEventID)
	if id == "" {
		id = req.Header.Get(headerID)
	}
	number, err2 := strconv.Atoi(id)
	if err != nil || err2 != nil || !r.signed(body, req.Header.Get(headerSignature)) {
		w.WriteHeader(http.StatusUnauthorized)
		number = -1
	}
	r.count(number, now)
}

func (r *receiver) signed(body []byte, signature string) bool {
	m := r.macs.Get().(hash.Hash)
	defer r.macs.Put(m)
	m.Reset()
	m.Write(body)
	var sum [sha256.Size]byte
	return hmac.Equal([]byte(base64.StdEncoding.EncodeToString(m.Sum(sum[:0]))), []byte(signature))
}

// count counts a request that carries a message's number; -1 stands for one
// without a number or the right signature.
func (r *receiver) count(number int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if number < 0 {
		r.seen.Wrong++
		return
	}
	r.seen.Requests++
	if _, again := r.at[number]; again {
		return
	}
	r.at[number] = now
	r.seen.Distinct++
	if r.seen.Distinct == r.want {
		close(r.all)
	}
}

// questions answers /reset, after which n messages are expected; /wait, which
// answers once they are in; and /arrivals, with when they came.
func (r *receiver) questions() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(_ http.ResponseWriter, req *http.Request) {
		n, _ := strconv.Atoi(req.FormValue("n"))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen, r.at, r.want, r.all = tally{}, make(map[int]time.Time, n), n, make(chan struct{})
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, req *http.Request) {
		most, _ := time.ParseDuration(req.FormValue("most"))
		r.mu.Lock()
		all := r.all
		r.mu.Unlock()
		select {
		case <-all:
		case <-time.After(most):
		case <-req.Context().Done():
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		json.NewEncoder(w).Encode(r.seen)
	})
	mux.HandleFunc("/arrivals", func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		json.NewEncoder(w).Encode(r.at)
	})
	return mux
}
