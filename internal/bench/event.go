package main

import (
	"encoding/json"
	"strings"
)

// An order is the document of every event. Its body has about a kilobyte.
type order struct {
	Name       string  `json:"name"`
	Status     string  `json:"status"`
	Customer   string  `json:"customer"`
	GrandTotal float64 `json:"grand_total"`
	Remarks    string  `json:"remarks"`
}

// theOrder is one document for all events: where it comes from is the host's
// affair, and no part of what is measured.
var theOrder = order{
	Name: "SO-00000001", Status: "Open", Customer: "Customer A", GrandTotal: 1500.5,
	Remarks: strings.Repeat("x", 850),
}

// theDocument is the same as the library gets it from a host's ORM.
var theDocument = map[string]any{
	"name": theOrder.Name, "status": theOrder.Status, "customer": theOrder.Customer,
	"grand_total": theOrder.GrandTotal, "remarks": theOrder.Remarks,
}

// A message is the body of every request, as a program that does without the
// library would write it.
type message struct {
	DocType string `json:"doctype"`
	Event   string `json:"event"`
	Order   order  `json:"order"`
}

func newMessage() ([]byte, error) {
	return json.Marshal(message{DocType: "Sales Order", Event: "on_update", Order: theOrder})
}

// fires is the condition, in a program that does without the library.
func fires(o *order) bool { return o.GrandTotal > 1000 }
