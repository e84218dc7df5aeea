package builtin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// document is doc in all examples.
const document = `{"name": "SO-1", "n": 7, "f": 2.5, "none": null, "empty": "", "tags": ["b", "A", "a"],
"rows": [{"code": "x", "qty": 2}, {"code": "y", "qty": 5}, {"code": "X", "qty": 1}],
"m": {"b": 1, "a": {"c": [1, 2]}}, "html": "<b>\"x\" & 'y'</b>", "uni": "é東"}`

// example is an expression, or a whole template, and what it gives.
type example struct {
	src     string
	wantErr string // "" when it gives want
	want    string
}

// template is the example as a template.
func (e example) template() string {
	if strings.Contains(e.src, "{% ") || strings.HasPrefix(e.src, "{{ ") {
		return e.src
	}
	return "{{ " + e.src + " }}"
}

func render(src string, lang jinja.Lang) (string, error) {
	env, err := jinja.NewEnv(nil)
	if err != nil {
		return "", err
	}
	tmpl, err := env.Template("t", src, lang)
	if err != nil {
		return "", err
	}
	out := jinja.NewText(nil, 0)
	scope := &jinja.Scope{Timeout: time.Minute, Doc: json.RawMessage(document), Now: time.Date(2024, 6, 1, 9, 30, 0, 0, time.UTC)}
	err = tmpl.Render(context.Background(), scope, out)
	return string(out.Bytes()), err
}

func requireAnswers(t *testing.T, examples []example) {
	t.Helper()
	for _, e := range examples {
		got, err := render(e.template(), jinja.Jinja)
		if e.wantErr == "" {
			require.NoError(t, err, e.src)
			require.Equal(t, e.want, got, e.src)
			continue
		}
		var failed *jinja.Error
		require.ErrorAs(t, err, &failed, e.src)
		require.Equal(t, e.wantErr, failed.Msg, e.src)
	}
}

// jinjaExamples are those that Jinja2 answers too.
var jinjaExamples = slices.Concat(accessExamples, compareExamples, filtersChooseExamples, filtersEncodingExamples,
	filtersListExamples, filtersNumberExamples, filtersOrderExamples, filtersTextExamples,
	formatExamples, percentExamples, functionsExamples, layoutExamples, methodsExamples,
	methodsTextExamples, operatorExamples, testsExamples, statefulExamples)

// TestOracle asks Jinja2 itself for the answers of these tests.
func TestOracle(t *testing.T) {
	python := os.Getenv("JINJA_ORACLE")
	if python == "" {
		t.Skip("JINJA_ORACLE does not name a Python that has Jinja2; make oracle sets it")
	}
	file := filepath.Join(t.TempDir(), "examples.jsonl")
	var asked bytes.Buffer
	for _, e := range jinjaExamples {
		line, err := json.Marshal(map[string]any{
			"id": e.src, "kind": "template", "source": e.template(),
			"context": map[string]any{"doc": json.RawMessage(document)},
		})
		require.NoError(t, err)
		asked.Write(append(line, '\n'))
	}
	require.NoError(t, os.WriteFile(file, asked.Bytes(), 0o600))
	out, err := exec.CommandContext(t.Context(), python, "-W", "ignore",
		"../jinja/testdata/oracle.py", "answer", file).Output()
	require.NoError(t, err)
	i := 0
	for line := range bytes.Lines(out) {
		var answer struct {
			Expected string
			Error    bool
		}
		require.NoError(t, json.Unmarshal(line, &answer))
		e := jinjaExamples[i]
		require.Equal(t, e.wantErr != "", answer.Error, e.src)
		require.Equal(t, e.want, answer.Expected, e.src)
		i++
	}
	require.Len(t, jinjaExamples, i)
}
