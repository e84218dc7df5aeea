package webhook

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// While an endpoint hangs, the loop neither keeps nor looks through what ended
// meanwhile elsewhere.
func TestFlightsBehindAHangingOne(t *testing.T) {
	for name, maxHanging := range map[string]int{"parked": 10, "never parked": -1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := TransportFunc(func(ctx context.Context, req *Request) (*Response, error) {
					if strings.HasPrefix(req.URL, "https://hangs.") {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					return &Response{StatusCode: 200}, nil
				})
				d, err := New(NewMemoryStore(), &Options{
					Transport: transport, MaxHanging: maxHanging, Logger: slog.New(slog.DiscardHandler),
				})
				require.NoError(t, err)
				send := func(host string) {
					_, err := d.Dispatch(t.Context(), Event{Type: OnUpdate, DocType: host, Name: "doc"})
					require.NoError(t, err)
					time.Sleep(10 * time.Millisecond)
				}
				for _, host := range []string{"hangs", "answers"} {
					require.NoError(t, d.SaveWebhook(t.Context(), Webhook{
						Name: host, DocType: host, Events: []EventType{OnUpdate},
						URL: "https://" + host + ".example/in",
					}))
				}
				ctx, cancel := context.WithCancel(t.Context())
				r := d.newRunner(ctx)
				r.wake = d.wake
				ended := make(chan struct{})
				go func() { r.loop(); close(ended) }()
				send("hangs")
				for range 200 {
					send("answers")
				}
				cancel()
				<-ended
				inFlight, kept := r.inFlight, len(r.young)
				require.NoError(t, r.stop(0))
				require.Equal(t, 1, inFlight)
				require.LessOrEqual(t, kept, int(parkAfter/(10*time.Millisecond)))
			})
		})
	}
}

// What landed is not kept until something lands the next time.
func TestLandedIsLetGo(t *testing.T) {
	d, err := New(NewMemoryStore(), nil)
	require.NoError(t, err)
	r := d.newRunner(t.Context())
	r.landings.add(landing{flight: &flight{lane: &lane{}}, stored: true})
	r.landAll()
	require.Zero(t, r.landings.spare[:1][0])
}

// An attempt that ends after its lease does not hide that its delivery is held by
// a later one.
func TestFlightThatOutlivedItsLease(t *testing.T) {
	d, err := New(NewMemoryStore(), nil)
	require.NoError(t, err)
	r := d.newRunner(t.Context())
	leased := func(fence int64) *flight {
		return &flight{del: Delivery{ID: "id", Webhook: "hook", Fence: fence}, lane: &lane{}}
	}
	late, later := leased(1), leased(2)
	require.True(t, r.enqueue(late))
	require.True(t, r.enqueue(later))
	r.land(landing{late, aftermath{}, true})
	require.Equal(t, map[string]int64{"id": 2}, r.held)
	r.land(landing{later, aftermath{}, true})
	require.Empty(t, r.held)
}
