package main

import (
	"context"
	"time"

	"github.com/docevent/webhook"
)

type rotateCmd struct {
	Name    string        `arg:"" name:"webhook" help:"Which webhook."`
	Overlap time.Duration `placeholder:"DURATION" help:"How long the secret before stays in force beside it. Not at all unless given."`
	secretSource
	databaseFlags
}

// Help is shown by --help.
func (*rotateCmd) Help() string {
	return "Signs by a new secret from the next attempt on. " +
		"In the overlap Standard Webhooks signs by both, the other schemes by the new one alone: " +
		"give it to the receiver first. With --json: one document, the webhook's status."
}

// Run replaces a secret.
func (cmd *rotateCmd) Run(ctx context.Context, c *console) error {
	secrets, err := cmd.secrets(ctx, c)
	if err != nil {
		return err
	}
	if len(secrets) != 1 {
		return usagef("%s given: set WEBHOOK_SECRET to the new one, "+
			"or give a --secret-file of one line", count(len(secrets), "secret"))
	}
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		if _, err := d.RotateSecret(ctx, cmd.Name, secrets[0], cmd.Overlap); err != nil {
			return err
		}
		return answerStatus(ctx, c, d, cmd.Name)
	})
}
