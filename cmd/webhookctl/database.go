package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// databaseFlags say where webhooks and deliveries are stored.
type databaseFlags struct {
	DSN         string `name:"dsn" env:"WEBHOOK_DSN" placeholder:"DSN" help:"${dsn_help}"`
	TablePrefix string `placeholder:"PREFIX" help:"What the names of the tables begin with. Defaults to webhook_."`
	SealKeys    string `name:"seal-keys-file" placeholder:"FILE" help:"${seal_keys_help}"`
}

// openStore opens the database for a function.
func (f *databaseFlags) openStore(ctx context.Context, use func(webhook.Store) error) error {
	err := f.openSQL(ctx, func(store *sqlstore.Store) error { return use(store) })
	if err != nil && f.SealKeys == "" &&
		strings.Contains(err.Error(), "Options.Sealer is not set") {
		return fmt.Errorf("%w: give the keys of the host by --seal-keys-file", err)
	}
	return err
}

// database opens the database for a function that sends nothing.
func (f *databaseFlags) database(ctx context.Context, c *console,
	use func(*webhook.Dispatcher) error) error {
	return f.sending(ctx, c, nil, use)
}

// sending opens the database for a function that may send by a transport.
func (f *databaseFlags) sending(ctx context.Context, c *console, t webhook.Transport,
	use func(*webhook.Dispatcher) error) error {
	return f.openStore(ctx, func(store webhook.Store) error {
		d, err := f.dispatcher(ctx, c, store, &webhook.Options{Transport: t})
		if err != nil {
			return err
		}
		return use(d)
	})
}

// dispatcher returns a dispatcher on a store. It forgets nothing: how long
// deliveries are kept is for the host to say.
func (f *databaseFlags) dispatcher(ctx context.Context, c *console, store webhook.Store,
	opts *webhook.Options) (*webhook.Dispatcher, error) {
	sealer, err := f.sealer(ctx, c)
	if err != nil {
		return nil, err
	}
	opts.Sealer = sealer
	opts.Retention = webhook.Retention{Delivered: -1, Other: -1, PerWebhook: -1}
	opts.Logger = slog.New(slog.DiscardHandler) // what goes wrong is said once, by the answer
	return webhook.New(store, opts)
}

// maxConnections is how much of a database that serves others a command takes.
const maxConnections = 8

// openSQL opens the database, and closes it again. Its errors do not hold the
// password.
func (f *databaseFlags) openSQL(ctx context.Context, use func(*sqlstore.Store) error) error {
	source, err := parseDSN(f.DSN)
	if err != nil {
		return err
	}
	db, err := sql.Open(source.driver, source.name)
	if err != nil {
		return source.redact(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	if err := db.PingContext(ctx); err != nil {
		return source.redact(fmt.Errorf("open the database: %w", oneLine(err)))
	}
	store, err := sqlstore.NewWithOptions(db, source.dialect,
		&sqlstore.Options{Prefix: f.TablePrefix})
	if err != nil {
		return err
	}
	err = use(store)
	var schema *sqlstore.SchemaError
	if errors.As(err, &schema) && schema.Found < schema.Known {
		return errors.New(
			"the database has no tables for webhooks, or older ones: run webhookctl migrate")
	}
	return source.redact(err)
}

// oneLine puts all lines of a driver's error into one, since only the first is
// printed: pgx has on the others what each address of the server answered.
func oneLine(err error) error {
	text := err.Error()
	if !strings.Contains(text, "\n") {
		return err
	}
	return errors.New(strings.Join(strings.Fields(text), " "))
}

// sealer returns what opens the webhooks, nil if they are not sealed.
func (f *databaseFlags) sealer(ctx context.Context, c *console) (webhook.Sealer, error) {
	if f.SealKeys == "" {
		return nil, nil
	}
	data, err := c.readInput(ctx, f.SealKeys)
	if err != nil {
		return nil, err
	}
	keys, err := decodeKeys(string(data))
	if err != nil {
		return nil, inputError(f.SealKeys, err)
	}
	return webhook.NewSealer(keys...)
}
