package jinja_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// What is looked for where it is not: undefined, or an error, as in Jinja2.
func TestAccess(t *testing.T) {
	scope := &jinja.Scope{Doc: map[string]any{
		"tags": []any{"b", "a"}, "row": map[string]any{"x": 1.0}, "none": nil,
		"rows": []any{map[string]any{"c": "1"}, map[string]any{"c": "2"}},
	}}
	tests := []struct {
		name, src string
		wantErr   string // "" when it gives want
		want      string
	}{
		{"attribute of a method", `{{ doc.tags.count.x }}`, "", ""},
		{"attribute of that", `{{ doc.tags.count.x.y }}`, "'doc.tags.count.x' is undefined", ""},
		{"subscript of a method", `{{ doc.row.items["x"] }}`, "", ""},
		{"walk over a method", `{% for k, v in doc.row.items %}{% endfor %}`,
			"'doc.row.items' is a method that is not called", ""},
		{"no method of a document", `{% for x in doc.items %}{% endfor %}`, "", ""},
		{"attr of a document", `{{ doc | attr("tags") }}`, "", "['b', 'a']"},
		{"attr of a dict", `{{ doc.row | attr("x") is defined }}`, "", "False"},
		{"attr of undefined", `{{ doc.nope | attr("x") }}`, "'doc.nope' is undefined", ""},
		{"slice of a dict", `{{ doc.row[1:] }}`, "cannot slice dict", ""},
		{"slice of None", `{{ doc.none[1:] }}`, "cannot slice None", ""},
		{"slice of a literal", `{{ none[1:] }}{{ {"a": [1]}[-1:] }}{{ 5[:2] is defined }}`, "", "False"},
		{"slice by a field", `{{ none[doc.none:] }}`, "cannot slice None", ""},
		{"slice of a literal with a field", `{{ {"a": doc.none}[1:] }}`, "cannot slice dict", ""},
		{"with of several names", `{% with a, b = (1, 2), c = 3 %}{{ b }}{{ a }}{{ c }}{% endwith %}`, "", "213"},
		{"slice of a view", `{{ doc.row.keys()[1:] }}`, "cannot slice dict_keys", ""},
		{"sort by what is missing", `{{ doc.rows | sort(attribute="nope") | map(attribute="c") | join }}`, "", "12"},
		{"items of what has none", `{% set x = doc.tags | items %}ok`, "", "ok"},
		{"those walked over", `{{ doc.tags | items | list }}`, "needs a mapping, not list", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := render(t, newEnv(t), tc.src, jinja.Jinja, scope)
			if tc.wantErr != "" {
				require.ErrorContains(t, err, tc.wantErr)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}
