package webhook_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// Every test here ends in a bubble that would not end with a goroutine left.

func TestStopLetsAttemptsFinish(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		wire.answer = func(context.Context, sending) (*webhook.Response, error) {
			time.Sleep(10 * time.Second)
			return status(200)
		}
		w := newWorld(t, webhook.NewMemoryStore(), wire,
			webhook.Options{Concurrency: 4, MaxHanging: -1, PerEndpoint: 4})
		w.save(hook("a"))
		for i := range 20 {
			w.send(strconv.Itoa(i))
		}
		stop := w.run()
		pass(11 * time.Second) // four were delivered, four are in flight
		require.Equal(t, 8, wire.count("a"))
		stop()
		require.Equal(t, 20*time.Second, time.Since(w.began))
		require.Equal(t, 8, wire.count("a"), "nothing new was begun")
		stats, err := w.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[webhook.State]int{webhook.Delivered: 8, webhook.Pending: 12}, stats.ByState)

		require.NoError(t, w.Drain(t.Context()))
		require.Equal(t, 20, wire.count("a"), "what was claimed was given back at once")
	})
}

func TestStopCutsAttemptsOff(t *testing.T) {
	tests := []struct {
		name           string
		patience, want time.Duration
	}{
		{"the default", 0, 15 * time.Second}, // the attempts' own timeout ends first
		{"shorter", 4 * time.Second, 5 * time.Second},
		{"none", -1, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				wire := newSwitched(hangs)
				w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{StopTimeout: tt.patience})
				w.save(hook("a"), hook("b"))
				w.fire("one")
				stop := w.run()
				pass(time.Second)
				stop()
				require.Equal(t, tt.want, time.Since(w.began))
				ds, err := w.Deliveries(t.Context(), webhook.DeliveryQuery{})
				require.NoError(t, err)
				for _, del := range ds {
					require.Equal(t, webhook.Pending, del.State)
					if tt.patience == 0 {
						require.Equal(t, 1, del.Attempts, "a timeout counts")
						continue
					}
					require.Zero(t, del.Attempts, "a canceled attempt does not")
					require.Empty(t, w.log(del.ID))
					require.True(t, del.LeaseUntil.IsZero(), "released")
				}
				require.Equal(t, tt.patience == 0, w.stands("a").Failures == 1)

				// A second Run goes on.
				wire.set(200)
				stop = w.run()
				pass(10 * time.Second)
				stop()
				for _, del := range ds {
					require.Equal(t, webhook.Delivered, w.state(del.ID))
				}
			})
		})
	}
}

// A store that hangs holds up the stop by no more than the grace.
func TestStopWhileTheStoreHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := newFlaky()
		wire := newSwitched(hangs)
		w := newWorld(t, store, wire, webhook.Options{StopTimeout: 2 * time.Second})
		w.save(hook("a"), hook("b", one))
		for i := range 5 {
			w.fire(strconv.Itoa(i))
		}
		stop := w.run()
		pass(10 * time.Second)
		store.set(func(ctx context.Context, _ string, _ []webhook.Change) error {
			<-ctx.Done()
			return ctx.Err()
		})
		pass(10 * time.Second)
		began := time.Now()
		stop()
		require.LessOrEqual(t, time.Since(began), 15*time.Second)
		store.set(nil)
		wire.set(200)
		defer w.run()()
		pass(10 * time.Minute)
		stats, err := w.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[webhook.State]int{webhook.Delivered: 10}, stats.ByState)
	})
}

func TestStopAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, webhook.NewMemoryStore(), always(200), webhook.Options{})
		w.save(hook("a"))
		id := w.send("one")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, w.Run(ctx))
		require.Zero(t, time.Since(w.began))
		require.Equal(t, webhook.Pending, w.state(id))
	})
}

func TestRunTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, webhook.NewMemoryStore(), always(200), webhook.Options{})
		stop := w.run()
		pass(time.Second)
		require.Error(t, w.Run(t.Context()))
		stop()
		w.run()()
	})
}

// Stopping and starting again and again loses nothing.
func TestRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wire := &wire{}
		wire.answer = func(ctx context.Context, _ sending) (*webhook.Response, error) {
			select {
			case <-time.After(time.Second):
				return status(200)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		w := newWorld(t, webhook.NewMemoryStore(), wire, webhook.Options{StopTimeout: 300 * time.Millisecond})
		w.save(hook("a"), hook("b", ordered))
		for i := range 100 {
			w.fire(strconv.Itoa(i % 3))
			stop := w.run()
			pass(time.Duration(i) * 17 * time.Millisecond)
			stop()
		}
		require.NoError(t, w.Drain(t.Context()))
		ds, err := w.Deliveries(t.Context(), webhook.DeliveryQuery{Limit: 1000})
		require.NoError(t, err)
		require.Len(t, ds, 200)
		for _, del := range ds {
			require.Equal(t, webhook.Delivered, del.State)
			require.Equal(t, 1, del.Attempts)
		}
	})
}

// The connections that the default Transport keeps end with Run.
func TestStopClosesTheDefaultTransport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		closed := make(chan struct{})
		network := &pipeNetwork{serve: func(c net.Conn) {
			defer close(closed)
			if _, ok := readRequest(bufio.NewReader(c)); ok {
				_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
				hold(c)
			}
		}}
		w := newWorld(t, webhook.NewMemoryStore(), nil, webhook.Options{})
		w.OwnTransport().SetNetwork(network.resolve, network.connect)
		w.save(hook("a", func(w *webhook.Webhook) { w.URL = "http://a.example/in" }))
		stop := w.run()
		id := w.send("one")
		pass(time.Second)
		require.Equal(t, webhook.Delivered, w.state(id))
		stop()
		pass(time.Second)
		select {
		case <-closed:
		default:
			t.Error("the connection is still open")
			w.OwnTransport().CloseIdleConnections() // else the bubble does not end
		}
	})
}
