package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"github.com/flosch/pongo2/v6"
	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// jinjaBody is the documents' JSON body, as people write it.
const jinjaBody = `{
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

// goBody is the same for text/template.
const goBody = `{
    "order_id": "{{.doc.name}}",
    "customer": "{{.doc.customer}}",
    "total": {{.doc.grand_total}},
    "items": [
        {{range $i, $item := .doc.items}}{{if $i}},{{end}}
        {
            "item_code": "{{$item.item_code}}",
            "qty": {{$item.qty}}
        }
        {{end}}
    ]
}`

func bodyTasks() []task {
	pongo2.SetAutoescape(false)
	pongo2Body := strings.Replace(jinjaBody, "loop.last", "forloop.Last", 1)
	var tasks []task
	for _, n := range []int{1, 10, 100, 1000} {
		o := newOrder(n)
		want := string(must(json.Marshal(o.message())))
		contestants := []contestant{
			{name: "webhook, map", run: ourBody(jinjaBody, o.asMap(), true)},
			{name: "webhook, map, unchecked", run: ourBody(jinjaBody, o.asMap(), false)},
			{name: "webhook, struct", run: ourBody(jinjaBody, o, true)},
			{name: "webhook, GoTemplate", run: ourGoBody(goBody, o.asMap())},
			{name: "json.Marshal of a struct", run: marshal(o.message())},
			{name: "pongo2", run: pongoBody(pongo2Body, o.asMap())},
			{name: "gonja", run: gonjaBody(jinjaBody, o.asMap())},
			{name: "text/template", run: textBody(goBody, o.asMap())},
		}
		for i := range contestants {
			contestants[i].want = want
		}
		tasks = append(tasks, task{fmt.Sprintf("body, %d items", n), contestants})
	}
	return tasks
}

func marshal(m *message) func() ([]byte, bool) {
	return func() ([]byte, bool) {
		b, err := json.Marshal(m)
		return b, err == nil
	}
}

func pongoBody(source string, doc map[string]any) func() ([]byte, bool) {
	t := must(pongo2.FromString(source))
	ctx := pongo2.Context{"doc": doc}
	return func() ([]byte, bool) {
		b, err := t.ExecuteBytes(ctx)
		return b, err == nil
	}
}

func gonjaBody(source string, doc map[string]any) func() ([]byte, bool) {
	t := must(gonja.FromString(source))
	ctx := exec.NewContext(map[string]any{"doc": doc})
	return func() ([]byte, bool) {
		b, err := t.ExecuteToBytes(ctx)
		return b, err == nil
	}
}

func textBody(source string, doc map[string]any) func() ([]byte, bool) {
	t := template.Must(template.New("").Parse(source))
	data := map[string]any{"doc": doc}
	var out bytes.Buffer
	return func() ([]byte, bool) {
		out.Reset()
		err := t.Execute(&out, data)
		return out.Bytes(), err == nil
	}
}
