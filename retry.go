package webhook

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// A RetryPolicy says when a failed attempt is repeated, and when no more. Its
// delays follow from the attempt's number alone, Jitter apart, so that nothing
// but the number has to be stored. The zero value of each field is its default.
type RetryPolicy struct {
	// Schedule are the delays after the first, second, ... attempt, at most 30
	// days each. Beyond its end Initial goes on, or the last delay is repeated,
	// up to MaxAttempts; one that is empty and not nil means no retry, unless
	// Initial is set. Defaults to 5s, 5m, 30m, 2h, 5h, 10h, 10h, unless Initial
	// is set.
	Schedule []time.Duration

	// Initial, Max and Multiplier make an exponential schedule, used where
	// Schedule has no entry: Initial after its first attempt, each next delay
	// Multiplier (1 to 100) times longer, at most Max (30 days at most). Initial
	// defaults to none, Max to 10h, Multiplier to 2.
	Initial, Max time.Duration
	Multiplier   float64

	// Jitter lengthens each delay by a random share of it, from 0 to Jitter.
	// Defaults to 0.2; negative means none; at most 1.
	Jitter float64

	// MaxAttempts bounds the attempts, the first included; at most 1,000.
	// Defaults to one more than Schedule has entries; with Initial it is
	// required.
	MaxAttempts int

	// MaxAge bounds the time from the event to the last attempt; the time a
	// delivery spends paused, or waiting behind others in its line, does not
	// count. The first attempt is made however late it is. Defaults to 72h;
	// negative means no bound.
	MaxAge time.Duration
}

// defaultSchedule is that of Standard Webhooks' operational recommendations.
var defaultSchedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

// maxAttempts and maxDelay bound what a policy may ask for.
const (
	maxAttempts = 1000
	maxDelay    = 30 * 24 * time.Hour
)

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Schedule == nil && p.Initial == 0 {
		p.Schedule = defaultSchedule
	}
	if p.Max == 0 {
		p.Max = 10 * time.Hour
	}
	if p.Multiplier == 0 {
		p.Multiplier = 2
	}
	if p.Jitter == 0 {
		p.Jitter = 0.2
	}
	if p.MaxAttempts == 0 || len(p.Schedule) == 0 && p.Initial == 0 { // nothing says when to retry
		p.MaxAttempts = len(p.Schedule) + 1
	}
	if p.MaxAge == 0 {
		p.MaxAge = 72 * time.Hour
	}
	return p
}

func (p RetryPolicy) validate() error {
	for _, d := range p.Schedule {
		if d < 0 || d > maxDelay {
			return fieldErrorf("Schedule", "a delay is negative or longer than 30 days")
		}
	}
	switch {
	case p.Initial < 0 || p.Initial > maxDelay:
		return fieldErrorf("Initial", "negative or longer than 30 days")
	case p.Max < 0 || p.Max > maxDelay:
		return fieldErrorf("Max", "negative or longer than 30 days")
	case p.Multiplier != 0 && !(p.Multiplier >= 1 && p.Multiplier <= 100):
		return fieldErrorf("Multiplier", "not between 1 and 100")
	case math.IsNaN(p.Jitter) || p.Jitter > 1:
		return fieldErrorf("Jitter", "above 1")
	case p.MaxAttempts < 0 || p.MaxAttempts > maxAttempts || len(p.Schedule) >= maxAttempts:
		return fieldErrorf("MaxAttempts", "negative or above 1000")
	case p.Initial > 0 && p.MaxAttempts == 0 && len(p.Schedule) == 0:
		return fieldErrorf("MaxAttempts", "required with Initial and no Schedule")
	}
	return nil
}

// outlived reports whether a delivery that was attempted has become too old
// while it waited: behind a breaker, or because nobody ran.
func (p RetryPolicy) outlived(del *Delivery, now time.Time) bool {
	return p.MaxAge > 0 && del.Tries > 0 && !del.Since.IsZero() &&
		now.After(del.Since.Add(p.MaxAge))
}

// delay returns how long to wait after the n-th attempt (from 1), jitter apart.
// An attempt beyond Schedule without Initial repeats its last delay.
func (p RetryPolicy) delay(n int) time.Duration {
	switch {
	case n <= len(p.Schedule):
		return p.Schedule[n-1]
	case p.Initial > 0:
		return p.exponential(n - len(p.Schedule))
	case len(p.Schedule) > 0:
		return p.Schedule[len(p.Schedule)-1]
	}
	return 0
}

// exponential returns the n-th delay (from 1) of the exponential schedule.
func (p RetryPolicy) exponential(n int) time.Duration {
	b := backoff.ExponentialBackOff{
		InitialInterval: p.Initial, Multiplier: p.Multiplier, MaxInterval: p.Max,
		Stop: backoff.Stop, Clock: backoff.SystemClock,
	}
	b.Reset()
	d := min(b.NextBackOff(), p.Max)
	for ; n > 1 && d < p.Max; n-- {
		d = b.NextBackOff()
	}
	return d
}

// jitter returns a random share of d, up to the policy's Jitter.
func (p RetryPolicy) jitter(d time.Duration) time.Duration {
	if p.Jitter <= 0 || d <= 0 {
		return 0
	}
	return time.Duration(rand.Float64() * p.Jitter * float64(d))
}

// retryJSON is the JSON form of a RetryPolicy.
type retryJSON struct {
	Schedule    []duration `json:"schedule,omitzero"` // [] means no retry
	Initial     duration   `json:"initial,omitempty"`
	Max         duration   `json:"max,omitempty"`
	Multiplier  float64    `json:"multiplier,omitempty"`
	Jitter      float64    `json:"jitter,omitempty"`
	MaxAttempts int        `json:"max_attempts,omitempty"`
	MaxAge      duration   `json:"max_age,omitempty"`
}

// MarshalJSON writes the policy with durations as strings.
func (p RetryPolicy) MarshalJSON() ([]byte, error) {
	j := retryJSON{
		Initial: duration(p.Initial), Max: duration(p.Max), Multiplier: p.Multiplier,
		Jitter: p.Jitter, MaxAttempts: p.MaxAttempts, MaxAge: duration(p.MaxAge),
	}
	if p.Schedule != nil {
		j.Schedule = make([]duration, len(p.Schedule))
	}
	for i, d := range p.Schedule {
		j.Schedule[i] = duration(d)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *RetryPolicy) UnmarshalJSON(data []byte) error {
	var j retryJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*p = RetryPolicy{
		Initial: time.Duration(j.Initial), Max: time.Duration(j.Max), Multiplier: j.Multiplier,
		Jitter: j.Jitter, MaxAttempts: j.MaxAttempts, MaxAge: time.Duration(j.MaxAge),
	}
	if j.Schedule != nil {
		p.Schedule = make([]time.Duration, len(j.Schedule))
	}
	for i, d := range j.Schedule {
		p.Schedule[i] = time.Duration(d)
	}
	return nil
}
