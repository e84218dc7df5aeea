package main

import (
	"context"
	"net/url"
	"strconv"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/endpoint"
)

type deliveriesCmd struct {
	selection
	Limit int    `short:"n" default:"50" help:"At most so many, up to 1000."`
	After string `placeholder:"ID" help:"Those behind this delivery: the next page."`
	All   bool   `xor:"page" help:"All, page by page, whatever --limit says."`
	databaseFlags
}

// Help is shown by --help.
func (*deliveriesCmd) Help() string {
	return "The newest first. With --json: one line for each delivery, the body in base64."
}

// Run lists deliveries.
func (cmd *deliveriesCmd) Run(ctx context.Context, c *console) error {
	if cmd.Limit < 1 || cmd.Limit > 1000 {
		return usagef("--limit: %d is not between 1 and 1000", cmd.Limit)
	}
	q := cmd.query()
	q.Limit, q.After = cmd.Limit, cmd.After
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		if cmd.All {
			return pages(ctx, d, q, func(ds []webhook.Delivery) error {
				return listDeliveries(c, ds)
			})
		}
		ds, err := d.Deliveries(ctx, q)
		if err != nil {
			return err
		}
		if err := listDeliveries(c, ds); err != nil {
			return err
		}
		if len(ds) == q.Limit && !c.json {
			c.note("the next page: --after %s", clean(ds[len(ds)-1].ID))
		}
		return nil
	})
}

func listDeliveries(c *console, ds []webhook.Delivery) error {
	if c.json {
		for i := range ds {
			if err := c.record(shown(&ds[i])); err != nil {
				return err
			}
		}
		return nil
	}
	var rows [][]string
	for i := range ds {
		d := &ds[i]
		rows = append(rows, []string{
			stamp(d.Created), d.ID, d.Webhook, string(d.Type), documentOf(d),
			string(d.State), strconv.Itoa(d.Attempts), nextOf(d),
		})
	}
	c.table([]string{
		"CREATED", "ID", "WEBHOOK", "EVENT", "DOCUMENT", "STATE", "ATTEMPTS", "NEXT",
	}, rows)
	return nil
}

// shown returns a delivery without what of its URL may be a secret.
func shown(d *webhook.Delivery) *webhook.Delivery {
	safe := *d
	safe.URL = redactURL(d.URL)
	return &safe
}

// redactURL leaves scheme, host and first path segment, as logs do.
func redactURL(raw string) string {
	if raw == "" {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "[masked]"
	}
	return endpoint.Redact(u)
}

func documentOf(d *webhook.Delivery) string {
	if d.DocType == "" {
		return "-"
	}
	return d.DocType + " " + d.DocName
}

// nextOf says when a delivery goes on, or why it does not.
func nextOf(d *webhook.Delivery) string {
	switch {
	case d.Reason != "":
		return d.Reason
	case d.State == webhook.Pending:
		return stamp(d.Due)
	}
	return "-"
}
