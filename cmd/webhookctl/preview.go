package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docevent/webhook"
)

type previewCmd struct {
	Name  string     `arg:"" optional:"" name:"webhook" help:"Which webhook. Needed if there are several."`
	File  string     `short:"f" placeholder:"FILE" help:"File of webhooks; - is standard input. Without it, the database's."`
	Event eventFlags `embed:""`
	databaseFlags
}

// Help is shown by --help.
func (*previewCmd) Help() string {
	return "Prints the request byte for byte, with confidential headers masked, " +
		"whether it would be sent, and why not. " +
		"What of the event is not given is taken from the webhook. " +
		"Nothing is sent and nothing stored. Exit code 3 if the webhook is invalid, " +
		"or its condition or body cannot be evaluated. With --json: one document, " +
		"{outcome, request, warnings}, the body in base64."
}

// Run shows what one webhook would send.
func (cmd *previewCmd) Run(ctx context.Context, c *console) error {
	if cmd.File == "-" && (cmd.Event.Doc == "-" || cmd.Event.EventFile == "-") {
		return usagef("standard input can be only one of --file, --doc and --event-file")
	}
	ev, err := cmd.Event.event(ctx, c)
	if err != nil {
		return err
	}
	if cmd.File != "" {
		return cmd.ofFile(ctx, c, ev)
	}
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		w, err := d.Webhook(ctx, cmd.Name)
		if err != nil {
			return err
		}
		w.Revision = 0
		return showPreview(ctx, c, d, *w, ev)
	})
}

func (cmd *previewCmd) ofFile(ctx context.Context, c *console, ev webhook.Event) error {
	w, err := cmd.chooseFrom(ctx, c)
	if err != nil {
		return err
	}
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		return err
	}
	return showPreview(ctx, c, d, w, ev)
}

// chooseFrom returns the webhook of the file that is meant.
func (cmd *previewCmd) chooseFrom(ctx context.Context, c *console) (webhook.Webhook, error) {
	all, err := c.readCandidates(ctx, cmd.File)
	if err != nil {
		return webhook.Webhook{}, err
	}
	var names []string
	for i := range all {
		cand := &all[i]
		names = append(names, `"`+clean(cand.name)+`"`)
		if cand.name != cmd.Name && (cmd.Name != "" || len(all) > 1) {
			continue
		}
		for _, note := range cand.notes {
			c.note("note: %s", clean(note))
		}
		if cand.err != nil {
			return cand.webhook, inputError(cmd.File, cand.err)
		}
		return cand.webhook, nil
	}
	if cmd.Name == "" {
		return webhook.Webhook{}, usagef("%s has several webhooks, say which: %s",
			cmd.File, strings.Join(names, ", "))
	}
	return webhook.Webhook{}, fmt.Errorf("%s has no webhook %q", cmd.File, cmd.Name)
}

func showPreview(ctx context.Context, c *console, d *webhook.Dispatcher, w webhook.Webhook,
	ev webhook.Event) error {
	p, err := d.Preview(ctx, w, suit(ev, &w))
	var ce *webhook.ConfigError
	if errors.As(err, &ce) {
		if c.json {
			return no(c.document(ce))
		}
		c.note("%s", cleanText(ce.Error()))
		return errNo
	}
	if err != nil {
		return err
	}
	if c.json {
		err = c.document(p)
	} else {
		printPreview(c, p)
	}
	if p.Outcome.Err != nil || p.Request == nil {
		return no(err)
	}
	return err
}

func printPreview(c *console, p *webhook.Preview) {
	c.line("Outcome: %s", c.word(string(p.Outcome.Decision)))
	if p.Outcome.Err != nil {
		c.line("%s", cleanText(p.Outcome.Err.Error()))
	}
	for _, warning := range p.Warnings {
		c.line("%s: %s", c.paint(c.colors, yellow, "Warning"), cleanText(warning))
	}
	if r := p.Request; r != nil {
		c.line("\n%s %s", clean(r.Method), clean(r.URL))
		printHeader(c, r.Header)
		printBody(c, r.Body)
	}
}

func printHeader(c *console, header map[string][]string) {
	for _, key := range slices.Sorted(maps.Keys(header)) {
		for _, v := range header[key] {
			c.line("%s: %s", c.paint(c.colors, faint, clean(key)), clean(v))
		}
	}
}

// printBody prints a body as it is; what is no text only by its size.
func printBody(c *console, body []byte) {
	switch {
	case len(body) == 0:
	case !utf8.Valid(body):
		c.line("\n(%d bytes that are no text)", len(body))
	default:
		c.line("\n%s", cleanText(string(body)))
	}
}

// indented returns a JSON body on several lines, and any other as it is.
func indented(body []byte) []byte {
	if !json.Valid(body) {
		return body
	}
	var v json.RawMessage = body
	if pretty, err := json.MarshalIndent(v, "", "  "); err == nil {
		return pretty
	}
	return body
}
