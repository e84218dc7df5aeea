package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress returns a bar on stderr. It shows itself only on a terminal, and
// only for twenty things or more. A total of -1 means that it is not known.
func (c *console) progress(total int, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(c.err),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetVisibility(c.bars && (total < 0 || total >= 20)),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		// Without it a goroutine of the bar reads its state unlocked.
		progressbar.OptionSetSpinnerChangeInterval(0))
}

// confirm asks the user. Where there is nobody to ask, --yes is needed.
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
