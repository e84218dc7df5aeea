package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/docevent/webhook"
)

// A candidate is one object of a file of webhooks: ours, or Frappe's made ours.
type candidate struct {
	index   int // in the file, from 0
	name    string
	webhook webhook.Webhook
	notes   []string // what of Frappe's could not be carried over
	err     error    // why there is no webhook
}

// maxWebhooks bounds how many a file may hold.
const maxWebhooks = 10_000

// readCandidates reads a file of webhooks. The error says that it is no JSON
// object or array; what is wrong with one object is its own.
func (c *console) readCandidates(ctx context.Context, path string) ([]candidate, error) {
	raw, err := c.readJSON(ctx, path)
	if err != nil {
		return nil, err
	}
	objects := []json.RawMessage{raw}
	switch raw = bytes.TrimSpace(raw); raw[0] {
	case '[':
		if err := json.Unmarshal(raw, &objects); err != nil {
			return nil, &formError{path, err}
		}
	case '{':
	default:
		return nil, &formError{path, errors.New("neither an object nor an array of objects")}
	}
	if len(objects) > maxWebhooks {
		return nil, &formError{path, fmt.Errorf("more than %d webhooks", maxWebhooks)}
	}
	all := make([]candidate, len(objects))
	for i, object := range objects {
		all[i] = newCandidate(i, object)
	}
	markTwins(all)
	return all, nil
}

func newCandidate(index int, object json.RawMessage) candidate {
	c := candidate{index: index, name: nameOf(object)}
	im, err := webhook.ImportFrappe(bytes.NewReader(object))
	if err != nil { // not Frappe's, so it must be ours
		ws, err := webhook.ReadWebhooks(bytes.NewReader(object))
		if err != nil {
			c.err = c.inFile(err)
			return c
		}
		c.webhook = ws[0]
		return c
	}
	for _, notes := range im.Notes {
		c.notes = notes
	}
	if len(im.Webhooks) == 0 {
		c.err, c.notes = errors.New(strings.Join(c.notes, "; ")), nil
		return c
	}
	c.webhook = im.Webhooks[0]
	return c
}

// inFile returns an error of ReadWebhooks about one object as an error about
// its place in the file.
func (c *candidate) inFile(err error) error {
	var ie *webhook.ImportError
	if !errors.As(err, &ie) {
		return err
	}
	placed := *ie
	placed.Index, placed.Webhook = c.index, c.name
	return &placed
}

func nameOf(object json.RawMessage) string {
	var named struct {
		Name any `json:"name"`
	}
	if json.Unmarshal(object, &named) != nil || named.Name == nil {
		return ""
	}
	return fmt.Sprint(named.Name)
}

// markTwins refuses all but the first of the webhooks with one name.
func markTwins(all []candidate) {
	first := map[string]int{}
	for i := range all {
		c := &all[i]
		if c.err != nil || c.webhook.Name == "" {
			continue
		}
		if at, ok := first[c.webhook.Name]; ok {
			c.err = &webhook.ConfigError{Webhook: c.name, Field: "Name",
				Err: fmt.Errorf("the name of %d too", at)}
			continue
		}
		first[c.webhook.Name] = c.index
	}
}
