package builtin_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/builtin"
	"github.com/docevent/webhook/internal/jinja"
)

// looks is a context that counts how often it is looked at.
type looks struct {
	context.Context
	n int
}

func (l *looks) Err() error {
	l.n++
	return nil
}

// large are the names that the templates below use: as large as they may be.
var large = map[string]any{
	"text":   strings.Repeat("a ", 500_000),
	"lines":  strings.Repeat("\n", 1_000_000),
	"quotes": strings.Repeat(`"`, 1_000_000),
	"list":   numbers(90_000),
	"same":   numbers(90_000),
	"lists":  []any{numbers(90_000), numbers(90_000), numbers(90_000)},
	"huge":   strings.Repeat("a b\n", 5<<20),
}

func numbers(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = int64(i)
	}
	return out
}

func evaluate(ctx context.Context, t *testing.T, src string) error {
	t.Helper()
	env, err := jinja.NewEnv(nil)
	require.NoError(t, err)
	tmpl, err := env.Template("t", src, jinja.Jinja)
	require.NoError(t, err, src)
	return tmpl.Render(ctx, &jinja.Scope{Doc: large, Timeout: time.Hour}, jinja.NewText(nil, 0))
}

// What takes long looks at the clock on the way, not only at the end.
func TestLongWorkLooksAtTheClock(t *testing.T) {
	for _, src := range []string{
		`{{ ("%%" * 90000) % () }}`, `{{ ("%d" * 90000) | format(*doc.list) | length }}`,
		`{{ ("{}" * 90000).format(*doc.list) | length }}`,
		`{{ doc.list == doc.same }}`, `{{ doc.lists | sort | length }}`,
		`{{ doc.lists | max | length }}`, `{{ doc.lists.count(doc.same) }}`,
		`{{ doc.list in doc.lists }}`, `{{ doc.list | sort | length }}`, `{{ doc.list | join | length }}`,
		`{{ doc.list | map("string") | list | length }}`, `{{ doc.list | select("odd") | list | length }}`,
		`{{ doc.list | unique | list | length }}`, `{{ doc.list | sum }}`,
		`{{ {(doc.list | list) | string: 1} | length }}`, `{% for x in doc.lists %}{{ loop.changed(x) }}{% endfor %}`,
		`{% set l = doc.list | list %}{% for i in range(99) %}{% set _ = l.insert(0, i) %}{% endfor %}`,
	} {
		ctx := &looks{Context: context.Background()}
		require.NoError(t, evaluate(ctx, t, src), src)
		require.Greater(t, ctx.n, 2, src)
	}
}

// What would grow too large is refused before it is built.
func TestGrowthIsRefusedBeforeItIsBuilt(t *testing.T) {
	for _, src := range []string{
		`{{ doc.text.split() }}`, `{{ doc.text.rsplit() }}`,
		`{{ doc.text.split("a") }}`, `{{ doc.text.rsplit("a") }}`, `{{ doc.lines.splitlines() }}`,
		`{{ doc.lines | indent(2, blank=true) }}`, `{{ doc.lines | wordwrap }}`,
		`{{ doc.text | list }}`, `{{ doc.text | sort }}`, `{{ doc.text | join("-") }}`,
		`{% for c in doc.text %}{% endfor %}`, `{{ doc.quotes | escape }}`,
		`{{ doc.quotes | forceescape }}`, `{{ doc.quotes ~ doc.quotes }}`,
		`{{ ("a" | escape) + doc.quotes }}`, `{{ dict(a=doc.quotes) | xmlattr }}`,
		`{{ {"a": doc.quotes} | urlencode }}`, `{{ doc.quotes | urlencode }}`,
		`{{ comma_and([doc.text, doc.text]) }}`, `{{ [doc.text, doc.text] | join }}`,
		`{{ doc.text | replace("a", "bb") }}`, `{{ doc.text | center(9999999) }}`,
		`{{ doc.text.join(["a", "b", "c"]) }}`, `{{ "%9999999d" % 1 }}`,
		`{{ "{:9999999}".format(1) }}`, `{{ doc.text * 9 }}`, `{{ doc.list * 9 }}`,
		`{{ doc.list + doc.list }}`, `{{ [1] | batch(999999, 0) | list }}`,
		`{{ [1] | slice(999999) | list }}`, `{{ doc.huge | indent }}`,
		`{{ doc.huge | reverse }}`, `{{ doc.huge | upper }}`,
		`{{ doc.huge | tojson }}`, `{{ {doc.huge: 1} | tojson }}`, `{{ {doc.huge: 1} }}`,
		`{{ "a".strip(doc.huge) }}`, `{{ doc.huge | wordcount }}`,
		`{{ doc.huge | first | list | length ~ doc.huge }}`, `{{ 2 ** 99999 }}`,
		`{{ formatdate("2024-01-01", doc.huge) }}`,
		`{{ ("\t" * 9999).expandtabs(9999) }}`, `{{ [[1]] | tojson(indent=doc.huge) }}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := evaluate(context.Background(), t, src)
		runtime.ReadMemStats(&after)
		require.Error(t, err, src)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), src)
	}
}

func TestLimitsUnwrap(t *testing.T) {
	require.ErrorIs(t, builtin.Limit("x"), builtin.ErrLimit)
	err := evaluate(context.Background(), t, `{{ doc.text | list }}`)
	require.ErrorIs(t, err, builtin.ErrLimit)
	require.False(t, errors.Is(evaluate(context.Background(), t, `{{ 1 / 0 }}`), builtin.ErrLimit))
}
