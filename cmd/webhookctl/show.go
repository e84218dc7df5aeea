package main

import (
	"context"
	"strconv"
	"time"

	"github.com/docevent/webhook"
)

type showCmd struct {
	ID string `arg:"" help:"The delivery's id, as in Webhook-Id."`
	databaseFlags
}

// Help is shown by --help.
func (*showCmd) Help() string {
	return "The delivery, its body, and each attempt with what was answered. " +
		"With --json: one document, {delivery, attempts}, bodies in base64."
}

// Run shows a delivery.
func (cmd *showCmd) Run(ctx context.Context, c *console) error {
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		del, err := d.Delivery(ctx, cmd.ID)
		if err != nil {
			return err
		}
		attempts, err := d.Attempts(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if c.json {
			if attempts == nil {
				attempts = []webhook.Attempt{}
			}
			return c.document(struct {
				Delivery *webhook.Delivery `json:"delivery"`
				Attempts []webhook.Attempt `json:"attempts"`
			}{shown(del), attempts})
		}
		printDelivery(c, del)
		for i := range attempts {
			c.line("")
			printAttempt(c, &attempts[i])
		}
		return nil
	})
}

func printDelivery(c *console, d *webhook.Delivery) {
	c.fields([][2]string{
		{"Delivery", d.ID}, {"Webhook", d.Webhook}, {"Event", string(d.Type) + " " + d.EventID},
		{"Document", documentOf(d)}, {"Tenant", d.Tenant},
		{"State", string(d.State)}, {"Reason", d.Reason},
		{"Attempts", strconv.Itoa(d.Attempts)}, {"Created", stamp(d.Created)}, {"Due", dueOf(d)},
		{"Finished", stamp(d.Finished)}, {"URL", redactURL(d.URL)}, {"Content-Type", d.ContentType},
	})
	printBody(c, d.Body)
}

func dueOf(d *webhook.Delivery) string {
	if d.State != webhook.Pending {
		return ""
	}
	return stamp(d.Due)
}

func printAttempt(c *console, a *webhook.Attempt) {
	result := a.Error
	if result == "" {
		result = "status " + strconv.Itoa(a.StatusCode)
	}
	c.line("Attempt %d at %s, %v: %s, %s",
		a.Number, stamp(a.Time), a.Duration.Round(time.Millisecond),
		clean(result), c.word(string(a.State)))
	printHeader(c, a.Header)
	printBody(c, a.Body)
}
