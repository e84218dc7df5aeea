package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

// A row is a delivery and the number under which it is stored. Numbers rise, so
// they are the order of age, and the place of a delivery in its line.
type row struct {
	*webhook.Delivery
	num   int64
	fresh bool // Enqueue: it was not there before
}

// Values of queue_place: where a pending delivery stands. One that is not
// pending stands nowhere, and has NULL. queue_at is the time named last in each
// line.
const (
	placeReady  = 1 // Claim may offer it; from Due
	placeLeased = 2 // it is leased; until LeaseUntil
	placeBehind = 3 // known to wait for another of its line; its Due
)

// placeOf returns queue_place and queue_at of a delivery. One in a line is ready
// even if it is not first: Claim finds that out, and puts it behind.
func placeOf(state webhook.State, due, leaseUntil time.Time) (place any, at int64) {
	switch {
	case state != webhook.Pending:
		return nil, 0
	case leaseUntil.IsZero():
		return placeReady, micros(due)
	}
	return placeLeased, micros(leaseUntil)
}

// A delivery is two rows with the same number: one in {deliveries} with what
// never changes, including the body, and a small one in {states} with what
// does. Columns that an index of {states} needs are repeated there.

// columns are the columns of a delivery, as they are read from both tables. One
// of them says whether there is a body, since not every driver tells an empty
// one from none.
const columns = "d.num, d.body IS NOT NULL, " +
	"d.id, d.event_id, d.type, d.webhook, d.doctype, d.doc_name, d.tenant, " +
	"d.method, d.url, d.body, d.content_type, d.chain, d.trace, " +
	"s.line, d.created, s.version, s.state, s.reason, s.attempts, s.tries, " +
	"s.due, s.since, s.paused_at, s.finished, s.owner, s.lease_until, s.fence"

// deliveryShape has the columns that never change, as Enqueue writes them.
var deliveryShape = shape{
	{name: "id", kind: "text"}, {name: "event_id", kind: "text"}, {name: "type", kind: "text"},
	{name: "webhook", kind: "text"},
	{name: "doctype", kind: "text"}, {name: "doc_name", kind: "text"},
	{name: "tenant", kind: "text", usual: "", literal: "''"},
	{name: "method", kind: "text"},
	{name: "url", kind: "text", usual: "", literal: "''"},
	{name: "content_type", kind: "text"}, {name: "chain", kind: "text"},
	{name: "trace", kind: "text", usual: "", literal: "''"},
	{name: "created", kind: "bigint"}, {name: "body", kind: "bytea"},
}

// values appends what goes into the columns of deliveryShape.
func (r *row) values(to []any) []any {
	return append(to,
		r.ID, r.EventID, string(r.Type), r.Webhook, r.DocType, r.DocName, r.Tenant, r.Method,
		r.URL, r.ContentType, r.Chain, plain(r.Trace), micros(r.Created), blob(r.Body))
}

// stateShape has the columns that change, as Enqueue writes them.
var stateShape = shape{
	{name: "num", kind: "bigint"}, {name: "webhook", kind: "text"},
	{name: "created", kind: "bigint"},
	{name: "line", kind: "text", null: true, usual: nil, literal: "NULL"},
	{
		name: "version", kind: "integer",
		usual: webhook.DeliveryVersion, literal: strconv.Itoa(webhook.DeliveryVersion),
	},
	{name: "state", kind: "text", usual: string(webhook.Pending), literal: "'pending'"},
	{name: "reason", kind: "text", usual: "", literal: "''"},
	{name: "attempts", kind: "integer", usual: 0, literal: "0"},
	{name: "tries", kind: "integer", usual: 0, literal: "0"},
	{name: "due", kind: "bigint"}, {name: "since", kind: "bigint"},
	{name: "paused_at", kind: "bigint", usual: int64(0), literal: "0"},
	{name: "finished", kind: "bigint", usual: int64(0), literal: "0"},
	{name: "owner", kind: "text"}, {name: "lease_until", kind: "bigint"},
	{name: "fence", kind: "bigint"},
	{name: "queue_place", kind: "smallint", null: true}, {name: "queue_at", kind: "bigint"},
}

// The columns that {deliveries} has too stand first in stateShape.
var (
	inBoth    = stateShape[:3]
	restShape = stateShape[len(inBoth):]
)

// state appends what goes into the columns of stateShape.
func (r *row) state(to []any) []any {
	return r.rest(append(to, r.num, r.Webhook, micros(r.Created)))
}

// rest appends what goes into the columns of restShape.
func (r *row) rest(to []any) []any {
	place, at := placeOf(r.State, r.Due, r.LeaseUntil)
	return append(to,
		nullable(r.Line), r.Version, string(r.State), r.Reason, r.Attempts, r.Tries,
		micros(r.Due), micros(r.Since), micros(r.PausedAt), micros(r.Finished),
		r.Owner, micros(r.LeaseUntil), r.Fence, place, at)
}

// size returns about how many bytes the row has in a statement.
func (r *row) size() int { return len(r.Body) + len(r.URL) + len(r.Trace) + 2048 }

// readRows returns the rows of a query for columns.
func readRows(ctx context.Context, q Tx, text string, args []any) ([]*row, error) {
	var rs []*row
	err := each(ctx, q, text, args, func(rows *sql.Rows) error {
		r, err := scanRow(rows)
		rs = append(rs, r)
		return err
	})
	return rs, err
}

func scanRow(rows *sql.Rows) (*row, error) {
	r := &row{Delivery: &webhook.Delivery{}}
	var as struct { // together, for they are allocated
		line                                                sql.NullString
		hasBody                                             bool
		created, due, since, pausedAt, finished, leaseUntil int64
	}
	err := rows.Scan(&r.num, &as.hasBody,
		&r.ID, &r.EventID, &r.Type, &r.Webhook, &r.DocType, &r.DocName, &r.Tenant,
		&r.Method, &r.URL, &r.Body, &r.ContentType, &r.Chain, &r.Trace,
		&as.line, &as.created, &r.Version, &r.State, &r.Reason, &r.Attempts, &r.Tries,
		&as.due, &as.since, &as.pausedAt, &as.finished, &r.Owner, &as.leaseUntil, &r.Fence)
	if as.line.Valid {
		r.Line, r.Seq = as.line.String, r.num
	}
	if as.hasBody && r.Body == nil {
		r.Body = []byte{}
	}
	r.Created, r.Due, r.Since = timeOf(as.created), timeOf(as.due), timeOf(as.since)
	r.PausedAt, r.Finished = timeOf(as.pausedAt), timeOf(as.finished)
	r.LeaseUntil = timeOf(as.leaseUntil)
	return r, err
}

// micros returns a time as it is stored: in Unix microseconds, the zero time as
// 0. The microsecond at the epoch itself becomes the one after it.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if us := t.UnixMicro(); us != 0 {
		return us
	}
	return 1
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// blob returns bytes as a value: NULL for nil, which not all drivers tell from
// none.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// plain returns text that any text column takes: what came over the network may
// be neither UTF-8 nor free of NUL.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}
