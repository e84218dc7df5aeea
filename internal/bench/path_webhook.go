package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// The library on the store in memory.
var memoryPath = path{
	name: "memory", title: "webhook, MemoryStore", share: 100,
	settings: "default Options but Concurrency = PerEndpoint = connections",
	open: func(ctx context.Context, j job) (sender, error) {
		return openWebhook(ctx, webhook.NewMemoryStore(), j)
	},
}

// The library on SQLite.
var sqlitePath = path{
	name: "sqlite", title: "webhook, SQLite", share: 50,
	settings: "as above; modernc.org/sqlite, WAL, synchronous FULL",
	open: func(ctx context.Context, j job) (sender, error) {
		db, err := openSQLite(j.Dir)
		if err != nil {
			return nil, err
		}
		return openSQL(ctx, db, sqlstore.SQLite, j)
	},
}

// The library on PostgreSQL.
var postgresPath = path{
	name: "postgres", title: "webhook, PostgreSQL", share: 50, needs: postgresAddress,
	settings: "as above; pgx by database/sql, 16 connections, synchronous_commit on",
	open: func(ctx context.Context, j job) (sender, error) {
		db, err := openPostgres(ctx)
		if err != nil {
			return nil, err
		}
		return openSQL(ctx, db, sqlstore.Postgres, j)
	},
}

func openSQL(ctx context.Context, db *sql.DB, d sqlstore.Dialect, j job) (*ours, error) {
	s, err := sqlstore.New(db, d)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	o, err := openWebhook(ctx, s, j)
	if err == nil {
		o.db = db
	}
	return o, err
}

// hook is the webhook of an endpoint.
func hook(to target, e endpoint) webhook.Webhook {
	return webhook.Webhook{
		Name: e.name(), DocType: e.docType(), Events: []webhook.EventType{webhook.OnUpdate},
		Condition: "doc.grand_total > 1000", URL: to.url(e), Secret: secret,
		Structure: webhook.JSON, Body: orderBody,
	}
}

const orderBody = `{"doctype": "{{ doc.doctype }}", "event": "{{ event }}", "order": {
	"name": "{{ doc.name }}", "status": "{{ doc.status }}", "customer": "{{ doc.customer }}",
	"grand_total": {{ doc.grand_total }}, "remarks": "{{ doc.remarks }}"}}`

// ours is a Dispatcher that runs.
type ours struct {
	d         *webhook.Dispatcher
	transport *webhook.HTTPTransport
	db        *sql.DB // nil in memory
	stop      context.CancelFunc
	stopped   chan error // what Run returned
}

func openWebhook(ctx context.Context, s webhook.Store, j job) (*ours, error) {
	o := &ours{
		transport: webhook.NewHTTPTransport(&webhook.HTTPOptions{
			Allow: webhook.Loopback(), IdlePerEndpoint: j.Connections,
		}),
		stopped: make(chan error, 1),
	}
	errorsOnly := &slog.HandlerOptions{Level: slog.LevelError}
	var err error
	o.d, err = webhook.New(s, &webhook.Options{
		Transport: o.transport, Concurrency: j.Connections, PerEndpoint: j.Connections,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, errorsOnly)),
	})
	if err != nil {
		return nil, err
	}
	var hooks []webhook.Webhook
	for _, e := range j.Scene.endpoints() {
		hooks = append(hooks, hook(j.To, e))
	}
	if err := o.d.SaveWebhooks(ctx, hooks...); err != nil {
		return nil, err
	}
	ctx, o.stop = context.WithCancel(ctx)
	go func() { o.stopped <- o.d.Run(ctx) }()
	return o, nil
}

func orderEvent(i int, to endpoint) webhook.Event {
	return webhook.Event{
		ID: strconv.Itoa(i), Type: webhook.OnUpdate, DocType: to.docType(),
		Name: theOrder.Name, Doc: theDocument,
	}
}

func (o *ours) take(ctx context.Context, i int, to endpoint) error {
	report, err := o.d.Dispatch(ctx, orderEvent(i, to))
	if err != nil {
		return err
	}
	if got := report.Outcomes[0]; got.Decision != webhook.Queued {
		return fmt.Errorf("event %d: %s: %w", i, got.Decision, got.Err)
	}
	return nil
}

func (o *ours) close(ctx context.Context, total int) error {
	o.stop()
	err := errors.Join(<-o.stopped, o.logged(ctx, total))
	o.transport.CloseIdleConnections()
	if o.db != nil {
		err = errors.Join(err, o.db.Close())
	}
	return err
}

// kept is how many finished deliveries a store keeps at least: the last 10,000
// of MemoryStore, and by Retention of each webhook.
const kept = 10_000

// logged returns an error unless the store has all the deliveries that it keeps
// as delivered, and attempts of the newest.
func (o *ours) logged(ctx context.Context, total int) error {
	stats, err := o.d.Stats(ctx)
	if err != nil {
		return err
	}
	all := 0
	for _, n := range stats.ByState {
		all += n
	}
	if got := stats.ByState[webhook.Delivered]; got < min(total, kept) || got != all {
		return fmt.Errorf("of %d deliveries the store has %v", total, stats.ByState)
	}
	return o.attempted(ctx)
}

// attempted checks that the newest deliveries have one attempt in the log.
func (o *ours) attempted(ctx context.Context) error {
	ds, err := o.d.Deliveries(ctx, webhook.DeliveryQuery{Limit: 100})
	if err != nil {
		return err
	}
	for _, d := range ds {
		as, err := o.d.Attempts(ctx, d.ID)
		if err != nil {
			return err
		}
		if len(as) != 1 || as[0].StatusCode != 200 {
			return fmt.Errorf("delivery %s: attempts %+v", d.ID, as)
		}
	}
	return nil
}
