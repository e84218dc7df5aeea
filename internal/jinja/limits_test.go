package jinja_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

func render(t testing.TB, env *jinja.Env, src string, lang jinja.Lang, scope *jinja.Scope) (string, error) {
	t.Helper()
	tmpl, err := env.Template("t", src, lang)
	if err != nil {
		return "", err
	}
	out := jinja.NewText(nil, 0)
	err = tmpl.Render(context.Background(), scope, out)
	return string(out.Bytes()), err
}

// doubled is the start of a template in which ns.x becomes twice as large a
// hundred times.
func doubled(first, next string) string {
	return "{% set ns = namespace(x=" + first + ") %}{% for i in range(100) %}{% set x = ns.x %}{% set ns.x = " +
		next + " %}{% endfor %}"
}

func nested(open, inner, end string, n int) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

// Each of these would take the memory, the stack or the time of the host.
func TestLimits(t *testing.T) {
	const n = 30_000
	tests := []struct{ name, src string }{
		{"text times", `{{ "a" * 10**9 }}`},
		{"text times huge", `{{ "a" * 10**18 * 10 }}`},
		{"list times", `{{ [0] * 10**9 }}`},
		{"tuple times", `{{ (0,) * 10**9 }}`},
		{"power", `{{ 2 ** 100000 }}`},
		{"power tower", `{{ 9 ** 9 ** 9 ** 9 ** 9 }}`},
		{"float power", `{{ 10.0 ** 1000 }}`},
		{"factorial", `{% set ns = namespace(n=1) %}{% for i in range(1, 90000) %}` +
			`{% set ns.n = ns.n * i %}{% endfor %}`},
		{"range", `{{ range(10**9)|list }}`},
		{"range loop", `{% for i in range(10**12) %}{% endfor %}`},
		{"range slice", `{{ range(100000)[::1]|list + range(100000)|list }}`},
		{"nested loops", `{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}`},
		{"doubling text", `{% set ns = namespace(s='ab') %}{% for i in range(99) %}` +
			`{% set ns.s = ns.s ~ ns.s %}{% endfor %}`},
		{"doubling list", `{% set ns = namespace(s=[1]) %}{% for i in range(99) %}` +
			`{% set ns.s = ns.s + ns.s %}{% endfor %}`},
		{"doubling tree printed", `{% set ns = namespace(s=[1]) %}{% for i in range(99) %}` +
			`{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}`},
		{"doubling tree as JSON", `{% set ns = namespace(s=[1]) %}{% for i in range(99) %}` +
			`{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}`},
		{"doubling trees compared", `{% set ns = namespace(s=[1], t=[1]) %}` +
			`{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}` +
			`{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}`},
		{"deep list printed", `{% set ns = namespace(s=[1]) %}{% for i in range(50000) %}` +
			`{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}`},
		{"deep list as JSON", `{% set ns = namespace(s=[1]) %}{% for i in range(50000) %}` +
			`{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|tojson }}`},
		{"deep lists compared", `{% set ns = namespace(s=[1], t=[1]) %}` +
			`{% for i in range(50000) %}{% set ns.s = [ns.s] %}` +
			`{% set ns.t = [ns.t] %}{% endfor %}{{ ns.s == ns.t }}`},
		{"deep lists ordered", `{% set ns = namespace(s=[1], t=[2]) %}` +
			`{% for i in range(50000) %}{% set ns.s = [ns.s] %}` +
			`{% set ns.t = [ns.t] %}{% endfor %}{{ ns.s < ns.t }}`},
		{"deep tuple as key", `{% set ns = namespace(s=(1,)) %}{% for i in range(50000) %}` +
			`{% set ns.s = (ns.s,) %}{% endfor %}{{ {ns.s: 1} }}`},
		{"list in itself", `{% set x = [] %}{{ x.append(x) }}{{ x }}`},
		{"list in itself as JSON", `{% set x = [] %}{{ x.append(x) }}{{ x|tojson }}`},
		{"list in itself pretty", `{% set x = [] %}{{ x.append(x) }}{{ x|pprint }}`},
		{"deep list pretty", `{% set ns = namespace(s=[1]) %}{% for i in range(50000) %}` +
			`{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|pprint }}`},
		{"doubling tree pretty", `{% set ns = namespace(s=[1]) %}{% for i in range(99) %}` +
			`{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|pprint }}`},
		{"tuples told apart", `{{ ([(0,) * 99999] * 5000)|unique|list }}`},
		{"expandtabs", `{{ ("\t" * 1000).expandtabs(10**9) }}`},
		{"wordwrap", `{{ ("a" * 100000)|wordwrap(1, wrapstring="x" * 100000) }}`},
		{"format within a format", `{{ "{:{}}".format(1, 10**9) }}`},
		{"dict in itself", `{% set x = {} %}{{ x.update(a=x) }}{{ x == x.copy() }}{{ x|string }}`},
		{"replace", `{{ ("a" * 100000)|replace("a", "b" * 100000) }}`},
		{"replace nothing", `{{ ("a" * 100000).replace("", "b" * 100000) }}`},
		{"join", `{{ range(90000)|join("x" * 100000) }}`},
		{"join method", `{{ ("x" * 100000).join(("a" * 1000)|list) }}`},
		{"center", `{{ "a"|center(10**9) }}`},
		{"indent", `{{ "a\nb"|indent(10**9) }}`},
		{"indent lines", `{{ ("\n" * 100000)|indent(1000, blank=true) }}`},
		{"ljust", `{{ "a".ljust(10**10) }}`},
		{"zfill", `{{ "a".zfill(10**10) }}`},
		{"percent width", `{{ "%999999999d" % 1 }}`},
		{"percent precision", `{{ "%.999999999f" % 1 }}`},
		{"percent star", `{{ "%*d" % (10**10, 1) }}`},
		{"format width", `{{ "{:999999999}".format(1) }}`},
		{"batch", `{{ [1]|batch(10**9, 0)|list }}`},
		{"slice", `{{ [1]|slice(10**9)|list }}`},
		{"urlencode", `{{ ("&" * 1000000)|urlencode }}`},
		{"tojson indent", `{{ [[1]]|tojson(indent=10**9) }}`},
		{"round", `{{ 5|round(-10**9) ~ 1/0 }}`},
		{"captures", nested("{% set x %}", "", "{% endset %}", 150)},
		{"output", `{% for i in range(1000) %}` + strings.Repeat("x", 2000) + `{% endfor %}`},
		{"output of values", `{% set s = "x" * 100000 %}{% for i in range(1000) %}{{ s }}{% endfor %}`},
		{"memory in a list", `{% set l = [] %}{% for i in range(99999) %}` +
			`{% set _ = l.append(("x" * 900000) ~ i) %}{% endfor %}`},
		{"extend itself", `{% set l = [1, 2] %}{% for i in range(99) %}{% set _ = l.extend(l) %}{% endfor %}`},
		{"sum of lists", `{{ ([range(1000)|list] * 1000)|sum(start=[]) }}`},
		{"tuples in tuples", doubled("()", "(x, x)") + `{{ {ns.x: 1} }}`},
		{"tuples in tuples sought", doubled("()", "(x, x)") + `{{ ns.x in {} }}`},
		{"tuples in tuples told apart", doubled("()", "(x, x)") + `{{ [ns.x]|unique|list|length }}`},
		{"map in map", `{{ range(99999)|map("string")|map("list")|map("join")|map("center", 9999)|list|length }}`},
		{"parens", "{{ " + nested("(", "1", ")", n) + " }}"},
		{"brackets", "{{ " + nested("[", "1", "]", n) + " }}"},
		{"braces", "{{ " + nested("{1:", "1", "}", n) + " }}"},
		{"not", "{{ " + strings.Repeat("not ", n) + "1 }}"},
		{"minus", "{{ " + strings.Repeat("-", n) + "1 }}"},
		{"plus chain", "{{ 1" + strings.Repeat("+1", n) + " }}"},
		{"power chain", "{{ 1" + strings.Repeat("**1", n) + " }}"},
		{"attribute chain", "{{ doc" + strings.Repeat(".a", n) + " }}"},
		{"index chain", "{{ doc" + strings.Repeat("[0]", n) + " }}"},
		{"call chain", "{{ doc" + strings.Repeat("()", n) + " }}"},
		{"filter chain", "{{ doc" + strings.Repeat("|list", n) + " }}"},
		{"test chain", "{{ " + nested("(", "1", " is defined)", n) + " }}"},
		{"if chain", "{{ 1" + strings.Repeat(" if 1", n) + " }}"},
		{"else chain", "{{ 1" + strings.Repeat(" if 1 else 1", n) + " }}"},
		{"and chain", "{{ 1" + strings.Repeat(" and 1", n) + " }}"},
		{"if blocks", nested("{% if 1 %}", "", "{% endif %}", 9000)},
		{"elif blocks", "{% if 1 %}" + strings.Repeat("{% elif 1 %}", 9000) + "{% endif %}"},
		{"for blocks", nested("{% for i in [1] %}", "", "{% endfor %}", 5000)},
		{"with blocks", nested("{% with %}", "", "{% endwith %}", 5000)},
		{"targets", "{% for " + nested("(", "a", ",)", n) + " in [] %}{% endfor %}"},
		{"source", strings.Repeat("x", jinja.MaxSource+1)},
		{"unclosed", strings.Repeat("{{", n)},
		{"attribute path", `{{ [1]|map(attribute="` + strings.Repeat("a.", n) + `")|list }}`},
	}
	env := newEnv(t)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := render(t, env, tc.src, jinja.Jinja, &jinja.Scope{Doc: map[string]any{}})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			var e *jinja.Error
			require.ErrorAs(t, err, &e)
			require.NotContains(t, e.Msg, "not supported")
			require.NotContains(t, e.Msg, "unknown ")
			t.Logf("took %v", took)
			require.Less(t, took, 5*time.Second)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<20))
		})
	}
}

func TestLimitErrorsAreTyped(t *testing.T) {
	env := newEnv(t)
	for _, src := range []string{
		`{{ "a" * 10**9 }}`, `{{ [0] * 10**9 }}`, `{{ range(10**9) }}`, `{{ 2 ** 100000 }}`,
		"{{ " + strings.Repeat("not ", 999) + "1 }}",
	} {
		_, err := render(t, env, src, jinja.Jinja, &jinja.Scope{})
		require.ErrorIs(t, err, jinja.ErrLimit, src)
	}
}

func TestNestingBelowTheLimitWorks(t *testing.T) {
	env := newEnv(t)
	for _, src := range []string{
		"{{ 1" + strings.Repeat("+1", 150) + " }}",
		"{{ " + nested("(", "1", ")", 90) + " }}", nested("{% if 1 %}", "x", "{% endif %}", 150),
		"{% if 0 %}" + strings.Repeat("{% elif 0 %}", 150) + "{% endif %}",
	} {
		_, err := render(t, env, src, jinja.Jinja, &jinja.Scope{})
		require.NoError(t, err, src[:20])
	}
}

// What only reads a long text costs steps too, so that the clock is looked at.
func TestReadingCostsSteps(t *testing.T) {
	scope := &jinja.Scope{Doc: map[string]any{"s": strings.Repeat("x", 1<<20)}, Timeout: time.Minute}
	for _, read := range []string{"doc.s|length", "doc.s[5]", "doc.s|int", "doc.s.isalpha()"} {
		t.Run(read, func(t *testing.T) {
			_, err := render(t, newEnv(t), "{% for i in range(1000) %}{{ "+read+" }}{% endfor %}", jinja.Jinja, scope)
			require.ErrorContains(t, err, "1,000,000 steps")
		})
	}
}

func TestTimeAndCancellation(t *testing.T) {
	env := newEnv(t)
	tmpl, err := env.Template("t",
		`{% for i in range(99999) %}{{ (doc.s ~ i)|upper|lower|length }}{% endfor %}`, jinja.Jinja)
	require.NoError(t, err)
	scope := &jinja.Scope{Doc: map[string]any{"s": strings.Repeat("x", 1000)}, Timeout: time.Millisecond}
	start := time.Now()
	err = tmpl.Render(context.Background(), scope, jinja.NewText(nil, 0))
	require.ErrorIs(t, err, jinja.ErrLimit)
	require.Less(t, time.Since(start), 500*time.Millisecond)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, tmpl.Render(ctx, scope, jinja.NewText(nil, 0)), context.Canceled)
	ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	scope.Timeout = time.Minute
	require.ErrorIs(t, tmpl.Render(ctx, scope, jinja.NewText(nil, 0)), context.DeadlineExceeded)
}

func TestSinkErrorsComeOutInPlace(t *testing.T) {
	tmpl, err := newEnv(t).Template("b", "ab\ncd{{ 1 }}", jinja.Jinja)
	require.NoError(t, err)
	var e *jinja.Error
	require.ErrorAs(t, tmpl.Render(context.Background(), &jinja.Scope{}, &brokenSink{text: true}), &e)
	require.Equal(t, [2]int{2, 2}, [2]int{e.Line, e.Column})
	require.ErrorIs(t, e, errBroken)
	require.ErrorAs(t, tmpl.Render(context.Background(), &jinja.Scope{}, &brokenSink{}), &e)
	require.Equal(t, [2]int{2, 6}, [2]int{e.Line, e.Column})
}

type offsetError struct{ error }

func (offsetError) Offset() int     { return 4 }
func (e offsetError) Unwrap() error { return e.error }

var errBroken = fmt.Errorf("broken")

type brokenSink struct{ text bool }

func (b *brokenSink) Text(string) error {
	if b.text {
		return offsetError{errBroken}
	}
	return nil
}
func (*brokenSink) Value(any) error { return errBroken }

func TestConcurrentUse(t *testing.T) {
	env := newEnv(t)
	src := `{% set ns = namespace(n=0) %}{% for i in doc.items %}{% set ns.n = ns.n + i.qty %}` +
		`{{ loop.index }}{{ i.item_code|lower }}{% endfor %}{{ ns.n }}{{ changed("status") }}`
	tmpl, err := env.Template("t", src, jinja.Jinja)
	require.NoError(t, err)
	cond, err := env.Condition("c", "any(d.qty > 5 for d in doc.items)", jinja.Jinja)
	require.NoError(t, err)
	doc := orderDoc()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				scope := orderScope()
				scope.Doc = doc
				out := jinja.NewText(nil, 0)
				err := tmpl.Render(context.Background(), scope, out)
				ok, err2 := cond.Eval(context.Background(), scope)
				if err != nil || err2 != nil || !ok || string(out.Bytes()) != "1a2b8.0True" {
					t.Errorf("got %q, %v, %v, %v", out.Bytes(), err, ok, err2)
					return
				}
			}
		})
	}
	wg.Wait()
}
