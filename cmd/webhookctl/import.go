package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docevent/webhook"
)

type importCmd struct {
	File        string `arg:"" help:"File of webhooks in JSON, Frappe's or ours; - is standard input."`
	Output      string `short:"o" placeholder:"FILE" xor:"to" help:"Write our JSON to a file instead of standard output."`
	Save        bool   `xor:"to" help:"Save into the database: all webhooks or none."`
	DryRun      bool   `help:"With --save: say what would be saved, and save nothing."`
	SkipInvalid bool   `help:"Leave out the webhooks that are invalid. Without it nothing is written then."`
	databaseFlags
}

// Help is shown by --help.
func (*importCmd) Help() string {
	return "Without --save writes our JSON, an array, to standard output or a file. " +
		"Secrets are not written there: with --save they are carried over. " +
		"What could not be carried over is noted on standard error. " +
		"Exit code 3 if a webhook is invalid. With --json: one document, {webhooks, notes}, " +
		"and with --save {saved, unchanged, notes}."
}

// imported is what an import read.
type imported struct {
	webhooks []webhook.Webhook
	notes    map[string][]string // by the webhook's name
	invalid  []finding
}

// Run imports a file.
func (cmd *importCmd) Run(ctx context.Context, c *console) error {
	if cmd.DryRun && !cmd.Save {
		return usagef("--dry-run goes with --save: without it nothing is saved anyway")
	}
	all, err := c.readCandidates(ctx, cmd.File)
	if err != nil {
		return err
	}
	im := sift(cmd.File, all)
	for _, f := range im.invalid {
		c.note("%s: error: %s", f.place(), cleanText(f.Error))
	}
	if len(im.invalid) > 0 && !cmd.SkipInvalid {
		c.note("nothing is imported; --skip-invalid leaves out what is invalid")
		return errNo
	}
	if cmd.Save {
		return cmd.save(ctx, c, im)
	}
	return cmd.write(c, im)
}

// sift separates what can be used.
func sift(file string, all []candidate) *imported {
	im := &imported{webhooks: []webhook.Webhook{}, notes: map[string][]string{}}
	for i := range all {
		cand := &all[i]
		_, errs := examine(file, cand)
		im.invalid = append(im.invalid, errs...)
		if len(errs) > 0 {
			continue
		}
		im.webhooks = append(im.webhooks, cand.webhook)
		if len(cand.notes) > 0 {
			im.notes[cand.webhook.Name] = cand.notes
		}
	}
	return im
}

// write writes our JSON.
func (cmd *importCmd) write(c *console, im *imported) error {
	for i := range im.webhooks {
		im.leaveOutSecret(&im.webhooks[i])
	}
	if cmd.Output != "" {
		if err := writeWebhooks(cmd.Output, im.webhooks); err != nil {
			return err
		}
	}
	switch {
	case c.json:
		return c.document(webhook.Import{Webhooks: im.webhooks, Notes: im.notes})
	case cmd.Output == "":
		im.printNotes(c)
		return c.document(im.webhooks)
	}
	im.printNotes(c)
	c.line("%s written to %s", count(len(im.webhooks), "webhook"), clean(cmd.Output))
	return nil
}

// leaveOutSecret writes out the schemes that a secret stands for, so that the
// webhook without it is refused when saved, and not sent unsigned.
func (im *imported) leaveOutSecret(w *webhook.Webhook) {
	if w.Secret == "" {
		return
	}
	if len(w.Signatures) == 0 {
		w.Signatures = []webhook.Scheme{webhook.SchemeFrappe}
		if w.DocType == "" {
			w.Signatures = []webhook.Scheme{webhook.SchemeSecretHeader}
		}
	}
	w.Secret = ""
	im.notes[w.Name] = append(im.notes[w.Name],
		`secret: it is not written; add "secret", or import with --save`)
}

func (im *imported) printNotes(c *console) {
	for _, w := range im.webhooks {
		for _, note := range im.notes[w.Name] {
			c.note(`"%s": %s: %s`, clean(w.Name), c.paint(c.errColors, yellow, "note"), clean(note))
		}
	}
}

// writeWebhooks writes a file that only its owner may read: header rows may hold
// passwords. It replaces the file at once, or not at all; what is no file, such
// as a device, is written to.
func writeWebhooks(path string, ws []webhook.Webhook) error {
	data, err := json.MarshalIndent(ws, "", "  ")
	if err != nil {
		return err
	}
	text := []byte(cleanJSON(string(data)) + "\n")
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, text, 0o600)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".webhookctl-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// saved is the JSON answer of an import with --save.
type saved struct {
	Saved     []string            `json:"saved"`
	Unchanged []string            `json:"unchanged"`
	DryRun    bool                `json:"dry_run,omitempty"`
	Notes     map[string][]string `json:"notes"`
}

// save saves the webhooks, all or none.
func (cmd *importCmd) save(ctx context.Context, c *console, im *imported) error {
	return cmd.openStore(ctx, func(store webhook.Store) error {
		written := &writtenStore{Store: store, dry: cmd.DryRun}
		d, err := cmd.dispatcher(ctx, c, written, &webhook.Options{})
		if err != nil {
			return err
		}
		if err := cmd.saveAll(ctx, c, d, im); err != nil {
			return err
		}
		s := saved{Saved: []string{}, Unchanged: []string{}, DryRun: cmd.DryRun, Notes: im.notes}
		for _, w := range im.webhooks {
			if slices.Contains(written.names, w.Name) {
				s.Saved = append(s.Saved, w.Name)
			} else {
				s.Unchanged = append(s.Unchanged, w.Name)
			}
		}
		if c.json {
			return c.document(s)
		}
		im.printNotes(c)
		s.print(c)
		return nil
	})
}

// saveAll saves the webhooks. With --skip-invalid it leaves out one by one those
// that are valid by themselves and beyond what the options allow, such as a
// timeout that is too long for a lease.
func (cmd *importCmd) saveAll(ctx context.Context, c *console, d *webhook.Dispatcher,
	im *imported) error {
	for {
		err := d.SaveWebhooks(ctx, im.webhooks...)
		var refused *webhook.ConfigError
		if !cmd.SkipInvalid || !errors.As(err, &refused) {
			return err
		}
		at := slices.IndexFunc(im.webhooks, func(w webhook.Webhook) bool {
			return w.Name == refused.Webhook
		})
		if at < 0 {
			return err
		}
		im.webhooks = slices.Delete(im.webhooks, at, at+1)
		f := newFinding(cmd.File, &candidate{index: wholeFile, name: refused.Webhook}, err)
		c.note("%s: error: %s", f.place(), cleanText(f.Error))
	}
}

func (s *saved) print(c *console) {
	done, kept := "saved", "unchanged"
	if s.DryRun {
		done = "would be saved"
	}
	for _, group := range []struct {
		names []string
		what  string
	}{{s.Saved, done}, {s.Unchanged, kept}} {
		if len(group.names) > 0 {
			c.line("%s %s: %s", count(len(group.names), "webhook"),
				group.what, strings.Join(cleanAll(group.names), ", "))
		}
	}
}

// A writtenStore remembers which webhooks are written, and in a dry run writes
// none of them.
type writtenStore struct {
	webhook.Store
	dry   bool
	names []string
}

// PutWebhooks implements [webhook.Store].
func (s *writtenStore) PutWebhooks(ctx context.Context, recs ...webhook.WebhookRecord) error {
	s.names = nil
	for _, r := range recs {
		s.names = append(s.names, r.Name)
	}
	if s.dry {
		return nil
	}
	if err := s.Store.PutWebhooks(ctx, recs...); err != nil {
		return fmt.Errorf("save webhooks: %w", err)
	}
	return nil
}
