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

	mu     sync.Mutex // guards the fields below
	shared context.Context
	end    time.Time // of shared
}

// within returns a context that ends with parent, or after t or a little before:
// by slack, or by a tenth of t, whichever is less. The function is to be called
// when it is no longer used; the context need not end then.
func (d *deadlines) within(t time.Duration) (context.Context, context.CancelFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := time.Now().Add(t)
	switch early := end.Sub(d.end); {
	case early < 0: // others may take longer
		return context.WithTimeout(d.parent, t)
	case early > min(t/10, d.slack):
		ctx, cancel := context.WithTimeout(d.parent, t)
		time.AfterFunc(t+time.Second, cancel) // nobody knows who uses it last
		d.shared, d.end = ctx, end
	}
	return d.shared, func() {}
}

// limit is within for a context that may carry more than parent does.
func (d *deadlines) limit(ctx context.Context, t time.Duration) (context.Context, context.CancelFunc) {
	if ctx != d.parent {
		return context.WithTimeout(ctx, t)
	}
	return d.within(t)
}
