package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// A console is where a command reads and writes. All text that does not come
// from this program goes through clean or cleanText, JSON through cleanJSON:
// names and documents are written by strangers and must not steer a terminal.
type console struct {
	in   io.Reader
	out  *bufio.Writer // stdout, flushed at the end
	err  io.Writer
	json bool

	asks      bool // stdin and stderr are a terminal: there is someone to ask
	tables    bool // stdout is a terminal
	colors    bool // and wants colors
	bars      bool // stderr is a terminal
	errColors bool
}

func newConsole(stdin io.Reader, stdout, stderr io.Writer) *console {
	c := &console{in: stdin, out: bufio.NewWriter(stdout), err: stderr}
	c.tables, c.bars = isTerminal(stdout), isTerminal(stderr)
	c.asks = isTerminal(stdin) && c.bars
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	c.colors, c.errColors = c.tables && !plain, c.bars && !plain
	return c
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}

// flush writes what is left to stdout. Its error is that of the first write that
// failed.
func (c *console) flush() error {
	if err := c.out.Flush(); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// line prints a line of an answer. The arguments must be clean.
func (c *console) line(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// note prints a line about an answer, to stderr. The arguments must be clean.
func (c *console) note(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }

// document prints v as one JSON document.
func (c *console) document(v any) error { return c.encode(v, "  ") }

// record prints v as one line of JSON.
func (c *console) record(v any) error { return c.encode(v, "") }

func (c *console) encode(v any, indent string) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := c.out.WriteString(cleanJSON(b.String()))
	if err != nil {
		return errors.Join(err, c.flush())
	}
	return nil
}

// table prints rows: boxed on a terminal, else separated by tabs, below the
// names of the columns in both cases.
func (c *console) table(header []string, rows [][]string) {
	if !c.tables {
		c.line("%s", strings.Join(header, "\t"))
		for _, row := range rows {
			c.line("%s", strings.Join(cleanAll(row), "\t"))
		}
		return
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(cells(header))
	for _, row := range rows {
		row = cleanAll(row)
		for i := range row {
			row[i] = c.paint(c.colors, colorOf[row[i]], row[i])
		}
		t.AppendRow(cells(row))
	}
	c.line("%s", t.Render())
}

func cells(texts []string) table.Row {
	row := make(table.Row, len(texts))
	for i := range texts {
		row[i] = texts[i]
	}
	return row
}

// The colors.
const (
	red    = text.FgRed
	green  = text.FgGreen
	yellow = text.FgYellow
	faint  = text.Faint
)

// colorOf has the colors of the words that stand out: states, decisions and
// verdicts.
var colorOf = map[string]text.Color{
	"active": green, "delivered": green, "queued": green, "ok": green, "verified": green,
	"pending": yellow, "paused": yellow, "not_activated": yellow, "condition_false": yellow,
	"failed": red, "exhausted": red, "disabled": red, "canceled": faint,
	"condition_error": red, "render_error": red,
}

// paint colors a clean text if wanted; the zero color leaves it as it is.
func (c *console) paint(wanted bool, color text.Color, s string) string {
	if !wanted || color == 0 {
		return s
	}
	// go-pretty would decide by itself whether there is a terminal; a console may
	// be another.
	return color.EscapeSeq() + s + text.Reset.EscapeSeq()
}

// word paints a state or decision for stdout.
func (c *console) word(s string) string {
	s = clean(s)
	return c.paint(c.colors, colorOf[s], s)
}

// fields prints names and values below each other, those that are not empty.
func (c *console) fields(pairs [][2]string) {
	for _, p := range pairs {
		if p[1] != "" && p[1] != "-" {
			c.line("%-13s %s", p[0]+":", c.word(p[1]))
		}
	}
}

// done prints that something was done, in JSON as v.
func (c *console) done(text string, v any) error {
	if c.json {
		return c.document(v)
	}
	c.line("%s", clean(text))
	return nil
}

// stampLayout is how times are shown. The flags that take a time read it back.
const stampLayout = time.DateTime

// stamp prints a time in the local zone, "-" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(stampLayout)
}
