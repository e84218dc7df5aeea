package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/docevent/webhook"
)

type enableCmd struct {
	Name string `arg:"" name:"webhook" help:"Which webhook."`
	databaseFlags
}

// Help is shown by --help.
func (*enableCmd) Help() string {
	return "Forgets its failures, and makes its paused deliveries due, spread over a minute. " +
		"A host that leaves the endpoint alone since it fails stops doing so within seconds. " +
		"With --json: one document, its status."
}

// Run enables a webhook.
func (cmd *enableCmd) Run(ctx context.Context, c *console) error {
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		if err := d.Enable(ctx, cmd.Name); err != nil {
			return hintEnable(err)
		}
		return answerStatus(ctx, c, d, cmd.Name)
	})
}

// hintEnable adds to an error of Enable what makes such a webhook active
// instead.
func hintEnable(err error) error {
	switch {
	case errors.Is(err, webhook.ErrDisabled):
		return fmt.Errorf("%w: enable it in its file, and import that with --save", err)
	case errors.Is(err, webhook.ErrNotActivated):
		return fmt.Errorf("%w: webhookctl activate makes the handshake", err)
	}
	return err
}

type disableCmd struct {
	Name   string `arg:"" name:"webhook" help:"Which webhook."`
	Reason string `short:"r" required:"" help:"Why, for those who look at it later."`
	databaseFlags
}

// Help is shown by --help.
func (*disableCmd) Help() string {
	return "It takes no more deliveries until it is enabled, and those it has wait. " +
		"With --json: one document, its status."
}

// Run disables a webhook.
func (cmd *disableCmd) Run(ctx context.Context, c *console) error {
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		if err := d.Disable(ctx, cmd.Name, cmd.Reason); err != nil {
			return err
		}
		return answerStatus(ctx, c, d, cmd.Name)
	})
}

// answerStatus prints how a webhook stands.
func answerStatus(ctx context.Context, c *console, d *webhook.Dispatcher, name string) error {
	st, err := d.Status(ctx, name)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(st)
	}
	c.line("%s: %s", clean(name), c.word(string(st.State)))
	return nil
}
