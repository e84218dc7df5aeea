package jinja_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// An oracleAnswer is an answer that Jinja2 gives now, with its error.
type oracleAnswer struct {
	answer
	PyError string `json:"py_error"`
}

// differs describes how the engine's answer differs, or is empty.
func (a oracleAnswer) differs(env *jinja.Env) string {
	got, err := a.render(env)
	switch {
	case a.Error && err != nil, !a.Error && err == nil && got == deref(a.Expected):
		return ""
	case a.Error:
		return fmt.Sprintf("%s %q: got %q, want the error %q", a.ID, a.Source, got, a.PyError)
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Sprintf("%s %q: got the error %q, want %q", a.ID, a.Source, first, deref(a.Expected))
	}
	return fmt.Sprintf("%s %q: got %q, want %q", a.ID, a.Source, got, deref(a.Expected))
}

// TestOracle asks Jinja2 itself: for the recorded cases, which proves that
// they are recorded as it answers, and for fresh ones. At least 99 in 100
// must be answered alike; the others are listed.
func TestOracle(t *testing.T) {
	python := os.Getenv("JINJA_ORACLE")
	if python == "" {
		t.Skip("JINJA_ORACLE does not name a Python that has Jinja2; make oracle sets it")
	}
	t.Run("recorded", func(t *testing.T) {
		answers := ask(t, python, "answer", "testdata/jinja.jsonl")
		recorded := readAnswers(t)
		require.Len(t, answers, len(recorded))
		for i := range recorded {
			require.Equal(t, recorded[i].Expected, answers[i].Expected, recorded[i].Source)
			require.Equal(t, recorded[i].Error, answers[i].Error, recorded[i].Source)
		}
		requireAgreement(t, answers)
	})
	t.Run("fresh", func(t *testing.T) {
		seed, count := os.Getenv("JINJA_ORACLE_SEED"), os.Getenv("JINJA_ORACLE_COUNT")
		if seed == "" {
			seed = fmt.Sprint(rand.Uint32())
		}
		if count == "" {
			count = "2000"
		}
		t.Logf("JINJA_ORACLE_SEED=%s JINJA_ORACLE_COUNT=%s", seed, count)
		requireAgreement(t, ask(t, python, "generate", seed, count))
	})
}

// ask runs the oracle.
func ask(t *testing.T, python string, args ...string) []oracleAnswer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-W", "ignore", "testdata/oracle.py"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var answers []oracleAnswer
	for line := range bytes.Lines(out) {
		var a oracleAnswer
		require.NoError(t, json.Unmarshal(line, &a))
		answers = append(answers, a)
	}
	require.NotEmpty(t, answers)
	return answers
}

func requireAgreement(t *testing.T, answers []oracleAnswer) {
	t.Helper()
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	different := 0
	for _, a := range answers {
		if d := a.differs(env); d != "" {
			different++
			t.Log(d, differences[a.ID])
		}
	}
	t.Logf("%d of %d answered as by Jinja2", len(answers)-different, len(answers))
	require.LessOrEqual(t, 100*different, len(answers))
}
