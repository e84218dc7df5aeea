package webhook

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A context from deadlines never ends later than asked for, nor more than the
// slack earlier, whoever else asked for one before.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		d := &deadlines{parent: parent, slack: 10 * time.Millisecond}
		var shared []context.Context
		for _, s := range []struct{ after, asked, early time.Duration }{
			{0, 15 * time.Second, 0},
			{5 * time.Millisecond, 15 * time.Second, 5 * time.Millisecond},
			{0, 5 * time.Second, 0}, // another's timeout
			{time.Millisecond, 20 * time.Millisecond, 0},
			{4 * time.Millisecond, 15 * time.Second, 10 * time.Millisecond},
			{time.Millisecond, 15 * time.Second, 0},
		} {
			time.Sleep(s.after)
			asked := time.Now().Add(s.asked)
			ctx, end := d.within(s.asked)
			defer end()
			until, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, s.early, asked.Sub(until))
			shared = append(shared, ctx)
		}
		require.Same(t, shared[0], shared[1])
		require.Same(t, shared[0], shared[4])

		time.Sleep(20 * time.Second)
		for _, ctx := range shared {
			require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		}
		ctx, end := d.within(time.Second)
		defer end()
		require.NoError(t, ctx.Err(), "one that has ended is not given again")
		cancel()
		require.ErrorIs(t, ctx.Err(), context.Canceled)
	})
}

// A context is kept no longer than it is used or may be: with long timeouts there
// would be very many.
func TestDeadlinesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{parent: t.Context(), slack: 10 * time.Millisecond}
		within := func() (context.Context, context.CancelFunc) {
			time.Sleep(6 * time.Millisecond)
			return d.within(time.Hour)
		}
		first, leave := within()
		again, leaveAgain := within()
		require.Same(t, first, again)
		leave()
		second, leaveSecond := within()
		require.NotSame(t, first, second)
		require.NoError(t, first.Err(), "it is in use")
		leaveAgain()
		require.ErrorIs(t, first.Err(), context.Canceled)
		leaveSecond()
		require.NoError(t, second.Err(), "the next may share it")
		_, leaveThird := within()
		require.NoError(t, second.Err())
		leaveThird()
		_, leaveFourth := within()
		defer leaveFourth()
		require.ErrorIs(t, second.Err(), context.Canceled)
	})
}

// A context that carries more than the parent is not shared.
func TestDeadlinesLimit(t *testing.T) {
	d := &deadlines{parent: t.Context(), slack: time.Second}
	type key struct{}
	ctx, end := d.limit(context.WithValue(t.Context(), key{}, "span"), time.Minute)
	require.Equal(t, "span", ctx.Value(key{}))
	end()
	require.ErrorIs(t, ctx.Err(), context.Canceled)
}
