package sqlstore

import (
	"database/sql"
	"time"

	"github.com/docevent/webhook"
)

// A row is a delivery and the number under which it is stored. Numbers rise, so
// they are the order of age, and the place of a delivery in its line.
type row struct {
	webhook.Delivery
	num   int64
	fresh bool // Enqueue: it was not there before
}

// Where a pending delivery stands, in queue_place. What is not pending stands
// nowhere, and has NULL. queue_at is the time that goes with it.
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

// columns are those of a delivery, as they are read: not every driver tells an
// empty body from none.
const columns = "num, body IS NOT NULL, " + stored

// stored are those that hold what a delivery has.
const stored = "id, event_id, type, webhook, doctype, doc_name, tenant, method, url, body, " +
	"content_type, chain, trace, line, created, version, state, reason, attempts, tries, due, since, " +
	"paused_at, finished, owner, lease_until, fence"

// deliveryShape is what Enqueue writes of each delivery.
var deliveryShape = shape{
	{name: "id"}, {name: "event_id"}, {name: "type"}, {name: "webhook"}, {name: "doctype"}, {name: "doc_name"},
	{name: "tenant"}, {name: "method"}, {name: "url", usual: "", literal: "''"}, {name: "body"},
	{name: "content_type"}, {name: "chain"}, {name: "trace", usual: "", literal: "''"},
	{name: "line", usual: nil, literal: "NULL"}, {name: "created"}, {name: "version"},
	{name: "state", usual: string(webhook.Pending), literal: "'pending'"}, {name: "reason", usual: "", literal: "''"},
	{name: "attempts", usual: 0, literal: "0"}, {name: "tries", usual: 0, literal: "0"}, {name: "due"}, {name: "since"},
	{name: "paused_at", usual: int64(0), literal: "0"}, {name: "finished", usual: int64(0), literal: "0"},
	{name: "owner"}, {name: "lease_until"}, {name: "fence"}, {name: "queue_place"}, {name: "queue_at"},
}

// values returns what goes into the columns of deliveryShape.
func (r *row) values() []any {
	place, at := placeOf(r.State, r.Due, r.LeaseUntil)
	return []any{r.ID, r.EventID, string(r.Type), r.Webhook, r.DocType, r.DocName, r.Tenant,
		r.Method, r.URL, blob(r.Body), r.ContentType, r.Chain, plain(r.Trace), nullable(r.Line), micros(r.Created),
		r.Version, string(r.State), r.Reason, r.Attempts, r.Tries, micros(r.Due), micros(r.Since),
		micros(r.PausedAt), micros(r.Finished), r.Owner, micros(r.LeaseUntil), r.Fence, place, at}
}

// size returns about how many bytes the values take.
func (r *row) size() int {
	return len(r.Body) + len(r.ID) + len(r.EventID) + len(r.Type) + len(r.Webhook) + len(r.DocType) +
		len(r.DocName) + len(r.Tenant) + len(r.URL) + len(r.ContentType) + len(r.Chain) + len(r.Trace) + 256
}

// scanRows reads all rows of a query for columns.
func scanRows(rows *sql.Rows) ([]*row, error) {
	defer rows.Close()
	var rs []*row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	return rs, rows.Err()
}

func scanRow(rows *sql.Rows) (*row, error) {
	r := &row{}
	var line sql.NullString
	var hasBody bool
	var created, due, since, pausedAt, finished, leaseUntil int64
	err := rows.Scan(&r.num, &hasBody, &r.ID, &r.EventID, &r.Type, &r.Webhook, &r.DocType, &r.DocName, &r.Tenant,
		&r.Method, &r.URL, &r.Body, &r.ContentType, &r.Chain, &r.Trace, &line, &created,
		&r.Version, &r.State, &r.Reason, &r.Attempts, &r.Tries, &due, &since,
		&pausedAt, &finished, &r.Owner, &leaseUntil, &r.Fence)
	if line.Valid {
		r.Line, r.Seq = line.String, r.num
	}
	if hasBody && r.Body == nil {
		r.Body = []byte{}
	}
	r.Created, r.Due, r.Since = timeOf(created), timeOf(due), timeOf(since)
	r.PausedAt, r.Finished, r.LeaseUntil = timeOf(pausedAt), timeOf(finished), timeOf(leaseUntil)
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
