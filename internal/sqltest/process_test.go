package sqltest_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
)

// workerVariable makes the test binary a worker: a process of its own, which
// dispatches the events it is told of on its standard input, delivers, and ends
// when the input does.
const workerVariable = "WEBHOOK_TEST_WORKER"

func TestMain(m *testing.M) {
	if config := os.Getenv(workerVariable); config != "" {
		if err := work(config); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A workerConfig says what a worker does.
type workerConfig struct {
	Database sqltest.Database
	Idle     bool          // it delivers nothing
	Ahead    time.Duration // of its clock
	Kill     killPoint
	Nth      int           // of the calls at that point
	Delay    time.Duration // into the call
}

// concurrency is how many attempts a worker makes at once.
const concurrency = 16

func work(config string) error {
	var c workerConfig
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	db, err := c.Database.Connect()
	if err != nil {
		return err
	}
	defer db.Close()
	sqlStore, err := c.Database.Store(db)
	if err != nil {
		return err
	}
	var store webhook.Store = &mortal{Store: sqlStore, config: c}
	if c.Ahead != 0 {
		store = &elsewhere{store: sqlStore, ahead: c.Ahead}
	}
	d, err := webhook.New(store, &webhook.Options{
		Transport:   webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()}),
		Logger:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Concurrency: concurrency, Timeout: time.Second, Lease: 11 * time.Second, PollInterval: 100 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ran := make(chan error, 1)
	if c.Idle {
		ran <- nil
	} else {
		go func() { ran <- d.Run(ctx) }()
	}
	obey(ctx, d, func(fn func(context.Context) error) error {
		return sqlstore.InTx(ctx, d, db, nil, func(ctx context.Context, _ *sql.Tx) error { return fn(ctx) })
	})
	cancel()
	return <-ran
}

// obey carries out orders from the standard input, several at once, and reports
// what was done:
//
//	dispatch ID
//	commit ID     in a transaction of the host's
//	rollback ID   the same, but it is rolled back
func obey(ctx context.Context, d *webhook.Dispatcher, inTx func(func(context.Context) error) error) {
	var group sync.WaitGroup
	var mu sync.Mutex // guards the standard output
	orders := make(chan string)
	for range 8 {
		group.Go(func() {
			for order := range orders {
				verb, id, _ := strings.Cut(order, " ")
				queued := 0
				dispatch := func(ctx context.Context) error {
					r, err := d.Dispatch(ctx, event(id))
					for _, o := range r.Outcomes {
						if o.Err == nil {
							queued++
						}
					}
					return err
				}
				var err error
				switch verb {
				case "dispatch":
					err = dispatch(ctx)
				case "commit":
					err = inTx(dispatch)
				case "rollback":
					err = inTx(func(ctx context.Context) error {
						return errors.Join(dispatch(ctx), errRefused)
					})
					if errors.Is(err, errRefused) {
						err = nil
					}
				}
				mu.Lock()
				if err != nil {
					fmt.Fprintln(os.Stderr, "worker:", order, err)
					fmt.Println("failed", id)
				} else {
					fmt.Println("done", id, queued)
				}
				mu.Unlock()
			}
		})
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		orders <- in.Text()
	}
	close(orders)
	group.Wait()
}

func event(id string) webhook.Event {
	return webhook.Event{ID: id, Type: webhook.OnUpdate, DocType: "Order", Name: id, Doc: map[string]any{"name": id}}
}

// A worker is a process.
type worker struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	said   *bufio.Scanner
	stderr *strings.Builder
}

// start starts a worker, which the end of the test kills if it is still there.
func start(t *testing.T, c workerConfig) *worker {
	t.Helper()
	config, err := json.Marshal(c)
	require.NoError(t, err)
	w := &worker{cmd: exec.Command(os.Args[0]), stderr: &strings.Builder{}}
	w.cmd.Env = append(os.Environ(), workerVariable+"="+string(config))
	w.cmd.Stderr = w.stderr
	w.orders, err = w.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := w.cmd.StdoutPipe()
	require.NoError(t, err)
	w.said = bufio.NewScanner(out)
	require.NoError(t, w.cmd.Start())
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	return w
}

// killed waits for the end of a worker whose output has ended, and reports
// whether it was killed; any other end but a clean one is an error.
func (w *worker) killed() (bool, error) {
	err := w.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %s", err, w.stderr)
	}
	return false, nil
}

// A judge is a receiver that counts what arrived.
type judge struct {
	*httptest.Server
	mu     sync.Mutex // guards the fields below
	counts map[string]int
	ids    map[string]string // the delivery id of each event
	wrong  []string
}

func newJudge(t *testing.T) *judge {
	j := &judge{counts: map[string]int{}, ids: map[string]string{}}
	j.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		id, ev := r.Header.Get("Webhook-Id"), r.Header.Get("X-Webhook-Event-Id")
		j.mu.Lock()
		defer j.mu.Unlock()
		j.counts[ev]++
		if was, ok := j.ids[ev]; ok && was != id {
			j.wrong = append(j.wrong, fmt.Sprintf("%s came as %s and %s", ev, was, id))
		}
		j.ids[ev] = id
		if !strings.Contains(string(body), `"name":"`+ev+`"`) {
			j.wrong = append(j.wrong, fmt.Sprintf("%s came with the body %s", ev, body))
		}
	}))
	t.Cleanup(j.Server.Close)
	return j
}

// arrived returns how many different events came, and how many requests.
func (j *judge) arrived() (events, requests int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, n := range j.counts {
		requests += n
	}
	return len(j.counts), requests
}

// setUp makes tables, and a webhook for the judge.
func (d database) setUp(t *testing.T, j *judge) (*sqlstore.Store, *webhook.Dispatcher) {
	s := d.store(t, d.connect(t))
	dispatcher, err := webhook.New(s, &webhook.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, dispatcher.SaveWebhook(t.Context(), listener("judge", j.URL)))
	return s, dispatcher
}

func listener(name, url string) webhook.Webhook {
	return webhook.Webhook{
		Name: name, DocType: "Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: url + "/" + name,
	}
}

// eventually waits until ok is true.
func eventually(t *testing.T, patience time.Duration, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, patience, 20*time.Millisecond, what)
}

// TestProcesses has three processes deliver together what two of them and a
// fourth dispatch: each delivery once.
func TestProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		together(t, d, []workerConfig{{}, {}, {Idle: true}, {}})
	})
}

// TestProcessesOfDifferentTime does the same with clocks that differ by ten
// minutes, and more. SQLite has no clock that processes of different machines
// could share, and they cannot share it.
func TestProcessesOfDifferentTime(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("processes on one SQLite database share a machine, and its clock")
		}
		together(t, d, []workerConfig{{Ahead: 10 * time.Minute}, {Ahead: -10 * time.Minute}, {Ahead: time.Second}})
	})
}

func together(t *testing.T, d database, configs []workerConfig) {
	const events = 400
	j := newJudge(t)
	s, _ := d.setUp(t, j)
	workers := make([]*worker, len(configs))
	for i, c := range configs {
		c.Database = d.Database
		workers[i] = start(t, c)
	}
	for i := range events {
		verb := []string{"dispatch", "commit", "dispatch", "rollback"}[i%4]
		_, err := fmt.Fprintf(workers[i%len(workers)].orders, "%s %s-%d\n", verb, verb, i)
		require.NoError(t, err)
	}
	want := events / 4 * 3
	eventually(t, time.Minute, "all events arrive", func() bool { n, _ := j.arrived(); return n >= want })
	for _, w := range workers {
		require.NoError(t, w.orders.Close())
		for w.said.Scan() {
			require.NotContains(t, w.said.Text(), "failed")
		}
		_, err := w.killed()
		require.NoError(t, err)
	}
	n, requests := j.arrived()
	require.Equal(t, want, n, "events that arrived")
	require.Equal(t, want, requests, "requests: each delivery is sent once")
	require.Empty(t, j.wrong)
	c, err := s.Count(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, map[webhook.State]int{webhook.Delivered: want}, c.ByState)
}

// TestProcessesSeeWebhooks has one process save webhooks, and another see them.
func TestProcessesSeeWebhooks(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		j := newJudge(t)
		_, dispatcher := d.setUp(t, j)
		w := start(t, workerConfig{Database: d.Database, Idle: true})
		listeners := func(i int) int {
			_, err := fmt.Fprintf(w.orders, "dispatch e%d\n", i)
			require.NoError(t, err)
			require.True(t, w.said.Scan(), w.stderr)
			var id string
			var n int
			_, err = fmt.Sscanf(w.said.Text(), "done %s %d", &id, &n)
			require.NoError(t, err, w.said.Text())
			return n
		}
		require.Equal(t, 1, listeners(0))
		require.NoError(t, dispatcher.SaveWebhook(t.Context(), listener("another", j.URL)))
		i := 1
		eventually(t, 5*time.Second, "the other process sees the new webhook", func() bool {
			i++
			return listeners(i) == 2
		})
		require.NoError(t, dispatcher.DeleteWebhook(t.Context(), "judge"))
		eventually(t, 5*time.Second, "and that one is gone", func() bool { i++; return listeners(i) == 1 })
		require.NoError(t, w.orders.Close())
		_, err := w.killed()
		require.NoError(t, err)
	})
}
