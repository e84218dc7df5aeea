package webhook

import (
	"time"

	"github.com/docevent/webhook/internal/endpoint"
)

// parkAfter is when an attempt that has not ended is late, and stops to count
// against Options.Concurrency, as far as Options.MaxHanging goes.
const parkAfter = 250 * time.Millisecond

// A trust says what is known of an endpoint.
type trust int

const (
	unknown trust = iota // no attempt has ended yet
	trusted              // the last one brought a response
	suspect              // the last one brought none, or the present one hangs
)

// A lane is an endpoint with the attempts in flight to it. It belongs to the
// runner's loop.
//
// Endpoints that hang would take every place there is, and hold it until their
// attempts time out. So an endpoint gets one attempt at a time until it has
// answered one, and that one takes no place: however many endpoints hang, those
// that nobody has tried yet are tried at once. The places that are left over go
// to those not yet tried.
type lane struct {
	inFlight int
	trust    trust
}

// limit returns how many attempts may be in flight.
func (l *lane) limit(perEndpoint int, spare bool) int {
	if l.trust == trusted || l.trust == unknown && spare {
		return perEndpoint
	}
	return 1
}

// learn takes in how an attempt ended.
func (l *lane) learn(a aftermath) {
	switch {
	case !a.sent:
	case a.answered:
		l.trust = trusted
	default:
		l.trust = suspect
	}
}

// maxIdleLanes bounds how many endpoints are remembered: with dynamic hosts
// there may be any number.
const maxIdleLanes = 10_000

// laneOf returns the lane of a delivery.
func (r *runner) laneOf(h *hook, del *Delivery) *lane {
	name := h.endpoint
	if name == "" {
		name = "?"
		if u, err := endpoint.Parse(del.URL); err == nil {
			name = endpoint.Endpoint(u)
		}
	}
	l := r.lanes[name]
	if l == nil {
		if len(r.lanes) >= maxIdleLanes {
			r.forgetLanes()
		}
		l = &lane{}
		r.lanes[name] = l
	}
	return l
}

func (r *runner) forgetLanes() {
	for name, l := range r.lanes {
		if l.inFlight == 0 {
			delete(r.lanes, name)
		}
	}
}

// free returns how many attempts to the lane's endpoint may start at once. Where
// hanging attempts can be parked, a quarter of the places is kept for endpoints
// that are known to answer.
func (r *runner) free(l *lane) int {
	o := &r.d.opts
	free := o.Concurrency - (r.inFlight - min(r.parked, o.MaxHanging))
	if l.trust != trusted && o.MaxHanging > 0 {
		free -= o.Concurrency / 4
	}
	return free
}

// probes reports whether an attempt to the lane's endpoint would be the one that
// finds out whether it answers. It is parked from the start, if there is room.
func (r *runner) probes(l *lane) bool {
	return l.trust != trusted && l.inFlight == 0 && r.parked < r.d.opts.MaxHanging
}

// park lets the attempts that are late give up their places. These and those that
// ended are not looked at again.
func (r *runner) park() {
	for ; len(r.young) > 0; r.young = r.young[1:] {
		f := r.young[0]
		late := r.round.Sub(f.began) >= parkAfter
		if !f.ended && !late {
			return // the others are younger
		}
		r.young[0] = nil // else the array keeps it
		if f.ended {
			continue
		}
		if !f.parked {
			r.parkFlight(f)
		}
		if f.lane.trust == unknown {
			f.lane.trust = suspect
		}
	}
}

func (r *runner) parkFlight(f *flight) {
	f.parked = true
	r.parked++
}
