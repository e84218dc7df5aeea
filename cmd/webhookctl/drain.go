package main

import (
	"context"
	"log/slog"
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
	return "Sends from here, beside the host or in its place, by the library's default options: webhooks without a retry policy " +
		"or timeout of their own get the library's, not the host's. Does not wait for retries. Exit code 3 if an attempt " +
		"did not deliver. With --json: one document, {attempts, by_state}."
}

// drained counts the attempts of a drain by what they made of their deliveries.
type drained struct {
	mu       sync.Mutex               // guards the fields below
	Attempts int                      `json:"attempts"`
	ByState  map[webhook.State]int    `json:"by_state"`
	bar      *progressbar.ProgressBar // counts, not knowing how many there will be
}

// Run drains.
func (cmd *drainCmd) Run(ctx context.Context, c *console) error {
	return cmd.openStore(ctx, c, func(store webhook.Store) error {
		n := &drained{ByState: map[webhook.State]int{}, bar: c.progress(-1, "drain")}
		d, err := cmd.dispatcher(ctx, c, store, &webhook.Options{
			Transport: cmd.transport(), Trace: &webhook.Trace{Attempt: n.count},
			Logger: slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
		if err != nil {
			return err
		}
		err = d.Drain(ctx)
		n.bar.Exit()
		return n.answer(c, err)
	})
}

func (n *drained) count(_ context.Context, _ webhook.Delivery, a webhook.Attempt, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.Attempts++
	if err == nil {
		n.ByState[a.State]++
	}
	n.bar.Add(1)
}

// answer prints what was done, also when an error ended it early.
func (n *drained) answer(c *console, err error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if jerr := n.print(c); jerr != nil {
		return jerr
	}
	if err == nil && n.ByState[webhook.Delivered] < n.Attempts {
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
	return nil
}

// printStates prints how many deliveries are in each state, if there are any.
func printStates(c *console, by map[webhook.State]int) {
	for _, s := range []webhook.State{webhook.Pending, webhook.Delivered, webhook.Failed, webhook.Exhausted,
		webhook.Paused, webhook.Canceled} {
		if by[s] > 0 {
			c.line("%s: %s", c.word(string(s)), strconv.Itoa(by[s]))
		}
	}
}
