package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/schollz/progressbar/v3"

	"github.com/docevent/webhook"
)

type drainCmd struct {
	networkFlags
	databaseFlags
}

// Help is shown by --help.
func (*drainCmd) Help() string {
	return "Sends from here, beside the host or in its place, by the library's default options: " +
		"webhooks without a retry policy or timeout of their own get the library's, " +
		"not the host's. Does not wait for retries. Exit code 3 if an attempt did not deliver. " +
		"With --json: one document, {attempts, by_state, failures, disabled}."
}

// Run drains.
func (cmd *drainCmd) Run(ctx context.Context, c *console) error {
	return cmd.openStore(ctx, func(store webhook.Store) error {
		n := &drained{
			ByState: map[webhook.State]int{}, Failures: []*failure{}, Disabled: []string{},
			bar: c.progress(-1, "drain"),
		}
		d, err := cmd.dispatcher(ctx, c, store, &webhook.Options{
			Transport: cmd.transport(),
			Trace:     &webhook.Trace{Attempt: n.count, Disable: n.disable},
		})
		if err != nil {
			return err
		}
		err = d.Drain(ctx)
		n.bar.Clear()
		return n.answer(c, err)
	})
}

// drained is what came of a drain.
type drained struct {
	mu       sync.Mutex            // guards the fields below
	Attempts int                   `json:"attempts"`
	ByState  map[webhook.State]int `json:"by_state"` // what the attempts made of their deliveries
	Failures []*failure            `json:"failures"`
	Disabled []string              `json:"disabled"` // webhooks that failed for too long, or are gone

	bar *progressbar.ProgressBar // counts, not knowing how many there will be
}

// A failure is a reason for which attempts of a webhook failed.
type failure struct {
	Webhook  string `json:"webhook"`
	Class    string `json:"class"`
	Attempts int    `json:"attempts"`
	Error    string `json:"error"` // of the first
}

func (n *drained) count(_ context.Context, d webhook.Delivery, a webhook.Attempt, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.Attempts++
	n.bar.Add(1)
	if err != nil { // what was attempted is not recorded, and will be attempted again
		n.fail(d.Webhook, "store", err.Error())
		return
	}
	if a.State != webhook.Delivered {
		n.fail(d.Webhook, a.Class, a.Error)
	}
	n.ByState[a.State]++
}

func (n *drained) fail(name, class, text string) {
	for _, f := range n.Failures {
		if f.Webhook == name && f.Class == class {
			f.Attempts++
			return
		}
	}
	n.Failures = append(n.Failures, &failure{name, class, 1, text})
}

func (n *drained) disable(_ context.Context, name, _, _ string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.Disabled = append(n.Disabled, name)
}

// answer prints what was done, also when an error ended it early.
func (n *drained) answer(c *console, err error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	slices.SortFunc(n.Failures, func(a, b *failure) int {
		return cmp.Or(cmp.Compare(a.Webhook, b.Webhook), cmp.Compare(a.Class, b.Class))
	})
	if jerr := n.print(c); jerr != nil {
		return jerr
	}
	blocked := func(f *failure) bool { return f.Class == webhook.ClassBlocked }
	if slices.ContainsFunc(n.Failures, blocked) {
		hintBlocked(c, webhook.ClassBlocked)
	}
	if err == nil && len(n.Failures) > 0 {
		return errNo
	}
	return err
}

func (n *drained) print(c *console) error {
	if c.json {
		return c.document(n)
	}
	c.line("%s", count(n.Attempts, "attempt"))
	printStates(c, n.ByState)
	var rows [][]string
	for _, f := range n.Failures {
		rows = append(rows, []string{f.Webhook, strconv.Itoa(f.Attempts), f.Class, f.Error})
	}
	if len(rows) > 0 {
		c.line("")
		c.table([]string{"WEBHOOK", "ATTEMPTS", "CLASS", "FIRST ERROR"}, rows)
	}
	for _, name := range n.Disabled {
		c.line("%s: %s", clean(name), c.word(string(webhook.Disabled)))
	}
	return nil
}
