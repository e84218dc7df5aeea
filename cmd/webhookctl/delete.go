package main

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
)

type deleteCmd struct {
	Name string `arg:"" name:"webhook" help:"Which webhook."`
	Yes  bool   `short:"y" help:"Do not ask."`
	databaseFlags
}

// Help is shown by --help.
func (*deleteCmd) Help() string {
	return "Removes it with its secret. Its deliveries that are not finished become canceled; " +
		"what is logged stays. With --json: one document, {deleted}."
}

// Run deletes a webhook.
func (cmd *deleteCmd) Run(ctx context.Context, c *console) error {
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		if _, err := d.Webhook(ctx, cmd.Name); err != nil {
			return err
		}
		if !cmd.Yes {
			if err := c.confirm(ctx, fmt.Sprintf("delete %s?", clean(cmd.Name))); err != nil {
				return err
			}
		}
		if err := d.DeleteWebhook(ctx, cmd.Name); err != nil {
			return err
		}
		return c.done(cmd.Name+": deleted", map[string]string{"deleted": cmd.Name})
	})
}
