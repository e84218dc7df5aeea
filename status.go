package webhook

import "time"

// A statusRecord is what is stored of a webhook in operation, beside its
// configuration.
type statusRecord struct {
	Disabled bool      `json:"disabled,omitempty"`
	By       string    `json:"by,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since,omitzero"` // of Disabled as it is

	Activated    time.Time `json:"activated,omitzero"`
	ActivatedURL string    `json:"activated_url,omitempty"` // a digest: the URL may be secret

	health
}

// health counts how a webhook's attempts went: in a statusRecord all of them,
// in a process those not yet written there.
type health struct {
	Failures     int       `json:"failures,omitempty"` // since the last success
	FailingSince time.Time `json:"failing_since,omitzero"`
	LastSuccess  time.Time `json:"last_success,omitzero"`

	Hour         time.Time `json:"hour,omitzero"` // the sample of AutoDisable.Rate
	HourAttempts int       `json:"hour_attempts,omitempty"`
	HourFailures int       `json:"hour_failures,omitempty"`
}

// count adds an attempt.
func (h *health) count(ok bool, at time.Time) {
	h.sample(at, 1, 0)
	if ok {
		h.LastSuccess, h.FailingSince, h.Failures = at, time.Time{}, 0
		return
	}
	h.HourFailures++
	h.Failures++
	if h.FailingSince.IsZero() {
		h.FailingSince = at
	}
}

// sample adds to the sample of at's hour.
func (h *health) sample(at time.Time, attempts, failures int) {
	if hour := at.Truncate(time.Hour); hour.After(h.Hour) {
		h.Hour, h.HourAttempts, h.HourFailures = hour, 0, 0
	}
	h.HourAttempts += attempts
	h.HourFailures += failures
}

// add takes in what another process, or this one, has counted since. What
// failed before the other's last success no longer counts.
func (h *health) add(o health) {
	if o.LastSuccess.After(h.LastSuccess) {
		h.LastSuccess = o.LastSuccess
		if !h.FailingSince.After(o.LastSuccess) {
			h.FailingSince, h.Failures = time.Time{}, 0
		}
	}
	if o.Failures > 0 && !h.LastSuccess.After(o.FailingSince) {
		h.Failures += o.Failures
		if h.FailingSince.IsZero() || o.FailingSince.Before(h.FailingSince) {
			h.FailingSince = o.FailingSince
		}
	}
	if !o.Hour.IsZero() && !o.Hour.Before(h.Hour) {
		h.sample(o.Hour, o.HourAttempts, o.HourFailures)
	}
}

// verdict returns why a webhook is to be disabled, "" if it is not.
func (a AutoDisable) verdict(h *health, now time.Time) string {
	switch {
	case a.After >= 0 && h.Failures >= a.Attempts && now.Sub(h.FailingSince) >= a.After:
		return "failing for too long"
	case a.Rate > 0 && h.HourAttempts >= a.Attempts &&
		float64(h.HourFailures) >= a.Rate*float64(h.HourAttempts):
		return "too many failures in an hour"
	}
	return ""
}

// state returns the webhook's Status.
func (h *hook) state(s *statusRecord) Status {
	st := Status{
		State: Active, Since: s.Since, FailingSince: s.FailingSince,
		LastSuccess: s.LastSuccess, Failures: s.Failures,
	}
	if s.ActivatedURL != "" && s.ActivatedURL == digest(h.rec.ID, h.w.URL) {
		st.Activated = s.Activated
	}
	switch {
	case h.w.Disabled:
		st.State, st.By, st.Reason = Disabled, ByConfiguration, "disabled by its configuration"
	case s.Disabled:
		st.State, st.By, st.Reason = Disabled, s.By, s.Reason
	case h.w.RequireActivation && st.Activated.IsZero():
		st.State = NotActivated
	}
	return st
}
