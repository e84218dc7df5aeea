package jinja_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
	"github.com/docevent/webhook/internal/jsonbody"
)

// A fence is a code block of a page: what stands behind its backticks, and its
// text.
type fence struct {
	info, text string
	line       int
}

func fences(page string) []fence {
	var found []fence
	open := false
	for i, line := range strings.Split(page, "\n") {
		info, mark := strings.CutPrefix(line, "```")
		switch {
		case mark && !open:
			found = append(found, fence{info: info, line: i + 1})
			open = true
		case mark:
			open = false
		case open:
			last := &found[len(found)-1]
			last.text += line + "\n"
		}
	}
	for i := range found {
		found[i].text = strings.TrimSuffix(found[i].text, "\n")
	}
	return found
}

// TestReferencePage runs the examples of docs/templates.md: each template is
// followed by what it gives, or by a part of its error.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/templates.md")
	require.NoError(t, err)
	blocks := fences(string(page))
	require.Equal(t, "json document", blocks[0].info)
	blocks, doc := blocks[1:], json.RawMessage(blocks[0].text)
	require.Zero(t, len(blocks)%2, "an example has no answer")
	for ; len(blocks) > 0; blocks = blocks[2:] {
		example, answer := blocks[0], blocks[1]
		got, err := runExample(t, example, doc)
		switch answer.info {
		case "error":
			require.Error(t, err, "line %d", example.line)
			require.Contains(t, err.Error(), answer.text, "line %d", example.line)
		case "json":
			require.NoError(t, err, "line %d", example.line)
			require.JSONEq(t, answer.text, got, "line %d", example.line)
		case "text":
			require.NoError(t, err, "line %d", example.line)
			require.Equal(t, answer.text, got, "line %d", example.line)
		default:
			t.Fatalf("line %d: no answer follows", example.line)
		}
	}
}

// TestReferencePageNamesFilters proves that the filters that the page lists are
// there.
func TestReferencePageNamesFilters(t *testing.T) {
	page, err := os.ReadFile("../../docs/templates.md")
	require.NoError(t, err)
	_, list, found := strings.Cut(string(page), "\nFilters: ")
	require.True(t, found)
	list, _, found = strings.Cut(list, "\n\n")
	require.True(t, found)
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	names := 0
	for i, name := range strings.Split(list, "`") {
		if i%2 == 0 {
			continue
		}
		names++
		if _, err := env.Template("page", "{{ doc.x | "+name+" }}", jinja.Jinja); err != nil {
			require.NotContains(t, err.Error(), "unknown filter", name)
			require.NotContains(t, err.Error(), "not supported", name)
		}
	}
	require.Greater(t, names, 40)
}

func runExample(t *testing.T, example fence, doc any) (string, error) {
	t.Helper()
	syntax, kind, _ := strings.Cut(example.info, " ")
	lang, known := map[string]jinja.Lang{"jinja": jinja.Jinja, "gotemplate": jinja.GoTemplate}[syntax]
	require.True(t, known, "line %d: %q", example.line, example.info)
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	scope := &jinja.Scope{Timeout: time.Minute, Doc: doc, Now: time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)}
	if kind == "condition" {
		c, err := env.Condition("page", example.text, lang)
		if err != nil {
			return "", err
		}
		holds, err := c.Eval(context.Background(), scope)
		return map[bool]string{true: "true", false: "false"}[holds], err
	}
	tmpl, err := env.Template("page", example.text, lang)
	if err != nil {
		return "", err
	}
	if kind == "body" {
		return renderBody(tmpl, scope)
	}
	text := jinja.NewText(nil, 0)
	err = tmpl.Render(context.Background(), scope, text)
	return string(text.Bytes()), err
}

func renderBody(tmpl *jinja.Template, scope *jinja.Scope) (string, error) {
	w := jsonbody.New(nil, jinja.MaxOutput)
	if err := tmpl.Render(context.Background(), scope, w); err != nil {
		return "", err
	}
	err := w.Close()
	return string(w.Bytes()), err
}
