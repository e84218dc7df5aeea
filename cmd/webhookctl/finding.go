package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/docevent/webhook"
)

// A finding is what is wrong with one webhook of a file, and where.
type finding struct {
	File   string `json:"file"`
	Index  int    `json:"index"` // of the object in the file, from 0; wholeFile
	Name   string `json:"webhook"`
	Field  string `json:"field,omitempty"`
	Line   int    `json:"line,omitempty"` // of the field's template, from 1
	Column int    `json:"column,omitempty"`
	Error  string `json:"error,omitempty"`
	Note   string `json:"note,omitempty"` // no error: what could not be carried over
}

// wholeFile is the index of a finding about the file itself.
const wholeFile = -1

// newFinding makes a finding of an error.
func newFinding(file string, cand *candidate, err error) finding {
	f := finding{File: file, Index: cand.index, Name: cand.name, Error: err.Error()}
	var ie *webhook.ImportError
	if errors.As(err, &ie) {
		f.Field, f.Error = ie.Field, ie.Err.Error()
	}
	var ce *webhook.ConfigError
	if errors.As(err, &ce) {
		f.Field, f.Line, f.Column, f.Error = ce.Field, ce.Line, ce.Column, ce.Err.Error()
	}
	return f
}

// place says where it is, for people.
func (f *finding) place() string {
	place := clean(f.File)
	if f.Index != wholeFile {
		place += fmt.Sprintf(": %d", f.Index)
	}
	if f.Name != "" {
		place += " " + `"` + clean(f.Name) + `"`
	}
	if f.Field != "" {
		place += ": " + clean(f.Field)
	}
	return place
}

// print prints a finding: its place and text, and for a template the line with a
// caret below.
func (f *finding) print(c *console) {
	if f.Note != "" {
		c.line("%s: %s: %s", f.place(), c.paint(c.colors, yellow, "note"), clean(f.Note))
		return
	}
	c.line("%s: %s: %s", f.place(), c.paint(c.colors, red, "error"), cleanText(f.Error))
}

// maxFindings bounds what is said of one webhook.
const maxFindings = 50

// errorsOf returns everything that is wrong with a webhook. Validate stops at
// the first, so each field found wrong is replaced by a harmless one for the
// next look.
func errorsOf(w webhook.Webhook) []error {
	var errs []error
	name := w.Name
	for range maxFindings {
		err := w.Validate()
		if err == nil {
			break
		}
		var ce *webhook.ConfigError
		if !errors.As(err, &ce) {
			return append(errs, err)
		}
		named := *ce
		named.Webhook = name
		errs = append(errs, &named)
		if !disarm(&w, ce.Field) {
			break
		}
	}
	return errs
}

// disarm replaces a field, such as "Headers[2].Key", by what is surely right. It
// reports whether it could.
func disarm(w *webhook.Webhook, field string) bool {
	root, rest, _ := strings.Cut(field, "[")
	index, _, _ := strings.Cut(rest, "]")
	i, err := strconv.Atoi(index)
	if rest != "" && err == nil {
		return disarmRow(w, root, i)
	}
	root, _, _ = strings.Cut(root, ".")
	switch root {
	case "Name":
		w.Name = "webhook"
	case "DocType":
		w.DocType = "DocType"
	case "Tenant":
		w.Tenant = ""
	case "Events":
		w.Events = []webhook.EventType{harmlessEvent(w)}
	case "Condition":
		w.Condition = ""
	case "Syntax": // without it no template can be read
		w.Syntax, w.Condition, w.Body, w.DynamicURL = webhook.Jinja, "", "", false
	case "URL":
		w.URL, w.DynamicURL = "https://example.com", false
	case "Method":
		w.Method = ""
	case "Headers":
		w.Headers = nil
	case "Structure", "Data", "Body":
		w.Structure, w.Data, w.Body = webhook.JSON, nil, ""
	case "Secret", "Signatures":
		w.Secret, w.Signatures = "", nil
	case "Timeout":
		w.Timeout = 0
	case "Retry":
		w.Retry = nil
	case "Concurrency":
		w.Concurrency = 0
	case "RequireActivation":
		w.RequireActivation = false
	default:
		return false
	}
	return true
}

// disarmRow does the same for a field of one row.
func disarmRow(w *webhook.Webhook, root string, i int) bool {
	switch {
	case root == "Events" && i < len(w.Events):
		w.Events[i] = harmlessEvent(w)
	case root == "Headers" && i < len(w.Headers):
		w.Headers[i] = webhook.Header{} // rows without a key are skipped
	case root == "Data" && i < len(w.Data):
		w.Data[i] = webhook.Field{Fieldname: "row " + strconv.Itoa(i)}
	case root == "Signatures":
		w.Signatures = nil
	default:
		return false
	}
	return true
}

func harmlessEvent(w *webhook.Webhook) webhook.EventType {
	if w.DocType == "" {
		return "Event"
	}
	return webhook.AfterInsert
}
