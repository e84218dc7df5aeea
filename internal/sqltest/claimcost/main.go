// Command claimcost measures what Claim costs with a thousand to a million
// deliveries due, with a million finished ones beside them, and with a million
// due ones behind a webhook that is skipped.
//
//	go run ./claimcost -dialect postgres
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/sqlstore"
)

const (
	claimed = 100 // deliveries that each claim takes
	longDue = 1   // from when rows are due: these stand in front of
	justDue = 1 << 30
	warm    = 5 // claims that find cold caches
)

func main() {
	dialect := flag.String("dialect", "sqlite", "sqlite, postgres or mysql")
	most := flag.Int("most", 1_000_000, "the largest backlog")
	rounds := flag.Int("rounds", 21, "claims of each kind")
	flag.Parse()
	if err := run(context.Background(), sqlstore.Dialect(*dialect), *most, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "claimcost:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dialect sqlstore.Dialect, most, rounds int) error {
	dir, err := os.MkdirTemp("", "claimcost")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := sqltest.Locate(dialect, dir, "claimcost"+strconv.Itoa(os.Getpid())+"_")
	if err != nil {
		return err
	}
	db, err := d.Connect()
	if err != nil {
		return err
	}
	defer db.Close()
	if dialect != sqlstore.SQLite {
		defer d.Drop(ctx) //nolint:errcheck // the figures are printed
	}
	s, err := d.Store(db)
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	m := &measure{d: d, db: db, store: s, rounds: rounds}
	return m.run(ctx, most)
}

// A measure fills a database and claims from it.
type measure struct {
	d      sqltest.Database
	db     *sql.DB
	store  *sqlstore.Store
	rounds int
	rows   int
	least  time.Duration // of the smallest backlog
}

func (m *measure) run(ctx context.Context, most int) error {
	due := 0
	for n := 1000; n <= most; n *= 10 {
		if err := m.add(ctx, n-due, "pending", "orders", justDue, "1"); err != nil {
			return err
		}
		due = n
		if err := m.claim(ctx, fmt.Sprintf("%d due", n)); err != nil {
			return err
		}
	}
	if err := m.add(ctx, most, "delivered", "orders", justDue, "NULL"); err != nil {
		return err
	}
	if err := m.claim(ctx, fmt.Sprintf("and %d finished", most)); err != nil {
		return err
	}
	if err := m.add(ctx, most, "pending", "skipped", longDue, "1"); err != nil {
		return err
	}
	return m.claim(ctx, fmt.Sprintf("and %d due for longer that are skipped", most), "skipped")
}

// A filling is how a dialect makes many rows by one statement.
type filling struct {
	columns, values string // the id of row i, and what only this dialect wants
	series          string // the numbers i from one to another
	after           string // leaves the tables as a server would in time
}

var fillings = map[sqlstore.Dialect]filling{
	sqlstore.Postgres: {
		columns: "id", values: "'msg_' || md5(i::text)",
		series: "generate_series(?::bigint, ?::bigint) AS g(i)",
		after:  "ANALYZE",
	},
	sqlstore.MySQL: {
		columns: "mark, id", values: "0, CONCAT('msg_', MD5(i))",
		series: "(SELECT seq AS i FROM seq_0_to_99999999 WHERE seq BETWEEN ? AND ?) g",
		after:  "ANALYZE TABLE {prefix}deliveries, {prefix}states",
	},
	sqlstore.SQLite: {
		columns: "id", values: "'msg_' || hex(i * 7919 % 1000003) || i",
		series: "(WITH RECURSIVE g(i) AS " +
			"(SELECT ?1 UNION ALL SELECT i + 1 FROM g WHERE i < ?2) SELECT i FROM g)",
		after: "PRAGMA wal_checkpoint(TRUNCATE)",
	},
}

// add inserts deliveries, and then their states.
func (m *measure) add(ctx context.Context, n int, state, name string, due int, place string) error {
	f, first := fillings[m.d.Dialect], m.rows
	m.rows += n
	text := m.d.SQL("INSERT INTO {prefix}deliveries (" + f.columns +
		", event_id, type, webhook, doctype, doc_name, tenant, method, url, body, " +
		"content_type, chain, trace, created) " +
		"SELECT " + f.values + ", 'evt', 'on_update', '" + name + "', 'Sales Order', 'SO-1', " +
		"'', 'POST', '', " + m.body() + ", 'application/json', '', '', 1 FROM " + f.series)
	if _, err := m.db.ExecContext(ctx, text, first, m.rows-1); err != nil {
		return err
	}
	at := strconv.Itoa(due) + " + num"
	_, err := m.db.ExecContext(ctx, m.d.SQL("INSERT INTO {prefix}states (num, webhook, created, "+
		"version, state, reason, attempts, tries, due, since, paused_at, finished, "+
		"owner, lease_until, fence, queue_at, queue_place) "+
		"SELECT num, webhook, created, 1, '"+state+"', '', 0, 0, "+at+", 1, 0, 0, "+
		"'', 0, 0, "+at+", "+place+" FROM {prefix}deliveries "+
		"WHERE num > (SELECT COALESCE(MAX(num), 0) FROM {prefix}states)"))
	if err != nil {
		return err
	}
	_, err = m.db.ExecContext(ctx, m.d.SQL(f.after))
	return err
}

// body is one of some hundred bytes.
func (m *measure) body() string {
	if m.d.Dialect == sqlstore.Postgres {
		return `convert_to(repeat('{"name":"SO-1"}', 20), 'UTF8')`
	}
	if m.d.Dialect == sqlstore.MySQL {
		return `REPEAT('{"name":"SO-1"}', 20)`
	}
	return `CAST(replace(hex(zeroblob(150)), '0', 'x') AS BLOB)`
}

// claim prints how long the fastest of several claims took, which other work on
// the machine disturbs least, and the median.
func (m *measure) claim(ctx context.Context, what string, skip ...string) error {
	var took []time.Duration
	for i := range m.rounds + warm {
		began := time.Now()
		ds, err := m.store.Claim(ctx, webhook.Claim{
			Now: time.UnixMicro(1 << 40), Lease: time.Minute,
			Owner: "claimcost", Limit: claimed, Skip: skip,
		})
		if err != nil {
			return err
		}
		if len(ds) != claimed {
			return fmt.Errorf("%d deliveries claimed, not %d", len(ds), claimed)
		}
		if i >= warm {
			took = append(took, time.Since(began))
		}
		// Back, so that the next claim finds the same.
		changes := make([]webhook.Change, len(ds))
		for j, d := range ds {
			changes[j] = webhook.Change{
				ID: d.ID, Fence: d.Fence, State: webhook.Pending, Due: d.Due, Since: d.Since,
			}
		}
		if _, err := m.store.Update(ctx, changes); err != nil {
			return err
		}
	}
	slices.Sort(took)
	fastest, median := took[0], took[len(took)/2]
	if m.least == 0 {
		m.least = fastest
	}
	fmt.Printf("%-8s %-48s fastest %7.2f ms  median %7.2f ms  fastest to the first's %5.2f\n",
		m.d.Dialect, what, float64(fastest.Microseconds())/1000,
		float64(median.Microseconds())/1000, float64(fastest)/float64(m.least))
	return nil
}
