package webhook_test

import (
	"context"
	"fmt"

	"github.com/docevent/webhook"
)

// A JSON body from a Jinja template. Values are escaped for the place where
// they stand, so that no document can break the body.
func ExampleWebhook_jsonTemplate() {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	p, err := d.Preview(context.Background(), webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Structure: webhook.JSON,
		Body: `{
  "order": "{{ doc.name }}",
  "customer": "{{ doc.customer }}",
  "po_no": {{ doc.po_no }},
  "items": [
  {%- for item in doc.items %}
    {"code": "{{ item.item_code }}", "qty": {{ item.qty }}}{% if not loop.last %},{% endif %}
  {%- endfor %}
  ]
}`,
	}, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{
			"customer": `The "A" Company`, "po_no": nil,
			"items": []map[string]any{{"item_code": "A-1", "qty": 3}, {"item_code": "B-2", "qty": 0.5}},
		},
	})
	if err != nil {
		panic(err)
	}
	if p.Request == nil {
		panic(p.Outcome.Err)
	}
	fmt.Println(string(p.Request.Body))
	// Output:
	// {
	//   "order": "SO-00001",
	//   "customer": "The \"A\" Company",
	//   "po_no": null,
	//   "items": [
	//     {"code": "A-1", "qty": 3},
	//     {"code": "B-2", "qty": 0.5}
	//   ]
	// }
}

// A form body from rows: the document's field, and the key under which it is
// sent.
func ExampleWebhook_form() {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	p, err := d.Preview(context.Background(), webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnSubmit},
		URL: "https://erp.example/orders", Structure: webhook.Form,
		Data: []webhook.Field{
			{Fieldname: "customer"},
			{Fieldname: "grand_total", Key: "amount"},
		},
	}, webhook.Event{
		Type: webhook.OnSubmit, DocType: "Sales Order", Name: "SO-00001",
		Doc: map[string]any{"customer": "Customer A", "grand_total": 1500.0, "status": "Open"},
	})
	if err != nil {
		panic(err)
	}
	if p.Request == nil {
		panic(p.Outcome.Err)
	}
	fmt.Println(p.Request.Header.Get("Content-Type"))
	fmt.Println(string(p.Request.Body))
	// Output:
	// application/x-www-form-urlencoded
	// customer=Customer%20A&amount=1500
}

// A URL that is rendered for each event. What a document puts into it cannot
// change where it leads.
func ExampleWebhook_dynamicURL() {
	d, err := webhook.New(webhook.NewMemoryStore(), nil)
	if err != nil {
		panic(err)
	}
	w := webhook.Webhook{
		Name: "Orders", DocType: "Sales Order", Events: []webhook.EventType{webhook.OnUpdate},
		URL: "https://erp.example/orders/{{ doc.name }}?by={{ event.user }}", DynamicURL: true,
		Method: "PUT",
	}
	for _, name := range []string{"SO-00001", "../admin?delete=all#"} {
		p, err := d.Preview(context.Background(), w, webhook.Event{
			Type: webhook.OnUpdate, DocType: "Sales Order", Name: name, User: "ann@erp.example",
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(p.Request.Method, p.Request.URL)
	}
	// Output:
	// PUT https://erp.example/orders/SO-00001?by=ann%40erp.example
	// PUT https://erp.example/orders/..%2Fadmin%3Fdelete%3Dall%23?by=ann%40erp.example
}
