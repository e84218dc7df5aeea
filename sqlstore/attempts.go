package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/docevent/webhook"
)

// Attempts implements [webhook.Store].
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]webhook.Attempt, error) {
	if err := s.check(ctx, s.db); err != nil {
		return nil, err
	}
	text := s.text("SELECT " + attemptColumns + " FROM {attempts} WHERE delivery = " +
		"(SELECT num FROM {deliveries} WHERE id = ?) ORDER BY number")
	var as []webhook.Attempt
	err := each(ctx, s.db, text, []any{deliveryID}, func(r *sql.Rows) error {
		a, err := scanAttempt(r)
		a.DeliveryID = deliveryID
		as = append(as, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as, nil
}

func scanAttempt(rows *sql.Rows) (webhook.Attempt, error) {
	var a webhook.Attempt
	var at, next int64
	var header []byte
	var hasBody bool
	err := rows.Scan(&a.Number, &at, &a.Duration, &a.StatusCode, &a.Class, &a.Error,
		&header, &hasBody, &a.Body, &a.State, &next)
	if hasBody && a.Body == nil {
		a.Body = []byte{}
	}
	a.Time, a.Next = timeOf(at), timeOf(next)
	if err != nil {
		return a, err
	}
	if header != nil {
		if err = json.Unmarshal(header, &a.Header); err != nil {
			err = fmt.Errorf("sqlstore: header of attempt %d: %w", a.Number, err)
		}
	}
	return a, err
}

// attemptColumns are the columns of an attempt as they are read. One of them
// says whether there is a body, since not every driver tells an empty one from
// none.
const attemptColumns = "number, time, duration, status_code, class, error, header, " +
	"body IS NOT NULL, body, state, next"

// attemptShape is what is written of an attempt.
var attemptShape = shape{
	{name: "delivery", kind: "bigint"}, {name: "number", kind: "integer"},
	{name: "time", kind: "bigint"}, {name: "duration", kind: "bigint"},
	{name: "status_code", kind: "integer"},
	{name: "class", kind: "text", usual: "", literal: "''"},
	{name: "error", kind: "text", usual: "", literal: "''"},
	{name: "header", kind: "bytea"}, {name: "body", kind: "bytea"}, {name: "state", kind: "text"},
	{name: "next", kind: "bigint", usual: int64(0), literal: "0"},
}

// log stores the attempts of changes. Where an attempt of that number is stored
// already, it stays as it is.
func (s *Store) log(ctx context.Context, q Tx, cs []*change) error {
	for len(cs) > 0 {
		most := s.dialect.piece(len(cs))
		values := make([]any, 0, len(attemptShape)*most)
		n, bytes := 0, 0
		for n < most && bytes < s.dialect.maxBytes {
			a := cs[n].Attempt
			header, err := encodeHeader(a.Header)
			if err != nil {
				return err
			}
			values = append(values,
				cs[n].num, a.Number, micros(a.Time), int64(a.Duration), a.StatusCode,
				plain(a.Class), plain(a.Error), blob(header), blob(a.Body), string(a.State),
				micros(a.Next))
			bytes += len(header) + len(a.Body) + 1024
			n++
		}
		n = s.dialect.piece(n)
		text, args := s.filled(
			"INSERT INTO {attempts} ({columns}) {rows}"+s.dialect.keep("delivery"),
			tableOf(attemptShape, values[:n*len(attemptShape)]))
		if _, err := q.ExecContext(ctx, text, args...); err != nil {
			return err
		}
		cs = cs[n:]
	}
	return nil
}

// encodeHeader returns a header as it is kept, as JSON; nil for none.
func encodeHeader(h http.Header) ([]byte, error) {
	if h == nil {
		return nil, nil
	}
	return json.Marshal(h)
}
