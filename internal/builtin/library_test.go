package builtin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/builtin"
)

func TestLibraryFinds(t *testing.T) {
	own := func(s string) string { return s }
	l, err := builtin.NewLibrary(map[string]any{"sign": own, "upper": own})
	require.NoError(t, err)
	tests := []struct {
		name string
		kind builtin.Kind
		want bool
	}{
		{"range", builtin.Function, true}, {"len", builtin.Function, false}, {"len", builtin.ConditionFunction, true},
		{"printf", builtin.GoFunction, true}, {"printf", builtin.Function, false},
		{"nowdate", builtin.GoFunction, true},
		{"upper", builtin.Filter, true}, {"sign", builtin.Filter, true},
		{"sign", builtin.Function, true}, {"flt", builtin.Filter, true},
		{"nowdate", builtin.Filter, false}, {"even", builtin.Test, true}, {"trim", builtin.Test, false},
		{"split", builtin.Method, true}, {"append", builtin.Method, true},
		{"has_value_changed", builtin.DocMethod, true},
		{"next", builtin.Method, false}, {"nope", builtin.Function, false},
	}
	for _, tc := range tests {
		require.Equal(t, tc.want, l.Find(tc.kind, tc.name) != nil, "%s %s", tc.kind, tc.name)
	}
	require.True(t, l.Has(builtin.Method, "next"), "a method of the engine's own values")
	require.Contains(t, l.Names(builtin.Filter), "sign")
	require.Nil(t, l.FindOrStranger(builtin.Filter, "nope"))
	require.NotNil(t, builtin.Lenient().FindOrStranger(builtin.Filter, "nope"))
}

func TestLibraryExplainsTheUnknown(t *testing.T) {
	l, err := builtin.NewLibrary(nil)
	require.NoError(t, err)
	tests := []struct {
		name              string
		kind              builtin.Kind
		wantMsg, wantHint string
	}{
		{"uper", builtin.Filter, `unknown filter "uper"`, "did you mean upper?"},
		{"now_date", builtin.Function, `unknown function "now_date"`, "did you mean nowdate?"},
		{"evn", builtin.Test, `unknown test "evn"`, "did you mean even?"},
		{"spilt", builtin.Method, `unknown method "spilt"`, "did you mean split?"},
		{"qqqqqqqq", builtin.Filter, `unknown filter "qqqqqqqq"`, ""},
		{"get_value", builtin.Method, "method get_value is not supported", "templates see only the document"},
		{"exists", builtin.Method, "method exists is not supported", "templates see only the document"},
		{"session", builtin.Function, "function session is not supported", "write event.user"},
		{"urlize", builtin.Filter, "filter urlize is not supported", "messages are not pages"},
		{"money_in_words", builtin.Function,
			"function money_in_words is not supported", "spell the amount in the receiver"},
		{"quoted", builtin.Function,
			"function quoted is not supported", "values in a URL are encoded; elsewhere write urlencode"},
	}
	for _, tc := range tests {
		msg, hint := l.Unknown(tc.kind, tc.name)
		require.Equal(t, tc.wantMsg, msg)
		require.Equal(t, tc.wantHint, hint, tc.name)
	}
}

func TestLibraryRefusesWhatIsNoFunction(t *testing.T) {
	for name, fn := range map[string]any{
		"a value": 1, "nil": (func() int)(nil),
		"no result": func() {}, "two results": func() (int, int) { return 0, 0 },
	} {
		_, err := builtin.NewLibrary(map[string]any{"f": fn})
		require.ErrorContains(t, err, "function f: ", name)
	}
}
