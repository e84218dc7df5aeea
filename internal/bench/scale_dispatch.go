package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/docevent/webhook"
)

// instant is a Transport that answers at once.
var instant = webhook.TransportFunc(
	func(context.Context, *webhook.Request) (*webhook.Response, error) {
		return &webhook.Response{StatusCode: 200}, nil
	})

// newDispatcher returns a dispatcher with the webhooks, which does not run.
func newDispatcher(ctx context.Context, s webhook.Store, hooks ...webhook.Webhook) (
	*webhook.Dispatcher, error) {
	d, err := webhook.New(s, &webhook.Options{Transport: instant})
	if err != nil {
		return nil, err
	}
	return d, d.SaveWebhooks(ctx, hooks...)
}

// flat returns a webhook whose body is three fields, by rows of Data.
func flat(name, condition string) webhook.Webhook {
	return webhook.Webhook{
		Name: name, DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		Condition: condition,
		URL:       "https://example.com/hook", Secret: secret, Structure: webhook.JSON,
		Data: []webhook.Field{
			{Fieldname: "name", Key: "id"},
			{Fieldname: "customer", Key: "customer"},
			{Fieldname: "grand_total", Key: "total"},
		},
	}
}

func flatEvent(id string) webhook.Event {
	return webhook.Event{
		ID: id, Type: webhook.OnUpdate, DocType: "Sales Order", Name: "SO-1", Doc: flatDocument,
	}
}

var flatDocument = map[string]any{
	"name": "SO-1", "customer": "Customer 0", "grand_total": 1500.5, "status": "Open",
}

// webhooksOnOneType measures a Dispatch for a document type with many webhooks,
// one of which fires.
func webhooksOnOneType(ctx context.Context) ([]scaleRow, error) {
	var rows []scaleRow
	for _, n := range powers(1, 10_000) {
		var hooks []webhook.Webhook
		for i := range n {
			hooks = append(hooks,
				flat(fmt.Sprint("w", i), fmt.Sprintf(`doc.customer == "Customer %d"`, i)))
		}
		d, err := newDispatcher(ctx, webhook.NewMemoryStore(), hooks...)
		if err != nil {
			return nil, err
		}
		calls, id := max(1, 20_000/n), 0
		ns, allocs, err := cost(calls*n, func() error {
			for range calls {
				id++
				if _, err := d.Dispatch(ctx, flatEvent(fmt.Sprint(id))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		rows = append(rows, scaleRow{
			"webhooks on one doctype, one fires", n, "webhook", ns, allocs,
		})
		note("%d webhooks", n)
	}
	return rows, nil
}

func eventsOfOneCall(ctx context.Context) ([]scaleRow, error) {
	d, err := newDispatcher(ctx, webhook.NewMemoryStore(), flat("w", ""))
	if err != nil {
		return nil, err
	}
	var rows []scaleRow
	id := 0
	for _, n := range powers(1, 10_000) {
		calls := max(1, 10_000/n)
		ns, allocs, err := cost(calls*n, func() error {
			for range calls {
				evs := make([]webhook.Event, n)
				for i := range evs {
					id++
					evs[i] = flatEvent(fmt.Sprint(id))
				}
				if _, err := d.Dispatch(ctx, evs...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		rows = append(rows, scaleRow{"events of one Dispatch", n, "event", ns, allocs})
		note("%d events", n)
	}
	return rows, nil
}

// documentSizes measures documents of more and more fields, sent in the default
// envelope.
func documentSizes(ctx context.Context) ([]scaleRow, error) {
	w := flat("w", "")
	w.Structure, w.Data = "", nil
	var rows []scaleRow
	for _, kb := range powers(1, 1000) {
		doc := map[string]any{}
		for i := range kb * 10 {
			doc[fmt.Sprint("field_", i)] = strings.Repeat("x", 80)
		}
		d, err := newDispatcher(ctx, webhook.NewMemoryStore(), w)
		if err != nil {
			return nil, err
		}
		calls, id := max(1, 2000/kb), 0
		ns, allocs, err := cost(calls*kb, func() error {
			for range calls {
				id++
				ev := flatEvent(fmt.Sprint(id))
				ev.Doc = doc
				r, err := d.Dispatch(ctx, ev)
				if err != nil {
					return err
				}
				if r.Outcomes[0].Decision != webhook.Queued {
					return fmt.Errorf("%d KB: %v", kb, r.Outcomes[0].Err)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		rows = append(rows, scaleRow{"document, KB", kb, "KB", ns, allocs})
		note("%d KB", kb)
	}
	return rows, nil
}
