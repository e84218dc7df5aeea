package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"

	"github.com/docevent/webhook/sqlstore"
)

type migrateCmd struct{ databaseFlags }

// Help is shown by --help.
func (*migrateCmd) Help() string {
	return "Makes the tables, or brings them up to date; " +
		"a SQLite file is made if it is not there. " +
		"The host does this by itself when it calls Migrate. With --json: one document, {}."
}

// Run migrates.
func (cmd *migrateCmd) Run(ctx context.Context, c *console) error {
	if err := createFile(ctx, cmd.DSN); err != nil {
		return err
	}
	err := cmd.openSQL(ctx, func(store *sqlstore.Store) error { return store.Migrate(ctx) })
	if err != nil {
		return err
	}
	return c.done("the tables are up to date", struct{}{})
}

// createFile makes a SQLite file, if the DSN is of one that is not there, in the
// mode in which readers do not wait for writers.
func createFile(ctx context.Context, dsn string) error {
	if strings.Contains(dsn, "://") || dsn == "" {
		return nil
	}
	path := sqlitePath(dsn)
	if strings.ContainsAny(path, "@=") {
		return nil // no name for a new file; openSQL says so
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	source, err := sqliteSource(path)
	if err != nil {
		return err
	}
	db, err := sql.Open(source.driver, source.name)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return errors.Join(err, db.Close())
}
