package value_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/value"
)

type base struct {
	ID    int `json:"id"`
	Inner string
}

type status string

type money struct{ cents int64 }

func (m money) MarshalJSON() ([]byte, error) { return json.Marshal(float64(m.cents) / 100) }

type bad struct{}

func (bad) MarshalJSON() ([]byte, error) { panic("boom") }

type document struct {
	base
	Name    string            `json:"name"`
	Status  status            `json:"status,omitempty"`
	Rate    float32           `json:"rate"`
	Note    sql.NullString    `json:"note"`
	Paid    sql.NullBool      `json:"paid"`
	Due     *time.Time        `json:"due"`
	Total   money             `json:"total"`
	Count   int64             `json:"count,string"`
	Raw     json.RawMessage   `json:"raw"`
	Labels  map[string]string `json:"labels"`
	Rows    []base            `json:"rows"`
	Ptr     *base             `json:"ptr"`
	Bytes   []byte            `json:"bytes"`
	Ch      chan int          `json:"ch"`
	Fn      func()
	Skipped string `json:"-"`
	hidden  string
}

func sample() *document {
	return &document{
		base: base{ID: 7, Inner: "in"}, Name: "SO-1", Rate: 0.1, Total: money{1250}, Count: 12,
		Note: sql.NullString{String: "hi", Valid: true}, Raw: json.RawMessage(`{"z":1.50,"a":[1e3]}`),
		Labels: map[string]string{"b": "2", "a": "1"}, Rows: []base{{ID: 1}, {ID: 2}}, Bytes: []byte("ab"), hidden: "x",
	}
}

func TestAppendJSON(t *testing.T) {
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"struct", sample(),
			`{"id":7,"Inner":"in","name":"SO-1","status":"","rate":0.1,"note":"hi","paid":null,"due":null,` +
				`"total":12.5,"count":"12","raw":{"z":1.50,"a":[1e3]},"labels":{"a":"1","b":"2"},` +
				`"rows":[{"id":1,"Inner":""},{"id":2,"Inner":""}],"ptr":null,"bytes":"YWI="}`},
		{"map sorted", map[string]any{"b": 1, "a": map[string]any{"d": nil, "c": true}},
			`{"a":{"c":true,"d":null},"b":1}`},
		{"numbers as spelled", json.RawMessage(`[1.0, 12345678901234567890, 1E5]`), `[1.0,12345678901234567890,1E5]`},
		{"floats", []any{1e21, 1e-7, 0.1, 100.0, float32(0.1)}, `[1e+21,1e-7,0.1,100,0.1]`},
		{"text", "<a&b>\u2028\x01\xff\"\\", "\"<a&b>\u2028\\u0001\ufffd\\\"\\\\\""},
		{"time", time.Date(2026, 1, 31, 9, 30, 0, 5000, time.UTC), `"2026-01-31T09:30:00.000005Z"`},
		{"undefined", value.Undefined{Name: "x"}, `null`},
		{"channel in map", map[string]any{"a": make(chan int), "b": 1}, `{"b":1}`},
		{"nil map and slice", []any{map[string]any(nil), []string(nil), []any(nil)}, `[null,null,null]`},
		{"int keys", map[int]uint8{2: 1, 10: 3}, `{"10":3,"2":1}`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := value.AppendJSON(nil, tc.in)
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))
		})
	}
}

func TestAppendJSONErrors(t *testing.T) {
	cyclic := map[string]any{}
	cyclic["self"] = []any{cyclic, cyclic}
	for name, in := range map[string]any{
		"cycle": cyclic, "panic": []any{bad{}}, "nan": math.NaN(),
		"infinite": []float64{math.Inf(1)}, "raw": json.RawMessage("{"),
	} {
		_, err := value.AppendJSON(nil, in)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "boom", name)
	}
}

func TestGet(t *testing.T) {
	doc, err := value.Of(sample())
	require.NoError(t, err)
	for name, want := range map[string]any{
		"id": int64(7), "status": "", "total": json.Number("12.5"), "note": "hi", "paid": nil,
		"rate": 0.1, "count": `12`,
	} {
		got, ok, err := value.Get(doc, name)
		require.NoError(t, err)
		require.True(t, ok, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"ch", "Fn", "hidden", "Skipped", "MarshalJSON", "base"} {
		_, ok, err := value.Get(doc, name)
		require.NoError(t, err)
		require.False(t, ok, name)
	}
}

func TestPythonSpellings(t *testing.T) {
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"floats", []any{1500.0, 1e16, 1e-5, 0.1, 1e22, math.Copysign(0, -1), 123456789012345680.0},
			"[1500.0, 1e+16, 1e-05, 0.1, 1e+22, -0.0, 1.2345678901234568e+17]"},
		{"json numbers", []any{json.Number("1e3"), json.Number("7"), json.Number("1.50")}, "[1000.0, 7, 1.5]"},
		{"text", []any{"it's", `"`, `'"`, "\n\x00é"}, `["it's", '"', '\'"', '\n\x00é']`},
		{"tuples", value.Tuple{1, value.Tuple{"a"}}, "(1, ('a',))"},
		{"mapping", map[string]any{"b": true, "a": nil}, "{'a': None, 'b': True}"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := value.Str(tc.in)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestPyJSON(t *testing.T) {
	doc := map[string]any{"b": "<é'&😀>", "a": []any{1, 2.0, nil, json.Number("1.50")}}
	got, err := value.PyJSON{HTMLSafe: true}.Append(nil, doc)
	require.NoError(t, err)
	require.Equal(t, `{"a": [1, 2.0, null, 1.5], "b": "\u003c\u00e9\u0027\u0026\ud83d\ude00\u003e"}`, string(got))
	got, err = value.PyJSON{Indent: "  "}.Append(nil, map[string]any{"a": []any{1}, "b": []any{}})
	require.NoError(t, err)
	require.Equal(t, "{\n  \"a\": [\n    1\n  ],\n  \"b\": []\n}", string(got))
}

func TestArith(t *testing.T) {
	tests := []struct {
		op   value.Op
		a, b any
		want string
	}{
		{value.OpFloor, -7, 2, "-4"}, {value.OpMod, -7, 3, "2"}, {value.OpMod, 7, -3, "-2"},
		{value.OpFloor, -7.5, 2, "-4.0"}, {value.OpMod, -7.5, 2, "0.5"}, {value.OpDiv, 8, 2, "4.0"},
		{value.OpPow, 2, 100, "1267650600228229401496703205376"},
		{value.OpPow, 2, -1, "0.5"}, {value.OpPow, -1, 1 << 40, "1"},
		{value.OpPow, 0, 0, "1"}, {value.OpPow, -1, 3, "-1"},
		{value.OpMul, math.MaxInt64, 2, "18446744073709551614"},
		{value.OpAdd, json.Number("1"), 0.5, "1.5"}, {value.OpSub, true, 3, "-2"},
	}
	for _, tc := range tests {
		got, err := value.Arith(tc.op, tc.a, tc.b)
		require.NoError(t, err)
		text, err := value.Str(got)
		require.NoError(t, err)
		require.Equal(t, tc.want, text, "%v %v %v", tc.a, tc.op, tc.b)
	}
	_, err := value.Arith(value.OpPow, 2, 100000)
	require.ErrorIs(t, err, value.ErrTooLarge)
	_, err = value.Arith(value.OpFloor, 1, 0)
	require.ErrorIs(t, err, value.ErrDivisionByZero)
}

func TestCompareBeyondPython(t *testing.T) {
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		a, b  any
		order int
		ok    bool
	}{
		{"none", nil, 1, 0, false},
		{"text with number", "42.5", 7, 1, true},
		{"text sorts as text", "10", "9", -1, true},
		{"time with date", day, "2026-01-31", 0, true},
		{"time with later date", day, "2026-02-01", -1, true},
		{"date with time text", value.Date{Time: day}, "2026-01-30 23:00:00", 1, true},
		{"big integers", json.Number("9007199254740993"), 9007199254740992.0, 1, true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			order, ok, err := value.Compare(tc.a, tc.b, true, nil)
			require.NoError(t, err)
			require.Equal(t, tc.ok, ok)
			require.Equal(t, tc.order, order)
		})
	}
	_, _, err := value.Compare("abc", 1, true, nil)
	require.ErrorIs(t, err, value.ErrType)
	_, _, err = value.Compare("42.5", 40, false, nil)
	require.ErrorIs(t, err, value.ErrType)
	_, _, err = value.Compare(value.Undefined{Name: "x"}, nil, true, nil)
	require.Error(t, err)
	same, err := value.Equal(day, "2026-01-31", nil)
	require.NoError(t, err)
	require.True(t, same)
}

func TestCyclesEnd(t *testing.T) {
	a, b := map[string]any{}, map[string]any{}
	a["x"], b["x"] = []any{a, a}, []any{b, b}
	_, err := value.Equal(a, b, nil)
	require.ErrorIs(t, err, value.ErrDepth)
	_, err = value.Str(a)
	require.Error(t, err)
	_, err = value.PyJSON{HTMLSafe: true}.Append(nil, a)
	require.Error(t, err)
}

func FuzzFloats(f *testing.F) {
	for _, seed := range []float64{0, -0.5, 1500, 1e15, 1e16, 1e21, 1e-7, 5e-324, math.MaxFloat64, -123456789012345} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		want, err := json.Marshal(x)
		got, err2 := value.AppendJSON(nil, x)
		require.Equal(t, err == nil, err2 == nil)
		if err == nil {
			require.Equal(t, string(want), string(got))
			back, ok := value.ParseFloat(string(value.AppendFloat(nil, x)))
			require.True(t, ok)
			require.Equal(t, x, back)
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":[1.0,"x\u00e9"]}`, `"\ud800"`, `[[]]`, `{"a":1,"a":2}`, ` -0.5e3 `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := value.DecodeJSON(raw)
		if !json.Valid(raw) {
			require.Error(t, err)
			return
		}
		if errors.Is(err, value.ErrDepth) {
			return
		}
		require.NoError(t, err)
		got, err := value.AppendJSON(nil, v)
		require.NoError(t, err)
		want, have := decodeAny(t, raw), decodeAny(t, got)
		require.Equal(t, want, have)
	})
}

func decodeAny(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

func bigDocument() map[string]any {
	doc := map[string]any{"name": "SO-0001", "customer": "ACME Corp", "grand_total": 15000.5, "status": "Submitted"}
	items := make([]any, 10)
	for i := range items {
		items[i] = map[string]any{"item_code": "W-" + strings.Repeat("1", i), "qty": i, "rate": 10.5, "active": true}
	}
	doc["items"] = items
	return doc
}

func BenchmarkAppendJSON(b *testing.B) {
	doc := bigDocument()
	b.Run("value", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf, _ = value.AppendJSON(buf[:0], doc)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(doc)
		}
	})
}
