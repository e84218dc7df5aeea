package webhook

import (
	"sync"
	"time"
)

// The breaker opens after breakerFailures attempts in a row that may be
// repeated, for breakerFirst, and twice as long each time its probe fails.
const (
	breakerFailures = 5
	breakerFirst    = time.Minute
	breakerMost     = time.Hour
)

// A valve lets a webhook's deliveries flow in this process, or holds them back:
// behind a gate while the endpoint asked for peace, behind a breaker while it
// fails. Waiting behind either is no attempt. Both are this process's own, and so
// is the clock they go by: estimates of the store's clock may go back and forth.
type valve struct {
	gate     time.Time     // closed until then
	failures int           // in a row
	open     time.Duration // for how long the breaker opened last; 0: it is closed
	until    time.Time     // the breaker is open until then, then lets one probe through
	reason   time.Time     // when the endpoint last closed either

	health      health // counted here and not yet stored
	stored      time.Time
	paused      int       // deliveries that were paused while the library has it disabled
	pausedSince time.Time // when it did
}

// valves are those of all webhooks, by name. The zero value is ready.
type valves struct {
	mu   sync.Mutex // guards the fields below
	m    map[string]*valve
	shut map[string]bool // those that were closed when last looked at
}

func (vs *valves) get(name string) *valve {
	v := vs.m[name]
	if v == nil {
		v = &valve{}
		if vs.m == nil {
			vs.m = map[string]*valve{}
		}
		vs.m[name] = v
	}
	return v
}

// open lets a webhook's deliveries flow, unless its endpoint gave reason to hold
// them back after a time.
func (vs *valves) open(name string, before time.Time) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v := vs.m[name]; v != nil && !v.reason.After(before) {
		v.gate, v.failures, v.open, v.until = time.Time{}, 0, 0, time.Time{}
	}
}

// forget drops what is known of a webhook: its valve is open, its counts are
// zero.
func (vs *valves) forget(name string) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	delete(vs.m, name)
}

// closedUntil returns until when the webhook's deliveries wait; zero if they
// flow.
func (vs *valves) closedUntil(name string) time.Time {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if len(vs.shut) == 0 {
		return time.Time{}
	}
	return vs.m[name].closedUntil(time.Now())
}

func (v *valve) closedUntil(now time.Time) time.Time {
	if v == nil {
		return time.Time{}
	}
	t := v.gate
	if v.until.After(t) {
		t = v.until
	}
	if !t.After(now) {
		return time.Time{}
	}
	return t
}

// closed returns the webhooks whose deliveries wait, and when the first of them
// opens.
func (vs *valves) closed(now time.Time) (names []string, next time.Time) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for name := range vs.shut {
		t := vs.m[name].closedUntil(now)
		if t.IsZero() {
			delete(vs.shut, name)
			continue
		}
		names = append(names, name)
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	return names, next
}

// close notes that a valve was closed. mu is held.
func (vs *valves) close(name string) {
	if vs.shut == nil {
		vs.shut = map[string]bool{}
	}
	vs.shut[name] = true
}

// probing reports whether the breaker lets one attempt through at a time.
func (vs *valves) probing(name string) bool {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.m[name]
	return v != nil && v.open > 0
}

// record counts how an attempt ended, moves gate and breaker, and returns for
// how long the breaker just opened, 0 if it did not. A failure that a retry
// cannot mend says nothing about the endpoint's health. at is when the attempt
// ended by the store's clock; gate and breaker go by this process's own.
func (vs *valves) record(name string, verdict Verdict, at time.Time, hint time.Duration) (
	opened time.Duration) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.get(name)
	v.health.count(verdict == VerdictDelivered, at)
	if hint > 0 {
		v.reason = time.Now()
		if until := time.Now().Add(hint); until.After(v.gate) {
			v.gate = until
			vs.close(name)
		}
	}
	switch verdict {
	case VerdictDelivered:
		v.failures, v.open, v.until = 0, 0, time.Time{}
	case VerdictRetry:
		if opened = v.fail(time.Now()); opened > 0 {
			v.reason = time.Now()
			vs.close(name)
		}
	}
	return opened
}

// fail counts a failure that may be repeated, and returns for how long it opened
// the breaker, 0 if it did not.
func (v *valve) fail(now time.Time) time.Duration {
	v.failures++
	// Attempts that began before the breaker opened say nothing new.
	if v.failures < breakerFailures || v.until.After(now) {
		return 0
	}
	v.open = min(max(2*v.open, breakerFirst), breakerMost)
	v.until = now.Add(v.open)
	return v.open
}

// roomToPause counts a delivery that is to be paused, if there is room.
//
// The count begins anew with each time that the webhook is disabled, at since.
func (vs *valves) roomToPause(name string, since time.Time, limit int) bool {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.get(name)
	if !v.pausedSince.Equal(since) {
		v.paused, v.pausedSince = 0, since
	}
	if v.paused >= limit {
		return false
	}
	v.paused++
	return true
}

// notPaused takes back what roomToPause counted.
func (vs *valves) notPaused(name string) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v := vs.m[name]; v != nil && v.paused > 0 {
		v.paused--
	}
}

// setPaused corrects the count to what the store has.
func (vs *valves) setPaused(name string, since time.Time, n int) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.get(name)
	v.paused, v.pausedSince = n, since
}

// takeHealth returns what was counted of the webhooks and not yet stored, if it
// was last taken at least age ago, and begins anew.
func (vs *valves) takeHealth(now time.Time, age time.Duration) map[string]health {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	taken := map[string]health{}
	for name, v := range vs.m {
		if v.health != (health{}) && now.Sub(v.stored) >= age {
			taken[name], v.health, v.stored = v.health, health{}, now
		}
	}
	return taken
}

// takeOne is takeHealth for one webhook, however lately it was taken.
func (vs *valves) takeOne(name string, now time.Time) health {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.get(name)
	h := v.health
	v.health, v.stored = health{}, now
	return h
}

// returnHealth takes back what could not be stored.
func (vs *valves) returnHealth(name string, h health) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.get(name)
	h.add(v.health)
	v.health = h
}

// unstored returns what was counted of one webhook and not yet stored.
func (vs *valves) unstored(name string) health {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v := vs.m[name]; v != nil {
		return v.health
	}
	return health{}
}

// breakers returns how many breakers are open.
func (vs *valves) breakers(now time.Time) int {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	n := 0
	for _, v := range vs.m {
		if v.until.After(now) {
			n++
		}
	}
	return n
}
