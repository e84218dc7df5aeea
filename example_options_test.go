package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

// Functions of the host are functions and filters in every condition, URL and
// body.
func ExampleOptions_funcs() {
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Funcs: template.FuncMap{
			"slug": func(s string) string {
				return strings.ReplaceAll(strings.ToLower(s), " ", "-")
			},
			"vat": func(net, percent float64) (float64, error) {
				if percent < 0 {
					return 0, errors.New("a negative rate") // then the webhook does not fire
				}
				return net * percent / 100, nil
			},
		},
	})
	if err != nil {
		panic(err)
	}
	p, err := d.Preview(context.Background(), webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		Condition: "vat(doc.total, 20) > 100",
		URL:       "https://erp.example/orders",
		Body:      `{"customer": "{{ doc.customer | slug }}", "vat": {{ doc.total | vat(20) }}}`,
	}, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{"customer": "Customer A", "total": 1250.0},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Outcome.Decision, string(p.Request.Body))
	// Output: queued {"customer": "customer-a", "vat": 250.0}
}

// A Trace is told what happens, for metrics. The directory examples/otel has
// one for OpenTelemetry.
func ExampleOptions_trace() {
	ctx := context.Background()
	receiver := webhooktest.NewReceiver("super-secret")
	receiver.Respond(410)
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		Transport: receiver,
		Trace: &webhook.Trace{
			Dispatch: func(_ context.Context, r webhook.Report, err error) {
				for _, o := range r.Outcomes {
					fmt.Println("outcome:", o.Webhook, o.Type, o.Decision)
				}
			},
			Attempt: func(_ context.Context, del webhook.Delivery, a webhook.Attempt, err error) {
				fmt.Println("attempt:", del.Webhook, a.Number, a.StatusCode, a.Class, a.State)
			},
			Disable: func(_ context.Context, name, by, reason string) {
				fmt.Println("disabled:", name, "by", by)
			},
		},
	})
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Secret: "super-secret",
	}); err != nil {
		panic(err)
	}
	if _, err := d.Dispatch(ctx, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
	}); err != nil {
		panic(err)
	}
	if err := d.Drain(ctx); err != nil {
		panic(err)
	}
	// Output:
	// outcome: Orders on_submit queued
	// attempt: Orders 1 410 status failed
	// disabled: Orders by library
}

// The host's own rules are asked before a webhook is saved.
func ExampleOptions_checkWebhook() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), &webhook.Options{
		DocTypes: map[string]webhook.DocType{"Task": {Submittable: false}},
		CheckWebhook: func(_ context.Context, w webhook.Webhook) error {
			if w.Tenant == "" {
				return errors.New("every webhook here belongs to a tenant")
			}
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	w := webhook.Webhook{
		Name: "Tasks", DocType: "Task", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://tasks.example/hook",
	}
	fmt.Println(d.SaveWebhook(ctx, w))
	w.Events = []webhook.EventType{webhook.OnUpdate}
	fmt.Println(d.SaveWebhook(ctx, w))
	w.Tenant = "acme"
	fmt.Println(d.SaveWebhook(ctx, w))
	// Output:
	// webhook "Tasks": Events[0]: on_submit: Task is not submittable
	// webhook "Tasks": CheckWebhook: every webhook here belongs to a tenant
	// <nil>
}
