package jsonbody_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jsonbody"
	"github.com/docevent/webhook/internal/value"
)

// hostile are texts that have broken bodies before.
var hostile = []string{
	"", `"`, `\`, `\"`, `","x":"`, `","admin":true,"y":"`, `}`, `]`, `"}],"x":[{"`, `\u0022`, `\`, "\n", "\r\n", "\t",
	"\x00", "\x1f", "\x7f", "\xff", "\xc3", "a\xed\xa0\x80b", "\u2028", "\u2029", "{{ 7*7 }}",
	"{% raw %}", "{#", "'", "//",
	"null", "1e999", strings.Repeat("9", 400), "-", "\ufeff", "</script>", "é東😀", strings.Repeat("[", 200), `\ud800`,
}

// body is a random structure: the parts that write it, and what must come out
// when it is decoded.
type body struct {
	rnd   *rand.Rand
	parts []any
	keys  int
}

func (b *body) text(s string) { b.parts = append(b.parts, s) }

func (b *body) hole(v any) { b.parts = append(b.parts, hole{v}) }

func (b *body) space() {
	if b.rnd.IntN(3) == 0 {
		b.text(" \n\t"[:b.rnd.IntN(4)])
	}
}

func (b *body) nasty() string {
	s := hostile[b.rnd.IntN(len(hostile))]
	if b.rnd.IntN(3) == 0 {
		s += hostile[b.rnd.IntN(len(hostile))]
	}
	return s
}

// document is a value that a hostile document may hold.
func (b *body) document(depth int) any {
	switch b.rnd.IntN(9) {
	case 0:
		return nil
	case 1:
		return b.rnd.IntN(2) == 0
	case 2:
		return b.rnd.NormFloat64() * 1e18
	case 3:
		return json.Number(fmt.Sprintf("%d%019d", 1+b.rnd.Uint64N(9), b.rnd.Uint64()))
	case 4:
		if depth > 0 {
			return []any{b.document(depth - 1), b.document(depth - 1)}
		}
	case 5:
		if depth > 0 {
			return map[string]any{b.nasty(): b.document(depth - 1), "k" + b.nasty(): b.document(depth - 1)}
		}
	}
	return b.nasty()
}

// value writes a value and returns what it decodes to.
func (b *body) value(depth int) any {
	b.space()
	defer b.space()
	switch k := b.rnd.IntN(7); {
	case k == 0 && depth > 0:
		return b.object(depth - 1)
	case k == 1 && depth > 0:
		return b.array(depth - 1)
	case k == 2:
		b.text(`"`)
		s := b.inside()
		b.text(`"`)
		return s
	case k == 3:
		v := b.document(2)
		b.hole(value.JSON(encoded(v)))
		return decoded(v)
	}
	v := b.document(2)
	b.hole(v)
	return decoded(v)
}

func (b *body) inside() string {
	var want string
	for range b.rnd.IntN(4) {
		if b.rnd.IntN(2) == 0 {
			b.text(`a\n`)
			want += "a\n"
			continue
		}
		s := b.nasty()
		b.hole(s)
		want += decoded(s).(string)
	}
	return want
}

func (b *body) object(depth int) any {
	want := map[string]any{}
	b.text("{")
	for i := range b.rnd.IntN(4) {
		if i > 0 {
			b.text(",")
		}
		b.keys++
		key := fmt.Sprintf("k%d:", b.keys)
		if b.rnd.IntN(2) == 0 {
			v := key + b.nasty()
			b.hole(v)
			key = decoded(v).(string)
		} else {
			b.text(`"` + key)
			key += b.inside()
			b.text(`"`)
		}
		b.text(":")
		want[key] = b.value(depth)
	}
	b.text("}")
	return want
}

func (b *body) array(depth int) any {
	want := []any{}
	b.text("[")
	for i := range b.rnd.IntN(4) {
		if i > 0 {
			b.text(",")
		}
		want = append(want, b.value(depth))
	}
	b.text("]")
	return want
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// decoded returns v as encoding/json gives it back, numbers as float64.
func decoded(v any) (out any) {
	if err := json.Unmarshal(encoded(v), &out); err != nil {
		panic(err)
	}
	return out
}

// TestHostileDocuments proves that whatever values stand in whatever places,
// the body decodes to exactly the structure that the text spells.
func TestHostileDocuments(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		b := &body{rnd: rnd}
		want := b.value(5)
		var memo jsonbody.Memo
		for range 2 {
			got, err := write(memo.Writer(nil, noLimit), b.parts...)
			require.NoError(t, err, "%q", b.parts)
			require.True(t, utf8.ValidString(got))
			var back any
			require.NoError(t, json.Unmarshal([]byte(got), &back), "%q gave %q", b.parts, got)
			require.Equal(t, want, back, "%q gave %q", b.parts, got)
		}
		require.NoError(t, try(b.parts...), "%q", b.parts)
	}
}

// FuzzText proves that the grammar is that of encoding/json, whole, cut
// anywhere, remembered, and marked as safe.
func FuzzText(f *testing.F) {
	for i, s := range append(hostile, `{"a":[1,-0.5e+10,true,false,null,"\u00e9\/"]}`, `[1,2,]`,
		`-`, `01`, `1.`, `{"a"}`, "tru", ` 1 `) {
		f.Add(s, i)
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		want := json.Valid([]byte(s)) && utf8.ValidString(s)
		if strings.Count(s, "[")+strings.Count(s, "{") > 1000 {
			t.Skip("deeper than the bound, perhaps")
		}
		_, err := write(jsonbody.New(nil, noLimit), s)
		require.Equal(t, want, err == nil, "%q: %v", s, err)

		cut = max(0, min(cut, len(s)))
		if !utf8.ValidString(s[:cut]) {
			cut = 0
		}
		var memo jsonbody.Memo
		for range 2 {
			_, err = write(memo.Writer(nil, noLimit), s[:cut], s[cut:])
			require.Equal(t, want, err == nil, "%q, %q: %v", s[:cut], s[cut:], err)
		}
		got, err := write(jsonbody.New(nil, noLimit), s[:cut], hole{value.Safe(s[cut:])})
		require.True(t, err != nil || json.Valid([]byte(got)) && utf8.ValidString(got), "%q", got)
		require.Equal(t, want, try(s[:cut], s[cut:]) == nil)
	})
}

// FuzzValue proves that a value leaves the structure as it is: the body has
// the same tokens as with a harmless value of its kind, or neither is JSON;
// and that what can be written passes the trial.
func FuzzValue(f *testing.F) {
	for i, s := range hostile {
		f.Add(`{"a`, s, `": [`, `]}`, i)
		f.Add(`["`, s, `", {`, `: 1}]`, i)
		f.Add(`{"a":`, s, `, "b": -`, `}`, i)
	}
	f.Fuzz(func(t *testing.T, a, s, b, c string, kind int) {
		hostile, harmless := pair(s, kind)
		got, err := write(jsonbody.New(nil, noLimit), a, hole{hostile}, b, hole{hostile}, c)
		plain, plainErr := write(jsonbody.New(nil, noLimit), a, hole{harmless}, b, hole{harmless}, c)
		require.Equal(t, plainErr == nil, err == nil, "%v, %v", plainErr, err)
		if err != nil {
			return
		}
		require.True(t, json.Valid([]byte(got)) && utf8.ValidString(got), "%q", got)
		require.Equal(t, shape(t, plain), shape(t, got), "%q became %q", plain, got)
		require.NoError(t, try(a, hole{}, b, hole{}, c))
	})
}

// pair returns a value made of s and a harmless one of the same kind.
func pair(s string, kind int) (any, any) {
	switch kind & 3 {
	case 0:
		return []any{s, map[string]any{s: s}}, []any{"x", map[string]any{"x": "x"}}
	case 1:
		return value.JSON(encoded(s)), value.JSON(`"x"`)
	}
	return s, "x"
}

// shape returns the kinds of the tokens of a body.
func shape(t *testing.T, s string) []string {
	var kinds []string
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			require.ErrorContains(t, err, "EOF")
			return kinds
		}
		if delim, ok := token.(json.Delim); ok {
			kinds = append(kinds, delim.String())
		} else {
			kinds = append(kinds, fmt.Sprintf("%T", token))
		}
	}
}
