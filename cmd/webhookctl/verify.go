package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/docevent/webhook"
)

type verifyCmd struct {
	Body       string         `arg:"" optional:"" default:"-" help:"File of the body, byte for byte as it came; - is standard input."`
	Header     []string       `short:"H" sep:"none" placeholder:"'NAME: VALUE'" help:"${header_help}"`
	HeaderFile string         `placeholder:"FILE" help:"File of headers, one a line. X-Webhook-Secret belongs here."`
	Tolerance  *time.Duration `placeholder:"DURATION" help:"${tolerance_help}"`
	secretFlags
}

// Help is shown by --help.
func (*verifyCmd) Help() string {
	return "Knows Frappe's signature, Standard Webhooks and, when accepted, the secret header. " +
		"The secret comes from WEBHOOK_SECRET or a file, never from the command line. " +
		"Exit code 3 if the request is not verified. With --json: one document, {verified, error}."
}

// Run verifies one request.
func (cmd *verifyCmd) Run(ctx context.Context, c *console) error {
	v, err := cmd.verifier(ctx, c)
	if err != nil {
		return err
	}
	if len(v.Secrets) == 0 {
		return usagef("no secret: set WEBHOOK_SECRET, or give --secret-file")
	}
	v.MaxBodyBytes, v.Tolerance = -1, -1
	if cmd.Tolerance != nil {
		v.Tolerance = *cmd.Tolerance
	}
	header, err := cmd.header(ctx, c)
	if err != nil {
		return err
	}
	body, err := c.readInput(ctx, cmd.Body)
	if err != nil {
		return err
	}
	err = verify(v, header, body)
	if c.json {
		return answerVerify(c, err)
	}
	if err != nil {
		c.line("%s: %s", c.paint(c.colors, red, "not verified"), clean(err.Error()))
		if hint := lineBreakHint(v, header, body); hint != "" {
			c.note("%s", hint)
		}
		return errNo
	}
	c.line("%s", c.word("verified"))
	return nil
}

func answerVerify(c *console, err error) error {
	answer := struct {
		Verified bool   `json:"verified"`
		Error    string `json:"error,omitempty"`
	}{Verified: err == nil}
	if err == nil {
		return c.document(answer)
	}
	answer.Error = err.Error()
	return no(c.document(answer))
}

// header returns the headers given.
func (cmd *verifyCmd) header(ctx context.Context, c *console) (http.Header, error) {
	lines := slices.Clone(cmd.Header)
	if cmd.HeaderFile != "" {
		data, err := c.readInput(ctx, cmd.HeaderFile)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				lines = append(lines, line)
			}
		}
	}
	header := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok { // not quoted: it may be a secret
			return nil, usagef("a header is not of the form NAME: VALUE")
		}
		header.Add(textproto.TrimString(name), textproto.TrimString(value))
	}
	return header, nil
}

// verify verifies a request of header and body.
func verify(v *webhook.Verifier, header http.Header, body []byte) error {
	_, err := v.Verify(&http.Request{Header: header, Body: io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body))})
	return err
}

// lineBreakHint says so if the body would be right without the line break at
// its end, which editors and echo append.
func lineBreakHint(v *webhook.Verifier, header http.Header, body []byte) string {
	cut := bytes.TrimRight(body, "\r\n")
	if len(cut) == len(body) || verify(v, header, cut) != nil {
		return ""
	}
	return "the signature is right for the body without the line break at its end"
}
