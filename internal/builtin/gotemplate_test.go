package builtin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

// The functions of Go templates give what text/template itself gives.
func TestGoFunctionsAgainstTextTemplate(t *testing.T) {
	var doc any
	require.NoError(t, json.Unmarshal([]byte(document), &doc))
	for _, src := range []string{
		`{{not .doc.n}} {{not ""}} {{len .doc.tags}} {{len .doc.name}} {{len .doc.m}}`,
		`{{index .doc.tags 1}} {{index .doc.m "b"}} {{index .doc.rows 0 "code"}}`,
		`{{slice .doc.name 1 3}} {{slice .doc.tags 1}} {{slice .doc.name}}`,
		`{{print "a" 1 2 "b" "c"}}`, `{{println "a" 1}}`,
		`{{printf "%d|%5d|%-5d|%05d|%x|%X|%o|%b|%c" 42 42 42 42 255 255 8 5 65}}`,
		`{{printf "%f|%.2f|%8.3f|%e|%g" 2.5 2.345 2.5 12345.678 1e21}}`,
		`{{printf "%s|%q|%10s|%-10s|%x" "a" "a" "a" "a" "a"}}`, `{{printf "%v %t %% %+d" "a" true 5}}`,
		`{{html .doc.html}} {{js .doc.html}} {{urlquery "a b&c"}}`,
		`{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}}`,
		`{{and 1 0}} {{or 0 "x"}} {{and 1 2}}`,
	} {
		stock, err := template.New("t").Parse(src)
		require.NoError(t, err, src)
		var want strings.Builder
		require.NoError(t, stock.Execute(&want, map[string]any{"doc": doc}), src)
		got, err := render(src, jinja.GoTemplate)
		require.NoError(t, err, src)
		require.Equal(t, goSpelled(want.String()), goSpelled(got), src)
	}
}

// goSpelled lets be that values print as in Python.
func goSpelled(s string) string {
	return strings.NewReplacer("True", "true", "False", "false", "'", "", ", ", " ").Replace(s)
}

func TestGoFunctions(t *testing.T) {
	for src, want := range map[string]string{
		`{{gt .doc.n 6.5}} {{eq .doc.n 7.0}} {{lt .doc.none 5}} {{gt .doc.nope 5}} ` +
			`{{eq .doc.none .doc.nope}}`: "True True False False True",
		`{{len .doc.none}} {{index .doc.m "nope"}}|` +
			`{{printf "%d %.1f" 7.0 7}}`: "0 |7 7.0",
	} {
		got, err := render(src, jinja.GoTemplate)
		require.NoError(t, err, src)
		require.Equal(t, want, got, src)
	}
	for src, want := range map[string]string{
		`{{index .doc.tags 9}}`:   "index out of range: 9",
		`{{slice .doc.name 9}}`:   "index out of range",
		`{{slice .doc.name 2 1}}`: "index out of range",
		`{{len 5}}`:               "int has no length",
		`{{eq 1}}`:                "missing argument for comparison",
		`{{printf "%d" "a"}}`:     "verb %d cannot print str",
		`{{printf "%d"}}`:         "not enough arguments",
		`{{printf "a" 1}}`:        "not all arguments are used",
		`{{printf "%*d" 1 2}}`:    "uses * or [n]",
		`{{printf "%99999d" 1}}`:  "at most 10000", `{{printf "%z" 1}}`: "format has no %z",
	} {
		_, err := render(src, jinja.GoTemplate)
		require.ErrorContains(t, err, want, src)
	}
}
