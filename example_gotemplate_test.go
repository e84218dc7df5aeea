package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
)

// Those who know text/template better than Jinja may use its language.
func ExampleWebhook_goTemplate() {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	p, err := d.Preview(context.Background(), webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Structure: webhook.JSON, Syntax: webhook.GoTemplate,
		Condition: `{{ gt .doc.grand_total 10000 }}`,
		Body: `{"order": "{{ .doc.name }}", "items": [
{{- range $i, $item := .doc.items }}{{ if $i }}, {{ end }}"{{ $item.item_code }}"{{ end -}}
]}`,
	}, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{
			"grand_total": 15000,
			"items":       []map[string]any{{"item_code": "A-1"}, {"item_code": `"B"-2`}},
		},
	})
	if err != nil {
		panic(err)
	}
	if p.Request == nil {
		panic(p.Outcome.Err)
	}
	fmt.Println(p.Outcome.Decision, string(p.Request.Body))
	// Output:
	// queued {"order": "SO-00001", "items": ["A-1", "\"B\"-2"]}
}
