package jinja_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// answer is one line of testdata/jinja.jsonl: what Jinja2 3.1 makes of a
// source.
type answer struct {
	ID       string                     `json:"id"`
	Kind     string                     `json:"kind"`
	Source   string                     `json:"source"`
	Context  map[string]json.RawMessage `json:"context"`
	Expected *string                    `json:"expected"`
	Error    bool                       `json:"error"`
}

// differences are the answers of Jinja2 that this engine does not give, and why.
var differences = map[string]string{
	"e121": "an unknown name is refused when the template is saved, not printed as nothing",
}

func readAnswers(t *testing.T) []answer {
	t.Helper()
	f, err := os.Open("testdata/jinja.jsonl")
	require.NoError(t, err)
	defer f.Close()
	var out []answer
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a answer
		require.NoError(t, json.Unmarshal(lines.Bytes(), &a))
		out = append(out, a)
	}
	require.NoError(t, lines.Err())
	return out
}

func (a answer) render(env *jinja.Env) (string, error) {
	src := a.Source
	if a.Kind == "expr" {
		src = "{{ " + src + " }}"
	}
	tmpl, err := env.Template(a.ID, src, jinja.Jinja)
	if err != nil {
		return "", err
	}
	scope := &jinja.Scope{Timeout: time.Minute, Doc: a.Context["doc"], Now: time.Date(2024, 6, 1, 9, 30, 0, 0, time.UTC)}
	out := jinja.NewText(nil, 0)
	err = tmpl.Render(context.Background(), scope, out)
	return string(out.Bytes()), err
}

func TestConformance(t *testing.T) {
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	answers := readAnswers(t)
	require.Greater(t, len(answers), 250)
	right := 0
	for _, a := range answers {
		got, err := a.render(env)
		ok := a.Error == (err != nil) && (err != nil || a.Expected != nil && *a.Expected == got)
		if ok {
			right++
		}
		switch _, known := differences[a.ID]; {
		case known && ok:
			t.Errorf("%s: listed as a difference but agrees", a.ID)
		case !known && !ok:
			t.Errorf("%s: %s\n got %q, %v\nwant %q, error %v", a.ID, a.Source, got, err, deref(a.Expected), a.Error)
		}
	}
	require.GreaterOrEqual(t, float64(right), 0.99*float64(len(answers)), "answers that agree")
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
