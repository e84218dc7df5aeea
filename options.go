package webhook

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"text/template"
	"time"
)

// Options configure a [Dispatcher]. A nil or zero Options works: each zero
// field is its default. [New] copies it, but not the maps, slices and the Trace
// in it, which must not change afterwards, and refuses a negative field unless
// its comment says what that means.
type Options struct {
	// Transport sends the requests. Defaults to a NewHTTPTransport sized to
	// PerEndpoint, which reaches public addresses only, and whose idle
	// connections are closed when Run ends.
	Transport Transport

	// Logger gets what goes wrong, with stable keys (webhook, delivery, attempt,
	// class, error) and never a secret or a body. Defaults to slog.Default().
	Logger *slog.Logger

	// Concurrency bounds the attempts in flight in this process; for those that
	// hang see MaxHanging. An attempt that delivered gives up its place before
	// the store has recorded it. What is in flight or not yet recorded is at
	// most five times Concurrency, or what is delivered in 20 ms where that is
	// more, and MaxHanging: a crash repeats no more than that. Defaults to 64.
	Concurrency int

	// MaxHanging bounds the attempts that do not count for Concurrency: those
	// that hang, and the first ones to an endpoint, which may. So endpoints that
	// do not answer do not hold up the others. In all, up to Concurrency +
	// MaxHanging are in flight. Defaults to 15 times Concurrency, and at most
	// 960; negative means none.
	MaxHanging int

	// PerEndpoint bounds the attempts in flight to one scheme, host and port,
	// and those of one webhook that has no Concurrency. An endpoint that has
	// stopped answering gets one at a time, and so does one that has not
	// answered yet while there are others to send to. Defaults to 16.
	PerEndpoint int

	// Timeout bounds an attempt of a webhook that has no Timeout. Defaults to
	// 15s.
	Timeout time.Duration

	// Lease is for how long a delivery belongs to the process that claimed it, or
	// that handed it from Dispatch to its own Run. After a crash they are
	// attempted again when it has passed. Defaults to 60s; at least Timeout +
	// 10s.
	Lease time.Duration

	// PollInterval is how often Run looks for deliveries that it was not told of.
	// Defaults to 1s.
	PollInterval time.Duration

	// StopTimeout is how long Run lets attempts finish after its context ended.
	// Defaults to 30s; negative means not at all.
	StopTimeout time.Duration

	// RenderTimeout bounds the evaluation of one condition, URL or body. A whole
	// Dispatch gets ten times as much for each hundred events or part of it. A
	// function of Funcs, or a MarshalJSON, is not broken off. Defaults to 100ms.
	RenderTimeout time.Duration

	// Retry is the policy of webhooks that have none. Defaults to seven retries
	// over some 28 hours; see RetryPolicy.
	Retry RetryPolicy

	// Retention says how long finished deliveries are kept.
	Retention Retention

	// AutoDisable says when a failing webhook is taken out of service.
	AutoDisable AutoDisable

	// DocTypes are the host's document types. A webhook for a type in it is
	// checked against it when saved; other types are unchecked.
	DocTypes map[string]DocType

	// NamedEvents, when not empty, are the only named events there are; others
	// are refused by SaveWebhook and Dispatch.
	NamedEvents []EventType

	// CheckWebhook is asked by SaveWebhook, last, for the host's own rules,
	// such as quotas. The webhook it sees has no Secret. Its error refuses the
	// save, within a ConfigError. One save may ask it several times, and many
	// goroutines at once. Defaults to none.
	CheckWebhook func(context.Context, Webhook) error

	// Funcs are functions and filters for both template languages, with one
	// result, or with a result and an error, as text/template has them. One with
	// the name of a built-in replaces it. They are called by Dispatch, by many
	// goroutines at once; a panic in one is that evaluation's error.
	Funcs template.FuncMap

	// Location is that of now(), today() and nowdate(). Defaults to time.Local.
	Location *time.Location

	// DynamicHosts lets a value of the document stand in the scheme, host or port
	// of a dynamic URL. Whoever can write such a document chooses who gets the
	// webhook's secret. The deliveries of such a webhook wait for each other: one
	// endpoint that hangs holds up those to its others, by up to the Timeout at a
	// time, though no other webhook's.
	DynamicHosts bool

	// Trace is called when something happens. Defaults to nothing.
	Trace *Trace

	// Classifier decides what an attempt's result means, Retry-After apart. Of
	// response and error one is nil. It is called by many goroutines at once;
	// when it panics, or returns a Verdict that is none of the constants,
	// Classify decides. Defaults to Classify.
	Classifier func(*Response, error) Verdict

	// SignatureHeader is the header of SchemeFrappe. Defaults to
	// X-Frappe-Webhook-Signature.
	SignatureHeader string

	// Sealer encrypts what the store keeps of webhooks. Defaults to none: then
	// secrets stand in the store as they are.
	Sealer Sealer

	// MaxPaused bounds the deliveries that a webhook disabled by the library goes
	// on taking; see ErrMaxPaused. Each process counts its own, and corrects the
	// count by the store's once a minute while it Runs or Drains, if the store is
	// a Counter. Defaults to 10,000; negative means none.
	MaxPaused int

	// MaxBodyBytes bounds a body; a longer one is a RenderError, ErrBodyTooLarge.
	// Defaults to 1 MiB.
	MaxBodyBytes int
}

// A DocType says what the host knows of a document type.
type DocType struct {
	Submittable bool     // it has on_submit, on_cancel and on_update_after_submit
	Fields      []string // all that Data rows may name, beside name and doctype; nil: unchecked
}

// Retention says how long finished deliveries are kept with their attempts, by
// stores that are a Pruner. Run and Drain prune them about once a minute; by
// PerWebhook less often, where the deliveries of a large log take long to
// count. Pending and paused deliveries are kept for ever. The zero value of a
// field is its default; negative means without bound.
type Retention struct {
	Delivered  time.Duration // defaults to 30 days
	Other      time.Duration // Failed, Exhausted, Canceled; defaults to 90 days
	PerWebhook int           // the newest of each webhook; defaults to 10,000
}

// AutoDisable says when the library disables a webhook by itself, apart from a
// 410. It does so when nothing has succeeded for the time After and in at least
// Attempts attempts, as Frappe Cloud's documentation has it. When Rate is set,
// it also does so as soon as a share of the attempts of the last hour (55 to 60
// minutes) that is above Rate has failed, or all have, if there were at least
// Attempts of them.
type AutoDisable struct {
	After    time.Duration // defaults to 120h; negative means never
	Attempts int           // defaults to 20
	Rate     float64       // of failures, such as 0.7; 0: not looked at
}

func (o *Options) withDefaults() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	r.Concurrency = cmp.Or(r.Concurrency, 64)
	r.MaxHanging = max(0, cmp.Or(r.MaxHanging, 15*min(r.Concurrency, 64)))
	r.PerEndpoint = cmp.Or(r.PerEndpoint, 16)
	r.Timeout = cmp.Or(r.Timeout, 15*time.Second)
	r.Lease = cmp.Or(r.Lease, 60*time.Second)
	r.PollInterval = cmp.Or(r.PollInterval, time.Second)
	r.StopTimeout = cmp.Or(r.StopTimeout, 30*time.Second)
	r.RenderTimeout = cmp.Or(r.RenderTimeout, 100*time.Millisecond)
	r.Retention = r.Retention.withDefaults()
	r.AutoDisable.After = cmp.Or(r.AutoDisable.After, 120*time.Hour)
	r.AutoDisable.Attempts = cmp.Or(r.AutoDisable.Attempts, 20)
	if r.Location == nil {
		r.Location = time.Local
	}
	if r.Trace == nil {
		r.Trace = &Trace{}
	}
	if r.Classifier == nil {
		r.Classifier = Classify
	}
	r.SignatureHeader = cmp.Or(r.SignatureHeader, headerFrappeSignature)
	r.MaxPaused = cmp.Or(r.MaxPaused, 10_000)
	r.MaxBodyBytes = cmp.Or(r.MaxBodyBytes, 1<<20)
	return r
}

func (r Retention) withDefaults() Retention {
	const day = 24 * time.Hour
	r.Delivered = cmp.Or(r.Delivered, 30*day)
	r.Other = cmp.Or(r.Other, 90*day)
	r.PerWebhook = cmp.Or(r.PerWebhook, 10_000)
	return r
}

// leaseMargin is how much longer a lease must be than an attempt may take: time
// to record what came of it.
const leaseMargin = 10 * time.Second

// maxConcurrency bounds the attempts that can be asked for.
const maxConcurrency = 100_000

// validate names the first field that cannot be. It wants defaults filled in.
func (o *Options) validate() error {
	if err := o.checkBounds(); err != nil {
		return err
	}
	if o.MaxHanging > maxConcurrency {
		return fmt.Errorf("webhook: Options.MaxHanging: above %d", maxConcurrency)
	}
	if o.StopTimeout > maxDelay {
		return fmt.Errorf("webhook: Options.StopTimeout: longer than %v", maxDelay)
	}
	if o.Lease < o.Timeout+leaseMargin {
		return fmt.Errorf("webhook: Options.Lease: shorter than Timeout + %v", leaseMargin)
	}
	if err := o.Retry.validate(); err != nil {
		return fmt.Errorf("webhook: Options.%w", within("Retry", err))
	}
	if !(o.AutoDisable.Rate >= 0 && o.AutoDisable.Rate <= 1) { // nor is NaN
		return fmt.Errorf("webhook: Options.AutoDisable.Rate: not between 0 and 1")
	}
	if err := checkSignatureHeader(o.SignatureHeader); err != nil {
		return fmt.Errorf("webhook: Options.SignatureHeader: %w", err)
	}
	for _, t := range o.NamedEvents {
		if t.IsDocumentEvent() || t == "" || t == HandshakeEvent {
			return fmt.Errorf("webhook: Options.NamedEvents: %q cannot be a named event", t)
		}
	}
	return nil
}

// checkBounds checks the fields that must be positive and not beyond a bound.
func (o *Options) checkBounds() error {
	for _, b := range []struct {
		field       string
		value, most int64
	}{
		{"Concurrency", int64(o.Concurrency), maxConcurrency},
		{"PerEndpoint", int64(o.PerEndpoint), maxConcurrency},
		{"Timeout", int64(o.Timeout), int64(maxDelay)},
		{"Lease", int64(o.Lease), int64(maxDelay)},
		{"PollInterval", int64(o.PollInterval), int64(maxDelay)},
		{"RenderTimeout", int64(o.RenderTimeout), int64(maxDelay)},
		{"MaxBodyBytes", int64(o.MaxBodyBytes), math.MaxInt32},
		{"AutoDisable.Attempts", int64(o.AutoDisable.Attempts), math.MaxInt32},
	} {
		switch {
		case b.value <= 0:
			return fmt.Errorf("webhook: Options.%s: not positive", b.field)
		case b.value > b.most:
			return fmt.Errorf("webhook: Options.%s: too large", b.field)
		}
	}
	return nil
}
