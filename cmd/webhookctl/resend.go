package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"

	"github.com/docevent/webhook"
)

type resendCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Deliveries to send again. Without one, all that the filters select."`
	selection
	Yes bool `short:"y" help:"Do not ask."`
	databaseFlags
}

// Help is shown by --help.
func (*resendCmd) Help() string {
	return "Makes deliveries due now, with the same id and bytes; the host, or webhookctl drain, sends them. Selected are, " +
		"without --state, those that failed or are exhausted. Those that are changed meanwhile, or not in a state for it, are " +
		"left alone and counted. Exit code 3 if some were. With --json: one document, {matched, changed, skipped}."
}

// Run resends.
func (cmd *resendCmd) Run(ctx context.Context, c *console) error {
	q := cmd.query()
	if len(q.States) == 0 {
		q.States = []webhook.State{webhook.Failed, webhook.Exhausted}
	}
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		b := &batch{verb: "resend", done: "resent", change: d.Resend, ids: cmd.IDs, yes: cmd.Yes}
		return b.run(ctx, c, d, &cmd.selection, q)
	})
}

type cancelCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Deliveries to cancel. Without one, all that the filters select."`
	selection
	Yes bool `short:"y" help:"Do not ask."`
	databaseFlags
}

// Help is shown by --help.
func (*cancelCmd) Help() string {
	return "Ends deliveries that are not delivered: no attempt starts afterwards. Selected are, without --state, those that are " +
		"pending or paused. Exit code 3 if some could not be canceled. With --json: one document, {matched, changed, skipped}."
}

// Run cancels.
func (cmd *cancelCmd) Run(ctx context.Context, c *console) error {
	q := cmd.query()
	if len(q.States) == 0 {
		q.States = []webhook.State{webhook.Pending, webhook.Paused}
	}
	return cmd.database(ctx, c, func(d *webhook.Dispatcher) error {
		b := &batch{verb: "cancel", done: "canceled", change: d.Cancel, ids: cmd.IDs, yes: cmd.Yes}
		return b.run(ctx, c, d, &cmd.selection, q)
	})
}

// A batch changes deliveries one by one: exactly those that were counted and
// confirmed, not those that match some time later.
type batch struct {
	verb, done string
	change     func(ctx context.Context, id string) error
	ids        []string
	yes        bool

	mu      sync.Mutex // guards the fields below
	changed int
	skipped int
	reason  error // why the first was skipped
}

// batchWorkers is how many changes are under way at once: the library joins them
// into few writes.
const batchWorkers = 256

func (b *batch) run(ctx context.Context, c *console, d *webhook.Dispatcher, s *selection, q webhook.DeliveryQuery) error {
	named := len(b.ids) > 0
	if named && !s.any() {
		return usagef("give ids or filters, not both")
	}
	if !named {
		var err error
		if b.ids, err = idsOf(ctx, d, q); err != nil {
			return err
		}
		if len(b.ids) > 0 && !b.yes {
			if err := c.confirm(ctx, fmt.Sprintf("%s %s?", b.verb, count(len(b.ids), "delivery"))); err != nil {
				return err
			}
		}
	}
	err := b.changeAll(ctx, c)
	if err == nil && named && b.skipped == 1 && len(b.ids) == 1 {
		return b.reason
	}
	return b.answer(c, err)
}

// changeAll changes the deliveries. The error is the store's, or ctx's.
func (b *batch) changeAll(ctx context.Context, c *console) error {
	bar := c.progress(len(b.ids), b.verb)
	defer bar.Exit()
	group, changing := errgroup.WithContext(ctx)
	group.SetLimit(batchWorkers)
	for _, id := range b.ids {
		if changing.Err() != nil {
			break
		}
		group.Go(func() error {
			defer bar.Add(1)
			return b.changeOne(changing, id)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// changeOne changes a delivery, or skips it if it cannot be changed.
func (b *batch) changeOne(ctx context.Context, id string) error {
	err := b.change(ctx, id)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.changed++
	case errors.Is(err, webhook.ErrInFlight), errors.Is(err, webhook.ErrState),
		errors.Is(err, webhook.ErrNotFound), errors.Is(err, webhook.ErrConflict):
		b.skipped++
		if b.reason == nil {
			b.reason = err
		}
	default:
		return err
	}
	return nil
}

// answer says how many were changed, also when an error ended it early.
func (b *batch) answer(c *console, err error) error {
	if c.json {
		if jerr := c.document(map[string]int{
			"matched": len(b.ids), "changed": b.changed, "skipped": b.skipped,
		}); jerr != nil {
			return jerr
		}
	} else {
		c.line("%s %s", count(b.changed, "delivery"), b.done)
		if b.skipped > 0 {
			c.note("%d left alone, the first because of: %s", b.skipped, clean(b.reason.Error()))
		}
	}
	if err == nil && b.skipped > 0 {
		return errNo
	}
	return err
}

// progress returns a bar on stderr, which is silent unless that is a terminal.
func (c *console) progress(total int, what string) *progressbar.ProgressBar {
	to := c.err
	if !c.bars || total < 20 {
		to = io.Discard
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(to), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}

// confirm asks. Where there is nobody to ask, --yes is needed.
func (c *console) confirm(ctx context.Context, question string) error {
	if !c.asks {
		return usagef("%s Say so by --yes: there is no terminal to ask at", question)
	}
	fmt.Fprintf(c.err, "%s [y/N] ", question)
	answer, err := c.readLine(ctx)
	if err != nil {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
