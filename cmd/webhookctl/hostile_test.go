package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Names that strangers choose: they would clear the screen, set its title, start
// a line of their own, write from right to left, or end a JSON string.
const hostileName = "SO\x1b[2J\x1b]0;gotcha\x07\r\nFORGED\u202etxt\u009b31m\u2028\"\\u003c\\"

// requireHarmless wants text that cannot steer a terminal.
func requireHarmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && r != '\t' {
			require.False(t, harmful(r), "%U in %q", r, text)
		}
	}
	for line := range strings.Lines(text) {
		require.False(t, strings.HasPrefix(line, "FORGED"), text)
	}
}

// Nothing that a document, a webhook or an endpoint says reaches the terminal
// raw, in no command and neither form.
func TestHostileNames(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch()
	require.NoError(t, w.d.SaveWebhook(t.Context(), webhook.Webhook{
		Name: hostileName, DocType: hostileName, Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://example.com/{{ doc.name }}", DynamicURL: true, Condition: "doc.bad.worse or true",
	}))
	require.NoError(t, w.d.Disable(t.Context(), "Orders", hostileName))
	ev := webhook.Event{
		Type: webhook.OnSubmit, DocType: hostileName, Name: hostileName,
		Doc: map[string]any{"name": "Bad" + hostileName, "bad": map[string]any{}},
	}
	_, err := w.d.Dispatch(t.Context(), ev)
	require.NoError(t, err)
	require.NoError(t, w.d.Drain(t.Context()))
	id := deliveriesOf(t, w.must("deliveries", "--json"))[0].ID
	doc := write(t, "doc.json", `{"name": "x\u001b[31m\u009b\u202e"}`)

	for _, args := range [][]string{
		{"webhooks"}, {"deliveries"}, {"show", id}, {"stats"}, {"deliveries", "--name", hostileName},
		{"preview", hostileName, "--doc", doc},
		{"explain", "-e", "on_submit", "--doctype", hostileName, "--name", hostileName},
		{"dispatch", "-e", "on_submit", "--doctype", hostileName, "--name", hostileName}, {"show", hostileName},
		{"enable", hostileName}, {"disable", hostileName + "2", "-r", "x"}, {hostileName}, {"show", "--" + hostileName},
		{"deliveries", "--state", hostileName}, {"deliveries", "--after", hostileName}, {"resend", hostileName},
		{"test", hostileName, "--doc", doc}, {"validate", hostileName}, {"rotate", hostileName},
		{"delete", hostileName},
	} {
		for _, form := range [][]string{nil, {"--json"}} {
			r := w.ctl(append(append([]string{}, args...), form...)...)
			requireHarmless(t, r.out)
			requireHarmless(t, r.stderr)
			require.NotEmpty(t, r.out+r.stderr, args)
		}
	}
	ds := deliveriesOf(t, w.must("deliveries", "--json", "--name", hostileName, "-n", "1"))
	require.Equal(t, hostileName, ds[0].DocName, "JSON keeps what it escapes")
}

// On a terminal too, where the colors are the only escape sequences.
func TestHostileNamesOnATerminal(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(strings.NewReader(""), &out, io.Discard)
	c.tables, c.colors = true, true
	c.table([]string{"NAME", "STATE"}, [][]string{{hostileName, "active"}, {"\u6587\u66f8", "failed"}})
	require.NoError(t, c.flush())
	require.Contains(t, out.String(), "\x1b[32mactive\x1b[0m")
	requireHarmless(t, strings.NewReplacer("\x1b[32m", "", "\x1b[31m", "", "\x1b[0m", "").Replace(out.String()))
	require.Equal(t, 3, strings.Count(out.String(), "\n"), out.String())
}

// NO_COLOR and what is no terminal get no colors.
func TestNoColor(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer null.Close()
	c := newConsole(null, null, null)
	require.False(t, c.colors || c.tables || c.bars || c.asks)
	require.Equal(t, "failed", c.word("failed"))
}

// Files that are none of what they should be end in one line.
func TestHostileFiles(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "not JSON"},
		{"binary", "\x7fELF\x02\x01\x01\x00\xff\xfe", "not JSON"},
		{"not UTF-8", `[{"name": "` + "\xff" + `"}]`, "UTF-8"},
		{"truncated", `[{"name": "x", "url`, "not JSON at 1:"},
		{"deep", deep, "depth"},
		{"a string", `"webhook"`, "neither an object nor an array"},
		{"two values", `{} {}`, "not JSON at 1:4"},
		{"large", "[" + strings.Repeat(" ", maxInputBytes) + "]", "larger than 16 MiB"},
		{"too many", "[{}" + strings.Repeat(",{}", maxWebhooks) + "]", "more than 10000 webhooks"},
		{"numbers", `[1, null, "x", []]`, "errors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, "file.json", c.text)
			for _, args := range [][]string{{"validate", path}, {"import", path}, {"preview", "-f", path}} {
				r := ctl(t, "", args...)
				require.NotZero(t, r.code)
				if args[0] == "validate" {
					require.Contains(t, r.out+r.stderr, c.want)
				}
				requireHarmless(t, r.out+r.stderr)
				require.Less(t, len(r.out+r.stderr), 2000)
			}
			r := ctl(t, "", "preview", "-f", "testdata/webhooks.json", "Order lines", "--doc", path)
			if c.name != "a string" && c.name != "numbers" && c.name != "too many" {
				require.Equal(t, exitFailed, r.code, r.stderr)
				require.Equal(t, 1, strings.Count(r.stderr, "\n"))
			}
		})
	}
}

// A full disk or a closed standard output is a failure, not silence.
func TestOutputThatCannotBeWritten(t *testing.T) {
	w := newWorld(t, webhook.Options{})
	w.dispatch(many("SO", 100)...)
	t.Setenv("WEBHOOK_DSN", w.dsn)
	for _, args := range [][]string{
		{"deliveries", "--all", "--json"}, {"webhooks"}, {"stats", "--json"}, {"validate", "testdata/webhooks.json"},
		{"validate", "testdata/broken.json"}, {"--help"},
	} {
		var stderr bytes.Buffer
		require.Equal(t, exitFailed, run(t.Context(), args, strings.NewReader(""), full{}, &stderr), args)
		require.Contains(t, stderr.String(), "no space left")
		require.Equal(t, 1, strings.Count(stderr.String(), "\n"))
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// What clean and its kin make of a text is harmless, and as it was if it was.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "plain", hostileName, "\xff\xc3", "\u6587\u66f8 \U0001f642", "a\tb\nc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range clean(s) {
			require.False(t, harmful(r), "%U", r)
		}
		require.Equal(t, clean(s), clean(clean(s)))
		for _, r := range cleanText(s) {
			require.False(t, harmful(r) && r != '\n' && r != '\t', "%U", r)
		}
		require.Equal(t, strings.Count(s, "\n"), strings.Count(cleanText(s), "\n"))
	})
}
