package main

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// What a host writes beside an event.
const (
	hostTable  = "CREATE TABLE host (id BIGINT PRIMARY KEY, status TEXT NOT NULL)"
	hostInsert = "INSERT INTO host (id, status) VALUES ($1, 'new')"
)

// nowhere is the target of webhooks whose messages are never sent.
var nowhere = target{Endpoints: []string{"127.0.0.1:9"}}

// ourEnqueuer hands events to a Dispatcher that does not run.
type ourEnqueuer struct {
	ours
}

func openOurEnqueuer(ctx context.Context) (enqueuer, error) {
	db, err := openPostgres(ctx)
	if err != nil {
		return nil, err
	}
	s, err := sqlstore.New(db, sqlstore.Postgres)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, hostTable); err != nil {
		return nil, err
	}
	d, err := webhook.New(s, &webhook.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return &ourEnqueuer{ours{d: d, db: db}}, d.SaveWebhook(ctx, hook(nowhere, healthy))
}

func (o *ourEnqueuer) one(ctx context.Context, i int) error { return o.take(ctx, i, healthy) }

func (o *ourEnqueuer) within(ctx context.Context, i int) (call, whole time.Duration, err error) {
	begin := time.Now()
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, hostInsert, i); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := o.take(sqlstore.WithTx(ctx, tx), i, healthy); err != nil {
		return 0, 0, err
	}
	call = time.Since(start)
	err = tx.Commit()
	return call, time.Since(begin), err
}

func (o *ourEnqueuer) stored(ctx context.Context) (events, rows int, err error) {
	err = o.db.QueryRowContext(ctx,
		"SELECT (SELECT count(DISTINCT d.event_id) FROM webhook_deliveries d "+
			"JOIN webhook_states s USING (num) WHERE s.state = 'pending'), "+
			"(SELECT count(*) FROM host)").Scan(&events, &rows)
	return events, rows, err
}

// riverEnqueuer inserts jobs with a client that works none.
type riverEnqueuer struct {
	riverSender
}

func openRiverEnqueuer(ctx context.Context) (enqueuer, error) {
	pool, err := openPool(ctx, "river")
	if err != nil {
		return nil, err
	}
	driver := riverpgxv5.New(pool)
	log := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, hostTable); err != nil {
		return nil, err
	}
	client, err := river.NewClient(driver, &river.Config{Logger: log})
	return &riverEnqueuer{riverSender{pool, client}}, err
}

func (r *riverEnqueuer) one(ctx context.Context, i int) error { return r.take(ctx, i, healthy) }

func (r *riverEnqueuer) within(ctx context.Context, i int) (call, whole time.Duration, err error) {
	begin := time.Now()
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, hostInsert, i); err != nil {
			return err
		}
		start := time.Now()
		if !fires(&theOrder) {
			return nil
		}
		body, err := newMessage()
		if err != nil {
			return err
		}
		_, err = r.client.InsertTx(ctx, tx, riverArgs{strconv.Itoa(i), healthy, body}, nil)
		call = time.Since(start)
		return err
	})
	return call, time.Since(begin), err
}

func (r *riverEnqueuer) stored(ctx context.Context) (events, rows int, err error) {
	err = r.pool.QueryRow(ctx,
		"SELECT (SELECT count(DISTINCT args->>'id') FROM river_job WHERE state = 'available'), "+
			"(SELECT count(*) FROM host)").Scan(&events, &rows)
	return events, rows, err
}
