package jinja_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

func TestLenientEnv(t *testing.T) {
	tests := []struct {
		name, src string
		lang      jinja.Lang
		wantErr   string // "" when it compiles
	}{
		{"function", `{{ sign(doc.name, key="k") }}`, jinja.Jinja, ""},
		{"function under utils", `{{ frappe.utils.sign(doc.name) }}`, jinja.Jinja, ""},
		{"filter", `{{ doc.name | sign("k") | upper }}`, jinja.Jinja, ""},
		{"filter in map", `{{ doc.items | map("sign", 1) | join }}`, jinja.Jinja, ""},
		{"filter of a set block", `{% set x | sign %}a{% endset %}`, jinja.Jinja, ""},
		{"go function", `{{sign .doc.name 1}}`, jinja.GoTemplate, ""},
		{"go pipeline", `{{.doc.name | sign 1 | upper}}`, jinja.GoTemplate, ""},
		{"argument", `{{ sign(dok.name) }}`, jinja.Jinja, `unknown name "dok"`},
		{"name", `{{ sign }}`, jinja.Jinja, `unknown name "sign"`},
		{"method", `{{ doc.name.sign() }}`, jinja.Jinja, `unknown method "sign"`},
		{"test", `{{ doc.name is signed }}`, jinja.Jinja, `unknown test "signed"`},
		{"test in select", `{{ doc.items | select("signed") }}`, jinja.Jinja, `unknown test "signed"`},
		{"arguments of the known", `{{ doc.name | upper(1) }}`, jinja.Jinja, "too many arguments, by 1"},
		{"tag", `{% include "x" %}`, jinja.Jinja, "tag include is not supported"},
		{"go argument", `{{sign .dok.name}}`, jinja.GoTemplate, `unknown name ".dok"`},
		{"go root", `{{doc}}`, jinja.GoTemplate, `unknown function "doc"`},
		{"go define", `{{define "x"}}{{end}}`, jinja.GoTemplate, "define and block are not supported"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			tmpl, err := jinja.LenientEnv().Template("t", tc.src, tc.lang)
			if tc.wantErr != "" {
				require.ErrorContains(t, err, tc.wantErr)
				return
			}
			require.NoError(t, err)
			_, err = newEnv(t).Template("t", tc.src, tc.lang)
			require.ErrorContains(t, err, `"sign"`, "an ordinary Env knows it")
			_, broken, _ := tmpl.Try(func() jinja.TrialState { return soundState{} })
			require.Zero(t, broken)
			err = tmpl.Render(context.Background(),
				&jinja.Scope{Doc: map[string]any{"items": []any{1}}}, jinja.NewText(nil, 0))
			require.ErrorContains(t, err, "known", "it is never evaluated in silence")
		})
	}
}

// soundState takes every path.
type soundState struct{}

func (soundState) Text(string) error { return nil }
func (soundState) Hole(bool) error   { return nil }
func (soundState) Close() error      { return nil }
