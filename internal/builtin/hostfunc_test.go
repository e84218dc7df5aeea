package builtin_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

type level int

// Values become what a function of the host takes, or are refused.
func TestHostFunctions(t *testing.T) {
	env, err := jinja.NewEnv(template.FuncMap{
		"show":  func(v any) string { return fmt.Sprintf("%T %v", v, v) },
		"same":  func(v any) any { return v },
		"text":  func(s string) string { return s + "!" },
		"small": func(i int8) int8 { return i },
		"count": func(u uint) uint { return u },
		"named": func(l level) string { return fmt.Sprint("level ", int(l)) },
		"half":  func(f float64) float64 { return f / 2 },
		"yes":   func(b bool) bool { return b },
		"join":  func(xs []string) int { return len(xs) },
		"many":  func(first string, rest ...int) int { return len(rest) },
		"day":   func(d time.Time) int { return d.Day() },
		"fail":  func() (string, error) { return "", errors.New("no luck") },
		"panic": func() string { panic("secret") },
	})
	require.NoError(t, err)
	tests := []struct{ src, wantErr, want string }{
		{`show([1, "a"])`, "", "[]interface {} [1 a]"},
		{`show((1, 2))`, "", "[]interface {} [1 2]"},
		{`show(none) ~ show(doc.nope)`, "", "<nil> <nil><nil> <nil>"},
		{`show("a" | safe) ~ show("a b" | urlencode)`, "", "string astring a%20b"},
		{`same([]) ~ same(()) ~ same([] | select | list) ~ same([1] | reject) ~ same({}.keys())`, "", "[][][][][]"},
		{`text("a") ~ ("b" | text)`, "", "a!b!"},
		{`small(5.9) ~ count(7) ~ named(2) ~ half(5) ~ yes("x")`, "", "57level 22.5True"},
		{`join(["a", "b"]) ~ many("a") ~ many("a", 1, 2) ~ day(getdate("2024-01-05"))`, "", "2025"},
		{`text(5)`, "text(): cannot take a int where Go wants string", ""},
		{`small(300)`, "small(): cannot take this int where Go wants int8", ""},
		{`count(-1)`, "count(): cannot take this int where Go wants uint", ""},
		{`half("x")`, "half(): cannot take a str where Go wants float64", ""},
		{`join(["a", 1])`, "join(): cannot take a int where Go wants string", ""},
		{`many()`, "many() argument 1 is missing", ""},
		{`fail()`, "fail(): no luck", ""},
		{`panic()`, "panic(): panicked", ""},
	}
	for _, tc := range tests {
		tmpl, err := env.Template("t", "{{ "+tc.src+" }}", jinja.Jinja)
		out := jinja.NewText(nil, 0)
		if err == nil {
			err = tmpl.Render(context.Background(), &jinja.Scope{Timeout: time.Minute, Doc: map[string]any{}}, out)
		}
		if tc.wantErr != "" {
			var failed *jinja.Error
			require.ErrorAs(t, err, &failed, tc.src)
			require.Equal(t, tc.wantErr, failed.Msg, tc.src)
			continue
		}
		require.NoError(t, err, tc.src)
		require.Equal(t, tc.want, string(out.Bytes()), tc.src)
	}
}
