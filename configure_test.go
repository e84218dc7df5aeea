package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// Every mistake is refused with the field it is in, by SaveWebhook and, where it
// needs no Options, by Validate.
func TestConfigErrors(t *testing.T) {
	row := func(name string) webhook.Field { return webhook.Field{Fieldname: name} }
	tests := []struct {
		name    string
		change  func(*webhook.Webhook)
		field   string
		options bool // Validate cannot know
	}{
		{"no name", func(w *webhook.Webhook) { w.Name = " " }, "Name", false},
		{"reserved name", func(w *webhook.Webhook) { w.Name = "~status/x" }, "Name", false},
		{"long name", func(w *webhook.Webhook) { w.Name = strings.Repeat("n", 256) }, "Name", false},
		{"bad tenant", func(w *webhook.Webhook) { w.Tenant = "\xff" }, "Tenant", false},
		{"no events", func(w *webhook.Webhook) { w.Events = nil }, "Events", false},
		{"empty event", func(w *webhook.Webhook) { w.Events = []webhook.EventType{""} }, "Events[0]", false},
		{"document event without doctype", func(w *webhook.Webhook) { w.DocType = "" }, "Events[0]", false},
		{"named event with doctype", func(w *webhook.Webhook) {
			w.Events = []webhook.EventType{"On Update"}
		}, "Events[0]", false},
		{"handshake event", func(w *webhook.Webhook) {
			w.DocType, w.Events = "", []webhook.EventType{"Webhook Validate"}
		}, "Events[0]", false},
		{"not submittable", func(w *webhook.Webhook) {
			w.DocType, w.Events = "Note", []webhook.EventType{"on_update", "on_submit"}
		}, "Events[1]", true},
		{"unlisted named event", func(w *webhook.Webhook) {
			w.DocType, w.Events = "", []webhook.EventType{"Plan"}
		}, "Events[0]", true},
		{"syntax", func(w *webhook.Webhook) { w.Syntax = "mustache" }, "Syntax", false},
		{"condition", func(w *webhook.Webhook) { w.Condition = `doc.status = "Open"` }, "Condition", false},
		{"condition, unknown root", func(w *webhook.Webhook) {
			w.Condition = `dock.status == "Open"`
		}, "Condition", false},
		{"no URL", func(w *webhook.Webhook) { w.URL = "" }, "URL", false},
		{"URL without host", func(w *webhook.Webhook) { w.URL = "http:///x" }, "URL", false},
		{"URL scheme", func(w *webhook.Webhook) { w.URL = "ftp://h/x" }, "URL", false},
		{"URL without scheme", func(w *webhook.Webhook) { w.URL = "//h/x" }, "URL", false},
		{"URL script", func(w *webhook.Webhook) { w.URL = "javascript://h" }, "URL", false},
		{"URL userinfo", func(w *webhook.Webhook) { w.URL = "https://u:p@example.com/" }, "URL", false},
		{"URL short IP", func(w *webhook.Webhook) { w.URL = "http://127.1/x" }, "URL", false},
		{"URL decimal IP", func(w *webhook.Webhook) { w.URL = "http://2130706433/x" }, "URL", false},
		{"URL hex IP", func(w *webhook.Webhook) { w.URL = "http://0x7f000001/x" }, "URL", false},
		{"URL octal IP", func(w *webhook.Webhook) { w.URL = "http://0177.0.0.1/x" }, "URL", false},
		{"dynamic URL, syntax", func(w *webhook.Webhook) {
			w.URL, w.DynamicURL = "https://h/{{ doc.name", true
		}, "URL", false},
		{"dynamic URL, host by value", func(w *webhook.Webhook) {
			w.URL, w.DynamicURL = "{{ doc.url }}", true
		}, "URL", false},
		{"dynamic URL, part of the host", func(w *webhook.Webhook) {
			w.URL, w.DynamicURL = "https://{{ doc.h }}.example.com/", true
		}, "URL", false},
		{"dynamic URL, port", func(w *webhook.Webhook) {
			w.URL, w.DynamicURL = "https://example.com:{{ doc.p }}/", true
		}, "URL", false},
		{"dynamic URL, end of the host", func(w *webhook.Webhook) {
			w.URL, w.DynamicURL = "https://example.com{{ doc.p }}", true
		}, "URL", false},
		{"method", func(w *webhook.Webhook) { w.Method = "FETCH" }, "Method", false},
		{"header name", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{}, {Key: "X A", Value: "v"}}
		}, "Headers[1]", false},
		{"header line break", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "X-A", Value: "v\nInjected: 1"}}
		}, "Headers[0]", false},
		{"header name line break", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "X-A\n", Value: "v"}}
		}, "Headers[0]", false},
		{"header blank", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "X-A", Value: " v"}}
		}, "Headers[0]", false},
		{"reserved header", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "webhook-id", Value: "v"}}
		}, "Headers[0]", false},
		{"host header", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "host", Value: "v"}}
		}, "Headers[0]", false},
		{"signature header", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "x-frappe-webhook-signature", Value: "v"}}
		}, "Headers[0]", false},
		{"content type of a form", func(w *webhook.Webhook) {
			w.Headers = []webhook.Header{{Key: "Content-Type", Value: "application/x-www-form-urlencoded"}}
		}, "Headers", false},
		{"structure", func(w *webhook.Webhook) { w.Structure = "xml" }, "Structure", false},
		{"rows and template", func(w *webhook.Webhook) {
			w.Data, w.Body = []webhook.Field{row("a")}, "{}"
		}, "Body", false},
		{"field twice", func(w *webhook.Webhook) {
			w.Data = []webhook.Field{row("a"), {Fieldname: "a", Key: "b"}}
		}, "Data[1].Fieldname", false},
		{"empty field", func(w *webhook.Webhook) { w.Data = []webhook.Field{{Key: "b"}} }, "Data[0].Fieldname", false},
		{"unknown field", func(w *webhook.Webhook) {
			w.DocType, w.Events = "Note", []webhook.EventType{"on_update"}
			w.Data = []webhook.Field{row("nope")}
		}, "Data[0].Fieldname", true},
		{"form without rows", func(w *webhook.Webhook) { w.Structure = webhook.Form }, "Data", false},
		{"form with template", func(w *webhook.Webhook) { w.Structure, w.Body = webhook.Form, "a=b" }, "Body", false},
		{"text without template", func(w *webhook.Webhook) { w.Structure = webhook.Text }, "Body", false},
		{"text with rows", func(w *webhook.Webhook) {
			w.Structure, w.Data = webhook.Text, []webhook.Field{row("a")}
		}, "Data", false},
		{"body syntax", func(w *webhook.Webhook) { w.Body = "{\n \"a\": {{ doc.title }" }, "Body", false},
		{"body that is never JSON", func(w *webhook.Webhook) { w.Body = `{"a": {{ doc.a }}` }, "Body", false},
		{"body NaN", func(w *webhook.Webhook) { w.Body = `{"a": NaN}` }, "Body", false},
		{"scheme", func(w *webhook.Webhook) { w.Signatures = []webhook.Scheme{"md5"} }, "Secret", false},
		{"scheme twice", func(w *webhook.Webhook) {
			w.Signatures = []webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeFrappe}
		}, "Signatures[1]", false},
		{"scheme none and another", func(w *webhook.Webhook) {
			w.Signatures = []webhook.Scheme{webhook.SchemeNone, webhook.SchemeFrappe}
		}, "Secret", false},
		{"scheme without secret", func(w *webhook.Webhook) {
			w.Secret, w.Signatures = "", []webhook.Scheme{webhook.SchemeFrappe}
		}, "Secret", true},
		{"standard with another secret", func(w *webhook.Webhook) {
			w.Signatures = []webhook.Scheme{webhook.SchemeStandard}
		}, "Secret", false},
		{"blank secret", func(w *webhook.Webhook) { w.Secret = " " }, "Secret", false},
		{"activation of a dynamic URL", func(w *webhook.Webhook) {
			w.URL, w.DynamicURL, w.RequireActivation = "https://h.example/{{ doc.name }}", true, true
		}, "RequireActivation", false},
		{"negative timeout", func(w *webhook.Webhook) { w.Timeout = -1 }, "Timeout", false},
		{"timeout above the lease", func(w *webhook.Webhook) { w.Timeout = 51 * time.Second }, "Timeout", true},
		{"concurrency above the host's", func(w *webhook.Webhook) { w.Concurrency = 17 }, "Concurrency", true},
		{"negative concurrency", func(w *webhook.Webhook) { w.Concurrency = -1 }, "Concurrency", false},
		{"retry delay", func(w *webhook.Webhook) {
			w.Retry = &webhook.RetryPolicy{Schedule: []time.Duration{-1}}
		}, "Retry.Schedule", false},
		{"retry jitter", func(w *webhook.Webhook) {
			w.Retry = &webhook.RetryPolicy{Jitter: 1.1}
		}, "Retry.Jitter", false},
		{"retry without end", func(w *webhook.Webhook) {
			w.Retry = &webhook.RetryPolicy{Initial: time.Second}
		}, "Retry.MaxAttempts", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := newDispatcher(t, &webhook.Options{
				DocTypes:    map[string]webhook.DocType{"Note": {Fields: []string{"title"}}},
				NamedEvents: []webhook.EventType{"Site Plan Change"},
			})
			w := orders(tt.change)
			err := d.SaveWebhook(t.Context(), w)
			var ce *webhook.ConfigError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, tt.field, ce.Field, "%v", err)
			require.Equal(t, w.Name, ce.Webhook)
			require.Error(t, ce.Err)
			require.NotContains(t, err.Error(), testSecret)
			ws, err := d.Webhooks(t.Context())
			require.NoError(t, err)
			require.Empty(t, ws)
			if tt.options {
				require.NoError(t, w.Validate())
				return
			}
			require.ErrorAs(t, w.Validate(), &ce)
			require.Equal(t, tt.field, ce.Field)
		})
	}
}

func TestConfigErrorPosition(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	err := d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Body = "{\n  \"a\": {{ dok.title }}\n}" }))
	var ce *webhook.ConfigError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "Body", ce.Field)
	require.Equal(t, 2, ce.Line)
	require.Equal(t, 11, ce.Column)
	require.ErrorContains(t, err, "did you mean doc?")
}

// An error of a save says what would be accepted.
func TestConfigErrorHints(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	for _, tt := range []struct {
		name   string
		change func(*webhook.Webhook)
		want   string
	}{
		{"an event by another spelling", func(w *webhook.Webhook) { w.Events = []webhook.EventType{"On Update"} },
			`did you mean "on_update"?`},
		{"an event there is not", func(w *webhook.Webhook) { w.Events = []webhook.EventType{"after_update"} },
			"the document events are after_insert, on_cancel, on_change, on_submit, on_trash, " +
				"on_update, on_update_after_submit"},
		{"a long timeout", func(w *webhook.Webhook) { w.Timeout = time.Minute },
			"longer than Options.Lease - 10s, which is 50s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorContains(t, d.SaveWebhook(t.Context(), orders(tt.change)), tt.want)
		})
	}
}

func TestSaveWebhooksAllOrNone(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	bad := orders(func(w *webhook.Webhook) { w.Name, w.URL = "bad", "" })
	require.Error(t, d.SaveWebhooks(t.Context(), orders(nil), bad))
	require.Error(t, d.SaveWebhooks(t.Context(), orders(nil), orders(nil)), "one name twice")
	ws, err := d.Webhooks(t.Context())
	require.NoError(t, err)
	require.Empty(t, ws)
}

func TestSaveIsIdempotent(t *testing.T) {
	s := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
	d, _ := newDispatcherOn(t, s, nil)
	w := orders(func(w *webhook.Webhook) {
		w.Headers = []webhook.Header{{Key: "Authorization", Value: "Bearer x"}}
		w.Retry = &webhook.RetryPolicy{Schedule: []time.Duration{}}
	})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	first, err := d.Webhook(t.Context(), "orders")
	require.NoError(t, err)
	clear(s.calls)
	for _, again := range []webhook.Webhook{w, *first} {
		require.NoError(t, d.SaveWebhook(t.Context(), again))
		again.Secret = ""
		require.NoError(t, d.SaveWebhook(t.Context(), again))
	}
	require.Zero(t, s.calls["PutWebhooks"])

	got, err := d.Webhook(t.Context(), "orders")
	require.NoError(t, err)
	require.Equal(t, first, got)
	require.Empty(t, got.Secret)
	require.Equal(t, w.Headers, got.Headers)
	require.NotZero(t, got.Revision)
	require.NotNil(t, got.Retry.Schedule, "an empty schedule is not the default one")
}

func TestSaveConflict(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	mine, err := d.Webhook(t.Context(), "orders")
	require.NoError(t, err)
	theirs := *mine
	theirs.URL = "https://example.com/theirs"
	require.NoError(t, d.SaveWebhook(t.Context(), theirs))
	mine.URL = "https://example.com/mine"
	require.ErrorIs(t, d.SaveWebhook(t.Context(), *mine), webhook.ErrConflict)
	got, err := d.Webhook(t.Context(), "orders")
	require.NoError(t, err)
	require.Equal(t, theirs.URL, got.URL)
	_, err = d.Webhook(t.Context(), "nobody")
	require.ErrorIs(t, err, webhook.ErrNotFound)
}

func TestSaveSeenByOtherDispatchers(t *testing.T) {
	store := webhook.NewMemoryStore()
	one, _ := newDispatcherOn(t, store, nil)
	two, _ := newDispatcherOn(t, store, nil)
	report, err := two.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Empty(t, report.Outcomes)
	require.NoError(t, one.SaveWebhook(t.Context(), orders(nil)))
	require.Eventually(t, func() bool {
		report, err := two.Dispatch(context.Background(), updated(nil))
		return err == nil && len(report.Outcomes) == 1
	}, 10*time.Second, 50*time.Millisecond)
}

func TestRotateSecret(t *testing.T) {
	d, r := newDispatcher(t, nil)
	old := webhook.NewSecret()
	w := orders(func(w *webhook.Webhook) {
		w.Secret, w.Signatures = old, []webhook.Scheme{webhook.SchemeStandard}
	})
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	current, err := d.RotateSecret(t.Context(), "orders", "", time.Hour)
	require.NoError(t, err)
	require.NotEqual(t, old, current)

	deliver := func(v *webhook.Verifier) error {
		r.Reset()
		r.VerifyWith(v)
		_, err := d.Dispatch(t.Context(), updated(nil))
		require.NoError(t, err)
		require.NoError(t, d.Drain(t.Context()))
		require.Len(t, r.Requests(), 1)
		return r.Requests()[0].Err
	}
	require.NoError(t, deliver(webhook.NewVerifier(current)))
	require.NoError(t, deliver(webhook.NewVerifier(old)), "within the overlap")

	require.NoError(t, d.SaveWebhook(t.Context(), w), "the boot configuration still has the old one")
	require.NoError(t, deliver(webhook.NewVerifier(current)), "a secret that was rotated away stays away")

	last, err := d.RotateSecret(t.Context(), "orders", webhook.NewSecret(), 0)
	require.NoError(t, err)
	require.NoError(t, deliver(webhook.NewVerifier(last)))
	require.Error(t, deliver(webhook.NewVerifier(old, current)))
	_, err = d.RotateSecret(t.Context(), "orders", "not a standard secret", 0)
	require.Error(t, err)
	_, err = d.RotateSecret(t.Context(), "nobody", "", 0)
	require.ErrorIs(t, err, webhook.ErrNotFound)
}

// A save replaces the secret at once, also by one that an earlier save replaced;
// not by one that was rotated away.
func TestSecretReplacedBySave(t *testing.T) {
	d, r := newDispatcher(t, nil)
	for _, step := range []struct {
		save, rotate, want string
	}{
		{save: "first", want: "first"}, {save: "second", want: "second"}, {save: "first", want: "first"},
		{want: "first"}, {rotate: "third", want: "third"}, {save: "first", want: "third"},
		{save: "second", want: "second"}, {save: "first", want: "second"}, {save: "third", want: "third"},
	} {
		require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Secret = step.save })))
		if step.rotate != "" {
			_, err := d.RotateSecret(t.Context(), "orders", step.rotate, time.Hour)
			require.NoError(t, err)
		}
		r.Reset()
		r.VerifyWith(webhook.NewVerifier(step.want))
		_, err := d.Dispatch(t.Context(), updated(nil))
		require.NoError(t, err)
		require.NoError(t, d.Drain(t.Context()))
		require.NoError(t, r.Requests()[0].Err, step)
	}
	unsigned := orders(func(w *webhook.Webhook) { w.Signatures = []webhook.Scheme{webhook.SchemeNone} })
	require.NoError(t, d.SaveWebhook(t.Context(), unsigned))
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Secret = "first" })))
	r.Reset()
	r.VerifyWith(webhook.NewVerifier("first"))
	_, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.NoError(t, d.Drain(t.Context()))
	require.NoError(t, r.Requests()[0].Err, "rotated away, and the only one since all were dropped")
}

// What the store holds of a webhook is sealed as a whole.
func TestSealedAtRest(t *testing.T) {
	store := webhook.NewMemoryStore()
	key := bytes.Repeat([]byte{7}, 32)
	sealer, err := webhook.NewSealer(key)
	require.NoError(t, err)
	d, _ := newDispatcherOn(t, store, &webhook.Options{Sealer: sealer})
	w := orders(func(w *webhook.Webhook) { w.URL = "https://hooks.example.com/services/T0/SECRETPATH" })
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	recs, _, err := store.Webhooks(t.Context(), webhook.Revision{})
	require.NoError(t, err)
	require.NotEmpty(t, recs)
	for _, rec := range recs {
		require.NotContains(t, string(rec.Data), testSecret)
		require.NotContains(t, string(rec.Data), "SECRETPATH")
	}
	again, r := newDispatcherOn(t, store, &webhook.Options{Sealer: sealer})
	_, err = again.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.NoError(t, again.Drain(t.Context()))
	require.NoError(t, r.Requests()[0].Err)

	// What cannot be opened is not gone on without: that would lose its events,
	// and save over its secret.
	without, _ := newDispatcherOn(t, store, nil)
	_, err = without.Webhook(t.Context(), "orders")
	require.ErrorContains(t, err, "Options.Sealer is not set")
	_, err = without.Dispatch(t.Context(), updated(nil))
	require.Error(t, err)
	require.Error(t, without.SaveWebhook(t.Context(), w))
}

// Saving everything again seals everything by the first key, and nothing is lost
// when the others are taken away. Once it is done a save writes nothing.
func TestSealKeyIsReplaced(t *testing.T) {
	store := &countingStore{Store: webhook.NewMemoryStore(), calls: map[string]int{}}
	on := func(keys ...byte) (*webhook.Dispatcher, *webhooktest.Receiver) {
		opts := &webhook.Options{}
		if len(keys) > 0 {
			all := make([][]byte, len(keys))
			for i, k := range keys {
				all[i] = bytes.Repeat([]byte{k}, 32)
			}
			sealer, err := webhook.NewSealer(all...)
			require.NoError(t, err)
			opts.Sealer = sealer
		}
		return newDispatcherOn(t, store, opts)
	}
	first, _ := on()
	require.NoError(t, first.SaveWebhooks(t.Context(), orders(nil),
		orders(func(w *webhook.Webhook) { w.Name = "quiet" })))
	require.NoError(t, first.Disable(t.Context(), "quiet", "it moves"))
	chain := ""
	for _, keys := range [][]byte{{1}, {2, 1}, {3, 2}} {
		d, _ := on(keys...)
		ws, err := d.Webhooks(t.Context())
		require.NoError(t, err)
		store.calls["PutWebhooks"] = 0
		require.NoError(t, d.SaveWebhooks(t.Context(), ws...))
		require.Equal(t, 1, store.calls["PutWebhooks"])
		require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
		require.Equal(t, 1, store.calls["PutWebhooks"], "what is sealed stays")

		alone, r := on(keys[0])
		status, err := alone.Status(t.Context(), "quiet")
		require.NoError(t, err)
		require.Equal(t, "it moves", status.Reason)
		_, err = alone.Dispatch(t.Context(), updated(nil))
		require.NoError(t, err)
		require.NoError(t, alone.Drain(t.Context()))
		sent := webhooktest.RequireDelivered(t, r, nil)
		require.Contains(t, []string{"", sent.Header.Get("X-Webhook-Chain")}, chain, "the chain key stays")
		chain = sent.Header.Get("X-Webhook-Chain")
	}
	recs, _, err := store.Webhooks(t.Context(), webhook.Revision{})
	require.NoError(t, err)
	for _, rec := range recs {
		require.True(t, bytes.HasPrefix(rec.Data, []byte("sealed:")), rec.Name)
	}
}

// A Sealer that fails for a while changes nothing of what is known already.
func TestSealerFailsForAWhile(t *testing.T) {
	store := webhook.NewMemoryStore()
	inner, err := webhook.NewSealer(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	sealer := &moodySealer{Sealer: inner}
	d, r := newDispatcherOn(t, store, &webhook.Options{Sealer: sealer})
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	other, _ := newDispatcherOn(t, store, &webhook.Options{Sealer: inner})
	require.NoError(t, other.Disable(t.Context(), "orders", "quiet"))
	require.NoError(t, other.Enable(t.Context(), "orders"))

	sealer.down = true
	require.Error(t, d.SaveWebhook(t.Context(), orders(nil)))
	report, err := d.Dispatch(t.Context(), updated(nil))
	require.NoError(t, err)
	require.Equal(t, webhook.Queued, report.Outcomes[0].Decision)

	sealer.down = false
	require.NoError(t, d.SaveWebhook(t.Context(), orders(nil)))
	require.NoError(t, d.Drain(t.Context()))
	require.NoError(t, r.Requests()[0].Err)
}

type moodySealer struct {
	webhook.Sealer
	down bool
}

func (s *moodySealer) Open(sealed, associated []byte) ([]byte, error) {
	if s.down {
		return nil, errors.New("key service does not answer")
	}
	return s.Sealer.Open(sealed, associated)
}

// The name of a webhook stays with its tenant.
func TestTenantKeepsName(t *testing.T) {
	d, _ := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Tenant = "a" })))
	err := d.SaveWebhook(t.Context(), orders(func(w *webhook.Webhook) { w.Tenant, w.Secret = "b", "" }))
	var ce *webhook.ConfigError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "Tenant", ce.Field)
}

// Printing a webhook shows neither its secret nor its headers.
func TestPrintingShowsNoSecret(t *testing.T) {
	w := orders(func(w *webhook.Webhook) {
		w.Headers = []webhook.Header{{Key: "Authorization", Value: "Bearer abc"}}
		w.URL = "https://hooks.example.com/services/T0/SECRETPATH"
	})
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("saved", "webhook", w, "pointer", &w)
	for _, text := range []string{
		fmt.Sprint(w), fmt.Sprintf("%+v", w), fmt.Sprintf("%#v", w), fmt.Sprint(&w), logged.String(),
	} {
		require.NotContains(t, text, testSecret)
		require.NotContains(t, text, "Bearer")
		require.NotContains(t, text, "SECRETPATH")
		require.Contains(t, text, "Sales Order")
	}
}

func TestCheckWebhook(t *testing.T) {
	quota := errors.New("five webhooks at most")
	var seen webhook.Webhook
	d, _ := newDispatcher(t, &webhook.Options{CheckWebhook: func(_ context.Context, w webhook.Webhook) error {
		seen = w
		return quota
	}})
	err := d.SaveWebhook(t.Context(), orders(nil))
	require.ErrorIs(t, err, quota)
	require.Equal(t, "orders", seen.Name)
	require.Empty(t, seen.Secret)
}

// What CheckWebhook sees is its own: it can refuse, and change nothing.
func TestCheckWebhookChangesNothing(t *testing.T) {
	d, _ := newDispatcher(t, &webhook.Options{CheckWebhook: func(_ context.Context, w webhook.Webhook) error {
		w.Events[0], w.Headers[0].Value, w.Retry.Schedule[0] = "nonsense", "changed", -1
		return nil
	}})
	want := orders(func(w *webhook.Webhook) {
		w.Headers = []webhook.Header{{Key: "X-Team", Value: "a"}}
		w.Retry = &webhook.RetryPolicy{Schedule: []time.Duration{time.Second}}
	})
	require.NoError(t, d.SaveWebhook(t.Context(), want))
	got, err := d.Webhook(t.Context(), "orders")
	require.NoError(t, err)
	for _, w := range []webhook.Webhook{want, *got} {
		require.Equal(t, webhook.AfterInsert, w.Events[0])
		require.Equal(t, "a", w.Headers[0].Value)
		require.Equal(t, time.Second, w.Retry.Schedule[0])
	}
}

func TestWebhookJSON(t *testing.T) {
	w := orders(func(w *webhook.Webhook) {
		w.Timeout, w.Data = 90*time.Second, []webhook.Field{{Fieldname: "a", Key: "b"}}
		w.Retry = &webhook.RetryPolicy{Schedule: []time.Duration{time.Second}, MaxAge: time.Hour}
	})
	data, err := json.Marshal(w)
	require.NoError(t, err)
	require.NotContains(t, string(data), testSecret)
	require.Contains(t, string(data), `"timeout":"1m30s"`)
	require.Contains(t, string(data), `"schedule":["1s"]`)
	var got webhook.Webhook
	require.NoError(t, json.Unmarshal(data, &got))
	w.Secret = ""
	require.Equal(t, w, got)
	require.NoError(t, json.Unmarshal([]byte(`{"secret":"s","syntax":"jinja"}`), &got))
	require.Equal(t, "s", got.Secret)
	require.Equal(t, webhook.Jinja, got.Syntax)
}

func TestOptionsErrors(t *testing.T) {
	tests := []struct {
		opts webhook.Options
		want string
	}{
		{webhook.Options{Concurrency: -1}, "Options.Concurrency"},
		{webhook.Options{MaxHanging: 100_001}, "Options.MaxHanging"},
		{webhook.Options{Timeout: time.Minute}, "Options.Lease: shorter than Timeout + 10s"},
		{webhook.Options{Lease: time.Second}, "Options.Lease"},
		{webhook.Options{Retry: webhook.RetryPolicy{Multiplier: 0.5}}, "Options.Retry.Multiplier"},
		{webhook.Options{AutoDisable: webhook.AutoDisable{Rate: 1.1}}, "Options.AutoDisable.Rate"},
		{webhook.Options{AutoDisable: webhook.AutoDisable{Rate: math.NaN()}}, "Options.AutoDisable.Rate"},
		{webhook.Options{SignatureHeader: "bad header"}, "Options.SignatureHeader"},
		{webhook.Options{SignatureHeader: "Host"}, "Options.SignatureHeader"},
		{webhook.Options{NamedEvents: []webhook.EventType{"on_update"}}, "Options.NamedEvents"},
		{webhook.Options{Funcs: map[string]any{"f": 1}}, "Options.Funcs"},
	}
	for _, tt := range tests {
		_, err := webhook.New(webhook.NewMemoryStore(), &tt.opts)
		require.ErrorContains(t, err, tt.want)
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := webhook.New(nil, nil)
	require.Error(t, err)
}

func TestAttemptJSON(t *testing.T) {
	a := webhook.Attempt{
		Number: 2, Time: time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC),
		Duration: 1200 * time.Millisecond, StatusCode: 503, State: webhook.Pending,
	}
	data, err := json.Marshal(a)
	require.NoError(t, err)
	require.JSONEq(t,
		`{"number":2,"time":"2026-01-31T09:30:00Z","duration":"1.2s","status_code":503,"state":"pending"}`,
		string(data))
	var got webhook.Attempt
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, a, got)
}
