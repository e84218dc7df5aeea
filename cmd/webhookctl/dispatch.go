package main

import (
	"context"

	"github.com/docevent/webhook"
)

type dispatchCmd struct {
	Event eventFlags `embed:""`
	databaseFlags
}

// Help is shown by --help.
func (*dispatchCmd) Help() string {
	return "For what the host missed, and for trying. Stores the deliveries; " +
		"the host, or webhookctl drain, sends them. " +
		"With the --event-id of an earlier call nothing is sent twice. " +
		"Conditions and bodies that need the host's own functions cannot be evaluated here. " +
		"Exit code 3 if one could not be. With --json: one document, {outcomes}."
}

// Run dispatches an event.
func (cmd *dispatchCmd) Run(ctx context.Context, c *console) error {
	ask := func(d *webhook.Dispatcher, ev webhook.Event) (webhook.Report, error) {
		return d.Dispatch(ctx, ev)
	}
	return cmd.report(ctx, c, &cmd.Event, ask)
}

type explainCmd struct {
	Event eventFlags `embed:""`
	databaseFlags
}

// Help is shown by --help.
func (*explainCmd) Help() string {
	return "Stores nothing. Exit code 3 if a condition or body cannot be evaluated. " +
		"With --json: one document, {outcomes}."
}

// Run explains an event.
func (cmd *explainCmd) Run(ctx context.Context, c *console) error {
	ask := func(d *webhook.Dispatcher, ev webhook.Event) (webhook.Report, error) {
		return d.Explain(ctx, ev)
	}
	return cmd.report(ctx, c, &cmd.Event, ask)
}

// report prints what the webhooks do with an event.
func (f *databaseFlags) report(ctx context.Context, c *console, flags *eventFlags,
	ask func(*webhook.Dispatcher, webhook.Event) (webhook.Report, error)) error {
	ev, err := flags.event(ctx, c)
	if err != nil {
		return err
	}
	return f.database(ctx, c, func(d *webhook.Dispatcher) error {
		r, err := ask(d, ev)
		if err != nil {
			return err
		}
		if err := printReport(c, r); err != nil {
			return err
		}
		if len(r.Outcomes) == 0 {
			hintTenant(ctx, c, d, ev)
		}
		if r.Err() != nil {
			return errNo
		}
		return nil
	})
}

// hintTenant says so when only webhooks of other tenants listen to an event.
func hintTenant(ctx context.Context, c *console, d *webhook.Dispatcher, ev webhook.Event) {
	if listens, err := d.Listens(ctx, ev.DocType, ev.Type); listens && err == nil {
		c.note("A webhook of another tenant does: see --tenant.")
	}
}

func printReport(c *console, r webhook.Report) error {
	if c.json {
		if r.Outcomes == nil {
			r.Outcomes = []webhook.Outcome{}
		}
		return c.document(r)
	}
	if len(r.Outcomes) == 0 {
		c.line("no webhook listens to this event")
		return nil
	}
	rows := make([][]string, len(r.Outcomes))
	for i, o := range r.Outcomes {
		rows[i] = []string{o.Webhook, string(o.Decision), orDash(o.DeliveryID)}
	}
	c.table([]string{"WEBHOOK", "DECISION", "DELIVERY"}, rows)
	for _, o := range r.Outcomes {
		if o.Err != nil {
			c.line("\n%s: %s", clean(o.Webhook), cleanText(o.Err.Error()))
		}
	}
	return nil
}
