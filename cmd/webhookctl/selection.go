package main

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"time"

	"github.com/docevent/webhook"
)

// selection says which deliveries are meant.
type selection struct {
	Webhook string          `short:"w" placeholder:"NAME" help:"Of this webhook."`
	DocType string          `name:"doctype" placeholder:"TYPE" help:"Of documents of this type."`
	DocName string          `name:"name" placeholder:"NAME" help:"Of the document of this name."`
	Tenant  string          `help:"Of this tenant."`
	State   []webhook.State `short:"s" enum:"pending,delivered,failed,exhausted,paused,canceled" help:"${state_help}: ${enum}."`
	Since   moment          `placeholder:"TIME" help:"${since_help}"`
	Until   moment          `placeholder:"TIME" help:"Made before this time."`
}

// query returns the deliveries that are meant.
func (s *selection) query() webhook.DeliveryQuery {
	return webhook.DeliveryQuery{
		Webhook: s.Webhook, DocType: s.DocType, DocName: s.DocName, Tenant: s.Tenant,
		States: s.State, Since: s.Since.Time, Until: s.Until.Time,
	}
}

// everything reports whether no filter is given.
func (s *selection) everything() bool {
	return s.Webhook == "" && s.DocType == "" && s.DocName == "" && s.Tenant == "" &&
		len(s.State) == 0 && s.Since.IsZero() && s.Until.IsZero()
}

// A moment is a time, or how long ago it was.
type moment struct{ time.Time }

var _ encoding.TextUnmarshaler = (*moment)(nil)

// UnmarshalText reads a time, where it names no zone in the local one, or a
// duration.
func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339, stampLayout, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, string(text), time.Local); err == nil {
			m.Time = at
			return nil
		}
	}
	return errors.New(
		"neither a time such as 2026-01-31T12:00:00Z or 2026-01-31 nor a duration such as 24h")
}

// pages calls f for every page of the deliveries of q, the newest first.
func pages(ctx context.Context, d *webhook.Dispatcher, q webhook.DeliveryQuery,
	f func([]webhook.Delivery) error) error {
	q.Limit = 1000
	for {
		ds, err := d.Deliveries(ctx, q)
		if err != nil {
			return err
		}
		if err := f(ds); err != nil {
			return err
		}
		if len(ds) < q.Limit {
			return nil
		}
		q.After = ds[len(ds)-1].ID
	}
}

// idsOf returns the deliveries of q.
func idsOf(ctx context.Context, d *webhook.Dispatcher, q webhook.DeliveryQuery) ([]string, error) {
	var ids []string
	err := pages(ctx, d, q, func(ds []webhook.Delivery) error {
		if len(ids) > maxSelected {
			return fmt.Errorf("more than %d deliveries: narrow it by --since, --until or --webhook",
				maxSelected)
		}
		for i := range ds {
			ids = append(ids, ds[i].ID)
		}
		return nil
	})
	return ids, err
}

// maxSelected bounds the memory for what one command changes.
const maxSelected = 1_000_000
