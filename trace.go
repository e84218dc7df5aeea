package webhook

import (
	"context"
	"time"
)

// A Trace is told what happens, for metrics and traces. Nil functions are not
// called. They are called by many goroutines at once, on the way, so they should
// return soon; a panic in one is ignored. None is given a secret. The context has
// the values of that of Dispatch, Run, Drain or Disable. What the functions are
// given must not be changed. They hear of this process only, and nothing of
// Handshake and SendTest.
type Trace struct {
	// Dispatch is called when a Dispatch to which someone listened has ended; for
	// a [Unit] when its events are Held, and again when it commits. err is the
	// store's.
	Dispatch func(ctx context.Context, r Report, err error)

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
