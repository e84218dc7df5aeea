package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// An order is the document of all tasks, as a struct.
type order struct {
	Name          string  `json:"name"`
	Status        string  `json:"status"`
	Customer      string  `json:"customer"`
	CustomerGroup string  `json:"customer_group"`
	GrandTotal    float64 `json:"grand_total"`
	Items         []item  `json:"items"`
}

type item struct {
	ItemCode string  `json:"item_code"`
	Qty      int     `json:"qty"`
	Rate     float64 `json:"rate"`
}

// A message is the body of an order, for encoding/json.
type message struct {
	OrderID  string        `json:"order_id"`
	Customer string        `json:"customer"`
	Total    float64       `json:"total"`
	Items    []messageItem `json:"items"`
}

type messageItem struct {
	ItemCode string `json:"item_code"`
	Qty      int    `json:"qty"`
}

func newOrder(items int) *order {
	o := &order{
		Name: "SO-0001", Status: "Submitted",
		Customer: "ACME Corp", CustomerGroup: "Premium", GrandTotal: 15000.5,
	}
	for i := range items {
		o.Items = append(o.Items, item{fmt.Sprintf("ITEM-%03d", i), i%9 + 1, 10.5})
	}
	return o
}

// asMap returns the order as an application without structs has it.
func (o *order) asMap() map[string]any {
	items := make([]any, len(o.Items))
	for i, it := range o.Items {
		items[i] = map[string]any{"item_code": it.ItemCode, "qty": it.Qty, "rate": it.Rate}
	}
	return map[string]any{
		"name": o.Name, "status": o.Status,
		"customer": o.Customer, "customer_group": o.CustomerGroup,
		"grand_total": o.GrandTotal, "items": items,
	}
}

func (o *order) message() *message {
	m := &message{OrderID: o.Name, Customer: o.Customer, Total: o.GrandTotal}
	for _, it := range o.Items {
		m.Items = append(m.Items, messageItem{it.ItemCode, it.Qty})
	}
	return m
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(bytes.TrimSpace(a), &x) == nil &&
		json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
