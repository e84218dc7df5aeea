package webhook

// An internal test: no exported function makes an arbitrary transition from an
// arbitrary state, and the illegal ones are what it is about.

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	stateNow   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	stateLater = stateNow.Add(time.Hour)
)

// stored returns a delivery in a state, with something in every column.
func stored(s State) *Delivery {
	d := &Delivery{
		ID: "msg_a", State: s, Reason: "before", Attempts: 5, Tries: 2, Fence: 7,
		Due: stateNow.Add(-time.Minute), Since: stateNow.Add(-3 * time.Hour),
		PausedAt: stateNow.Add(-2 * time.Hour), Finished: stateNow.Add(-time.Hour),
		Owner: "run_1", LeaseUntil: stateNow,
	}
	if s != Paused {
		d.PausedAt = time.Time{}
	}
	if !s.finished() {
		d.Finished = time.Time{}
	}
	return d
}

func attemptTo(s State) *Attempt {
	a := &Attempt{Number: 6, Time: stateNow, Duration: time.Second, State: s}
	if s == Pending {
		a.Next = stateLater
	}
	return a
}

// The whole machine: what each transition makes of each state, "" for illegal.
func TestDeliveryStates(t *testing.T) {
	states := []State{Pending, Delivered, Failed, Exhausted, Paused, Canceled, "unheard_of", ""}
	resolve := func(s State) func(*Delivery) (Change, error) {
		return func(d *Delivery) (Change, error) { return d.resolve(attemptTo(s), "why") }
	}
	tests := []struct {
		name string
		to   func(*Delivery) (Change, error)
		want map[State]State
	}{
		{"resolve as delivered", resolve(Delivered), map[State]State{Pending: Delivered}},
		{"resolve as failed", resolve(Failed), map[State]State{Pending: Failed}},
		{"resolve as exhausted", resolve(Exhausted), map[State]State{Pending: Exhausted}},
		{"resolve until a retry", resolve(Pending), map[State]State{Pending: Pending}},
		{"release", (*Delivery).release, map[State]State{Pending: Pending}},
		{"extend", func(d *Delivery) (Change, error) {
			return d.extend(stateLater)
		}, map[State]State{Pending: Pending}},
		{"expire", func(d *Delivery) (Change, error) {
			return d.expire(stateNow)
		}, map[State]State{Pending: Exhausted}},
		{"pause", func(d *Delivery) (Change, error) { return d.pause(stateNow) }, map[State]State{Pending: Paused}},
		{"resume", func(d *Delivery) (Change, error) {
			return d.resume(stateLater, stateNow)
		}, map[State]State{Paused: Pending}},
		{"cancel", func(d *Delivery) (Change, error) { return d.cancel("why", stateNow) }, map[State]State{
			Pending: Canceled, Paused: Canceled, Failed: Canceled, Exhausted: Canceled}},
		{"resend", func(d *Delivery) (Change, error) { return d.resend(stateNow) }, map[State]State{
			Pending: Pending, Delivered: Pending, Failed: Pending, Exhausted: Pending, Canceled: Pending}},
	}
	for _, tt := range tests {
		for _, from := range states {
			t.Run(tt.name+" when "+string(from), func(t *testing.T) {
				d := stored(from)
				c, err := tt.to(d)
				require.Equal(t, stored(from), d, "a transition makes a change and changes nothing itself")
				want, legal := tt.want[from]
				if !legal {
					require.ErrorIs(t, err, ErrState)
					require.Equal(t, Change{}, c, "an illegal transition is no change")
					return
				}
				require.NoError(t, err)
				require.Equal(t, want, c.State)
				require.Equal(t, d.ID, c.ID)
				require.Equal(t, d.Fence, c.Fence)
				c.Apply(d)
				require.Equal(t, int64(8), d.Fence)
				require.Equal(t, d.State.finished(), !d.Finished.IsZero(),
					"Finished is set exactly in the states that are")
				require.Equal(t, d.State == Paused, !d.PausedAt.IsZero(), "PausedAt is set exactly while it is paused")
				require.Equal(t, tt.name == "extend", d.Owner != "" && !d.LeaseUntil.IsZero(),
					"only extend keeps the lease")
			})
		}
	}
}

// What the legal transitions do to the other columns.
func TestDeliveryColumns(t *testing.T) {
	ordered := func(s State) *Delivery { d := stored(s); d.Line = "l"; return d }
	unaged := func(s State) *Delivery { d := stored(s); d.Since = time.Time{}; return d }
	tests := []struct {
		name string
		d    *Delivery
		to   func(*Delivery) (Change, error)
		want func(d *Delivery)
	}{
		{"a release leaves all but the lease", stored(Pending), (*Delivery).release, func(*Delivery) {}},
		{"an extension moves the end of the lease", stored(Pending),
			func(d *Delivery) (Change, error) { return d.extend(stateLater) },
			func(d *Delivery) { d.Owner, d.LeaseUntil = "run_1", stateLater }},
		{"a success counts the attempt and finishes when it ended", stored(Pending),
			func(d *Delivery) (Change, error) { return d.resolve(attemptTo(Delivered), "") },
			func(d *Delivery) {
				d.State, d.Reason, d.Attempts, d.Tries, d.Finished = Delivered, "", 6, 3, stateNow.Add(time.Second)
			}},
		{"a retry counts the attempt and is due when it says", stored(Pending),
			func(d *Delivery) (Change, error) { return d.resolve(attemptTo(Pending), "") },
			func(d *Delivery) { d.Reason, d.Attempts, d.Tries, d.Due = "", 6, 3, stateLater }},
		{"the first attempt begins the age of an ordered one", unaged(Pending),
			func(d *Delivery) (Change, error) { return d.resolve(attemptTo(Pending), "") },
			func(d *Delivery) {
				d.Reason, d.Attempts, d.Tries, d.Due, d.Since = "", 6, 3, stateLater, stateNow
			}},
		{"the end of its age is no attempt", stored(Pending),
			func(d *Delivery) (Change, error) { return d.expire(stateNow) },
			func(d *Delivery) { d.State, d.Reason, d.Finished = Exhausted, ReasonAge, stateNow }},
		{"a pause counts no attempt", stored(Pending),
			func(d *Delivery) (Change, error) { return d.pause(stateNow) },
			func(d *Delivery) { d.State, d.Reason, d.PausedAt = Paused, ReasonDisabled, stateNow }},
		{"a pause counts for no age", stored(Paused),
			func(d *Delivery) (Change, error) { return d.resume(stateLater, stateNow) },
			func(d *Delivery) {
				d.State, d.Reason, d.Due = Pending, "", stateLater
				d.PausedAt, d.Since = time.Time{}, stateNow.Add(-time.Hour)
			}},
		{"a clock set back during a pause makes none older", stored(Paused),
			func(d *Delivery) (Change, error) { return d.resume(stateLater, stateNow.Add(-5*time.Hour)) },
			func(d *Delivery) { d.State, d.Reason, d.Due, d.PausedAt = Pending, "", stateLater, time.Time{} }},
		{"a pause before its age began leaves that so", unaged(Paused),
			func(d *Delivery) (Change, error) { return d.resume(stateLater, stateNow) },
			func(d *Delivery) { d.State, d.Reason, d.Due, d.PausedAt = Pending, "", stateLater, time.Time{} }},
		{"a cancel says why", stored(Paused),
			func(d *Delivery) (Change, error) { return d.cancel("why", stateNow) },
			func(d *Delivery) {
				d.State, d.Reason, d.Finished, d.PausedAt = Canceled, "why", stateNow, time.Time{}
			}},
		{"a resend has a fresh budget and age, and numbers go on", stored(Exhausted),
			func(d *Delivery) (Change, error) { return d.resend(stateNow) },
			func(d *Delivery) {
				d.State, d.Reason, d.Tries, d.Due = Pending, "", 0, stateNow
				d.Since, d.Finished = stateNow, time.Time{}
			}},
		{"an ordered one that is resent ages when it is first", ordered(Failed),
			func(d *Delivery) (Change, error) { return d.resend(stateNow) },
			func(d *Delivery) {
				d.State, d.Reason, d.Tries, d.Due = Pending, "", 0, stateNow
				d.Since, d.Finished = time.Time{}, time.Time{}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := *tt.d
			want.Owner, want.LeaseUntil, want.Fence = "", time.Time{}, want.Fence+1
			tt.want(&want)
			c, err := tt.to(tt.d)
			require.NoError(t, err)
			c.Apply(tt.d)
			require.Equal(t, &want, tt.d)
		})
	}
}

// A lease is in force until its last moment, for resend.
func TestDeliveryLeased(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state State
		until time.Time
		want  error
	}{
		{"in force", Pending, stateNow.Add(1), ErrInFlight},
		{"run out now", Pending, stateNow, nil},
		{"none", Pending, time.Time{}, nil},
		{"left over on a finished one", Delivered, stateLater, nil},
		{"left over on a paused one", Paused, stateLater, ErrState},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := stored(tt.state)
			d.LeaseUntil = tt.until
			c, err := d.resend(stateNow)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.want == nil, c != Change{})
		})
	}
}
