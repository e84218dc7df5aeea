package main

import (
	"context"

	"github.com/docevent/webhook"
)

type resendCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Deliveries to send again. Without one, all that the filters select."`
	selection
	Yes bool `short:"y" help:"Do not ask."`
	databaseFlags
}

// Help is shown by --help.
func (*resendCmd) Help() string {
	return "Makes deliveries due now, with the same id and bytes; the host, or webhookctl drain, " +
		"sends them. Selected are, without --state, those that failed or are exhausted. " +
		"Those that are changed meanwhile, or not in a state for it, are left alone and counted. " +
		"Exit code 3 if some were. With --json: one document, {matched, changed, skipped}."
}

// Run resends.
func (cmd *resendCmd) Run(ctx context.Context, c *console) error {
	q := cmd.query()
	if len(q.States) == 0 {
		q.States = []webhook.State{webhook.Failed, webhook.Exhausted}
	}
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		b := &batch{verb: "resend", done: "resent", change: d.Resend, ids: cmd.IDs, yes: cmd.Yes}
		return b.run(ctx, c, d, &cmd.selection, q)
	})
}
