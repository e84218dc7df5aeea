package jinja_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/jinja"
)

type benchItem struct {
	ItemCode string  `json:"item_code"`
	Qty      float64 `json:"qty"`
}

type benchOrder struct {
	Name       string      `json:"name"`
	Customer   string      `json:"customer"`
	GrandTotal float64     `json:"grand_total"`
	Items      []benchItem `json:"items"`
}

func benchDocs(n int) (map[string]any, benchOrder) {
	order := benchOrder{Name: "SO-00001", Customer: "Customer A", GrandTotal: 1500}
	items := make([]any, n)
	for i := range items {
		order.Items = append(order.Items, benchItem{fmt.Sprintf("ITEM-%d", i), float64(i)})
		items[i] = map[string]any{"item_code": order.Items[i].ItemCode, "qty": order.Items[i].Qty}
	}
	return map[string]any{
		"name": order.Name, "customer": order.Customer, "grand_total": order.GrandTotal,
		"items": items,
	}, order
}

const seedBodyGo = `{"order_id": "{{.doc.name}}", "customer": "{{.doc.customer}}", "total": {{.doc.grand_total}}, "items": [
{{range $i, $e := .doc.items}}{{if $i}},{{end}}{"item_code": "{{.item_code}}", "qty": {{.qty}}}{{end}}]}`

func BenchmarkBody(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		asMap, asStruct := benchDocs(n)
		run := func(name, src string, lang jinja.Lang, doc any) {
			tmpl, err := newEnv(b).Template("body", src, lang)
			require.NoError(b, err)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				for b.Loop() {
					out := jinja.NewText(buf[:0], 0)
					if err := tmpl.Render(context.Background(), &jinja.Scope{Doc: doc}, out); err != nil {
						b.Fatal(err)
					}
					buf = out.Bytes()
				}
			})
		}
		run("map", seedBody, jinja.Jinja, asMap)
		run("struct", seedBody, jinja.Jinja, &asStruct)
		run("go", seedBodyGo, jinja.GoTemplate, asMap)
		b.Run(fmt.Sprintf("json.Marshal/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(&asStruct); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
