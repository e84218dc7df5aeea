package sqltest_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
)

// BenchmarkDeliveries enqueues deliveries that are leased already, and updates
// them as delivered, in groups as the dispatcher does: the store's part of a
// delivery.
func BenchmarkDeliveries(b *testing.B) {
	for _, dialect := range sqltest.Dialects {
		for _, group := range []int{1, 16, 128, 512} {
			b.Run(fmt.Sprintf("%s/%d", dialect, group), func(b *testing.B) {
				d := open(b, dialect)
				db, err := d.Connect()
				require.NoError(b, err)
				defer db.Close()
				s, err := d.Store(db)
				require.NoError(b, err)
				require.NoError(b, s.Migrate(b.Context()))
				body := make([]byte, 1000)
				now := time.Now()
				n, busy := 0, cpu()
				for b.Loop() {
					ds := make([]webhook.Delivery, group)
					cs := make([]webhook.Change, group)
					for i := range ds {
						n++
						id := fmt.Sprintf("msg_%032x", n*7919)
						ds[i] = webhook.Delivery{
							ID: id, EventID: "evt_" + id, Type: webhook.OnUpdate,
							Webhook: "orders", DocType: "Sales Order", DocName: id,
							Method: "POST", Body: body,
							ContentType: "application/json", Created: now, Version: 1,
							State: webhook.Pending, Due: now, Since: now,
							Owner: "bench", LeaseUntil: now.Add(time.Minute), Fence: 1,
						}
						cs[i] = webhook.Change{
							ID: id, Fence: 1, State: webhook.Delivered, Attempts: 1, Tries: 1,
							Due: now, Since: now, Finished: now,
							Attempt: &webhook.Attempt{
								DeliveryID: id, Number: 1, Time: now, Duration: time.Millisecond, StatusCode: 200,
								Header: map[string][]string{
									"Date": {"Sat, 21 Nov 2026 05:44:14 GMT"}, "Content-Length": {"0"},
								},
								State: webhook.Delivered,
							},
						}
					}
					_, err := s.Enqueue(b.Context(), ds)
					require.NoError(b, err)
					errs, err := s.Update(b.Context(), cs)
					require.NoError(b, err)
					require.NoError(b, errs[0])
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "deliveries/s")
				b.ReportMetric(float64((cpu()-busy).Microseconds())/float64(n), "cpu-us/delivery")
			})
		}
	}
}

// cpu returns how long this process has computed. A server's time is not in it.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
