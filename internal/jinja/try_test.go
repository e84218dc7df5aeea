package jinja_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// jsonTrial writes a path out, with 0 for an output or x within quotes.
type jsonTrial struct {
	text  strings.Builder
	paths *[]string
}

func (j *jsonTrial) Text(s string) error {
	j.text.WriteString(s)
	return nil
}

func (j *jsonTrial) Hole(bool) error {
	if strings.Count(j.text.String(), `"`)%2 == 1 {
		return j.Text("x")
	}
	return j.Text("0")
}

func (j *jsonTrial) Close() error {
	*j.paths = append(*j.paths, j.text.String())
	if !json.Valid([]byte(j.text.String())) {
		return errors.New("not JSON")
	}
	return nil
}

const seedBody = `{
    "order_id": "{{ doc.name }}",
    "customer": "{{ doc.customer }}",
    "total": {{ doc.grand_total }},
    "items": [
        {% for item in doc.items %}
        {
            "item_code": "{{ item.item_code }}",
            "qty": {{ item.qty }}
        }{% if not loop.last %},{% endif %}
        {% endfor %}
    ]
}`

func TestTry(t *testing.T) {
	tests := []struct {
		name       string
		lang       jinja.Lang
		src        string
		ok, broken int
	}{
		{"plain", jinja.Jinja, `{"a": {{ doc.a }}}`, 1, 0},
		{"the documents' body", jinja.Jinja, seedBody, 3, 0},
		{"comma before", jinja.Jinja,
			`[{% for i in doc.items %}{% if loop.index > 1 %},{% endif %}{{ i }}{% endfor %}]`, 3, 0},
		{"comma without end", jinja.Jinja, `[{% for i in doc.items %}{{ i }},{% endfor %}]`, 1, 2},
		{"one branch broken", jinja.Jinja, `{"a": {% if doc.a %}1{% else %},{% endif %}}`, 1, 1},
		{"all broken", jinja.Jinja, `{"a": {% if doc.a %}]{% else %},{% endif %}}`, 0, 2},
		{"same test twice", jinja.Jinja,
			`{% if doc.a == 1 %}{"x": {% endif %}1{% if not doc.a == 1 %}{% else %}}{% endif %}`, 2, 0},
		{"else of a loop", jinja.Jinja, `{% for i in doc.rows %}{% if loop.first %}[{% endif %}` +
			`{{ i }}{% if loop.last %}]{% else %},{% endif %}{% else %}null{% endfor %}`, 3, 0},
		{"set block", jinja.Jinja, `{% set x %}]]{% endset %}{% with y = 1 %}"{{ y }}"{% endwith %}`, 1, 0},
		{"go template", jinja.GoTemplate, `[{{range $i, $e := .doc.items}}{{if $i}},{{end}}"{{$e}}"{{end}}]`, 3, 0},
		{"go template broken", jinja.GoTemplate,
			`[{{range .doc.items}}{{.}},{{end}}]{{with .doc.a}} {{else}}{{end}}`, 2, 4},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			tmpl, err := newEnv(t).Template("body", tc.src, tc.lang)
			require.NoError(t, err)
			var paths []string
			ok, broken, first := tmpl.Try(func() jinja.TrialState { return &jsonTrial{paths: &paths} })
			require.Equal(t, [2]int{tc.ok, tc.broken}, [2]int{ok, broken}, paths)
			require.Equal(t, tc.broken > 0, first != nil)
		})
	}
}

func TestTryIsBounded(t *testing.T) {
	src := strings.Repeat(`{% if doc.a ~ "x" %}a{% endif %}{% for i in doc.items if i %}{{ i }}{% endfor %}`, 60)
	tmpl, err := newEnv(t).Template("body", src, jinja.Jinja)
	require.NoError(t, err)
	var paths []string
	ok, broken, _ := tmpl.Try(func() jinja.TrialState { return &jsonTrial{paths: &paths} })
	require.LessOrEqual(t, ok+broken, 256)
	require.Greater(t, ok+broken, 100)
}
