package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// databases are those that a test runs on, as --dsn takes them; "" where the
// environment names none.
func databases(t *testing.T) map[string]string {
	t.Helper()
	dsns := map[string]string{
		"sqlite":   filepath.Join(t.TempDir(), "webhooks.db"),
		"postgres": os.Getenv("WEBHOOK_TEST_POSTGRES"),
		"mysql":    "",
	}
	if dsn := os.Getenv("WEBHOOK_TEST_MYSQL"); dsn != "" { // in the driver's form
		cfg, err := mysql.ParseDSN(dsn)
		require.NoError(t, err)
		u := url.URL{Scheme: "mysql", User: url.UserPassword(cfg.User, cfg.Passwd), Host: cfg.Addr, Path: cfg.DBName}
		dsns["mysql"] = u.String()
	}
	return dsns
}

// The same life of a delivery on each database.
func TestEachDatabase(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Webhook-Attempt") == "1" {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer server.Close()
	for name, dsn := range databases(t) {
		t.Run(name, func(t *testing.T) {
			if dsn == "" {
				t.Skipf("no database: set WEBHOOK_TEST_POSTGRES or WEBHOOK_TEST_MYSQL to a data source name")
			}
			prefix := fmt.Sprintf("ctl%d_", os.Getpid())
			t.Cleanup(func() { dropTables(t, dsn, prefix) })
			ctl := func(code int, args ...string) string {
				t.Helper()
				r := ctl(t, `{"name": "Hook", "doctype": "Order", "events": ["on_submit"], "url": "`+server.URL+`"}`,
					append(args, "--dsn", dsn, "--table-prefix", prefix)...)
				require.Equal(t, code, r.code, r.stderr)
				return r.out + r.stderr
			}
			if name != "sqlite" {
				require.Contains(t, ctl(exitFailed, "webhooks"), "run webhookctl migrate")
			}
			ctl(exitDone, "migrate")
			ctl(exitDone, "migrate")
			require.Contains(t, ctl(exitDone, "import", "-", "--save"), "1 webhook saved: Hook")
			for i := range 3 {
				ctl(exitDone, "dispatch", "-e", "on_submit", "--doctype", "Order",
					"--name", fmt.Sprintf("\u00d6-%d", i))
			}
			require.Contains(t, ctl(exitNo, "drain", "--allow-loopback"), "failed: 3")
			require.Contains(t, ctl(exitDone, "resend", "--name", "\u00d6-1", "--yes"), "1 delivery resent")
			require.Contains(t, ctl(exitDone, "drain", "--allow-loopback"), "delivered: 1")
			ds := deliveriesOf(t, ctl(exitDone, "deliveries", "--json", "-s", "delivered"))
			require.Len(t, ds, 1)
			require.Contains(t, ctl(exitDone, "show", ds[0].ID), "Attempt 2")
			require.Contains(t, ctl(exitDone, "disable", "Hook", "-r", "r"), "Hook: disabled")
			require.Contains(t, ctl(exitDone, "enable", "Hook"), "Hook: active")
			require.Contains(t, ctl(exitDone, "cancel", "--state", "failed", "--yes"), "2 deliveries canceled")
			require.Contains(t, ctl(exitDone, "stats"), "canceled: 2")
		})
	}
}

func dropTables(t *testing.T, dsn, prefix string) {
	source, err := parseDSN(dsn)
	require.NoError(t, err)
	db, err := sql.Open(source.driver, source.name)
	require.NoError(t, err)
	defer db.Close()
	for _, table := range []string{"schema", "records", "deliveries", "attempts", "lines"} {
		_, err := db.Exec("DROP TABLE IF EXISTS " + prefix + table)
		require.NoError(t, err)
	}
}
