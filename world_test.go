package webhook_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// A sending is one request that reached a wire.
type sending struct {
	Webhook, ID, Body string
	Attempt           int
	At                time.Time
	Header            http.Header
}

// A wire is a Transport that records what is sent and answers by a function.
type wire struct {
	answer func(context.Context, sending) (*webhook.Response, error)

	mu   sync.Mutex // guards the fields below
	sent []sending
	now  int // in flight
	most int // in flight at once
}

// Send implements [webhook.Transport].
func (w *wire) Send(ctx context.Context, req *webhook.Request) (*webhook.Response, error) {
	s := sending{
		Webhook: req.Webhook, ID: req.DeliveryID, Body: string(req.Body),
		Attempt: req.Attempt, At: time.Now(), Header: req.Header.Clone(),
	}
	w.mu.Lock()
	w.sent = append(w.sent, s)
	w.now++
	w.most = max(w.most, w.now)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
	}()
	return w.answer(ctx, s)
}

// all returns what was sent for a webhook, for every one if that is "".
func (w *wire) all(name string) []sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ss []sending
	for _, s := range w.sent {
		if name == "" || s.Webhook == name {
			ss = append(ss, s)
		}
	}
	return ss
}

func (w *wire) count(name string) int { return len(w.all(name)) }

// inFlight returns how many requests are being answered now.
func (w *wire) inFlight() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// status answers with a status and header fields, given as key, value, ...
func status(code int, header ...string) (*webhook.Response, error) {
	r := &webhook.Response{StatusCode: code, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r, nil
}

// always answers everything with one status.
func always(code int) *wire {
	return &wire{answer: func(context.Context, sending) (*webhook.Response, error) { return status(code) }}
}

// hang answers nothing until the context ends.
func hang(ctx context.Context) (*webhook.Response, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Answers of switched that are no status.
const (
	hangs  = 0
	breaks = -1
)

// switched answers with a status that the test can change.
type switched struct {
	*wire
	mu   sync.Mutex // guards code
	code int
}

func newSwitched(code int) *switched {
	s := &switched{wire: &wire{}, code: code}
	s.answer = func(ctx context.Context, _ sending) (*webhook.Response, error) {
		s.mu.Lock()
		code := s.code
		s.mu.Unlock()
		switch code {
		case hangs:
			return hang(ctx)
		case breaks:
			return nil, errDown
		}
		return status(code)
	}
	return s
}

func (s *switched) set(code int) {
	s.mu.Lock()
	s.code = code
	s.mu.Unlock()
}

// A world is a dispatcher in a synctest bubble, with what tests ask of it.
type world struct {
	*webhook.Dispatcher
	t     *testing.T
	ctx   context.Context
	store webhook.Store
	began time.Time
	event int
}

// newWorld returns a dispatcher. opts need not have a Transport.
func newWorld(t *testing.T, store webhook.Store, transport webhook.Transport, opts webhook.Options) *world {
	t.Helper()
	opts.Transport = transport
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := webhook.New(store, &opts)
	require.NoError(t, err)
	return &world{Dispatcher: d, t: t, ctx: t.Context(), store: store, began: time.Now()}
}

// hook returns a webhook on a host of its own. The name is the host's.
func hook(name string, change ...func(*webhook.Webhook)) webhook.Webhook {
	w := webhook.Webhook{
		Name: name, DocType: "Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://" + name + ".example/in",
	}
	for _, f := range change {
		f(&w)
	}
	return w
}

func ordered(w *webhook.Webhook) { w.Ordered = true }

// host makes a webhook share the host of others.
func host(name string) func(*webhook.Webhook) {
	return func(w *webhook.Webhook) { w.URL = "https://" + name + ".example/" + w.Name }
}

// retries gives a webhook a policy.
func retries(p webhook.RetryPolicy) func(*webhook.Webhook) {
	return func(w *webhook.Webhook) { w.Retry = &p }
}

func (w *world) save(hooks ...webhook.Webhook) {
	w.t.Helper()
	require.NoError(w.t, w.SaveWebhooks(w.ctx, hooks...))
}

// fire dispatches an update of a document and returns its outcomes.
func (w *world) fire(doc string) []webhook.Outcome {
	w.t.Helper()
	w.event++
	report, err := w.Dispatch(w.ctx, webhook.Event{
		ID: "evt-" + strconv.Itoa(w.event) + "-" + doc, Type: webhook.OnUpdate, DocType: "Order", Name: doc,
		Doc: map[string]any{"n": w.event},
	})
	require.NoError(w.t, err)
	return report.Outcomes
}

// send dispatches an update of a document that one webhook takes, and returns
// the id of its delivery.
func (w *world) send(doc string) string {
	w.t.Helper()
	outcomes := w.fire(doc)
	require.Len(w.t, outcomes, 1)
	require.NotEmpty(w.t, outcomes[0].DeliveryID)
	return outcomes[0].DeliveryID
}

// run starts Run. The function it returns stops it and waits.
func (w *world) run() (stop func()) {
	w.t.Helper()
	end := w.runUntil()
	return func() { w.t.Helper(); require.NoError(w.t, end()) }
}

// runUntil starts Run. The function it returns stops it and returns what Run
// returned.
func (w *world) runUntil() (stop func() error) {
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return func() error { cancel(); return <-done }
}

// pass lets time pass until everything that follows from it has happened.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// is returns a delivery as it stands.
func (w *world) is(id string) *webhook.Delivery {
	w.t.Helper()
	del, err := w.Delivery(w.ctx, id)
	require.NoError(w.t, err)
	return del
}

func (w *world) state(id string) webhook.State { w.t.Helper(); return w.is(id).State }

func (w *world) log(id string) []webhook.Attempt {
	w.t.Helper()
	as, err := w.Attempts(w.ctx, id)
	require.NoError(w.t, err)
	return as
}

func (w *world) stands(name string) *webhook.Status {
	w.t.Helper()
	st, err := w.Status(w.ctx, name)
	require.NoError(w.t, err)
	return st
}

var errDown = errors.New("down")

// bubble runs a test in virtual time. When it ends, no goroutine may be left.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// handle serves a request in a dispatcher's TrackChain.
func handle(ctx context.Context, w *world, header http.Header, serve func(context.Context)) (*webhook.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://here.example/", nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { serve(r.Context()) })
	w.TrackChain(next).ServeHTTP(httptest.NewRecorder(), req)
	return status(200)
}
