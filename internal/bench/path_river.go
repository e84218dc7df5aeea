package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// river, one call for a hundred events.
var riverManyPath = path{
	name: "river-many", title: "river + PostgreSQL, InsertMany of 100",
	share: 15, needs: postgresAddress,
	settings: riverSettings,
	open: func(ctx context.Context, j job) (sender, error) {
		r, err := openRiver(ctx, j)
		return riverBatches{r}, err
	},
}

// river as an ORM's hook would use it.
var riverPath = path{
	name: "river", title: "river + PostgreSQL, Insert", share: 5, needs: postgresAddress,
	settings: riverSettings,
	open: func(ctx context.Context, j job) (sender, error) {
		return openRiver(ctx, j)
	},
}

const (
	riverWorkers  = 1000
	riverCooldown = 2 * time.Millisecond
)

var riverSettings = fmt.Sprintf(
	"MaxWorkers %d (requests bounded by MaxConnsPerHost = connections), "+
		"FetchCooldown and FetchPollInterval %v, pgxpool of 30, jobs kept as by default; "+
		"PostgreSQL as it runs, synchronous_commit on",
	riverWorkers, riverCooldown)

type riverArgs struct {
	ID   string          `json:"id"`
	To   endpoint        `json:"to"`
	Body json.RawMessage `json:"body"`
}

func (riverArgs) Kind() string { return "webhook_deliver" }

type riverWorker struct {
	river.WorkerDefaults[riverArgs]
	work poster
}

func (w *riverWorker) Work(ctx context.Context, job *river.Job[riverArgs]) error {
	return w.work.post(ctx, job.Args.ID, job.Args.Body, job.Args.To)
}

type riverSender struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

func openRiver(ctx context.Context, j job) (*riverSender, error) {
	pool, err := openPool(ctx, "river")
	if err != nil {
		return nil, err
	}
	driver := riverpgxv5.New(pool)
	silent := &slog.HandlerOptions{Level: slog.LevelError + 1}
	log := slog.New(slog.NewTextHandler(os.Stderr, silent))
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverWorker{work: newPoster(j)})
	client, err := river.NewClient(driver, &river.Config{
		Logger: log, Workers: workers,
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
		FetchCooldown: riverCooldown, FetchPollInterval: riverCooldown,
	})
	if err != nil {
		return nil, err
	}
	return &riverSender{pool, client}, client.Start(ctx)
}

func (r *riverSender) take(ctx context.Context, i int, to endpoint) error {
	if !fires(&theOrder) {
		return nil
	}
	body, err := newMessage()
	if err != nil {
		return err
	}
	_, err = r.client.Insert(ctx, riverArgs{strconv.Itoa(i), to, body}, nil)
	return err
}

// riverBatches inserts a hundred jobs in one call.
type riverBatches struct{ *riverSender }

func (riverBatches) batch() int { return 100 }

func (r riverBatches) takeMany(ctx context.Context, first, n int) error {
	var params []river.InsertManyParams
	for i := first; i < first+n; i++ {
		if !fires(&theOrder) {
			continue
		}
		body, err := newMessage()
		if err != nil {
			return err
		}
		params = append(params,
			river.InsertManyParams{Args: riverArgs{strconv.Itoa(i), healthy, body}})
	}
	_, err := r.client.InsertMany(ctx, params)
	return err
}

func (r *riverSender) close(ctx context.Context, total int) error {
	defer r.pool.Close()
	if err := r.client.Stop(ctx); err != nil {
		return err
	}
	var completed int
	err := r.pool.QueryRow(ctx,
		"SELECT count(*) FROM river_job WHERE state = 'completed'").Scan(&completed)
	if err == nil && completed != total {
		err = fmt.Errorf("of %d jobs %d are completed", total, completed)
	}
	return err
}
