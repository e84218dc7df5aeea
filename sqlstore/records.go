package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/docevent/webhook"
)

// Webhooks implements [webhook.Store]. Revision.Now is the database server's
// clock; it is zero for SQLite, whose processes share a machine.
func (s *Store) Webhooks(ctx context.Context, seen webhook.Revision) (
	[]webhook.WebhookRecord, webhook.Revision, error) {
	q, err := s.reader(ctx)
	if err != nil {
		return nil, webhook.Revision{}, err
	}
	// The revision is read first: the records are then at least as new.
	rev, err := s.revision(ctx, q)
	if err != nil || rev.N == seen.N {
		return nil, rev, err
	}
	var recs []webhook.WebhookRecord
	text := s.text("SELECT name, revision, data FROM {records}")
	err = each(ctx, q, text, nil, func(rows *sql.Rows) error {
		var r webhook.WebhookRecord
		err := rows.Scan(&r.Name, &r.Revision, &r.Data)
		recs = append(recs, r)
		return err
	})
	return recs, rev, err
}

// reader returns what webhooks are read by: the host's transaction if there is
// one. Where the database has one writer, the transaction is made that first:
// it is going to write, and would fail then if another had written since it
// read.
func (s *Store) reader(ctx context.Context) (Tx, error) {
	tx := txFrom(ctx)
	if tx == nil {
		return s.db, s.check(ctx, s.db)
	}
	return tx, s.enter(ctx, tx)
}

func (s *Store) revision(ctx context.Context, q Tx) (webhook.Revision, error) {
	var rev webhook.Revision
	var now int64
	text := s.text("SELECT revision, " + s.dialect.now + " FROM {schema} WHERE id = 1")
	err := each(ctx, q, text, nil, func(rows *sql.Rows) error { return rows.Scan(&rev.N, &now) })
	if now != 0 {
		rev.Now = time.UnixMicro(now).UTC()
	}
	return rev, err
}

// PutWebhooks implements [webhook.Store].
func (s *Store) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	if txFrom(ctx) != nil {
		return errInTx
	}
	if len(recs) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, func(q Tx) error {
		if err := s.raise(ctx, q); err != nil {
			return err
		}
		for _, r := range recs {
			if err := s.put(ctx, q, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// raise changes the revision of the records. Its row is locked until the
// transaction ends, so there is one writer of records at a time.
func (s *Store) raise(ctx context.Context, q Tx) error {
	_, err := q.ExecContext(ctx, s.text("UPDATE {schema} SET revision = revision + 1 WHERE id = 1"))
	return err
}

// put writes a record if the stored one has its revision.
func (s *Store) put(ctx context.Context, q Tx, r webhook.WebhookRecord) error {
	text := "SELECT revision FROM {records} WHERE name = ?"
	stored, found, err := one[int64](ctx, q, s.text(text), r.Name)
	if err != nil {
		return err
	}
	if stored != r.Revision {
		return webhook.ErrConflict
	}
	text = "INSERT INTO {records} (data, revision, name) VALUES (?, ?, ?)"
	if found {
		text = "UPDATE {records} SET data = ?, revision = ? WHERE name = ?"
	}
	data := r.Data
	if data == nil {
		data = []byte{}
	}
	_, err = q.ExecContext(ctx, s.text(text), data, r.Revision+1, r.Name)
	return err
}

// DeleteWebhook implements [webhook.Store].
func (s *Store) DeleteWebhook(ctx context.Context, name string) error {
	if txFrom(ctx) != nil {
		return errInTx
	}
	return s.write(ctx, func(q Tx) error {
		if err := s.raise(ctx, q); err != nil {
			return err
		}
		res, err := q.ExecContext(ctx, s.text("DELETE FROM {records} WHERE name = ?"), name)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			err = webhook.ErrNotFound
		}
		return err
	})
}
