package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// What ends a batch early does not hide how much of it was done.
func TestBatchEndsEarly(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"interrupted", context.Canceled, "webhookctl: interrupted\n"},
		{"the store fails", errors.New("the disk\nis gone"), "webhookctl: the disk\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var done atomic.Int64
			b := &batch{done: "resent", ids: many("msg", 5000), change: func(ctx context.Context, id string) error {
				if done.Add(1) <= 100 {
					return nil
				}
				if errors.Is(c.err, context.Canceled) {
					cancel()
				}
				return c.err
			}}
			var out, stderr bytes.Buffer
			console := newConsole(strings.NewReader(""), &out, &stderr)
			err := b.answer(console, b.changeAll(ctx, console))
			require.Equal(t, exitFailed, console.report(ctx, err))
			require.NoError(t, console.flush())
			require.Equal(t, "100 deliveries resent\n", out.String())
			require.Equal(t, c.want, stderr.String())
			require.Less(t, done.Load(), int64(1000))
		})
	}
}

// Without a yes nothing is done; the answer may be in any case.
func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yep": false,
	} {
		c := newConsole(strings.NewReader(answer), io.Discard, io.Discard)
		c.asks = true
		require.Equal(t, want, c.confirm(t.Context(), "resend?") == nil, answer)
	}
	var usage *usageError
	c := newConsole(strings.NewReader("y\n"), io.Discard, io.Discard)
	require.ErrorAs(t, c.confirm(t.Context(), "resend?"), &usage)
}

// Those that cannot be changed are counted, and the reason of the first given.
func TestBatchSkips(t *testing.T) {
	b := &batch{done: "canceled", ids: many("msg", 3), change: func(_ context.Context, id string) error {
		if id == "msg-001" {
			return webhook.ErrInFlight
		}
		return nil
	}}
	var out, stderr bytes.Buffer
	c := newConsole(strings.NewReader(""), &out, &stderr)
	require.ErrorIs(t, b.answer(c, b.changeAll(t.Context(), c)), errNo)
	require.NoError(t, c.flush())
	require.Equal(t, "2 deliveries canceled\n", out.String())
	require.Equal(t, "1 left alone, the first because of: webhook: delivery is in flight\n", stderr.String())
}
