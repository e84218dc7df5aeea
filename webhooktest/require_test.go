package webhooktest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/webhooktest"
)

// fakeT records how an assertion failed. It does not end the goroutine, which
// an assertion must survive too.
type fakeT struct{ failures []string }

func (t *fakeT) Helper() {}
func (t *fakeT) Fatalf(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

func TestRequireDelivered(t *testing.T) {
	receiver := webhooktest.NewReceiver(secret)
	inserted := func(r *webhooktest.Request) bool { return r.Event == "after_insert" }

	fake := &fakeT{}
	require.Nil(t, webhooktest.RequireDelivered(fake, receiver, nil))
	require.Equal(t, []string{"no such request was delivered; nothing arrived"}, fake.failures)

	// One refused, one answered 503: neither was delivered.
	_, err := receiver.Send(t.Context(), request(nil))
	require.NoError(t, err)
	receiver.Respond(503)
	_, err = receiver.Send(t.Context(), signedRequest())
	require.NoError(t, err)
	fake = &fakeT{}
	require.Nil(t, webhooktest.RequireDelivered(fake, receiver, inserted))
	require.Equal(t, []string{"no such request was delivered; 2 arrived:" +
		"\n" + `1. POST https://erp.example/webhook?a=1 event "after_insert" doctype "Sales Order" ` +
		`delivery "msg_1" attempt 2: refused: webhook: no signature` +
		"\n" + `2. POST https://erp.example/webhook?a=1 event "after_insert" doctype "Sales Order" ` +
		`delivery "msg_1" attempt 2: status 503`}, fake.failures)

	_, err = receiver.Send(t.Context(), signedRequest())
	require.NoError(t, err)
	require.Equal(t, body, string(webhooktest.RequireDelivered(t, receiver, nil).Body))
	require.NotNil(t, webhooktest.RequireDelivered(t, receiver, inserted))
	fake = &fakeT{}
	webhooktest.RequireDelivered(fake, receiver, func(r *webhooktest.Request) bool { return r.Event == "on_trash" })
	require.Len(t, fake.failures, 1)
}

func TestRequireNone(t *testing.T) {
	receiver := webhooktest.NewReceiver(secret)
	webhooktest.RequireNone(t, receiver, nil)

	_, err := receiver.Send(t.Context(), request(nil))
	require.NoError(t, err)
	webhooktest.RequireNone(t, receiver, func(r *webhooktest.Request) bool { return r.Event == "on_trash" })
	for _, match := range []func(*webhooktest.Request) bool{
		nil, func(r *webhooktest.Request) bool { return r.Err != nil },
	} {
		fake := &fakeT{}
		webhooktest.RequireNone(fake, receiver, match)
		require.Len(t, fake.failures, 1)
		require.Contains(t, fake.failures[0], "request 1 should not have arrived; 1 arrived:")
	}
}
