package webhook

import (
	"context"
	"sync"
	"time"
)

// A deadlines hands out contexts that end after a time. Calls that begin about
// together and may take equally long share one: a context of its own, with its
// timer, costs a call more than most of what is done in it.
type deadlines struct {
	parent context.Context
	slack  time.Duration // how much earlier than asked for a context may end

	mu   sync.Mutex // guards the fields below
	last *deadline  // the one to be shared; nil before the first
}

// A deadline is a context that calls share.
type deadline struct {
	ctx    context.Context
	cancel context.CancelFunc
	end    time.Time
	users  int
	leave  context.CancelFunc // called by each user once
}

// within returns a context that ends with parent, or after t or a little before:
// by slack, or by a tenth of t, whichever is less. The function is to be called
// once, when it is no longer used; the context need not end then.
func (d *deadlines) within(t time.Duration) (context.Context, context.CancelFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := time.Now().Add(t)
	switch {
	case d.last == nil:
		d.last = d.open(t, end)
	case end.Before(d.last.end): // others may take longer
		return context.WithTimeout(d.parent, t)
	case end.Sub(d.last.end) > min(t/10, d.slack):
		old := d.last
		d.last = d.open(t, end)
		d.close(old)
	}
	d.last.users++
	return d.last.ctx, d.last.leave
}

func (d *deadlines) open(t time.Duration, end time.Time) *deadline {
	x := &deadline{end: end}
	x.ctx, x.cancel = context.WithTimeout(d.parent, t)
	x.leave = func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		x.users--
		d.close(x)
	}
	return x
}

// close ends a context that nobody uses or will use: else one would be left for
// each moment of the time that attempts may take. mu is held.
func (d *deadlines) close(x *deadline) {
	if x.users == 0 && x != d.last {
		x.cancel()
	}
}

// limit is within for a context that may carry more than parent does.
func (d *deadlines) limit(ctx context.Context, t time.Duration) (
	context.Context, context.CancelFunc) {
	if ctx != d.parent {
		return context.WithTimeout(ctx, t)
	}
	return d.within(t)
}
