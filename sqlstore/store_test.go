package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/sqlstore"
)

// The stores' own behavior is tested in internal/sqltest, which has drivers.

func TestNewRefuses(t *testing.T) {
	db := &sql.DB{}
	for _, test := range []struct {
		name    string
		db      *sql.DB
		dialect sqlstore.Dialect
		prefix  string
		want    string
	}{
		{"no database", nil, sqlstore.SQLite, "", "the database is nil"},
		{"no dialect", db, "", "", `unknown dialect ""`},
		{"another dialect", db, "oracle", "", `unknown dialect "oracle": use Postgres, MySQL or SQLite`},
		{"a prefix with SQL", db, sqlstore.MySQL, "a; DROP TABLE b", "Options.Prefix"},
		{"a digit first", db, sqlstore.MySQL, "1a", "Options.Prefix"},
		{"a long prefix", db, sqlstore.Postgres, "a23456789012345678901234567890123", "Options.Prefix"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := sqlstore.NewWithOptions(test.db, test.dialect, &sqlstore.Options{Prefix: test.prefix})
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := sqlstore.New(db, sqlstore.Postgres)
	require.NoError(t, err)
}

type stateError string

func (e stateError) Error() string    { return "ERROR: something (SQLSTATE " + string(e) + ")" }
func (e stateError) SQLState() string { return string(e) }

type codeError int

func (e codeError) Error() string { return fmt.Sprintf("something (%d)", int(e)) }
func (e codeError) Code() int     { return int(e) }

// TestFaults has the errors of drivers recognized without the drivers.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name    string
		dialect sqlstore.Dialect
		err     error
		want    string
	}{
		{"a serialization failure", sqlstore.Postgres, stateError("40001"), "transient"},
		{"a deadlock", sqlstore.Postgres, fmt.Errorf("wrapped: %w", stateError("40P01")), "transient"},
		{"a lock timeout", sqlstore.Postgres, stateError("55P03"), "transient"},
		{"no table", sqlstore.Postgres, stateError("42P01"), "no table"},
		{"a full disk", sqlstore.Postgres, stateError("53100"), "full"},
		{"a syntax error", sqlstore.Postgres, stateError("42601"), ""},
		{"a deadlock of MySQL", sqlstore.MySQL, errors.New("Error 1213 (40001): Deadlock found"), "transient"},
		{"a lock wait of MySQL", sqlstore.MySQL, errors.New("Error 1205 (HY000): Lock wait timeout"), "transient"},
		{"NOWAIT of MySQL", sqlstore.MySQL,
			errors.New("Error 3572 (HY000): Statement aborted because lock(s) ..."), "transient"},
		{"an older driver", sqlstore.MySQL, errors.New("Error 1213: Deadlock found"), "transient"},
		{"a number within another", sqlstore.MySQL, errors.New("Error 12134 (40001): no"), ""},
		{"no table of MySQL", sqlstore.MySQL, errors.New("Error 1146 (42S02): Table 'a.b' doesn't exist"), "no table"},
		{"a full table", sqlstore.MySQL, errors.New("Error 1114 (HY000): The table is full"), "full"},
		{"busy", sqlstore.SQLite, codeError(5), "transient"},
		{"busy in its snapshot", sqlstore.SQLite, codeError(517), "transient"},
		{"a table locked", sqlstore.SQLite, codeError(6), "transient"},
		{"busy by its text", sqlstore.SQLite, errors.New("database is locked"), "transient"},
		{"a full file", sqlstore.SQLite, codeError(13), "full"},
		{"no table of SQLite", sqlstore.SQLite, errors.New("no such table: webhook_schema"), "no table"},
		{"a constraint", sqlstore.SQLite, codeError(19), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, sqlstore.KindOf(test.dialect, test.err))
		})
	}
}
