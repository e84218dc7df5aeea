package webhook

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// A Status is what is known of a webhook in operation. It is kept beside the
// configuration and survives every save of it. A time is zero if that never
// happened.
type Status struct {
	State  State  `json:"state"`            // Active, Disabled or NotActivated
	By     string `json:"by,omitempty"`     // who disabled it, such as ByOperator; "" when active
	Reason string `json:"reason,omitempty"` // why it was disabled

	// Error says why this process cannot use the webhook as it is stored: a newer
	// version of the library wrote it, say, or with other Options. Its events are
	// RenderErrors then, or unheard if not even its events can be read, and its
	// deliveries are left to other processes. "" when it can.
	Error string `json:"error,omitempty"`

	Since        time.Time `json:"since,omitzero"`         // since when it is in this State
	Activated    time.Time `json:"activated,omitzero"`     // when Activate succeeded for this URL
	FailingSince time.Time `json:"failing_since,omitzero"` // the first failure since LastSuccess
	LastSuccess  time.Time `json:"last_success,omitzero"`  // when an attempt last delivered
	Failures     int       `json:"failures"`               // failed attempts since the last success
}

// Who disabled a webhook.
const (
	ByConfiguration = "configuration" // Webhook.Disabled
	ByOperator      = "operator"      // Dispatcher.Disable
	ByLibrary       = "library"       // 410, or failing for too long
)

// A statusRecord is what is stored of a webhook in operation, beside its
// configuration.
type statusRecord struct {
	Version   int    `json:"version,omitempty"` // see recordVersion
	WebhookID string `json:"webhook,omitempty"` // of its record: a namesake's status does not count

	Disabled bool      `json:"disabled,omitempty"`
	By       string    `json:"by,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since,omitzero"` // of Disabled as it is, or of the first activation

	Activated    time.Time `json:"activated,omitzero"`
	ActivatedURL string    `json:"activated_url,omitempty"` // a digest: the URL may be secret

	Opened time.Time `json:"opened,omitzero"` // when Enable last opened gate and breaker

	health
}

// state returns the webhook's Status.
func (h *hook) state(s *statusRecord) Status {
	st := Status{
		State: Active, Since: later(h.rec.Since, s.Since), FailingSince: s.FailingSince,
		LastSuccess: s.LastSuccess, Failures: s.Failures, Error: errorText(h.err),
	}
	if s.ActivatedURL != "" && s.ActivatedURL == digest(h.rec.ID, h.w.URL) {
		st.Activated = s.Activated
	}
	switch {
	case h.w.Disabled:
		st.State, st.By, st.Reason = Disabled, ByConfiguration, "Disabled is set"
		st.Since = h.rec.Since
	case s.Disabled:
		st.State, st.By, st.Reason, st.Since = Disabled, s.By, s.Reason, s.Since
	case h.w.RequireActivation && st.Activated.IsZero():
		st.State = NotActivated
	}
	return st
}

// wish returns the part of the configuration that decides the State. A save
// that changes it begins a new Status.Since.
func (w *Webhook) wish() string {
	switch {
	case w.Disabled:
		return "disabled"
	case w.RequireActivation:
		return "activated for " + w.URL
	}
	return ""
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Status returns how a webhook stands. The error is ErrNotFound if there is
// none. It counts this process's attempts up to now, and those of other
// processes as far as they have stored their counts: a Run does so about once a
// minute and when it ends, a Drain at most once a minute.
func (d *Dispatcher) Status(ctx context.Context, name string) (*Status, error) {
	e, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	st := e.status
	known := e.rec.health
	known.add(d.valves.unstored(name))
	st.Failures = known.Failures
	st.FailingSince, st.LastSuccess = known.FailingSince, known.LastSuccess
	return &st, nil
}

// changeStatus calls a function with a webhook's status, and stores what it
// makes of it. The function returns false if there is nothing to change.
func (d *Dispatcher) changeStatus(ctx context.Context, name string,
	change func(*entry, *statusRecord) (bool, error)) error {
	return d.retryConflict(ctx, func(idx *index) ([]WebhookRecord, error) {
		e := idx.byName[name]
		if e == nil {
			return nil, wrap(ErrNotFound, "webhook %q", name)
		}
		s := e.rec
		changed, err := change(e, &s)
		if err != nil || !changed {
			return nil, err
		}
		rec, err := d.encodeStatus(e, s)
		return []WebhookRecord{rec}, err
	})
}

// encodeStatus returns the record of a webhook's status. One that a newer
// version of the library wrote is left alone.
func (d *Dispatcher) encodeStatus(e *entry, s statusRecord) (WebhookRecord, error) {
	if s.Version > recordVersion {
		return WebhookRecord{}, wrap(errNewerRecord, "webhook %q: change status", e.hook.w.Name)
	}
	s.Version, s.WebhookID = recordVersion, cmp.Or(e.hook.rec.ID, s.WebhookID)
	name := statusPrefix + e.hook.w.Name
	data, err := d.encode(name, s)
	return WebhookRecord{Name: name, Revision: e.statusRev, Data: data}, err
}

// ErrNotActivated is returned by Enable for a webhook that requires activation
// and was not activated for its URL.
var ErrNotActivated = errors.New("webhook: not activated")

// ErrDisabled is returned by Enable for a webhook whose configuration says
// Disabled.
var ErrDisabled = errors.New("webhook: disabled by its configuration")

// Enable takes a webhook into service that Disable or the library took out. It
// forgets the record of failures, and makes the paused deliveries due, spread
// over a minute. It also opens the webhook's Retry-After gate and closes its
// breaker, in other processes as soon as they see it, for one in service too:
// call it when an endpoint was mended, as else hours may pass. ErrNotActivated,
// ErrDisabled or ErrNotFound if it cannot.
func (d *Dispatcher) Enable(ctx context.Context, name string) error {
	began := time.Now()
	err := d.changeStatus(ctx, name, func(e *entry, s *statusRecord) (bool, error) {
		switch {
		case e.hook.w.Disabled:
			return false, wrap(ErrDisabled, "webhook %q", name)
		case e.hook.w.RequireActivation && e.status.Activated.IsZero():
			return false, wrap(ErrNotActivated, "webhook %q", name)
		}
		s.Opened = d.now()
		if s.Disabled {
			s.Since = s.Opened
		}
		s.Disabled, s.By, s.Reason = false, "", ""
		s.health = health{LastSuccess: s.LastSuccess}
		return true, nil
	})
	if err != nil {
		return err
	}
	d.valves.open(name, began)
	d.valves.takeOne(name, d.now()) // what is not stored is forgotten, too
	return d.resumeAll(ctx, name)
}

// Disable takes a webhook out of service until Enable: it takes no deliveries,
// and those it has wait. The reason is shown by Status. The error is
// ErrNotFound if there is no such webhook. A webhook that its operator disabled
// already keeps the reason it has.
func (d *Dispatcher) Disable(ctx context.Context, name, reason string) error {
	return d.disable(ctx, name, ByOperator, reason)
}

func (d *Dispatcher) disable(ctx context.Context, name, by, reason string) error {
	changed := false
	err := d.changeStatus(ctx, name, func(_ *entry, s *statusRecord) (bool, error) {
		// What an operator disabled stays the operator's.
		changed = !s.Disabled || s.By != by && by == ByOperator
		if changed {
			s.Disabled, s.By, s.Reason, s.Since = true, by, reason, d.now()
		}
		return changed, nil
	})
	if err == nil && changed {
		d.log.WarnContext(ctx, "webhook: disabled", "webhook", name, "by", by, "reason", reason)
		if f := d.opts.Trace.Disable; f != nil {
			safely(func() { f(ctx, name, by, reason) })
		}
	}
	return err
}
