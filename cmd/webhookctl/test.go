package main

import (
	"context"

	"github.com/docevent/webhook"
)

type testCmd struct {
	Name  string     `arg:"" name:"webhook" help:"Which webhook."`
	Event eventFlags `embed:""`
	networkFlags
	databaseFlags
}

// Help is shown by --help.
func (*testCmd) Help() string {
	return "The request has the header X-Webhook-Test and is not stored. " +
		"It is sent whatever the condition and the state. " +
		"What of the event is not given is taken from the webhook. " +
		"Exit code 3 if the endpoint did not accept it. With --json: one document, the attempt."
}

// Run sends a test request.
func (cmd *testCmd) Run(ctx context.Context, c *console) error {
	ev, err := cmd.Event.event(ctx, c)
	if err != nil {
		return err
	}
	return cmd.sending(ctx, c, cmd.transport(), func(d *webhook.Dispatcher) error {
		w, err := d.Webhook(ctx, cmd.Name)
		if err != nil {
			return err
		}
		a, err := d.SendTest(ctx, cmd.Name, suit(ev, w))
		if err != nil {
			return err
		}
		return answerAttempt(c, a)
	})
}

// answerAttempt prints an attempt; no is the answer unless it was delivered.
func answerAttempt(c *console, a *webhook.Attempt) error {
	var err error
	if c.json {
		err = c.document(a)
	} else {
		printAttempt(c, a)
	}
	if err == nil && a.State != webhook.Delivered {
		hintBlocked(c, a.Class)
		return errNo
	}
	return err
}
