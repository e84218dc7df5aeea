package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// Migrate makes the store's tables, or brings them to the version of this
// library. It can be called at every start, by several processes at once, and
// only reads when there is nothing to do. A *[SchemaError] says that a newer
// library has been here. Its statements create tables and indexes, so the
// database's user needs the right to, once for each version.
//
// A migration only adds, so that processes with the library before it go on
// working until they are replaced.
func (s *Store) Migrate(ctx context.Context) error {
	// If the version cannot be read, or is another, the migration finds out
	// why.
	if found, err := s.version(ctx, s.db); err != nil || found != len(s.dialect.migrations) {
		if err := s.again(ctx, func() error { return s.migrateOnce(ctx) }); err != nil {
			return fmt.Errorf("sqlstore: migrate: %w", err)
		}
	}
	s.checked.Store(true)
	return nil
}

// migrateOnce works on a connection of its own: not all of the databases have a
// transaction around it.
func (s *Store) migrateOnce(ctx context.Context) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer func() {
		if err != nil {
			s.abandon(context.WithoutCancel(ctx), conn)
		}
	}()
	if err := s.lockSchema(ctx, conn); err != nil {
		return err
	}
	if err := s.migrateLocked(ctx, conn); err != nil {
		return err
	}
	return s.exec(ctx, conn, s.dialect.unlock)
}

// abandon ends a migration that failed. A connection on which even that fails
// is not used again.
func (s *Store) abandon(ctx context.Context, conn *sql.Conn) {
	if err := s.exec(ctx, conn, s.dialect.abandon); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// lockSchema waits until no other process migrates.
func (s *Store) lockSchema(ctx context.Context, conn *sql.Conn) error {
	if s.dialect.enter != "" {
		if err := s.exec(ctx, conn, s.dialect.enter); err != nil {
			return err
		}
	}
	if s.dialect.lock == "" {
		return nil
	}
	got, _, err := one[int](ctx, conn, s.keyed(s.dialect.lock))
	if err == nil && got != 1 {
		err = errors.New("another process is migrating for long")
	}
	return err
}

func (s *Store) migrateLocked(ctx context.Context, conn *sql.Conn) error {
	err := s.exec(ctx, conn, `CREATE TABLE IF NOT EXISTS {schema} (
		id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, revision BIGINT NOT NULL)`)
	if err != nil {
		return err
	}
	found, err := s.version(ctx, conn)
	if err != nil {
		return err
	}
	known := len(s.dialect.migrations)
	if found > known {
		return &SchemaError{Found: found, Known: known}
	}
	if found == 0 {
		err := s.exec(ctx, conn, "INSERT INTO {schema} (id, version, revision) VALUES (1, 0, 0)"+
			s.dialect.keep("id"))
		if err != nil {
			return err
		}
	}
	for version := found + 1; version <= known; version++ {
		for _, text := range s.dialect.migrations[version-1] {
			if err := s.exec(ctx, conn, text); err != nil {
				return fmt.Errorf("to version %d: %w", version, err)
			}
		}
		set := "UPDATE {schema} SET version = " + strconv.Itoa(version) + " WHERE id = 1"
		if err := s.exec(ctx, conn, set); err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement without parameters.
func (s *Store) exec(ctx context.Context, q Tx, text string) error {
	_, err := q.ExecContext(ctx, s.keyed(text))
	return err
}

// keyed replaces {lockkey} too, by a number of the store's own.
func (s *Store) keyed(text string) string {
	h := fnv.New32a()
	h.Write([]byte("webhook migration " + s.prefix))
	key := strconv.FormatUint(uint64(h.Sum32()), 10)
	return s.tables.Replace(strings.ReplaceAll(text, "{lockkey}", key))
}

// check makes sure, once, that the schema is the one this library knows.
func (s *Store) check(ctx context.Context, q Tx) error {
	if s.checked.Load() {
		return nil
	}
	found, err := s.version(ctx, q)
	if err != nil && !s.dialect.noTable(err) {
		return err
	}
	if known := len(s.dialect.migrations); found != known {
		return &SchemaError{Found: found, Known: known}
	}
	s.checked.Store(true)
	return nil
}

// version returns the one of the schema; 0 if there is none.
func (s *Store) version(ctx context.Context, q Tx) (int, error) {
	found, _, err := one[int](ctx, q, s.text("SELECT version FROM {schema} WHERE id = 1"))
	return found, err
}
