package main

import (
	"context"

	"github.com/docevent/webhook"
)

type cancelCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Deliveries to cancel. Without one, all that the filters select."`
	selection
	Yes bool `short:"y" help:"Do not ask."`
	databaseFlags
}

// Help is shown by --help.
func (*cancelCmd) Help() string {
	return "Ends deliveries that are not delivered: no attempt starts afterwards. " +
		"Selected are, without --state, those that are pending or paused. " +
		"Exit code 3 if some could not be canceled. With --json: one document, " +
		"{matched, changed, skipped}."
}

// Run cancels.
func (cmd *cancelCmd) Run(ctx context.Context, c *console) error {
	q := cmd.query()
	if len(q.States) == 0 {
		q.States = []webhook.State{webhook.Pending, webhook.Paused}
	}
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		b := &batch{verb: "cancel", done: "canceled", change: d.Cancel, ids: cmd.IDs, yes: cmd.Yes}
		return b.run(ctx, c, d, &cmd.selection, q)
	})
}
