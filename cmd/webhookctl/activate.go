package main

import (
	"context"
	"errors"

	"github.com/docevent/webhook"
)

type activateCmd struct {
	Name string `arg:"" name:"webhook" help:"Which webhook."`
	networkFlags
	databaseFlags
}

// Help is shown by --help.
func (*activateCmd) Help() string {
	return "Posts {\"event\":\"Webhook Validate\",\"data\":{}} to the endpoint; " +
		"a 2xx activates the webhook for its present URL. " +
		"Exit code 3 if the endpoint did not accept. With --json: one document, its status, " +
		"or the attempt that failed."
}

// Run activates a webhook.
func (cmd *activateCmd) Run(ctx context.Context, c *console) error {
	return cmd.sending(ctx, c, cmd.transport(), func(d *webhook.Dispatcher) error {
		err := d.Activate(ctx, cmd.Name)
		var refused *webhook.HandshakeError
		if errors.As(err, &refused) {
			return answerAttempt(c, refused.Attempt)
		}
		if err != nil {
			return err
		}
		return answerStatus(ctx, c, d, cmd.Name)
	})
}
