package webhook_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/docevent/webhook"
	"github.com/stretchr/testify/require"
)

// pendingDelivery returns one as Dispatch makes it, with ids and names of the
// usual length.
func pendingDelivery(i, body int) webhook.Delivery {
	now := time.Date(2026, 1, 2, 3, 4, 5, i, time.UTC)
	return webhook.Delivery{
		ID: fmt.Sprintf("msg_%036d", i), EventID: fmt.Sprintf("evt_%026d", i),
		Type: webhook.OnUpdate, Webhook: "orders to the warehouse", DocType: "Sales Order",
		DocName: fmt.Sprintf("SAL-ORD-%0*d", 2+i%11, i%100), Method: "POST",
		Body: make([]byte, body), ContentType: "application/json", Chain: "0123456789abcdef",
		Version: webhook.DeliveryVersion, State: webhook.Pending,
		Created: now, Due: now, Since: now,
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a pending delivery takes above its body does not depend on how large the
// body is: size classes round nothing up.
func TestMemoryStoreBytesPerDelivery(t *testing.T) {
	const n = 100_000
	for _, body := range []int{0, 100, 300, 988, 1025, 2000} {
		t.Run(fmt.Sprintf("body of %d", body), func(t *testing.T) {
			before := heapInUse()
			s := webhook.NewMemoryStore()
			for i := 0; i < n; i += 100 {
				ds := make([]webhook.Delivery, 100)
				for j := range ds {
					ds[j] = pendingDelivery(i+j, body)
				}
				_, err := s.Enqueue(context.Background(), ds)
				require.NoError(t, err)
			}
			each := (heapInUse() - before) / n
			t.Logf("%d bytes each, %d above the body", each, each-int64(body))
			require.LessOrEqual(t, each-int64(body), int64(256))
			c, err := s.Count(context.Background(), "")
			require.NoError(t, err)
			require.Equal(t, n, c.ByState[webhook.Pending])
		})
	}
}

func BenchmarkMemoryStore(b *testing.B) {
	for _, pending := range []int{0, 1_000, 100_000} {
		b.Run(fmt.Sprintf("enqueue, claim, deliver beside %d", pending), func(b *testing.B) {
			ctx := context.Background()
			s := webhook.NewMemoryStore()
			for i := range pending {
				d := pendingDelivery(i, 300)
				d.Webhook = fmt.Sprint("hung ", i%100)
				_, err := s.Enqueue(ctx, []webhook.Delivery{d})
				require.NoError(b, err)
			}
			var skip []string
			for i := range 100 {
				skip = append(skip, fmt.Sprint("hung ", i))
			}
			now := time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC)
			b.ReportAllocs()
			i := pending
			for b.Loop() {
				i++
				_, err := s.Enqueue(ctx, []webhook.Delivery{pendingDelivery(i, 300)})
				require.NoError(b, err)
				ds, err := s.Claim(ctx, webhook.Claim{Now: now, Lease: time.Minute, Limit: 10, Skip: skip})
				require.NoError(b, err)
				require.Len(b, ds, 1)
				_, err = s.Update(ctx, []webhook.Change{
					{ID: ds[0].ID, Fence: ds[0].Fence, State: webhook.Delivered, Finished: now},
				})
				require.NoError(b, err)
			}
		})
	}
}
