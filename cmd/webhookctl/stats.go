package main

import (
	"context"
	"time"

	"github.com/docevent/webhook"
)

type statsCmd struct{ databaseFlags }

// Help is shown by --help.
func (*statsCmd) Help() string {
	return "By state; for how long the one due first has been due; and how many lines of ordered " +
		"deliveries are stopped by a failed one. With --json: one document."
}

// Run counts.
func (cmd *statsCmd) Run(ctx context.Context, c *console) error {
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		s, err := d.Stats(ctx)
		if err != nil {
			return err
		}
		if c.json {
			return c.document(s)
		}
		printStates(c, s.ByState)
		if s.OldestDue > 0 {
			c.line("due for: %v", s.OldestDue.Round(time.Second))
		}
		c.line("blocked lines: %d", s.BlockedLines)
		return nil
	})
}

// printStates prints how many deliveries are in each state, if there are any.
func printStates(c *console, by map[webhook.State]int) {
	for _, s := range []webhook.State{
		webhook.Pending, webhook.Delivered, webhook.Failed,
		webhook.Exhausted, webhook.Paused, webhook.Canceled,
	} {
		if by[s] > 0 {
			c.line("%s: %d", c.word(string(s)), by[s])
		}
	}
}
