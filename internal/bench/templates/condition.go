package main

import (
	"bytes"
	"strings"
	"text/template"

	"cel.dev/cel-go/cel"
	"github.com/expr-lang/expr"
	"github.com/flosch/pongo2/v6"
	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// The conditions are those of the documents, in each engine's spelling; they
// all hold.
var conditions = []struct{ name, jinja, pongo, expr, cel, gotext string }{
	{
		"doc.grand_total > 10000",
		"{{ doc.grand_total > 10000 }}", "{{ doc.grand_total > 10000 }}",
		"doc.grand_total > 10000", "doc.grand_total > 10000.0", "{{gt .doc.grand_total 10000.0}}",
	},
	{
		`doc.customer_group == "Premium"`,
		`{{ doc.customer_group == "Premium" }}`, `{{ doc.customer_group == "Premium" }}`,
		`doc.customer_group == "Premium"`, `doc.customer_group == "Premium"`,
		`{{eq .doc.customer_group "Premium"}}`,
	},
	{
		`doc.status in ["Submitted", "Paid"]`,
		`{{ doc.status in ["Submitted", "Paid"] }}`,
		`{{ doc.status == "Submitted" or doc.status == "Paid" }}`,
		`doc.status in ["Submitted", "Paid"]`, `doc.status in ["Submitted", "Paid"]`,
		`{{eq .doc.status "Submitted" "Paid"}}`,
	},
	{
		`doc.grand_total > 5000 and doc.customer_group == "Premium"`,
		`{{ doc.grand_total > 5000 and doc.customer_group == "Premium" }}`,
		`{{ doc.grand_total > 5000 and doc.customer_group == "Premium" }}`,
		`doc.grand_total > 5000 and doc.customer_group == "Premium"`,
		`doc.grand_total > 5000.0 && doc.customer_group == "Premium"`,
		`{{and (gt .doc.grand_total 5000.0) (eq .doc.customer_group "Premium")}}`,
	},
}

func conditionTasks() []task {
	doc := newOrder(3).asMap()
	var tasks []task
	for _, c := range conditions {
		tasks = append(tasks, task{c.name, []contestant{
			{name: "webhook, map", run: ourCondition(c.jinja, doc)},
			{name: "webhook, struct", run: ourCondition(c.jinja, newOrder(3))},
			{name: "cel-go", run: celCondition(c.cel, doc)},
			{name: "expr", run: exprCondition(c.expr, doc)},
			{name: "pongo2", run: pongoCondition(c.pongo, doc)},
			{name: "gonja", run: gonjaCondition(c.jinja, doc)},
			{name: "text/template", run: textCondition(c.gotext, doc)},
		}})
	}
	return tasks
}

func celCondition(source string, doc map[string]any) func() ([]byte, bool) {
	env := must(cel.NewEnv(cel.Variable("doc", cel.MapType(cel.StringType, cel.DynType))))
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		panic(issues.Err())
	}
	program := must(env.Program(ast, cel.EvalOptions(cel.OptOptimize)))
	vars := map[string]any{"doc": doc}
	return func() ([]byte, bool) {
		out, _, err := program.Eval(vars)
		return nil, err == nil && out.Value() == true
	}
}

func exprCondition(source string, doc map[string]any) func() ([]byte, bool) {
	env := map[string]any{"doc": doc}
	program := must(expr.Compile(source, expr.Env(env), expr.AsBool()))
	return func() ([]byte, bool) {
		out, err := expr.Run(program, env)
		return nil, err == nil && out == true
	}
}

func pongoCondition(source string, doc map[string]any) func() ([]byte, bool) {
	t := must(pongo2.FromString(source))
	ctx := pongo2.Context{"doc": doc}
	return func() ([]byte, bool) {
		out, err := t.Execute(ctx)
		return nil, err == nil && out == "True"
	}
}

func gonjaCondition(source string, doc map[string]any) func() ([]byte, bool) {
	t := must(gonja.FromString(source))
	ctx := exec.NewContext(map[string]any{"doc": doc})
	return func() ([]byte, bool) {
		out, err := t.ExecuteToString(ctx)
		return nil, err == nil && out == "True"
	}
}

func textCondition(source string, doc map[string]any) func() ([]byte, bool) {
	t := template.Must(template.New("").Parse(source))
	data := map[string]any{"doc": doc}
	var out bytes.Buffer
	return func() ([]byte, bool) {
		out.Reset()
		err := t.Execute(&out, data)
		return nil, err == nil && strings.EqualFold(out.String(), "true")
	}
}
