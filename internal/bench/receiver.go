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
	"sync/atomic"
)

// secret signs every request of every path.
const secret = "a secret of some length"

// Headers of every request of every path, as the library sends them.
const (
	headerID        = "Webhook-Id"
	headerSignature = "X-Frappe-Webhook-Signature"
)

// A tally is what a receiver saw since it was last reset.
type tally struct {
	Requests    int64 // with a right signature
	Distinct    int   // ids among them
	Wrong       int64 // without
	Connections int64 // opened
}

// complete says what is wrong with a tally of n messages, each to be sent once.
func (t tally) complete(n int) error {
	if t.Wrong != 0 || t.Distinct != n || t.Requests != int64(n) {
		return fmt.Errorf("%d messages: the receiver saw %+v", n, t)
	}
	return nil
}

// A receiver verifies and counts requests. It listens on two ports: one that is
// measured, and one that answers questions about it.
type receiver struct {
	macs sync.Pool // of hash.Hash

	requests, wrong, connections atomic.Int64

	mu   sync.Mutex          // guards the fields below
	ids  map[string]struct{} // seen
	want int                 // distinct ids that all waits for
	all  chan struct{}       // closed when they are in
}

// receive runs a receiver until its standard input ends, which happens when the
// process that started it does. It prints the two addresses.
func receive(ctx context.Context, _ []string) error {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	r := newReceiver()
	hooks, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	questions, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	hs := &http.Server{Handler: r, ConnState: r.connState}
	qs := &http.Server{Handler: r.questions()}
	go hs.Serve(hooks)
	go qs.Serve(questions)
	fmt.Println(hooks.Addr(), questions.Addr())
	<-ctx.Done()
	hs.Close()
	return qs.Close()
}

func newReceiver() *receiver {
	r := &receiver{ids: map[string]struct{}{}, all: make(chan struct{})}
	r.macs.New = func() any { return hmac.New(sha256.New, []byte(secret)) }
	return r
}

func (r *receiver) connState(_ net.Conn, s http.ConnState) {
	if s == http.StateNew {
		r.connections.Add(1)
	}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil || !r.signed(body, req.Header.Get(headerSignature)) {
		r.wrong.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.requests.Add(1)
	r.count(req.Header.Get(headerID))
}

func (r *receiver) signed(body []byte, signature string) bool {
	m := r.macs.Get().(hash.Hash)
	defer r.macs.Put(m)
	m.Reset()
	m.Write(body)
	var sum [sha256.Size]byte
	return hmac.Equal([]byte(base64.StdEncoding.EncodeToString(m.Sum(sum[:0]))), []byte(signature))
}

func (r *receiver) count(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids[id] = struct{}{}
	if len(r.ids) == r.want {
		close(r.all)
		r.want = 0
	}
}

// questions answers /reset, after which n distinct ids are expected, and /wait,
// which answers once they are in.
func (r *receiver) questions() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(w http.ResponseWriter, req *http.Request) {
		n, _ := strconv.Atoi(req.FormValue("n"))
		r.reset(n)
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		all := r.all
		r.mu.Unlock()
		select {
		case <-all:
		case <-req.Context().Done():
			return
		}
		json.NewEncoder(w).Encode(r.tally())
	})
	return mux
}

func (r *receiver) reset(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests.Store(0)
	r.wrong.Store(0)
	r.connections.Store(0)
	r.ids, r.want, r.all = make(map[string]struct{}, n), n, make(chan struct{})
}

func (r *receiver) tally() tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	return tally{r.requests.Load(), len(r.ids), r.wrong.Load(), r.connections.Load()}
}
