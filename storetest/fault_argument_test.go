package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/docevent/webhook"
)

// A store that locks rows in one order sorts what it is given; it must be its
// own.
var argumentFaults = []fault{
	{"sort the caller's records", func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			slices.SortFunc(recs, func(x, y webhook.WebhookRecord) int { return cmp.Compare(x.Name, y.Name) })
			return b.MemoryStore.PutWebhooks(ctx, recs...)
		}
	}, "arguments/records"},
	{"raise the revision of the caller's records", func(b *broken) {
		b.put = func(ctx context.Context, recs ...webhook.WebhookRecord) error {
			err := b.MemoryStore.PutWebhooks(ctx, recs...)
			for i := range recs {
				recs[i].Revision++
			}
			return err
		}
	}, "arguments/records"},
	{"number the caller's deliveries", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			for i := range ds {
				ds[i].Seq = int64(i + 1)
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "arguments/deliveries"},
	{"put the caller's times into UTC", func(b *broken) {
		b.enqueue = func(ctx context.Context, ds []webhook.Delivery) ([]bool, error) {
			for i := range ds {
				ds[i].Due = ds[i].Due.UTC()
			}
			return b.MemoryStore.Enqueue(ctx, ds)
		}
	}, "arguments/deliveries"},
	{"sort the caller's changes", func(b *broken) {
		b.update = func(ctx context.Context, cs []webhook.Change) ([]error, error) {
			slices.SortFunc(cs, func(x, y webhook.Change) int { return cmp.Compare(x.ID, y.ID) })
			return b.MemoryStore.Update(ctx, cs)
		}
	}, "arguments/changes"},
	{"sort the caller's Skip", claiming(func(c *webhook.Claim) { slices.Sort(c.Skip) }), "arguments/queries"},
	{"sort the caller's States", asking(func(q *webhook.DeliveryQuery) { slices.Sort(q.States) }), "arguments/queries"},
}
