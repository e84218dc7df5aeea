package main

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/docevent/webhook"
)

type webhooksCmd struct{ databaseFlags }

// Help is shown by --help.
func (*webhooksCmd) Help() string {
	return "With the state each is in, who put it there and why. " +
		"Values of headers, and of URLs all but the beginning, are masked. " +
		"With --json: one line for each webhook, {webhook, status, error}, " +
		"error being why this command cannot use it."
}

// Run lists the webhooks.
func (cmd *webhooksCmd) Run(ctx context.Context, c *console) error {
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		ws, err := d.Webhooks(ctx)
		if err != nil {
			return err
		}
		rows := make([][]string, 0, len(ws))
		for _, w := range ws {
			st, err := d.Status(ctx, w.Name)
			if err != nil {
				return err
			}
			fault := faultOf(ctx, d, w)
			if c.json {
				if err := recordWebhook(c, w, st, fault); err != nil {
					return err
				}
			}
			rows = append(rows, webhookRow(&w, st, fault))
		}
		if !c.json {
			c.table([]string{
				"NAME", "DOCTYPE", "EVENTS", "URL", "STATE", "SINCE", "FAILURES", "WHY",
			}, rows)
		}
		return nil
	})
}

// recordWebhook prints a webhook as it may be printed: by its String.
func recordWebhook(c *console, w webhook.Webhook, st *webhook.Status, fault string) error {
	return c.record(struct {
		Webhook json.RawMessage `json:"webhook"`
		Status  *webhook.Status `json:"status"`
		Error   string          `json:"error,omitempty"`
	}{json.RawMessage(w.String()), st, fault})
}

// faultOf says why this process cannot use a stored webhook, "" if it can: it may
// need functions that only the host has.
func faultOf(ctx context.Context, d *webhook.Dispatcher, w webhook.Webhook) string {
	_, err := d.Preview(ctx, w, suit(webhook.Event{}, &w))
	var ce *webhook.ConfigError
	if !errors.As(err, &ce) {
		return ""
	}
	first, _, _ := strings.Cut(ce.Field+": "+ce.Err.Error(), "\n")
	return first
}

func webhookRow(w *webhook.Webhook, st *webhook.Status, fault string) []string {
	events := make([]string, len(w.Events))
	for i, e := range w.Events {
		events[i] = string(e)
	}
	url := redactURL(w.URL)
	if w.DynamicURL {
		url = "(dynamic)"
	}
	why := ""
	if st.By != "" {
		why = strings.TrimSuffix("by "+st.By+": "+st.Reason, ": ")
	}
	if fault != "" {
		why = strings.TrimPrefix(why+"; not usable here: "+fault, "; ")
	}
	return []string{w.Name, orDash(w.DocType), strings.Join(events, ", "), url, string(st.State),
		stamp(st.Since), strconv.Itoa(st.Failures), orDash(why)}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
