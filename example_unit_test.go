package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
)

// A unit of work holds deliveries back until the host's transaction commits.
// Code below it calls Dispatch as ever; what was rolled back is never sent.
func ExampleWithUnit() {
	ctx := context.Background()
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	if err := d.SaveWebhook(ctx, webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://erp.example/orders",
	}); err != nil {
		panic(err)
	}
	save := func(ctx context.Context, name string) {
		report, err := d.Dispatch(ctx, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Sales Order", Name: name,
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(name, report.Outcomes[0].Decision)
	}

	unit := d.Begin()
	defer unit.Rollback() // does nothing after Commit
	work := webhook.WithUnit(ctx, unit)
	save(work, "SO-00001")
	save(work, "SO-00001") // once more: only the last is sent
	unit.Savepoint("before the second order")
	save(work, "SO-00002")
	if err := unit.RollbackTo("before the second order"); err != nil {
		panic(err)
	}
	report, err := unit.Commit(ctx)
	if err != nil {
		panic(err)
	}
	for _, o := range report.Outcomes {
		fmt.Println("committed:", o.Decision)
	}
	// Output:
	// SO-00001 held
	// SO-00001 held
	// SO-00002 held
	// committed: superseded
	// committed: queued
}
