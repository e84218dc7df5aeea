package jinja_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
	"github.com/docevent/webhook/internal/jsonbody"
)

type grade string

type part struct {
	Code string  `json:"code"`
	Rate float64 `json:"rate"`
}

type Stamp struct {
	Owner string `json:"owner"`
}

type assembly struct {
	*Stamp
	Name   string      `json:"name"`
	Quote  string      `json:"quote"`
	Empty  string      `json:"empty"`
	Grade  grade       `json:"grade"`
	Total  float64     `json:"total"`
	Zero   float64     `json:"zero"`
	Small  float64     `json:"small"`
	Minus  float64     `json:"minus"`
	Single float32     `json:"single"`
	Count  int         `json:"count"`
	None   *string     `json:"none"`
	Paid   bool        `json:"paid"`
	Amount json.Number `json:"amount"`
	Coded  float64     `json:"coded,string"`
	Parts  []part      `json:"parts"`
	First  part        `json:"first"`
}

func newAssembly() *assembly {
	return &assembly{
		Stamp: &Stamp{"ann"}, Name: "A-1", Quote: `He said "hi"`, Grade: "B", Total: 1500,
		Small: 1e-7, Minus: -2.5, Single: 0.1,
		Count: 7, Paid: true, Amount: "12.50", Coded: 1.5, Parts: []part{{"p", 1.5}, {"q", 0}}, First: part{"f", 3},
	}
}

// A struct reads like the map that encoding/json makes of it, wherever a field of
// it is looked at.
func TestStructsReadLikeMaps(t *testing.T) {
	asMap := map[string]any{}
	text, err := json.Marshal(newAssembly())
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &asMap))
	asMap["count"], asMap["amount"] = 7, json.Number("12.50")

	env := newEnv(t)
	render := func(src string, doc any) (string, error) {
		tmpl, err := env.Template("t", src, jinja.Jinja)
		require.NoError(t, err, src)
		plain, body := jinja.NewText(nil, 0), jsonbody.New(nil, 1<<20)
		scope := &jinja.Scope{Doc: doc}
		err = tmpl.Render(context.Background(), scope, plain)
		if bodyErr := tmpl.Render(context.Background(), scope, body); bodyErr == nil {
			return string(plain.Bytes()) + string(body.Bytes()), err
		}
		return string(plain.Bytes()), err
	}
	for _, src := range []string{
		`"{{ doc.name }} {{ doc.quote }} {{ doc.grade }} {{ doc.total }} {{ doc.single }} {{ doc.owner }}"`,
		`[{{ doc.name }}, {{ doc.empty }}, {{ doc.total }}, {{ doc.zero }}, {{ doc.small }}, ` +
			`{{ doc.minus }}, -{{ doc.total }}]`,
		`[{{ doc.count }}, {{ doc.paid }}, {{ doc.none }}, {{ doc.amount }}, {{ doc.coded }}, ` +
			`{{ doc.single }}, {{ doc.nope }}]`,
		`{ {{ doc.name }}: 1, {{ doc.total }}: 2, "{{ doc.minus }}": {{ doc.first.rate }} }`,
		`{% for p in doc.parts %}{{ p.code }}{{ p.rate }}{{ p.code if p.rate }}{% endfor %}`,
		`{% set a = doc.name %}{% set b = doc.quote %}{{ a }}{{ b }}{{ [doc.name, doc.quote, doc.total, doc.zero] }}`,
		`{{ doc.name < doc.quote }}{{ doc.name == doc.first.code }}{{ doc.total == 1500 }}` +
			`{{ doc.total > 1500.5 }}{{ doc.minus < 0 }}`,
		`{{ doc.name == "A-1" }}{{ doc.name in ["A-1", "B"] }}{{ doc.name in "xA-1" }}` +
			`{{ doc.total in [1500] }}{{ doc.name == 1 }}`,
		`{{ doc.name is string }}{{ doc.total is float }}{{ not doc.empty }}{{ not doc.zero }}` +
			`{{ doc.name and doc.zero }}`,
		`{% if doc.empty %}a{% elif doc.zero %}b{% elif doc.name and doc.total %}c{% endif %}`,
		`{{ doc.name ~ doc.total }}{{ doc.name | lower }}{{ doc.total | int }}{{ doc.first }}` +
			`{{ doc.parts | map(attribute="code") | join }}`,
	} {
		want, wantErr := render(src, asMap)
		require.NoError(t, wantErr, src)
		got, err := render(src, newAssembly())
		require.NoError(t, err, src)
		require.Equal(t, want, got, src)
	}
	got, err := render(`[{{ doc.owner }}]`, &assembly{})
	require.NoError(t, err)
	require.Equal(t, "[None][null]", got, "an embedded struct that is not there")
	got, err = render(`[{{ doc.total }}]`, &assembly{Total: math.NaN()})
	require.NoError(t, err)
	require.Equal(t, "[nan]", got, "no number of JSON")
}

func TestConditionsOnStructsDoNotAllocate(t *testing.T) {
	scope := &jinja.Scope{Doc: newAssembly()}
	for _, src := range []string{
		`doc.total > 1000.5`, `doc.name == "A-1"`, `doc.grade in ["A", "B"]`, `doc.name and doc.total`, `doc.parts`,
	} {
		c, err := newEnv(t).Condition("c", src, jinja.Jinja)
		require.NoError(t, err)
		ok, err := c.Eval(context.Background(), scope)
		require.True(t, ok, "%s: %v", src, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = c.Eval(context.Background(), scope) }), src)
	}
}
