package jinja_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// Numbers are read as Jinja2 reads them, which is as Python does.
func TestNumbers(t *testing.T) {
	tests := []struct{ src, want string }{
		{"0x1f", "31"},
		{"0X_FF", "255"},
		{"0b101", "5"},
		{"0O17", "15"},
		{"0", "0"},
		{"00_0", "0"},
		{"1_000", "1000"},
		{"123456789012345678901234567890", "123456789012345678901234567890"},
		{"1_0.2_5", "10.25"},
		{"1e3", "1000.0"},
	}
	for _, tc := range tests {
		t.Run(tc.src, func(t *testing.T) {
			got, err := render(t, newEnv(t), "{{ "+tc.src+" }}", jinja.Jinja, &jinja.Scope{})
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}
