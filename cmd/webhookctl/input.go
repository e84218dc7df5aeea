package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// maxInputBytes bounds what is read of a file: what ReadWebhooks takes.
const maxInputBytes = 16 << 20

// readInput reads a file, or standard input for "-". The errors name it.
func (c *console) readInput(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		data, err := interruptible(ctx, func() ([]byte, error) { return readBounded(c.in) })
		return data, inputError("standard input", err)
	}
	data, err := interruptible(ctx, func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readBounded(f)
	})
	return data, inputError(path, err)
}

// readLine reads a line of standard input.
func (c *console) readLine(ctx context.Context) (string, error) {
	line, err := interruptible(ctx, func() ([]byte, error) {
		return bufio.NewReader(io.LimitReader(c.in, 1<<10)).ReadBytes('\n')
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return string(line), err
}

// interruptible reads, or gives up when ctx ends: reading a terminal or a pipe,
// or opening one, cannot be broken off. A read that goes on then ends with the
// process.
func interruptible(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInputBytes+1))
	if err == nil && len(data) > maxInputBytes {
		err = fmt.Errorf("larger than %d MiB", maxInputBytes>>20)
	}
	return data, err
}

func inputError(path string, err error) error {
	var named *os.PathError
	if err == nil || errors.As(err, &named) {
		return err // the system's errors name the file
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// readJSON reads a file that holds one JSON text.
func (c *console) readJSON(ctx context.Context, path string) (json.RawMessage, error) {
	data, err := c.readInput(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := checkJSON(data); err != nil {
		return nil, &formError{path, err}
	}
	return data, nil
}

// A formError says that a file does not hold what it should.
type formError struct {
	path string
	err  error
}

func (e *formError) Error() string {
	path := e.path
	if path == "-" {
		path = "standard input"
	}
	return fmt.Sprintf("read %s: %v", path, e.err)
}

func (e *formError) Unwrap() error { return e.err }

// checkJSON says where a text stops being JSON.
func checkJSON(data []byte) error {
	var v json.RawMessage
	err := json.Unmarshal(data, &v)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line, column := position(data, int(syntax.Offset))
		return fmt.Errorf("not JSON at %d:%d: %w", line, column, err)
	case err != nil:
		return err
	case !utf8.Valid(data):
		return errors.New("not valid UTF-8")
	}
	return nil
}

// position returns the line, and the column in bytes, of the byte before offset.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset-1, 0), len(data))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
