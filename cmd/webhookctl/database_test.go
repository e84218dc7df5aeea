package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/sqlstore"
)

// A world is a database with what a host made of it.
type world struct {
	*testing.T
	dsn string
	d   *webhook.Dispatcher
}

// newWorld makes a SQLite database. The host's transport answers by the name of
// the document: Bad... is refused for good, Down... for now.
func newWorld(t *testing.T, opts webhook.Options) *world {
	w := &world{T: t, dsn: filepath.Join(t.TempDir(), "web hooks?.db")}
	require.Zero(t, w.ctl("migrate").code)
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(strings.ReplaceAll(w.dsn, " ", "%20"), "?", "%3f")+
		"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	opts.Logger = slog.New(slog.DiscardHandler)
	opts.Transport = webhook.TransportFunc(func(_ context.Context, r *webhook.Request) (*webhook.Response, error) {
		switch {
		case strings.Contains(string(r.Body), "Bad"):
			return &webhook.Response{StatusCode: 400, Body: []byte("no \x1b[31mthanks")}, nil
		case strings.Contains(string(r.Body), "Down"):
			return &webhook.Response{StatusCode: 503}, nil
		}
		return &webhook.Response{StatusCode: 200}, nil
	})
	w.d, err = webhook.New(store, &opts)
	require.NoError(t, err)
	return w
}

// ctl runs a command on the database.
func (w *world) ctl(args ...string) ran {
	w.Helper()
	return ctl(w.T, "", append(args, "--dsn", w.dsn)...)
}

// must runs a command that has to be done.
func (w *world) must(args ...string) string {
	w.Helper()
	r := w.ctl(args...)
	require.Zero(w, r.code, r.stderr)
	return r.out
}

// dispatch makes deliveries of documents by the webhook Orders, and attempts
// them.
func (w *world) dispatch(names ...string) {
	w.Helper()
	w.save(webhook.Webhook{Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://example.com/hook", Secret: "your_secret_here"})
	for _, name := range names {
		_, err := w.d.Dispatch(w.Context(), webhook.Event{Type: webhook.OnSubmit, DocType: "Sales Order", Name: name})
		require.NoError(w, err)
	}
	require.NoError(w, w.d.Drain(w.Context()))
}

// save saves webhooks as the host does.
func (w *world) save(ws ...webhook.Webhook) {
	w.Helper()
	require.NoError(w, w.d.SaveWebhooks(w.Context(), ws...))
}

func many(prefix string, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s-%03d", prefix, i))
	}
	return names
}

// deliveriesOf parses what deliveries --json prints.
func deliveriesOf(t *testing.T, lines string) []webhook.Delivery {
	t.Helper()
	var ds []webhook.Delivery
	dec := json.NewDecoder(strings.NewReader(lines))
	for {
		var d webhook.Delivery
		if err := dec.Decode(&d); err == io.EOF {
			return ds
		} else {
			require.NoError(t, err)
		}
		ds = append(ds, d)
	}
}

// Pages follow each other, newest first, without a gap or a repetition; filters
// select.
func TestDeliveries(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch(append(many("SO", 7), append(many("Bad", 3), many("Down", 2)...)...)...)

	var paged []string
	after := ""
	for range 10 {
		args := []string{"deliveries", "--json", "-n", "5"}
		if after != "" {
			args = append(args, "--after", after)
		}
		ds := deliveriesOf(t, w.must(args...))
		for i := range ds {
			paged = append(paged, ds[i].DocName)
			after = ds[i].ID
		}
		if len(ds) < 5 {
			break
		}
	}
	require.Equal(t, 12, len(paged))
	require.Equal(t, "Down-001", paged[0])
	require.Equal(t, "SO-000", paged[11])

	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--all"}, 12},
		{[]string{"--state", "failed"}, 3},
		{[]string{"--state", "failed,pending"}, 5},
		{[]string{"-s", "failed", "-s", "pending"}, 5},
		{[]string{"--webhook", "Orders"}, 12},
		{[]string{"--webhook", "Others"}, 0},
		{[]string{"--doctype", "Sales Order", "--name", "Bad-001"}, 1},
		{[]string{"--since", "1h"}, 12},
		{[]string{"--until", "1h"}, 0},
		{[]string{"--since", "2030-01-01T00:00:00Z"}, 0},
	} {
		ds := deliveriesOf(t, w.must(append([]string{"deliveries", "--json"}, c.args...)...))
		require.Len(t, ds, c.want, c.args)
	}
	r := w.ctl("deliveries", "-n", "2")
	require.Equal(t, 3, strings.Count(r.out, "\n"))
	require.Contains(t, r.stderr, "--after msg_")
	require.Equal(t, exitFailed, w.ctl("deliveries", "--after", "msg_nobody").code)
}

func TestShow(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch("Bad-000")
	id := deliveriesOf(t, w.must("deliveries", "--json"))[0].ID
	golden(t, "show", steady(w.must("show", id)))

	var both struct {
		Delivery webhook.Delivery
		Attempts []webhook.Attempt
	}
	require.NoError(t, json.Unmarshal([]byte(w.must("show", "--json", id)), &both))
	require.Equal(t, webhook.Failed, both.Delivery.State)
	require.Equal(t, 400, both.Attempts[0].StatusCode)

	r := w.ctl("show", "msg_nobody\x1b[31m")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "not found")
	require.NotContains(t, r.stderr, "\x1b")
}

// What is resent is what was selected, and nothing without a yes.
func TestResend(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch(append(many("Bad", 30), "SO-1")...)
	states := func() map[webhook.State]int {
		s, err := w.d.Stats(t.Context())
		require.NoError(t, err)
		return s.ByState
	}
	r := w.ctl("resend", "--webhook", "Orders")
	require.Equal(t, exitUsage, r.code)
	require.Contains(t, r.stderr, "30 deliveries")
	require.Equal(t, 30, states()[webhook.Failed], "without --yes nothing is changed")

	require.Equal(t, "30 deliveries resent\n", w.must("resend", "--webhook", "Orders", "--yes"))
	require.Equal(t, 30, states()[webhook.Pending])
	require.Equal(t, "0 deliveries resent\n", w.must("resend", "--yes"))

	delivered := deliveriesOf(t, w.must("deliveries", "--json", "-s", "delivered"))[0].ID
	require.Equal(t, "1 delivery resent\n", w.must("resend", delivered))
	require.JSONEq(t, `{"matched":31,"changed":31,"skipped":0}`, w.must("cancel", "--yes", "--json"))
	require.Equal(t, 31, states()[webhook.Canceled])

	r = w.ctl("resend", "msg_nobody")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "no longer stored")
	r = w.ctl("resend", delivered, "msg_nobody", "--json")
	require.Equal(t, exitNo, r.code)
	require.JSONEq(t, `{"matched":2,"changed":1,"skipped":1}`, r.out)
	require.Equal(t, exitUsage, w.ctl("resend", delivered, "--webhook", "Orders").code)
}

func TestCancelOfADeliveredOne(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch("SO-1")
	r := w.ctl("cancel", deliveriesOf(t, w.must("deliveries", "--json"))[0].ID)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "cannot cancel when delivered")
}

// All are saved or none; a dry run saves none; a second time nothing changes.
func TestImportSave(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	names := func() []string {
		ws, err := w.d.Webhooks(t.Context())
		require.NoError(t, err)
		names := []string{}
		for i := range ws {
			names = append(names, ws[i].Name)
		}
		return names
	}
	dry := w.must("import", "testdata/webhooks.json", "--save", "--dry-run", "--json")
	require.JSONEq(t,
		`{"saved":["Large orders","Order lines","Site plans"],"unchanged":[],"dry_run":true,"notes":{}}`, dry)
	require.Empty(t, names())

	require.NoError(t, w.d.SaveWebhook(t.Context(), webhook.Webhook{Name: "Site plans", Tenant: "another",
		Events: []webhook.EventType{"X"}, URL: "https://example.com"}))
	r := w.ctl("import", "testdata/webhooks.json", "--save")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "another tenant")
	require.Equal(t, []string{"Site plans"}, names())

	require.NoError(t, w.d.DeleteWebhook(t.Context(), "Site plans"))
	require.Contains(t, w.must("import", "testdata/webhooks.json", "--save"), "3 webhooks saved")
	require.Contains(t, w.must("import", "testdata/webhooks.json", "--save"), "3 webhooks unchanged")
	require.Contains(t, w.must("import", "testdata/frappe.json", "--save"), "1 webhook saved: Orders to CRM")
	require.Len(t, names(), 4)

	out := w.must("webhooks")
	require.Contains(t, out, "not_activated")
	require.Equal(t, 5, strings.Count(out, "\n"))
	all := out + w.must("webhooks", "--json")
	for _, secret := range []string{
		"your_secret_here", "plain-secret", "carried-secret", "1234567890", "abcdef123456",
	} {
		require.NotContains(t, all, secret)
	}
}

// What is valid, and beyond what the options allow, --skip-invalid leaves out
// too.
func TestImportBeyondTheOptions(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	file := write(t, "slow.json", `[
		{"name": "Slow", "doctype": "Note", "events": ["on_update"], "url": "https://example.com", "timeout": "2m"},
		{"name": "Quick", "doctype": "Note", "events": ["on_update"], "url": "https://example.com"}]`)
	require.Equal(t, exitFailed, w.ctl("import", "--save", file).code)
	r := w.ctl("import", "--save", "--skip-invalid", file)
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "1 webhook saved: Quick\n", r.out)
	require.Contains(t, r.stderr, `"Slow": Timeout: error: longer than Options.Lease - 10s, which is 50s`)
}

// A secret is replaced at once, or beside the one before for a while, and is not
// printed.
func TestRotate(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "")
	w := newWorld(t, webhook.Options{})
	endpoint := newServer(t)
	first, second, third := webhook.NewSecret(), webhook.NewSecret(), webhook.NewSecret()
	w.save(webhook.Webhook{Name: "Notes", DocType: "Note", Events: []webhook.EventType{webhook.OnUpdate},
		URL: endpoint.URL, Secret: first, Signatures: []webhook.Scheme{webhook.SchemeStandard}})
	require.Equal(t, exitUsage, w.ctl("rotate", "Notes").code, "no secret")
	require.Equal(t, exitUsage, w.ctl("rotate", "Notes", "--secret-file", write(t, "two", first+"\n"+second+"\n")).code)
	r := w.ctl("rotate", "Notes", "--overlap", "1h", "--secret-file", write(t, "one", second+"\n"))
	require.Equal(t, ran{code: exitDone, out: "Notes: active\n"}, r)
	w.must("test", "Notes", "--allow-loopback")
	require.Len(t, strings.Fields((<-endpoint.seen).Get("webhook-signature")), 2)

	t.Setenv("WEBHOOK_SECRET", third)
	w.must("rotate", "Notes")
	w.must("test", "Notes", "--allow-loopback")
	require.Len(t, strings.Fields((<-endpoint.seen).Get("webhook-signature")), 1)
	require.Equal(t, exitFailed, w.ctl("rotate", "Nobody").code)
}

// Times are read as they are shown, in the local zone.
func TestMoment(t *testing.T) {
	local := func(hour int) time.Time { return time.Date(2026, 1, 31, hour, 0, 0, 0, time.Local) }
	for _, tt := range []struct {
		text string
		want time.Time
	}{
		{"2026-01-31", local(0)},
		{stamp(local(12)), local(12)},
		{"2026-01-31T12:00:00+02:00", time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)},
	} {
		var m moment
		require.NoError(t, m.UnmarshalText([]byte(tt.text)), tt.text)
		require.True(t, tt.want.Equal(m.Time), tt.text)
	}
	var m moment
	require.NoError(t, m.UnmarshalText([]byte("24h")))
	require.WithinDuration(t, time.Now().Add(-24*time.Hour), m.Time, time.Minute)
	for _, text := range []string{"", "yesterday", "31.01.2026", "2026-01-31T12:00:00"} {
		require.Error(t, m.UnmarshalText([]byte(text)), text)
	}
}

// Events are explained, dispatched and sent as the host would.
func TestEvents(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	endpoint := newServer(t)
	w.save(webhook.Webhook{Name: "Large", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		Condition: "doc.grand_total > 10000", URL: endpoint.URL, Secret: "your_secret_here"})
	require.Contains(t, w.must("explain", "-e", "on_submit", "--doc", "testdata/small.json"),
		"Large\tcondition_false\t-")
	require.Equal(t, "no webhook listens to this event\n",
		w.must("explain", "-e", "on_trash", "--doc", "testdata/small.json"))
	other := w.ctl("explain", "-e", "on_submit", "--tenant", "other", "--doc", "testdata/small.json")
	require.Contains(t, other.stderr, "--tenant")
	require.Contains(t, w.must("dispatch", "-e", "on_submit", "--doc", "testdata/order.json",
		"--event-id", "e1"), "queued")
	require.Contains(t, w.must("dispatch", "-e", "on_submit", "--doc", "testdata/order.json",
		"--event-id", "e1"), "duplicate")
	require.Equal(t, exitFailed, w.ctl("dispatch", "--doc", "testdata/order.json").code, "no type")

	r := w.ctl("drain")
	require.Equal(t, exitNo, r.code, "loopback is not reached unless it is allowed")
	require.Contains(t, r.out, "failed: 1\n")
	require.Regexp(t, `(?m)^Large\t1\tblocked\t.*loopback`, r.out)
	require.Contains(t, r.stderr, "--allow-loopback")
	r = w.ctl("test", "Large", "--doc", "testdata/small.json")
	require.Equal(t, exitNo, r.code)
	require.Contains(t, r.stderr, "--allow-loopback")
	require.Empty(t, endpoint.seen)
	w.must("resend", "--yes")
	require.JSONEq(t, `{"attempts":1,"by_state":{"delivered":1},"failures":[],"disabled":[]}`,
		w.must("drain", "--json", "--allow", "127.0.0.0/8"))
	require.Equal(t, "2", (<-endpoint.seen).Get("X-Webhook-Attempt"))

	require.Contains(t, w.must("test", "Large", "--doc", "testdata/small.json", "--allow-loopback"),
		"status 200, delivered")
	require.Equal(t, "true", (<-endpoint.seen).Get("X-Webhook-Test"))
	endpoint.status.Store(http.StatusTeapot)
	require.Equal(t, exitNo, w.ctl("test", "Large", "--allow-loopback").code)
	require.Contains(t, w.must("preview", "Large", "--doc", "testdata/order.json"), "Outcome: queued")
	require.Contains(t, w.must("stats"), "delivered: 1\n")
}

// Webhooks are taken into service and out of it; who cannot be is told how.
func TestService(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	endpoint := newServer(t)
	w.save(
		webhook.Webhook{Name: "Plans", Events: []webhook.EventType{"Plan"}, URL: endpoint.URL, RequireActivation: true},
		webhook.Webhook{Name: "Off", Events: []webhook.EventType{"Plan"}, URL: endpoint.URL, Disabled: true},
	)
	require.Contains(t, w.ctl("enable", "Plans").stderr, "webhookctl activate")
	endpoint.status.Store(http.StatusTeapot)
	require.Equal(t, exitNo, w.ctl("activate", "Plans", "--allow-loopback").code)
	endpoint.status.Store(http.StatusOK)
	require.Equal(t, "Plans: active\n", w.must("activate", "Plans", "--allow-loopback"))
	require.Equal(t, exitFailed, w.ctl("activate", "Nobody", "--allow-loopback").code)

	require.Equal(t, "Plans: disabled\n", w.must("disable", "Plans", "-r", "moves"))
	require.Contains(t, w.must("webhooks"), "by operator: moves")
	require.Equal(t, "Plans: active\n", w.must("enable", "Plans"))
	require.Contains(t, w.ctl("enable", "Off").stderr, "import that with --save")
}

// A webhook is deleted once that is said, with what it had to send.
func TestDelete(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch("Down-1")
	require.Equal(t, exitFailed, w.ctl("delete", "Nobody", "--yes").code)
	require.Equal(t, exitUsage, w.ctl("delete", "Orders").code, "nobody to ask")
	require.Contains(t, w.must("webhooks"), "Orders")
	require.Equal(t, "Orders: deleted\n", w.must("delete", "Orders", "--yes"))
	require.NotContains(t, w.must("webhooks"), "Orders")
	require.Contains(t, w.must("deliveries"), "webhook_deleted")
}

// A server is an endpoint on loopback.
type server struct {
	URL    string
	status atomic.Int64     // what it answers; 200 to begin with
	seen   chan http.Header // of each request
}

func newServer(t *testing.T) *server {
	e := &server{seen: make(chan http.Header, 10)}
	e.status.Store(http.StatusOK)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		e.seen <- r.Header
		rw.WriteHeader(int(e.status.Load()))
	}))
	t.Cleanup(s.Close)
	e.URL = s.URL
	return e
}

// Sealed webhooks are not read without their key, and saved sealed with it.
func TestSealed(t *testing.T) {
	key := []byte("01234567890123456789012345678901")
	sealer, err := webhook.NewSealer(key)
	require.NoError(t, err)
	w := newWorld(t, webhook.Options{Sealer: sealer})
	w.dispatch("SO-1")
	r := w.ctl("webhooks")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "--seal-keys-file")
	file := write(t, "keys", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
	require.Contains(t, w.must("webhooks", "--seal-keys-file", file), "Orders")
	w.must("import", "testdata/frappe.json", "--save", "--seal-keys-file", file)
	_, err = w.d.Webhook(t.Context(), "Orders to CRM")
	require.NoError(t, err)

	r = w.ctl("webhooks", "--seal-keys-file", write(t, "keys", "hunter2\n"))
	require.Equal(t, exitFailed, r.code)
	require.NotContains(t, r.stderr, "hunter2")
}

// What only the host can make is left to the host: its webhook shows why, its
// deliveries wait.
func TestFunctionsOfTheHost(t *testing.T) {
	w := newWorld(t, webhook.Options{Funcs: template.FuncMap{"shout": strings.ToUpper}})
	require.NoError(t, w.d.SaveWebhook(t.Context(), webhook.Webhook{
		Name: "Loud", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://example.com", Body: `{"name": "{{ shout(doc.name) }}"}`,
	}))
	_, err := w.d.Dispatch(t.Context(), webhook.Event{Type: webhook.OnSubmit, DocType: "Sales Order", Name: "so-1"})
	require.NoError(t, err)

	require.Equal(t, "0 attempts\n", w.must("drain"))
	require.Regexp(t, `not usable here: Body: .*shout`, w.must("webhooks"))
	require.Regexp(t, `"error":"Body: .*shout`, w.must("webhooks", "--json"))
	r := w.ctl("explain", "-e", "on_submit", "--doctype", "Sales Order", "--name", "so-2")
	require.Equal(t, exitNo, r.code)
	require.Contains(t, r.out, "shout")
	require.NoError(t, w.d.Drain(t.Context()))
	ds := deliveriesOf(t, w.must("deliveries", "--json"))
	require.Equal(t, webhook.Delivered, ds[0].State)
	require.JSONEq(t, `{"name": "SO-1"}`, string(ds[0].Body))
}

// A database without tables says what to do, and is left as it is.
func TestWithoutTables(t *testing.T) {
	dsn := write(t, "empty.db", "")
	for _, args := range [][]string{{"webhooks"}, {"deliveries"}, {"stats"}, {"show", "x"}, {"drain"}, {"enable", "x"},
		{"import", "testdata/webhooks.json", "--save"}, {"resend", "--yes"}} {
		r := ctl(t, "", append(args, "--dsn", dsn)...)
		require.Equal(t, exitFailed, r.code, args)
		require.Equal(t, "webhookctl: the database has no tables for webhooks, or older ones: "+
			"run webhookctl migrate\n", r.stderr)
	}
	r := ctl(t, "", "webhooks", "--dsn", write(t, "no.db", strings.Repeat("this is no database ", 100)))
	require.Equal(t, exitFailed, r.code)
	require.Equal(t, 1, strings.Count(r.stderr, "\n"))
}

// A drain says of each webhook what its attempts failed of, once.
func TestDrainFailures(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	endpoint := newServer(t)
	endpoint.status.Store(http.StatusServiceUnavailable)
	w.save(
		webhook.Webhook{Name: "A", DocType: "O", Events: []webhook.EventType{webhook.OnSubmit}, URL: endpoint.URL},
		webhook.Webhook{Name: "B", DocType: "O", Events: []webhook.EventType{webhook.OnSubmit},
			URL: "http://127.0.0.1:1"},
	)
	for _, name := range many("o", 3) {
		_, err := w.d.Dispatch(t.Context(), webhook.Event{Type: webhook.OnSubmit, DocType: "O", Name: name})
		require.NoError(t, err)
	}
	r := w.ctl("drain", "--allow-loopback")
	require.Equal(t, exitNo, r.code)
	require.Empty(t, r.stderr)
	require.Contains(t, r.out, "6 attempts\npending: 6\n")
	require.Regexp(t, `(?m)^A\t3\tstatus\t`, r.out)
	require.Regexp(t, `(?m)^B\t3\trefused\t`, r.out)
	require.Equal(t, "0 attempts\n", w.must("drain"), "does not wait for retries")
}
