package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // pgx
	_ "modernc.org/sqlite"             // sqlite
)

// postgresURL is a server on which bench may make and drop databases named
// bench_....
const (
	postgresAddress = "127.0.0.1:5432"
	postgresURL     = "postgres://postgres@" + postgresAddress + "/"
)

// freshDatabase makes an empty PostgreSQL database and returns its URL. What a
// run before left there is dropped.
func freshDatabase(ctx context.Context, name string) (string, error) {
	db, err := sql.Open("pgx", postgresURL+"postgres?sslmode=disable")
	if err != nil {
		return "", err
	}
	defer db.Close()
	name = "bench_" + name
	for _, s := range []string{
		"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name,
	} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return "", err
		}
	}
	return postgresURL + name + "?sslmode=disable", nil
}

// openPool connects pgx itself to an empty database.
func openPool(ctx context.Context, name string) (*pgxpool.Pool, error) {
	url, err := freshDatabase(ctx, name)
	if err != nil {
		return nil, err
	}
	return pgxpool.New(ctx, url+"&pool_max_conns=30")
}

// openPostgres connects database/sql to an empty database.
func openPostgres(ctx context.Context) (*sql.DB, error) {
	url, err := freshDatabase(ctx, "webhook")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", url)
	if err == nil {
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
	}
	return db, err
}

// openSQLite opens a file in dir.
func openSQLite(dir string) (*sql.DB, error) {
	return sql.Open("sqlite", fmt.Sprintf("file:%s?%s", filepath.Join(dir, "webhook.db"),
		"_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)"))
}
