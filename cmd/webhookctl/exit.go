package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // it could not be done
	exitUsage  = 2 // the command line is wrong
	exitNo     = 3 // it was done and the answer is no
)

// errNo ends a command whose answer, already printed, is no.
var errNo = errors.New("no")

// no returns errNo; or err, if printing the answer failed with it.
func no(err error) error {
	if err != nil {
		return err
	}
	return errNo
}

// A usageError says what is wrong with the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// report prints an error as one line and returns its exit code.
func (c *console) report(ctx context.Context, err error) int {
	var usage *usageError
	code := exitFailed
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNo):
		return exitNo
	case errors.As(err, &usage):
		code = exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	fmt.Fprintf(c.err, "%s: %s\n", c.paint(c.errColors, red, "webhookctl"), clean(text))
	return code
}
