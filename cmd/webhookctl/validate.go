package main

import (
	"context"
	"errors"
	"fmt"
)

type validateCmd struct {
	Files []string `arg:"" name:"file" help:"Files of webhooks in JSON, one or an array, ours or Frappe's; - is standard input."`
}

// Help is shown by --help.
func (*validateCmd) Help() string {
	return "Says everything that is wrong, with file, index from 0, name and field, " +
		"and for templates the line and column with a caret. " +
		"Functions and filters that only the host has are not known here, and not refused. " +
		"Exit code 3 if a webhook is invalid. With --json: one document, {webhooks, errors, notes}."
}

// verdict is the JSON answer of validate.
type verdict struct {
	Webhooks int       `json:"webhooks"`
	Errors   []finding `json:"errors"`
	Notes    []finding `json:"notes"`
}

// Run checks the files.
func (cmd *validateCmd) Run(ctx context.Context, c *console) error {
	v := verdict{Errors: []finding{}, Notes: []finding{}}
	for _, file := range cmd.Files {
		before := v
		if err := v.add(ctx, c, file); err != nil {
			return err
		}
		if !c.json {
			printVerdict(c, file, &before, &v)
		}
	}
	if c.json {
		if err := c.document(v); err != nil {
			return err
		}
	}
	if len(v.Errors) > 0 {
		return errNo
	}
	return nil
}

// add adds what is found in a file.
func (v *verdict) add(ctx context.Context, c *console, file string) error {
	all, err := c.readCandidates(ctx, file)
	var malformed *formError
	if errors.As(err, &malformed) {
		v.Errors = append(v.Errors,
			finding{File: file, Index: wholeFile, Error: malformed.err.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	v.Webhooks += len(all)
	for i := range all {
		notes, errs := examine(file, &all[i])
		v.Notes, v.Errors = append(v.Notes, notes...), append(v.Errors, errs...)
	}
	return nil
}

// examine returns what is to be said of a candidate.
func examine(file string, cand *candidate) (notes, errs []finding) {
	for _, note := range cand.notes {
		notes = append(notes, finding{File: file, Index: cand.index, Name: cand.name, Note: note})
	}
	all := []error{cand.err}
	if cand.err == nil {
		all = errorsOf(cand.webhook)
	}
	for _, err := range all {
		errs = append(errs, newFinding(file, cand, err))
	}
	return notes, errs
}

// printVerdict prints what a file added.
func printVerdict(c *console, file string, before, after *verdict) {
	for _, f := range after.Notes[len(before.Notes):] {
		f.print(c)
	}
	found := after.Errors[len(before.Errors):]
	for _, f := range found {
		f.print(c)
	}
	n, ok := after.Webhooks-before.Webhooks, "valid"
	if len(found) > 0 {
		ok = count(len(found), "error")
	}
	c.line("%s: %s, %s", clean(file), count(n, "webhook"), ok)
}

// count prints a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if t := len(thing) - 1; thing[t] == 'y' {
		thing = thing[:t] + "ie"
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
