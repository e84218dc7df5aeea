package jsonbody_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jsonbody"
	"github.com/docevent/webhook/internal/value"
)

// hole marks a value among the texts of a body.
type hole struct{ v any }

const noLimit = 1 << 20

// write gives the parts, strings being text, to a Writer.
func write(w *jsonbody.Writer, parts ...any) (string, error) {
	for _, part := range parts {
		var err error
		switch part := part.(type) {
		case string:
			err = w.Text(part)
		case hole:
			err = w.Value(part.v)
		}
		if err != nil {
			return "", err
		}
	}
	err := w.Close()
	return string(w.Bytes()), err
}

func TestValues(t *testing.T) {
	at := time.Date(2024, 6, 1, 9, 30, 0, 500_000_000, time.FixedZone("", 3600))
	list := []any{"a\"b", json.Number("1.50"), nil, map[string]any{"k": true}}
	tests := []struct {
		name   string
		v      any
		alone  string
		inside string
	}{
		{"nil", nil, `null`, ``},
		{"labeled", value.NewLabeled("on_\"x", value.Entry{Key: "id", Value: 1}), `"on_\"x"`, `on_\"x`},
		{"undefined", value.Undefined{Name: "x"}, `null`, ``},
		{"true", true, `true`, `True`},
		{"false", false, `false`, `False`},
		{"int", 42, `42`, `42`},
		{"negative int64", int64(-9007199254740993), `-9007199254740993`, `-9007199254740993`},
		{"whole float", 1500.0, `1500.0`, `1500.0`},
		{"large float", 1e16, `1e+16`, `1e+16`},
		{"small float", 1.5e-7, `1.5e-07`, `1.5e-07`},
		{"number", json.Number("12345678901234567890123"), `12345678901234567890123`, `12345678901234567890123`},
		{"number with a fraction", json.Number("1.50"), `1.5`, `1.5`},
		{"big", new(big.Int).Lsh(big.NewInt(1), 70), `1180591620717411303424`, `1180591620717411303424`},
		{"string", `He said "hi" \ <b>&`, `"He said \"hi\" \\ <b>&"`, `He said \"hi\" \\ <b>&`},
		{"control characters", "a\n\t\r\b\f\x00\x1f\x7f",
			`"a\n\t\r\b\f\u0000\u001f` + "\x7f\"", `a\n\t\r\b\f\u0000\u001f` + "\x7f"},
		{"invalid UTF-8", "a\xff\xc3b", "\"a\ufffd\ufffdb\"", "a\ufffd\ufffdb"},
		{"line separator", "a\u2028b", "\"a\u2028b\"", "a\u2028b"},
		{"time", at, `"2024-06-01T09:30:00.5+01:00"`, `2024-06-01T09:30:00.5+01:00`},
		{"list", list, `["a\"b",1.50,null,{"k":true}]`, `[\"a\\\"b\",1.50,null,{\"k\":true}]`},
		{"map", map[string]any{"b": 1, "a": "x"}, `{"a":"x","b":1}`, `{\"a\":\"x\",\"b\":1}`},
		{"tuple", value.Tuple{1, "x"}, `[1,"x"]`, `[1,\"x\"]`},
		{"fragment", value.JSON(`{"a": "\n"}`), `{"a": "\n"}`, `{\"a\": \"\\n\"}`},
		{"safe", value.Safe(`"a\u0041"`), `"a\u0041"`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := write(jsonbody.New(nil, noLimit), `{"k": `, hole{tt.v}, `}`)
			require.NoError(t, err)
			require.Equal(t, `{"k": `+tt.alone+`}`, got)
			require.True(t, json.Valid([]byte(got)))
			if _, safe := tt.v.(value.Safe); safe {
				return
			}
			got, err = write(jsonbody.New(nil, noLimit), `["<`, hole{tt.v}, `>"]`)
			require.NoError(t, err)
			require.Equal(t, `["<`+tt.inside+`>"]`, got)
			require.True(t, json.Valid([]byte(got)))
		})
	}
}

func TestKeys(t *testing.T) {
	tests := []struct {
		name string
		v    any
		want string // empty for an error
	}{
		{"string", `a"b`, `{"a\"b":1}`},
		{"number", 7, `{"7":1}`},
		{"bool", true, `{"True":1}`},
		{"fragment that is a string", value.JSON(`"a"`), `{"a":1}`},
		{"safe string", value.Safe(`"a":0,"b"`), `{"a":0,"b":1}`},
		{"fragment that is a number", value.JSON(`7`), ``},
		{"nil", nil, ``},
		{"undefined", value.Undefined{}, ``},
		{"list", []any{1}, ``},
		{"map", map[string]any{}, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := write(jsonbody.New(nil, noLimit), `{`, hole{tt.v}, `:1}`)
			if tt.want == "" {
				require.ErrorAs(t, err, new(*jsonbody.SyntaxError))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	got, err := write(jsonbody.New(nil, noLimit), `{"a`, hole{`"b`}, `":1}`)
	require.NoError(t, err)
	require.Equal(t, `{"a\"b":1}`, got)
}

func TestGluedValues(t *testing.T) {
	tests := []struct {
		name  string
		parts []any
		want  string // empty for an error
	}{
		{"minus and number", []any{`-`, hole{5}}, `-5`},
		{"minus and negative number", []any{`-`, hole{-5}}, ``},
		{"minus and string", []any{`-`, hole{"5"}}, ``},
		{"minus and null", []any{`-`, hole{nil}}, ``},
		{"number and fraction", []any{hole{3}, `.50`}, `3.50`},
		{"fraction twice", []any{hole{3.5}, `.5`}, ``},
		{"digit and number", []any{`1`, hole{2}}, `12`},
		{"zero and number", []any{`0`, hole{2}}, ``},
		{"zero and digit", []any{hole{0}, `1`}, ``},
		{"float and digit", []any{hole{2.5}, `5`}, `2.55`},
		{"large float and digit", []any{hole{1e16}, `5`}, `1e+165`},
		{"safe text that is not UTF-8", []any{hole{value.Safe("\"\xff\"")}}, "\"\ufffd\""},
		{"point and number", []any{`1.`, hole{5}}, `1.5`},
		{"point and float", []any{`1.`, hole{5.5}}, ``},
		{"exponent and number", []any{`1e`, hole{-5}}, `1e-5`},
		{"exponent and float", []any{`1e`, hole{1e30}}, ``},
		{"two numbers", []any{hole{1}, hole{2}}, `12`},
		{"number and string", []any{hole{1}, hole{"2"}}, ``},
		{"number and list", []any{hole{1}, hole{[]any{}}}, ``},
		{"two strings", []any{hole{"1"}, hole{"2"}}, ``},
		{"two nulls", []any{hole{nil}, hole{nil}}, ``},
		{"number and null", []any{`1`, hole{nil}}, ``},
		{"number and safe text", []any{`1`, hole{value.Safe(`.5`)}}, `1.5`},
		{"number and safe end", []any{`[1`, hole{value.Safe(`,2`)}, `]`}, `[1,2]`},
		{"half a literal and string", []any{`tr`, hole{"ue"}}, ``},
		{"half a literal and safe text", []any{`tr`, hole{value.Safe("ue")}}, `true`},
		{"literal over texts", []any{`fa`, `ls`, `e`}, `false`},
		{"string over texts", []any{`"a\`, `u00`, `4`, `1"`}, `"a\u0041"`},
		{"value for a comma", []any{`[1 `, hole{","}, `2]`}, ``},
		{"fragment for a comma", []any{`[1 `, hole{value.JSON("2")}, `]`}, ``},
		{"value for a colon", []any{`{"a"`, hole{":"}, `1}`}, ``},
		{"value after a backslash", []any{`"\`, hole{`"`}, `"`}, ``},
		{"nothing after a backslash", []any{`"\`, hole{nil}, `n"`}, ``},
		{"safe text after a backslash", []any{`"\`, hole{value.Safe(`"`)}, `"`}, `"\""`},
		{"value in a hexadecimal escape", []any{`"\u00`, hole{41}, `"`}, ``},
		{"safe text that ends in a backslash", []any{`"`, hole{value.Safe(`\`)}, `"`}, ``},
		{"safe text that leaves the string", []any{`["`, hole{value.Safe(`","`)}, `"]`}, `["",""]`},
		{"safe text that is no JSON", []any{`[`, hole{value.Safe(`a`)}, `]`}, ``},
		{"a value after the whole", []any{`{} `, hole{1}}, ``},
		{"hostile number", []any{`{"a":`, hole{json.Number(`1,"b":2`)}, `}`}, ``},
		{"empty number", []any{`[`, hole{json.Number(``)}, `1]`}, ``},
		{"NaN", []any{hole{math.NaN()}}, ``},
		{"infinite", []any{hole{math.Inf(-1)}}, ``},
		{"infinite number", []any{hole{json.Number("1e999")}}, ``},
		{"NaN in a list", []any{hole{[]any{math.NaN()}}}, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := write(jsonbody.New(nil, noLimit), tt.parts...)
			if tt.want == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.True(t, json.Valid([]byte(got)))
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name  string
		parts []any
		want  string
	}{
		{"trailing comma in a list", []any{"[1,\n]"}, `expected a value, found "]" (there is a comma too many) at 4`},
		{"trailing comma in an object", []any{`{"a":1,}`},
			`expected a key in quotes, found "}" (there is a comma too many) at 7`},
		{"comma missing", []any{`[{}`, ` {}]`}, `expected "," or "]", found "{" at 1`},
		{"comma printed", []any{`[1 `, hole{","}},
			`expected "," or "]", found a value ` +
				`(punctuation is written as text, within {% if %} where it depends) at 0`},
		{"single quotes", []any{`{'a'`},
			`expected a key in quotes or "}", found "'" (JSON strings are written in double quotes) at 1`},
		{"line break in a string", []any{"\"a\n\""},
			`expected the rest of a string, found a line break (a line break in a string is written \n) at 2`},
		{"control character", []any{"\"\x01"},
			`expected the rest of a string, found the control character U+0001 ` +
				`(a line break in a string is written \n) at 1`},
		{"escape", []any{`"\x"`}, `expected one of " \ / b f n r t u after a backslash, found "x" at 2`},
		{"hexadecimal", []any{`"\u12G4"`}, `expected four hexadecimal digits after \u, found "G" at 5`},
		{"wrong bracket", []any{`[1}`}, `expected "," or "]", found "}" at 2`},
		{"Python's True", []any{`{"a": True}`},
			`expected a value, found "T" (JSON spells true and false in lower case) at 6`},
		{"literal", []any{`nul]`}, `expected "null", found "]" at 3`},
		{"bare minus", []any{`[-]`}, `expected a digit, found "]" at 2`},
		{"leading zero", []any{`[01]`}, `expected "," or "]", found "1" at 2`},
		{"two values", []any{`{} {}`}, `expected the end of the body, found "{" at 3`},
		{"nothing", []any{" \n"}, `expected a value, found the end of the body at 0`},
		{"open object", []any{`{"a":{}`}, `expected "," or "}", found the end of the body at 0`},
		{"open string", []any{`"a`}, `expected the closing quote of a string, found the end of the body at 0`},
		{"unquoted value", []any{`{"a": x`, hole{1}}, `expected a value, found "x" at 6`},
		{"invalid UTF-8", []any{"\"a\xff\""}, `expected UTF-8, found a byte that is not at 2`},
		{"key", []any{`{`, hole{nil}}, `expected a key in quotes or "}", found a value that is no text at 0`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := jsonbody.New(nil, noLimit)
			_, err := write(w, tt.parts...)
			var syntax *jsonbody.SyntaxError
			require.ErrorAs(t, err, &syntax)
			got := strings.TrimPrefix(err.Error(), "the body is not JSON: ")
			require.Equal(t, tt.want, got+" at "+string(rune('0'+syntax.Offset())))
			require.Equal(t, err, w.Text("more"), "the first error stays")
			require.Equal(t, err, w.Value(1))
			require.Equal(t, err, w.Close())
		})
	}
}

func TestErrorsHoldNothingOfTheDocument(t *testing.T) {
	const secret = "hunter2"
	for _, v := range []any{
		secret, value.Safe(secret), value.JSON(`"` + secret + `"`), []any{secret},
		json.Number(secret),
	} {
		for _, before := range []string{``, `[1 `, `{"a"`, `{`, `"\`, `-`} {
			if _, err := write(jsonbody.New(nil, noLimit), before, hole{v}); err != nil {
				require.NotContains(t, err.Error(), secret)
			}
		}
	}
}

func TestLimit(t *testing.T) {
	for _, parts := range [][]any{{`"aaa"`}, {hole{"aaa"}}, {`"`, hole{"\x00"}, `"`}, {hole{value.Safe(`"aaa"`)}}} {
		_, err := write(jsonbody.New([]byte("before"), 4), parts...)
		require.ErrorIs(t, err, jsonbody.ErrTooLong)
	}
	got, err := write(jsonbody.New([]byte("before"), 5), `"aaa"`)
	require.NoError(t, err)
	require.Equal(t, `before"aaa"`, got)
}

func TestDepth(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + "1" + strings.Repeat(`]}`, n/2) }
	var memo jsonbody.Memo
	for range 2 {
		for _, n := range []int{62, 64, 66, 126, 128, 130, 1000} {
			_, err := write(memo.Writer(nil, noLimit), deep(n))
			require.NoError(t, err, n)
			_, err = write(memo.Writer(nil, noLimit), strings.Replace(deep(n), "]}", "}}", 1))
			require.Error(t, err, n)
			got, err := write(memo.Writer(nil, noLimit), strings.Repeat("[", n), strings.Repeat("]", n))
			require.NoError(t, err, n)
			require.True(t, json.Valid([]byte(got)))
			_, err = write(memo.Writer(nil, noLimit), strings.Repeat("[", n), strings.Repeat("]", n-1), "}")
			require.Error(t, err, n)
			_, err = write(memo.Writer(nil, noLimit), strings.Repeat(`{"a":`, n), "1", strings.Repeat("}", n-1), "]")
			require.Error(t, err, n)
		}
	}
	_, err := write(jsonbody.New(nil, noLimit), deep(1002))
	require.ErrorContains(t, err, "1000 levels")
}

func TestMemoKnowsThePlace(t *testing.T) {
	var memo jsonbody.Memo
	for range 3 {
		got, err := write(memo.Writer(nil, noLimit), `[`, `"a"`, `,`, `"a"`, `]`)
		require.NoError(t, err)
		require.Equal(t, `["a","a"]`, got)
		_, err = write(memo.Writer(nil, noLimit), `[`, `"a"`, `"a"`, `]`)
		require.Error(t, err)
		_, err = write(memo.Writer(nil, noLimit), `{`, `"a"`, `,`)
		require.Error(t, err)
	}
}

func TestTrial(t *testing.T) {
	safe := hole{value.Safe("")}
	tests := []struct {
		name  string
		parts []any
		fits  bool
	}{
		{"document body", []any{`{"a": "`, hole{}, `", "b": `, hole{}, `, `, hole{}, `: [`, hole{}, `]}`}, true},
		{"joined numbers", []any{
			`[-`, hole{}, `, `, hole{}, `.50, 1`, hole{}, `, 1.`, hole{}, `, 1e`, hole{},
			hole{}, `]`,
		}, true},
		{"digits after a hole", []any{`[1.`, hole{}, `5, `, hole{}, `5, 1e`, hole{}, `5]`}, true},
		{"point after a fraction", []any{`1.`, hole{}, `.5`}, false},
		{"trailing comma", []any{`[`, hole{}, `,]`}, false},
		{"no comma", []any{`[`, hole{}, ` `, hole{}, `]`}, false},
		{"hole for a colon", []any{`{"a"`, hole{}, `}`}, false},
		{"hole in an escape", []any{`"\`, hole{}, `"`}, false},
		{"hole after a zero", []any{`0`, hole{}}, false},
		{"hole in a word", []any{`nu`, hole{}}, false},
		{"text after a hole", []any{hole{}, `x`}, false},
		{"open string", []any{`"`, hole{}}, false},
		{"empty", nil, false},
		{"safe hole", []any{`[`, safe, `nonsense`}, true},
		{"broken before a safe hole", []any{`]`, safe}, false},
		{"invalid UTF-8", []any{"\"\xff\""}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := try(tt.parts...)
			require.Equal(t, tt.fits, err == nil, "%v", err)
		})
	}
}

// try gives the parts to a Trial.
func try(parts ...any) error {
	trial := jsonbody.NewTrial()
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			_ = trial.Text(part)
		case hole:
			_, safe := part.v.(value.Safe)
			_ = trial.Hole(safe)
		}
	}
	return trial.Close()
}
