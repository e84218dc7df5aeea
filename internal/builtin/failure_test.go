package builtin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/builtin"
)

func TestDidYouMean(t *testing.T) {
	known := []string{"upper", "lower", "length", "customer_group", "nowdate", "_"}
	for name, want := range map[string]string{
		"uper": "upper", "UPPER": "upper", "lenght": "length", "now_date": "nowdate", "customergroup": "customer_group",
		"xyz": "", "": "", "x": "", strings.Repeat("upper", 20): "",
	} {
		if want != "" {
			want = "did you mean " + want + "?"
		}
		require.Equal(t, want, builtin.DidYouMean(name, known), name)
	}
}

func TestFailures(t *testing.T) {
	recovered := func(fn func()) (err error) {
		defer func() { err = recover().(builtin.Failure).Err }()
		fn()
		return nil
	}
	cause := errors.New("cause")
	require.NotPanics(t, func() { builtin.Check(nil) })
	require.Equal(t, cause, recovered(func() { builtin.Must(1, cause) }))
	advice := recovered(func() { builtin.Advise("write that", "not %s", "this") })
	require.EqualError(t, advice, "not this")
	require.Equal(t, "write that", builtin.HintOf(advice))
	require.Empty(t, builtin.HintOf(cause))
}
