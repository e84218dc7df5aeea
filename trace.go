package webhook

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// A Trace is told what happens, for metrics and traces. Nil functions are not
// called. They are called by many goroutines at once, and the work waits for
// them, so they should return soon; a panic in one is ignored. None is given a
// secret. The context has the values of that of Dispatch, Run, Drain or
// Disable. What the functions are given must not be changed. They hear of this
// process only, and nothing of Handshake and SendTest.
type Trace struct {
	// Dispatch is called when a Dispatch to which someone listened has ended; for
	// a [Unit] when its events are Held, and again when it commits. err is the
	// store's.
	Dispatch func(ctx context.Context, r Report, err error)

	// Carry is called in a Dispatch that makes deliveries, and returns what they
	// keep as their Trace, in clear: a W3C traceparent, say, so that Start can
	// make their attempts part of the same trace, in whatever process. What is
	// longer than 1 KiB, or not valid UTF-8, is not kept.
	Carry func(ctx context.Context) string

	// Start is called before an attempt. The context it returns, which must be
	// derived from ctx, is that of the Transport's Send and of Attempt, so that
	// a span can lie around the request. ctx ends when the attempt is over:
	// also when it was cut off because Run ends, which Attempt is not told of.
	// The delivery is as Attempt gets it. It has to return within a second: for
	// so long Cancel waits for an attempt to start.
	Start func(ctx context.Context, d Delivery) context.Context

	// Claim is called when a claim brought something, or failed.
	Claim func(ctx context.Context, claimed int, err error)

	// Attempt is called when an attempt has ended and what came of it is stored;
	// err says why it is not: ErrLeaseLost when the delivery changed meanwhile,
	// else the store's. The delivery is as it was before.
	Attempt func(ctx context.Context, d Delivery, a Attempt, err error)

	// Disable is called when a webhook is disabled: by ByOperator or ByLibrary.
	Disable func(ctx context.Context, webhook, by, reason string)

	// Breaker is called when a webhook's breaker opens.
	Breaker func(ctx context.Context, webhook string, open time.Duration)
}

// maxTraceBytes bounds a Delivery's Trace: a traceparent with a long tracestate.
const maxTraceBytes = 1 << 10

// carry returns what deliveries keep of the context they are made in.
func (t *Trace) carry(ctx context.Context) (carried string) {
	if t.Carry == nil {
		return ""
	}
	safely(func() { carried = t.Carry(ctx) })
	if len(carried) > maxTraceBytes || !utf8.ValidString(carried) ||
		strings.IndexByte(carried, 0) >= 0 {
		return ""
	}
	return carried
}

// start returns the context of an attempt, and what ends it.
func (t *Trace) start(ctx context.Context, del *Delivery) (context.Context, context.CancelFunc) {
	if t.Start == nil {
		return ctx, func() {}
	}
	ctx, end := context.WithCancel(ctx)
	var started context.Context
	safely(func() { started = t.Start(ctx, *del) })
	if started == nil {
		return ctx, end
	}
	return started, end
}
