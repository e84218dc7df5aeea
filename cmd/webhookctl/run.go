package main

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/alecthomas/kong"
)

// grammar is the command line. What the commands share is embedded in them.
type grammar struct {
	JSON bool `name:"json" help:"Print JSON, its keys in snake_case."`

	Validate validateCmd `cmd:"" group:"files" help:"Check a file of webhooks: ours, or exported from Frappe."`
	Preview  previewCmd  `cmd:"" group:"files" help:"Show the exact request a webhook would send for a document."`
	Import   importCmd   `cmd:"" group:"files" help:"Make our webhooks of Frappe's, and say what could not be carried over."`

	Dispatch dispatchCmd `cmd:"" group:"events" help:"Dispatch an event, as the host does when a document changes."`
	Explain  explainCmd  `cmd:"" group:"events" help:"Say which webhooks would fire for an event, and why the others would not."`
	Test     testCmd     `cmd:"" group:"events" help:"Send a marked test request of a webhook at once."`

	Deliveries deliveriesCmd `cmd:"" group:"deliveries" help:"List deliveries."`
	Show       showCmd       `cmd:"" group:"deliveries" help:"Show a delivery and its attempts."`
	Resend     resendCmd     `cmd:"" group:"deliveries" help:"Make deliveries due again."`
	Cancel     cancelCmd     `cmd:"" group:"deliveries" help:"End deliveries that are not delivered."`
	Drain      drainCmd      `cmd:"" group:"deliveries" help:"Attempt, once, all deliveries that are due."`
	Stats      statsCmd      `cmd:"" group:"deliveries" help:"Count the deliveries."`

	Webhooks webhooksCmd `cmd:"" group:"webhooks" help:"List the webhooks and how they stand."`
	Enable   enableCmd   `cmd:"" group:"webhooks" help:"Take a webhook into service again."`
	Disable  disableCmd  `cmd:"" group:"webhooks" help:"Take a webhook out of service."`
	Activate activateCmd `cmd:"" group:"webhooks" help:"Make the handshake with an endpoint, and enable its webhook."`
	Rotate   rotateCmd   `cmd:"" group:"webhooks" help:"Replace the secret of a webhook."`
	Delete   deleteCmd   `cmd:"" group:"webhooks" help:"Remove a webhook, and cancel what it still has to send."`
	Migrate  migrateCmd  `cmd:"" group:"webhooks" help:"Make the tables, or bring them up to date."`

	Verify verifyCmd `cmd:"" group:"receivers" help:"Verify the signature of a body."`
	Listen listenCmd `cmd:"" group:"receivers" help:"Receive webhooks on loopback, verify them and show them."`
}

const description = `Checks, imports, tries, watches and repairs webhooks.

Exit codes: 0 done; 1 it could not be done; 2 the command line is wrong; ` +
	"3 it was done and the answer is no: a file is invalid, a signature is not right, " +
	"an endpoint refused, some of the deliveries could not be changed."

// longHelp is the help of flags for which a tag is too narrow.
var longHelp = kong.Vars{
	"allow_help": "Reach these addresses too, such as 10.1.0.0/16. Without it, public ones only.",
	"doc_help": "File of the document's JSON, or of the data of a named event; " +
		"- is standard input.",
	"dsn_help": "The database: postgres://USER:PASSWORD@HOST/NAME, " +
		"mysql://USER:PASSWORD@HOST/NAME, or the path of a SQLite file. " +
		"With a password, better in the environment.",
	"event_file_help": "File of the event's JSON: {type, doctype, name, doc, previous, ...}; " +
		"- is standard input.",
	"header_help": "A header of the request; several times for several.",
	"seal_keys_help": "File of the keys the host seals secrets with: 32 bytes each in base64, " +
		"one a line, the newest first.",
	"secret_file_help": "File of secrets, one a line. " +
		"Without it, WEBHOOK_SECRET in the environment is the secret.",
	"since_help": "Made at this time or later: RFC 3339, or as lists show times, " +
		"or a day such as 2026-01-31. 24h: in the last 24 hours.",
	"state_help": "In this state; several times, or with commas, for several",
	"tolerance_help": "How far a Standard Webhooks timestamp may be from now. " +
		"Any time unless given.",
}

// run runs the command that args ask for and returns its exit code. Answers go
// to stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := newConsole(stdin, stdout, stderr)
	err := runCommand(ctx, c, args)
	if flushErr := c.flush(); err == nil || errors.Is(err, errNo) {
		err = cmp.Or(flushErr, err) // who asked has no answer if it could not be written
	}
	return c.report(ctx, err)
}

func runCommand(ctx context.Context, c *console, args []string) error {
	var g grammar
	helped := false
	parser, err := kong.New(&g,
		kong.Name("webhookctl"), kong.Description(description), longHelp,
		kong.Writers(c.out, c.err),
		kong.Exit(func(int) { helped = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "files", Title: "Configuration:"},
			{Key: "receivers", Title: "For receivers:"},
			{Key: "events", Title: "Events, on a database:"},
			{Key: "deliveries", Title: "Deliveries, on a database:"},
			{Key: "webhooks", Title: "Webhooks, on a database:"},
		}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(c),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped:
		return nil
	case err != nil:
		return usagef("%v; %s", err, hint(err))
	}
	c.json = g.JSON
	return parsed.Run()
}

// hint says where to read more about an error of the command line.
func hint(err error) string {
	var pe *kong.ParseError
	if errors.As(err, &pe) && pe.Context != nil && pe.Context.Selected() != nil {
		return "see webhookctl " + pe.Context.Selected().Name + " --help"
	}
	return "see webhookctl --help"
}
