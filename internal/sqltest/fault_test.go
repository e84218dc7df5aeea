package sqltest_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// TestBusyHost has a host write to SQLite in a loop, by connections of its own
// and of the store's pool, while deliveries are dispatched and sent.
func TestBusyHost(t *testing.T) {
	d := open(t, sqlstore.SQLite)
	h := newHost(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.d.Run(ctx) }()
	var group sync.WaitGroup
	errs := make(chan error, 1000)
	const each = 150
	for i, db := range []interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}{h.db, d.connect(t)} {
		group.Go(func() {
			for n := range each {
				_, err := db.ExecContext(ctx, d.SQL("INSERT INTO {prefix}host (name) VALUES (?)"),
					fmt.Sprintf("host %d %d", i, n))
				if err != nil {
					errs <- err
				}
			}
		})
	}
	for i := range 4 {
		group.Go(func() {
			for n := range each / 4 {
				if _, err := h.d.Dispatch(ctx, inserted(fmt.Sprint(i, " ", n))); err != nil {
					errs <- err
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	patience, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	require.NoError(t, h.receiver.Wait(patience, 4*(each/4)))
	cancel()
	require.NoError(t, <-ran)
}

// TestDiskFull fills a SQLite database up. What was refused is not there, in
// part or whole, what was taken is, and when there is room again all goes on.
func TestDiskFull(t *testing.T) {
	d := open(t, sqlstore.SQLite)
	s := d.store(t, d.connect(t))
	small := d
	small.DSN += "&_pragma=max_page_count(100)"
	full := small.bare(t, small.connect(t))
	var taken []string
	var err error
	for n := 0; err == nil; n++ {
		require.Less(t, n, 1000, "it does not fill up")
		ds := make([]webhook.Delivery, 20)
		for i := range ds {
			ds[i] = webhook.Delivery{
				ID: fmt.Sprintf("d%d-%d", n, i), Type: webhook.OnUpdate, Webhook: "w", Version: webhook.DeliveryVersion,
				State: webhook.Pending, Created: time.Now(), Due: time.Now(), Body: make([]byte, 1000),
			}
		}
		if _, err = full.Enqueue(t.Context(), ds); err == nil {
			for _, x := range ds {
				taken = append(taken, x.ID)
			}
		}
	}
	require.ErrorIs(t, err, webhook.ErrFull)
	require.NotEmpty(t, taken)
	_, err = full.Enqueue(t.Context(), []webhook.Delivery{
		{ID: "big", Webhook: "w", State: webhook.Pending, Body: make([]byte, 1<<20)},
	})
	require.ErrorIs(t, err, webhook.ErrFull, "the connection goes on to work")
	var ids []string
	ds, err := full.Deliveries(t.Context(), webhook.DeliveryQuery{Limit: 1000})
	require.NoError(t, err)
	for _, x := range ds {
		ids = append(ids, x.ID)
	}
	require.ElementsMatch(t, taken, ids)
	fresh, err := s.Enqueue(t.Context(), []webhook.Delivery{
		{ID: "big", Webhook: "w", State: webhook.Pending, Body: make([]byte, 1<<20)},
	})
	require.NoError(t, err)
	require.Equal(t, []bool{true}, fresh)
}

// A statement that waits when its context ends is not broken off at once: the
// driver would give up its connection, and the server keep its locks until it
// notices.
func TestStatementBrokenOff(t *testing.T) {
	me := map[sqlstore.Dialect]string{
		sqlstore.Postgres: "SELECT pg_backend_pid()", sqlstore.MySQL: "SELECT CONNECTION_ID()",
	}
	onEach(t, func(t *testing.T, d database) {
		if me[d.Dialect] == "" {
			t.Skip("in SQLite no statement waits")
		}
		db := d.connect(t)
		db.SetMaxOpenConns(1)
		s := d.store(t, db)
		_, err := s.Enqueue(t.Context(), []webhook.Delivery{{ID: "id", Webhook: "w", State: webhook.Pending}})
		require.NoError(t, err)
		connection := func() (id int) {
			require.NoError(t, db.QueryRow(me[d.Dialect]).Scan(&id))
			return id
		}
		before := connection()
		host, err := d.connect(t).BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = host.Exec(d.SQL("UPDATE {prefix}states SET reason = 'held'"))
		require.NoError(t, err)
		time.AfterFunc(300*time.Millisecond, func() { host.Rollback() }) //nolint:errcheck // else the call below fails
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = s.Update(ctx, []webhook.Change{{ID: "id", State: webhook.Delivered}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, before, connection())
		got, err := s.Delivery(t.Context(), "id")
		require.NoError(t, err)
		require.Equal(t, webhook.Pending, got.State)
	})
}

// TestConnectionsCut cuts all connections to the server ten times while events
// are dispatched and delivered, and lets nobody in for a while, as when the
// server is started anew.
func TestConnectionsCut(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.Dialect == sqlstore.SQLite {
			t.Skip("SQLite has no connections to cut")
		}
		j := newJudge(t)
		s, _ := d.setUp(t, j)
		servers := map[sqlstore.Dialect]string{
			sqlstore.Postgres: "127.0.0.1:5432", sqlstore.MySQL: "127.0.0.1:3306",
		}
		p := newProxy(t, servers[d.Dialect])
		through := d
		through.DSN = strings.Replace(d.DSN, p.server, p.Addr().String(), 1)
		if through.DSN == d.DSN {
			t.Skipf("the server is not at %s", p.server)
		}
		disp, err := webhook.New(through.bare(t, through.connect(t)), &webhook.Options{
			Transport: webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback()}),
			Logger:    slog.New(slog.DiscardHandler), Concurrency: concurrency,
			Timeout: time.Second, Lease: 11 * time.Second, PollInterval: 100 * time.Millisecond,
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- disp.Run(ctx) }()
		const events, cuts = 300, 10
		failed := 0
		for i := range events {
			if i%(events/cuts) == events/cuts/2 {
				p.cut(50 * time.Millisecond)
			}
			// A host repeats what failed, with the same ID.
			for {
				if _, err := disp.Dispatch(ctx, event(fmt.Sprint("e", i))); err == nil {
					break
				}
				failed++
				time.Sleep(10 * time.Millisecond)
			}
		}
		eventually(t, time.Minute, "all is stored as delivered", func() bool {
			c, err := s.Count(ctx, "")
			return err == nil && c.ByState[webhook.Delivered] == events
		})
		cancel()
		require.NoError(t, <-ran)
		n, requests := j.arrived()
		t.Logf("%s: %d cuts, %d failed calls of Dispatch, %d duplicates", d.Dialect, cuts, failed, requests-n)
		require.Equal(t, events, n)
		require.Empty(t, j.wrong)
		require.LessOrEqual(t, requests-n, cuts*concurrency)
	})
}

// A server that was started anew has closed all connections of the pool. None
// costs a call, whatever the driver notices by itself.
func TestStaleConnections(t *testing.T) {
	d := open(t, sqlstore.SQLite)
	c := &staling{driver: d.connect(t).Driver(), dsn: d.DSN}
	db := sql.OpenDB(c)
	defer db.Close()
	s := d.store(t, db)
	for round := range 3 {
		const many = 5
		conns := make([]*sql.Conn, many)
		db.SetMaxIdleConns(many)
		for i := range conns {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			conns[i] = conn
		}
		for _, conn := range conns {
			require.NoError(t, conn.Close())
		}
		c.restarts.Add(1)
		_, err := s.Enqueue(t.Context(),
			[]webhook.Delivery{{ID: fmt.Sprint(round), Webhook: "w", State: webhook.Pending}})
		require.NoError(t, err)
	}
}

// A staling connector opens connections that are closed by each restart of the
// server, which their users notice when they begin a transaction.
type staling struct {
	driver   driver.Driver
	dsn      string
	restarts atomic.Int64
}

func (s *staling) Driver() driver.Driver { return s.driver }

func (s *staling) Connect(context.Context) (driver.Conn, error) {
	conn, err := s.driver.Open(s.dsn)
	return &stale{conn, s, s.restarts.Load()}, err
}

type stale struct {
	driver.Conn
	of    *staling
	since int64
}

func (c *stale) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.since != c.of.restarts.Load() {
		return nil, driver.ErrBadConn
	}
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// A proxy passes connections on to a server.
type proxy struct {
	net.Listener
	server string

	mu     sync.Mutex // guards the fields below
	conns  []net.Conn
	closed time.Time // nobody is let in until then
}

func newProxy(t *testing.T, server string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{Listener: l, server: server}
	t.Cleanup(func() { _ = l.Close(); p.cut(0) })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go p.pass(in)
		}
	}()
	return p
}

func (p *proxy) pass(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer out.Close()
	p.mu.Lock()
	p.conns = append(p.conns, in, out)
	refused := time.Now().Before(p.closed)
	p.mu.Unlock()
	if refused {
		return
	}
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
}

// cut closes all connections, and new ones for a while.
func (p *proxy) cut(pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns, p.closed = nil, time.Now().Add(pause)
}
