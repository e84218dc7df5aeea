package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/docevent/webhook/sqlstore"
)

// A source is a database as database/sql opens it.
type source struct {
	driver, name string
	dialect      sqlstore.Dialect
	secrets      []string // what may not be printed of it
}

// parseDSN reads a DSN. Its errors do not quote it.
func parseDSN(dsn string) (*source, error) {
	scheme, _, isURL := strings.Cut(dsn, "://")
	switch {
	case dsn == "":
		return nil, usagef("which database? Give --dsn, or set WEBHOOK_DSN")
	case !isURL:
		return sqliteSource(sqlitePath(dsn))
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, usagef(
			"the DSN is not a URL; special characters of its password must be percent-encoded")
	}
	switch scheme {
	case "postgres", "postgresql":
		return postgresSource(dsn, u)
	case "mysql":
		return mysqlSource(u)
	}
	return nil, usagef(
		"the DSN is neither postgres://... nor mysql://... nor the path of a SQLite file")
}

// secretsOf returns the passwords of a DSN, as they are and as they are escaped.
func secretsOf(u *url.URL) []string {
	password, _ := u.User.Password()
	var secrets []string
	for _, p := range append(u.Query()["password"], password) {
		if p != "" {
			secrets = append(secrets, p, url.QueryEscape(p), url.PathEscape(p))
		}
	}
	return secrets
}

// postgresSource checks the DSN: the driver's own error would quote it.
func postgresSource(dsn string, u *url.URL) (*source, error) {
	s := &source{driver: "pgx", name: dsn, dialect: sqlstore.Postgres, secrets: secretsOf(u)}
	if _, err := pgx.ParseConfig(dsn); err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return nil, usagef("the DSN cannot be read: %v", s.redact(err))
	}
	return s, nil
}

// mysqlSource makes a DSN of the driver's own form.
func mysqlSource(u *url.URL) (*source, error) {
	// The driver parses the parameters; it is given no more of the DSN than them.
	cfg, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return nil, usagef("the DSN's parameters: %v", err)
	}
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.Net, cfg.Addr = "tcp", u.Host
	if u.Port() == "" {
		cfg.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	cfg.DBName = strings.TrimPrefix(u.Path, "/")
	return &source{
		driver: "mysql", name: cfg.FormatDSN(), dialect: sqlstore.MySQL, secrets: secretsOf(u),
	}, nil
}

// sqlitePath returns the path that a DSN without "://" stands for.
func sqlitePath(dsn string) string { return strings.TrimPrefix(dsn, "sqlite:") }

// sqliteSource opens a file only if it is there: for a mistyped path SQLite
// itself would make a new database.
func sqliteSource(path string) (*source, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil && strings.ContainsAny(path, "@="): // perhaps of another form, with a password
		return nil, usagef(
			"the DSN is neither postgres://... nor mysql://... nor the path of a SQLite file")
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("no database at %s: webhookctl migrate makes one", path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("no database at %s: it is a directory", path)
	}
	q := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(10000)"}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	return &source{driver: "sqlite", name: u.String(), dialect: sqlstore.SQLite}, nil
}

// redact takes the passwords out of an error's text. An error that holds none
// stays as it is.
func (s *source) redact(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "[masked]")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// decodeKeys reads keys in base64, one a line. Its errors do not quote them.
func decodeKeys(text string) ([][]byte, error) {
	var keys [][]byte
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return nil, fmt.Errorf("key %d is not base64", len(keys))
		}
		keys = append(keys, key)
	}
	return keys, nil
}
