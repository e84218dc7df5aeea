package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// A stock is a store that is filled, and on which calls are measured. Each call
// is for a hundred rows, as those of a busy dispatcher are.
type stock struct {
	name  string
	store webhook.Store
	made  int       // rows so far
	now   time.Time // of every call
	body  []byte
}

const stockBatch = 100

func newStock(name string, s webhook.Store) *stock {
	return &stock{name: name, store: s, now: time.Now().UTC(), body: make([]byte, 200)}
}

// enqueue adds n rows in one call.
func (s *stock) enqueue(ctx context.Context, n int) error {
	ds := make([]webhook.Delivery, n)
	for i := range ds {
		s.made++
		id := fmt.Sprintf("msg_%026d", s.made)
		ds[i] = webhook.Delivery{
			ID: id, EventID: id, Type: webhook.OnUpdate,
			Webhook: "orders", DocType: "Sales Order", DocName: "SO-1",
			Method: "POST", Body: s.body, ContentType: "application/json", Created: s.now,
			Version: webhook.DeliveryVersion, State: webhook.Pending, Due: s.now, Since: s.now,
		}
	}
	_, err := s.store.Enqueue(ctx, ds)
	return err
}

// fill adds pending rows until there are n.
func (s *stock) fill(ctx context.Context, n int) error {
	for s.made < n {
		if err := s.enqueue(ctx, min(1000, n-s.made)); err != nil {
			return err
		}
	}
	return nil
}

func (s *stock) claim(ctx context.Context) ([]webhook.Delivery, error) {
	ds, err := s.store.Claim(ctx, webhook.Claim{
		Now: s.now, Lease: time.Minute, Owner: "bench", Limit: stockBatch,
	})
	if err == nil && len(ds) != stockBatch {
		err = fmt.Errorf("claimed %d of %d", len(ds), stockBatch)
	}
	return ds, err
}

// deliver marks claimed rows as delivered, in one call.
func (s *stock) deliver(ctx context.Context, ds []webhook.Delivery) error {
	cs := make([]webhook.Change, len(ds))
	for i, d := range ds {
		cs[i] = webhook.Change{
			ID: d.ID, Fence: d.Fence, State: webhook.Delivered, Attempts: 1, Tries: 1,
			Due: d.Due, Since: d.Since, Finished: s.now,
			Attempt: &webhook.Attempt{
				DeliveryID: d.ID, Number: 1, Time: s.now, Duration: time.Millisecond,
				StatusCode: 200, State: webhook.Delivered,
			},
		}
	}
	errs, err := s.store.Update(ctx, cs)
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	return err
}

// finish adds n rows, and claims and delivers them.
func (s *stock) finish(ctx context.Context, n int) error {
	for range n / stockBatch {
		if err := s.enqueue(ctx, stockBatch); err != nil {
			return err
		}
		ds, err := s.claim(ctx)
		if err != nil {
			return err
		}
		if err := s.deliver(ctx, ds); err != nil {
			return err
		}
	}
	return nil
}

// measure returns what each kind of call costs a row at the store's present
// size. It finishes as many rows as it adds.
func (s *stock) measure(ctx context.Context, what string, size int) ([]scaleRow, error) {
	const turns = 4 * tries
	units := []string{"row enqueued", "row claimed", "row updated"}
	costs := make([][]float64, len(units))
	for range turns {
		begin := time.Now()
		if err := s.enqueue(ctx, stockBatch); err != nil {
			return nil, err
		}
		enqueued := time.Now()
		ds, err := s.claim(ctx)
		if err != nil {
			return nil, err
		}
		claimed := time.Now()
		if err := s.deliver(ctx, ds); err != nil {
			return nil, err
		}
		for i, d := range []time.Duration{
			enqueued.Sub(begin), claimed.Sub(enqueued), time.Since(claimed),
		} {
			costs[i] = append(costs[i], float64(d)/stockBatch)
		}
	}
	var rows []scaleRow
	for i, unit := range units {
		rows = append(rows, scaleRow{
			What: s.name + ", " + what, Size: size, Unit: unit, Nanos: median(costs[i]),
		})
	}
	note("%s, %d %s", s.name, size, what)
	return rows, nil
}

// grow measures with 1,000, 10,000 ... pending rows.
func (s *stock) grow(ctx context.Context, most int) ([]scaleRow, error) {
	var rows []scaleRow
	for _, n := range powers(1000, most) {
		if err := s.fill(ctx, n-stockBatch); err != nil { // a batch comes before one goes
			return nil, err
		}
		more, err := s.measure(ctx, "pending rows", n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return byUnit(rows), nil
}

// age measures with 1,000, 10,000 ... finished rows, and few pending.
func (s *stock) age(ctx context.Context, most int) ([]scaleRow, error) {
	var rows []scaleRow
	done := 0
	for _, n := range powers(1000, most) {
		if err := s.finish(ctx, n-done); err != nil {
			return nil, err
		}
		done = n
		more, err := s.measure(ctx, "finished rows", n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return byUnit(rows), nil
}

// byUnit brings the sizes of a unit together.
func byUnit(rows []scaleRow) []scaleRow {
	var sorted []scaleRow
	for i := range 3 {
		for k := i; k < len(rows); k += 3 {
			sorted = append(sorted, rows[k])
		}
	}
	return sorted
}

func pendingInMemory(ctx context.Context, most int) ([]scaleRow, error) {
	return newStock("MemoryStore", webhook.NewMemoryStore()).grow(ctx, most)
}

func pendingInSQL(ctx context.Context, most int) ([]scaleRow, error) {
	var rows []scaleRow
	type measure = func(*stock, context.Context, int) ([]scaleRow, error)
	for _, of := range []measure{(*stock).grow, (*stock).age} {
		for _, d := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.Postgres} {
			more, err := inSQL(ctx, d, func(s *stock) ([]scaleRow, error) {
				return of(s, ctx, most)
			})
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// inSQL calls f with an empty database.
func inSQL(ctx context.Context, d sqlstore.Dialect,
	f func(*stock) ([]scaleRow, error)) ([]scaleRow, error) {
	dir, err := os.MkdirTemp(os.Getenv("BENCH_DIR"), "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var db *sql.DB
	name := "PostgreSQL"
	if d == sqlstore.SQLite {
		name = "SQLite"
		db, err = openSQLite(dir)
	} else {
		db, err = openPostgres(ctx)
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	s, err := sqlstore.New(db, d)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	return f(newStock(name, s))
}
